"""The contenders by name, what each imports before the clock starts, and the version its results stand for."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality import ours, peers
from benchmarks.quality.tables import Problem

GLASSNET = ("glassnet.tables.search.learn", "glassnet.tables.reading.read", "glassnet.native.engine")


@dataclass(frozen=True)
class Contender:
    """A way to learn a table; `modules` are imported before it is timed, `package` gives its version.

    A contender that is another one but for classifications names it: on a regression it has the other's results.
    One that is settled, whatever the package does next, has the version `settled`.
    """

    label: str
    fit: Callable[[Problem, int], peers.Predict]
    package: str
    modules: tuple[str, ...]
    for_numbers: str | None = None
    settled: str | None = None

    def load(self) -> None:
        for name in self.modules:
            importlib.import_module(name)

    @property
    def version(self) -> str:
        """The version of the package; for glassnet out of a checkout, the commit that last changed its sources."""
        if self.settled is not None:
            return self.settled
        if self.package != "glassnet":
            return importlib.metadata.version(self.package)
        spec = importlib.util.find_spec("glassnet")
        assert spec is not None
        assert spec.origin is not None
        folder = Path(spec.origin).parent
        command = ["git", "-C", str(folder), "log", "-1", "--format=%h", "--", "."]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return found or importlib.metadata.version("glassnet")


SKLEARN = ("sklearn.compose", "sklearn.ensemble", "sklearn.impute", "sklearn.neural_network", "sklearn.pipeline")
PYTABKIT = ("pytabkit", "pytorch_lightning", "torch._dynamo")
CONTENDERS = {
    "default": Contender("glassnet", ours.default, "glassnet", GLASSNET),
    "quick": Contender("glassnet quick", ours.quick, "glassnet", GLASSNET),
    "before": Contender("glassnet before", ours.before, "glassnet", GLASSNET, settled="former rule"),
    "histgb": Contender("HistGradientBoosting", peers.hist_gradient_boosting, "scikit-learn", SKLEARN),
    "mlp": Contender("scikit-learn MLP", peers.sklearn_mlp, "scikit-learn", SKLEARN),
    "catboost": Contender("CatBoost", peers.catboost, "catboost", ("catboost",)),
    "realmlp": Contender("RealMLP-TD", peers.realmlp, "pytabkit", PYTABKIT),
    "realmlp-ce": Contender("RealMLP-TD, log loss", peers.realmlp_for_log_loss, "pytabkit", PYTABKIT, "realmlp"),
}
