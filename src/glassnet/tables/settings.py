"""The settings of a training on a table: every hyper-parameter, and the rules for those that are None."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from glassnet.errors import InputError, check_count, check_number, unknown_name


@dataclass(frozen=True)
class Settings:
    """Every hyper-parameter of a network and its training; `complete` chooses those that are None.

    Names with constants are texts such as "adam:beta1=0.8", "step:decay=0.5,every=10" or "quantile:q=0.9".
    """

    hidden: tuple[int, ...] | None = None
    activation: tuple[str, ...] = ("relu",)  # one, or one for each hidden layer
    output: str | None = None
    loss: str | None = None
    init: tuple[str, ...] | None = None  # one, or one for each layer
    seed: int = 0
    dtype: str = "float32"
    optimizer: str = "adam"
    learning_rate: float | None = None
    batch_size: int | None = None  # 0: the whole training part
    epochs: int | None = None
    shuffle: bool = True
    l1: float = 0.0
    l2: float | None = None
    dropout: float = 0.0
    clip_norm: float | None = None
    schedule: str = "constant"
    patience: int | None = None  # 0: no early stopping
    min_delta: float = 0.0
    class_weight: str | None = None  # or "balanced"
    engine: str = "auto"
    threads: int | None = None

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
        epochs = self.epochs if self.epochs is not None else max(20, min(200, 100_000 // steps))
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
        if self.class_weight not in (None, "balanced"):
            raise unknown_name("class_weight", self.class_weight, ("balanced",))
        if self.class_weight is not None and classes is None:
            raise InputError("class_weight: expected none for a regression; got 'balanced'; leave it out.")
        for name in ("batch_size", "patience"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), low=0)
        if self.hidden is not None:
            for width in self.hidden:
                check_count("hidden", width, hint="pass e.g. --hidden 64,32")
        check_number("min_delta", self.min_delta, 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def _power_of_two(value: float, low: int, high: int) -> int:
    """Return the power of two nearest to `value` on a log scale, within low … high."""
    from math import log2

    nearest: int = 2 ** round(log2(max(value, 1)))
    return min(max(nearest, low), high)
