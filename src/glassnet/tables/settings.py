"""The settings of a training on a table: every hyper-parameter, and the rules for those that are None."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from typing import Any

from glassnet.errors import InputError, check_count, check_number, shown, unknown_name
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


_network, _training = partial(_setting, panel="Network"), partial(_setting, panel="Training")


@dataclass(frozen=True)
class Settings:
    """Every hyper-parameter of a network and its training; `complete` chooses those that are None.

    Names with constants are texts such as "adam:beta1=0.8", "step:decay=0.5,every=10" or "quantile:q=0.9".
    """

    hidden: tuple[int, ...] | None = _network(
        "Widths of the hidden layers: 64,32; 'none' for a linear model. Default: by the number of rows.",
        parse=_as_widths,
        check=_check_widths,
    )
    activation: tuple[str, ...] = _network(
        "One, or one for each hidden layer: relu,tanh; leaky_relu:slope=0.1.", ("relu",), parse=_as_names
    )
    output: str | None = _network("sigmoid, softmax, identity or exponential. Default: by the task.")
    loss: str | None = _network("E.g. absolute_error, huber:delta=2, quantile:q=0.9, poisson. Default: by the output.")
    init: tuple[str, ...] | None = _network(
        "Initial weights: he_normal, glorot_uniform, …, one or one a layer. Default: by the activation.",
        parse=_as_names,
    )
    dtype: str = _network("Type of all numbers.", "float32", choices=("float32", "float64"))
    seed: int = _option("seed", ", of the split and of the weights.", panel="Network", min=0, max=2**32 - 1)

    optimizer: str = _option(
        "optimizer",
        ": sgd, momentum, nesterov, rmsprop, adam, adamw, lbfgs, with constants: adamw:weight_decay=0.1.",
        check=None,
    )
    learning_rate: float | None = _training("Default: the optimizer's own.")
    batch_size: int | None = _option(
        "batch_size",
        "; 0 for all. Default: rows/50, a power of two from 32 to 512.",
        check=partial(check_count, low=0),
    )
    epochs: int | None = _option("epochs", ". Default: 200, fewer for many rows.", default=None)
    patience: int | None = _training(
        "Epochs without a better validation loss before it stops; 0 for never. Default: a tenth of the epochs.",
        check=partial(check_count, low=0),
    )
    min_delta: float = _training(
        "Least fall of the validation loss that counts as better.", 0.0, check=partial(check_number, low=0)
    )
    schedule: str = _option(
        "schedule",
        ": constant, step, inverse_scaling, adaptive, cosine, one_cycle, with constants: step:decay=0.5,every=10.",
        check=None,
    )
    l1: float = _option("l1")
    l2: float | None = _option("l2", ". Default: 5/rows, within 0.0001 … 0.03.", default=None)
    dropout: float = _option("dropout")
    clip_norm: float | None = _option("clip_norm")
    shuffle: bool = _option("shuffle")
    class_weight: str | None = _training(
        "'balanced' gives all classes the same total weight.", check=_check_class_weight
    )
    engine: str = _option("engine")
    threads: int | None = _option("n_threads")

    def complete(self, rows: int, features: int, classes: int | None) -> Settings:
        """Return the settings with every None chosen by the size of the data.

        - hidden: one layer below 10,000 training rows, else two, the second half as wide. The first has as many units
          as √rows · 2, to a power of two between 32 and 256.
        - batch_size: rows / 50, to a power of two between 32 and 512; the whole training part for lbfgs.
        - l2: 5/rows, within 0.0001 … 0.03: the fewer the rows, the stronger.
        - learning_rate: the optimizer's own, 0.001 for adam.
        - epochs: 200, or as many as make 100,000 steps if those are fewer, at least 20.
        - patience: a tenth of the epochs, at least 10.
        - output and loss: sigmoid for two classes, softmax for more, identity for numbers, each with its own loss.
        """
        lbfgs = self.optimizer.lower().startswith("lbfgs")
        width = _power_of_two(2 * rows**0.5, 32, 256)
        hidden = self.hidden if self.hidden is not None else (width,) if rows < 10_000 else (width, width // 2)
        batch_size = self.batch_size
        if batch_size is None:
            batch_size = 0 if lbfgs else _power_of_two(rows / 50, 32, 512)
        steps = -(-rows // (batch_size or rows))
        epochs = self.epochs if self.epochs is not None else max(20, min(OPTIONS["epochs"].default, 100_000 // steps))
        output = self.output
        if output is None:
            output = "identity" if classes is None else "sigmoid" if classes == 2 else "softmax"
        return replace(
            self,
            hidden=hidden,
            output=output,
            batch_size=batch_size,
            epochs=epochs,
            l2=self.l2 if self.l2 is not None else min(max(5 / rows, 1e-4), 0.03),
            patience=self.patience if self.patience is not None else max(10, epochs // 10),
        )

    def check(self, classes: int | None) -> None:
        """Validate the options that no later stage checks."""
        fitting: tuple[str, ...] = ("identity", "exponential")
        if classes == 2:
            fitting = ("sigmoid", "softmax")
        elif classes is not None:
            fitting = ("softmax",)
        if self.output is not None and self.output not in fitting:
            raise unknown_name("output", self.output, fitting)
        if self.hidden and len(self.activation) not in (1, len(self.hidden)):
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


def _power_of_two(value: float, low: int, high: int) -> int:
    """Return the power of two nearest to `value` on a log scale, within low … high."""
    from math import log2

    nearest: int = 2 ** round(log2(max(value, 1)))
    return min(max(nearest, low), high)
