"""glassnet as a contender: the compiled engine if it is built, else NumPy's."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import glassnet as gn
from benchmarks.contender import Stopwatch, Timing
from benchmarks.workloads import SEED, Array, Workload


def native() -> Any:
    """Return the module of the compiled engine, or None if it was not compiled."""
    try:
        module = importlib.import_module("glassnet.native.engine")
    except ImportError:
        return None
    compiled, _ = module.load_module()
    return None if compiled is None else module


def engine() -> str:
    """Return the name of the engine to pass to `train`."""
    return "numpy" if native() is None else "native"


def described() -> str:
    """Describe version and engine, with the compiled module's name, which contains its instruction set."""
    name = "" if native() is None else f" ({native().load_module()[0].__name__.rpartition('.')[2]})"
    return f"glassnet {gn.__version__}, engine {engine()}{name}"


def train_options(workload: Workload) -> dict[str, Any]:
    rule = gn.SGD if workload.optimizer == "sgd" else gn.Adam
    return {"optimizer": rule(learning_rate=workload.learning_rate), "batch_size": workload.batch_size, "seed": SEED}


class Glassnet:
    """Runs `glassnet.train`; wall time is History.seconds, processor time includes the checks of the arguments."""

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload, self.threads = workload, threads
        self.network = workload.network()
        self.detail = described()
        if workload.kind == "training":
            self.train(workload.check_epochs)

    def train(self, epochs: int) -> Timing:
        self.network.initialize(SEED)
        options = train_options(self.workload)
        with Stopwatch() as watch:
            history = gn.train(
                self.network, *self.workload.data, epochs=epochs, engine=engine(), n_threads=self.threads, **options
            )
        return Timing(history.seconds, watch.cpu, history.steps)

    def theta(self) -> Array:
        return self.network.theta.copy()

    def predictor(self) -> Callable[[], Any]:
        X, _ = self.workload.data
        low_level = getattr(native(), "RowPredictor", None)
        if len(X) == 1 and low_level is not None:
            predict, row = low_level(self.network), X[0]
            self.detail += ", RowPredictor"
            return lambda: predict(row)
        self.detail += ", predict_proba"
        return lambda: self.network.predict_proba(X)
