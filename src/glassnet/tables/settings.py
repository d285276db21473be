"""The settings of a training on a table: every hyper-parameter, and the rules for those that are None."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from typing import Any

from glassnet.errors import InputError, check_count, check_number, shown, unknown_name
from glassnet.tables.preparation.encoding import Encoding
from glassnet.training.options import OPTIONS


def _setting(help: str, default: Any = None, **more: Any) -> Any:
    """Make a field with its help, and with what `check` and the command line need.

    These are `check`, `panel`, `parse` (from the text of the command line), `choices`, `min` and `max`.
    """
    return field(default=default, metadata={"help": help, **more})


def _option(name: str, more: str = ".", **changes: Any) -> Any:
    """Make a field from the option of training `name`: its default, check and help, which `more` continues."""
    option = OPTIONS[name]
    given = {"default": option.default, "check": option.check, "panel": "Training", **changes}
    return _setting(option.sentence + more, **given)


def _as_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _as_widths(text: str) -> tuple[int, ...]:
    if text.strip().lower() in ("", "none"):
        return ()
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise InputError(f"hidden: expected widths; got {shown(text)}; pass e.g. --hidden 64,32, or none.") from None


def _check_widths(name: str, widths: tuple[int, ...]) -> None:
    for width in widths:
        check_count(name, width, hint="pass e.g. --hidden 64,32")


def _check_class_weight(name: str, value: Any) -> None:
    if value != "balanced":
        raise unknown_name(name, value, ("balanced",))


_network, _training, _inputs = (partial(_setting, panel=panel) for panel in ("Network", "Training", "Inputs"))


_ENCODING = {"clip": 5.0, "rank": True, "bins": 0, "cuts": "quantile", "few_values": 0, "frequencies": 0, "sigma": 0.1}
_ENCODING |= {"categories": "onehot", "least": 5, "most": 60}
PLAIN = {"clip": 0.0, "rank": False, "bins": 0, "few_values": 0, "frequencies": 0, "categories": "onehot"}
PLAIN |= {"least": 1, "most": 1_000}
_TRAINING = {"hidden": (128, 128), "schedule": "cosine:warmup=0.05"}
# found by trying on tables; docs/how-to/tables.md has the figures
RULES: dict[str, dict[str, Any]] = {
    "classes": {
        **_ENCODING,
        **_TRAINING,
        "few_values": 12,
        "frequencies": 8,
        "categories": "target",
        "activation": ("silu",),
        "optimizer": "adamw:weight_decay=1",
        "learning_rate": 0.002,
        "dropout": 0.15,
        "epochs": 64,
    },
    "numbers": {
        **_ENCODING,
        **_TRAINING,
        "bins": 32,
        "activation": ("gelu",),
        "optimizer": "adamw:weight_decay=0.02",
        "learning_rate": 0.005,
        "dropout": 0.1,
        "epochs": 128,
    },
    "images": {
        **_ENCODING,
        "clip": 0.0,
        "rank": False,
        "hidden": (256, 128),
        "activation": ("relu",),
        "optimizer": "adam",
        "learning_rate": 0.001,
        "schedule": "constant",
        "dropout": 0.0,
        "epochs": 200,
    },
}
BATCHES = {32: 1_500, 64: 4_000, 128: 10_000, 256: 100_000, 512: float("inf")}  # rows in a step: below so many rows
MOST_BINS = 2_000  # of all numeric columns together
MOST_STEPS = 20_000
FEW_ROWS = 2_000  # below which a single network of classes is held back more
FEW_ROWS_RULE = {"optimizer": "adamw:weight_decay=3", "learning_rate": 0.001, "dropout": 0.3, "categories": "both"}
MOST_QUICK = (400, 3_500)  # bins and steps of a single network: a few seconds


@dataclass(frozen=True)
class Settings:
    """Every hyper-parameter of a network and its training; `complete` chooses those that are None.

    Names with constants are texts such as "adam:beta1=0.8", "step:decay=0.5,every=10" or "quantile:q=0.9".
    """

    hidden: tuple[int, ...] | None = _network(
        "Widths of the hidden layers: 64,32; 'none' for a linear model. Default: 128,128, less for few rows.",
        parse=_as_widths,
        check=_check_widths,
    )
    activation: tuple[str, ...] | None = _network(
        "One, or one for each hidden layer: relu,tanh; leaky_relu:slope=0.1. Default: silu for classes, gelu for numbers.",
        parse=_as_names,
    )
    output: str | None = _network("sigmoid, softmax, identity or exponential. Default: by the task.")
    loss: str | None = _network("E.g. absolute_error, huber:delta=2, quantile:q=0.9, poisson. Default: by the output.")
    init: tuple[str, ...] | None = _network(
        "Initial weights: he_normal, glorot_uniform, …, one or one a layer. Default: by the activation.",
        parse=_as_names,
    )
    dtype: str = _network("Type of all numbers.", "float32", choices=("float32", "float64"))
    seed: int = _option("seed", ", of the split and of the weights.", panel="Network", min=0, max=2**32 - 1)

    plain: bool = _inputs("Standardised numbers and 0/1 categories alone, as in a textbook.", False)
    clip: float | None = _inputs("Keep standardised numbers within ± this; 0 for no limit. Default: 5.", min=0)
    rank: bool | None = _inputs("Give the quantile rank of a number as well. Default: yes.")
    bins: int | None = _inputs(
        "Bins of the piecewise-linear encoding of a number; 0 for none. Default: 32 to predict a number, else 0.", min=0
    )
    cuts: str | None = _inputs(
        "Cut the bins at quantiles, or where a regression tree on the target cuts. Default: quantile.",
        choices=("quantile", "tree"),
    )
    few_values: int | None = _inputs(
        "Numbers with up to this many distinct values have one 0/1 input for each as well. Default: 12 to predict a class.",
        min=0,
    )
    frequencies: int | None = _inputs(
        "Frequencies of periodic inputs of a number; 0 for none. Default: 8 to predict a class, else 0.", min=0
    )
    sigma: float | None = _inputs("Standard deviation of these frequencies. Default: 0.1.", min=0)
    categories: str | None = _inputs(
        "A category becomes 0/1 inputs, the mean of the target in it, or both. Default: target to predict a class, "
        "else onehot.",
        choices=("onehot", "target", "both"),
    )
    least: int | None = _inputs("Categories in fewer rows share one input. Default: 5.", min=1)
    most: int | None = _inputs("Most 0/1 inputs of a column; rarer categories share one. Default: 60.", min=1)

    optimizer: str | None = _option(
        "optimizer",
        ": sgd, momentum, nesterov, rmsprop, adam, adamw, lbfgs, with constants: adamw:weight_decay=0.1. Default: "
        "adamw, its decay by the task.",
        check=None,
        default=None,
    )
    learning_rate: float | None = _training("Default: that of an optimizer that is named, else by the task.")
    batch_size: int | None = _option(
        "batch_size",
        "; 0 for all. Default: 32 to 512, the more rows the more.",
        check=partial(check_count, low=0),
    )
    epochs: int | None = _option(
        "epochs", ". Default: 64 for classes, 128 for numbers, fewer for many rows.", default=None
    )
    patience: int | None = _training(
        "Epochs without a better validation loss before it stops; 0 for never. Default: a quarter of the epochs.",
        check=partial(check_count, low=0),
    )
    min_delta: float = _training(
        "Least fall of the validation loss that counts as better.", 0.0, check=partial(check_number, low=0)
    )
    schedule: str | None = _option(
        "schedule",
        ": constant, step, inverse_scaling, adaptive, cosine, one_cycle, with constants: step:decay=0.5,every=10. "
        "Default: cosine with a warm-up.",
        check=None,
        default=None,
    )
    l1: float = _option("l1")
    l2: float | None = _option("l2", ". Default: 0; 5/rows, within 0.0001 … 0.03, for images.", default=None)
    dropout: float | None = _option("dropout", ". Default: 0.15 for classes, 0.1 for numbers.", default=None)
    clip_norm: float | None = _option("clip_norm")
    shuffle: bool = _option("shuffle")
    class_weight: str | None = _training(
        "'balanced' gives all classes the same total weight.", check=_check_class_weight
    )
    engine: str = _option("engine")
    threads: int | None = _option("n_threads")

    @property
    def given(self) -> list[str]:
        """The names of the hyper-parameters that are not left to a rule."""
        apart = ("dtype", "seed", "class_weight", "engine", "threads")
        return [
            each.name for each in fields(self) if each.name not in apart and getattr(self, each.name) != each.default
        ]

    @property
    def encoding(self) -> Encoding:
        """How columns become inputs, for complete settings."""
        return Encoding(
            **{each.name: getattr(self, each.name) for each in fields(Encoding) if hasattr(self, each.name)}
        )

    def complete(
        self, rows: int, numeric: int, classes: int | None, images: bool = False, quick: bool = False
    ) -> Settings:
        """Return the settings with every None chosen by the task and by the numbers of rows and of numeric columns.

        The rules for classes and for numbers are `RULES`; images have one of their own. Apart from them:

        - hidden: 128,128, or 64,64 below 500 rows.
        - `quick`, for classes below 2,000 rows: decay 3, learning rate 0.001, dropout 0.3, categories both ways.
        - bins: fewer where the numeric columns would have more than 2,000 of them (`quick`: 400).
        - batch_size: 32 below 1,500 rows, 64 below 4,000, 128 below 10,000, 256 below 100,000, then 512; all for lbfgs.
        - epochs: fewer where they would be more than 20,000 steps (`quick`: 3,500), at least 8.
        - learning_rate: that of the rule, or of an optimizer that is named.
        - patience: a quarter of the epochs, at least 10.
        - output and loss: sigmoid for two classes, softmax for more, identity for numbers, each with its own loss.
        """
        rule = {**RULES["images" if images else "numbers" if classes is None else "classes"]}
        rule["hidden"] = rule["hidden"] if rows >= 500 else (64, 64)
        rule["l2"] = min(max(5 / rows, 1e-4), 0.03) if images else 0.0
        most_bins, most_steps = MOST_QUICK if quick and not images else (MOST_BINS, MOST_STEPS)
        rule["bins"] = min(rule["bins"], most_bins // max(numeric, 1))
        rule["output"] = "identity" if classes is None else "sigmoid" if classes == 2 else "softmax"
        rule["batch_size"] = next(size for size, below in BATCHES.items() if rows < below)
        if quick and classes is not None and not images and rows < FEW_ROWS:
            rule |= FEW_ROWS_RULE
        if self.plain:
            rule |= PLAIN
        if self.optimizer is not None:
            del rule["learning_rate"]
            if self.optimizer.lower().startswith("lbfgs"):
                rule |= {"batch_size": 0, "dropout": 0.0, "schedule": "constant"}
        settings = replace(self, **{name: value for name, value in rule.items() if getattr(self, name) is None})
        steps = -(-rows // (settings.batch_size or rows))
        epochs = self.epochs if self.epochs is not None else max(8, min(rule["epochs"], most_steps // steps))
        patience = self.patience if self.patience is not None else max(10, epochs // 4)
        return replace(settings, epochs=epochs, patience=patience)

    def check(self, classes: int | None) -> None:
        """Validate the options that no later stage checks."""
        fitting: tuple[str, ...] = ("identity", "exponential")
        if classes == 2:
            fitting = ("sigmoid", "softmax")
        elif classes is not None:
            fitting = ("softmax",)
        if self.output is not None and self.output not in fitting:
            raise unknown_name("output", self.output, fitting)
        if self.hidden and self.activation and len(self.activation) not in (1, len(self.hidden)):
            got = f"{len(self.activation)} for {len(self.hidden)} hidden layers"
            raise InputError(f"activation: expected one, or one a hidden layer; got {got}; adjust the list.")
        for each in fields(self):
            check, value = each.metadata.get("check"), getattr(self, each.name)
            if check is not None and value is not None:
                check(each.name, value)
        if self.class_weight is not None and classes is None:
            raise InputError("class_weight: expected none for a regression; got 'balanced'; leave it out.")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}
