"""glassnet trains feed-forward neural networks by backpropagation and makes all of it visible."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from glassnet.equations import activations, initializers, losses
from glassnet.equations.activations import Activation
from glassnet.equations.loss import Loss
from glassnet.errors import CheckpointError, GlassnetError, InputError, NonFiniteError
from glassnet.native.engine import NativeEngine
from glassnet.network.engines import ENGINES
from glassnet.network.gradient_check import GradientCheck, check_gradients
from glassnet.network.network import Network
from glassnet.network.passes import Gradient, Trace
from glassnet.training.history import History
from glassnet.training.job import EarlyStopping
from glassnet.training.many import train_many
from glassnet.training.optimizers import LBFGS, SGD, Adam, AdamEpsilonHat, AdamW, Momentum, Nesterov, RMSprop
from glassnet.training.reference import NumpyEngine
from glassnet.training.run import Run
from glassnet.training.schedules import Adaptive, Constant, Cosine, InverseScaling, OneCycle, StepDecay
from glassnet.training.train import train
from glassnet.version import __version__ as __version__

ENGINES.update(native=NativeEngine(), numpy=NumpyEngine())

# public names whose modules need heavy libraries, imported when first asked for
LAZY: dict[str, str] = {
    "Animation": "glassnet.animation.animate",
    "Checkpoint": "glassnet.storage.checkpoints",
    "Contributions": "glassnet.explain.contributions",
    "Derivation": "glassnet.explain.derivation",
    "Diagnosis": "glassnet.diagnose.diagnosis",
    "Finding": "glassnet.diagnose.findings",
    "Grade": "glassnet.explain.grade",
    "MLPClassifier": "glassnet.estimators.classifier",
    "MLPRegressor": "glassnet.estimators.regressor",
    "Recording": "glassnet.playground.recording.recording",
    "Rows": "glassnet.data.rows",
    "TableClassifier": "glassnet.tables.estimators.classifier",
    "TableRegressor": "glassnet.tables.estimators.regressor",
    "Thresholds": "glassnet.diagnose.thresholds",
    "animate": "glassnet.animation.animate",
    "check": "glassnet.explain.check",
    "contributions": "glassnet.explain.contributions",
    "diagnose": "glassnet.diagnose.diagnosing",
    "examine": "glassnet.diagnose.examine",
    "explain": "glassnet.explain.explain",
    "export": "glassnet.storage.export",
    "load": "glassnet.storage.files",
    "open_rows": "glassnet.data.opening",
    "playground": "glassnet.playground.notebook.opening",
    "record": "glassnet.playground.recording.recording",
    "save": "glassnet.storage.files",
}


if TYPE_CHECKING:
    from glassnet.animation.animate import Animation, animate
    from glassnet.data.opening import open_rows
    from glassnet.data.rows import Rows
    from glassnet.diagnose.diagnosing import diagnose
    from glassnet.diagnose.diagnosis import Diagnosis
    from glassnet.diagnose.examine import examine
    from glassnet.diagnose.findings import Finding
    from glassnet.diagnose.thresholds import Thresholds
    from glassnet.estimators.classifier import MLPClassifier
    from glassnet.estimators.regressor import MLPRegressor
    from glassnet.explain.check import check
    from glassnet.explain.contributions import Contributions, contributions
    from glassnet.explain.derivation import Derivation
    from glassnet.explain.explain import explain
    from glassnet.explain.grade import Grade
    from glassnet.playground.notebook.opening import playground
    from glassnet.playground.recording.recording import Recording, record
    from glassnet.storage.checkpoints import Checkpoint
    from glassnet.storage.export import export
    from glassnet.storage.files import load, save
    from glassnet.tables.estimators.classifier import TableClassifier
    from glassnet.tables.estimators.regressor import TableRegressor
else:  # hidden from type checkers, which would take every misspelt name for one that __getattr__ knows

    def __getattr__(name):
        if name not in LAZY:
            raise AttributeError(f"module 'glassnet' has no attribute {name!r}")
        value = getattr(import_module(LAZY[name]), name)
        if package := sys.modules.get(f"{__name__}.{name}"):
            # explain, diagnose and playground are functions and packages: the package's submodules are the function's attributes
            vars(package).update(vars(value))
            value.__dict__ = vars(package)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps the names of public functions, such as `explain`, from being taken by the subpackages of these names."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in LAZY and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

__all__ = [
    "LBFGS",
    "SGD",
    "Activation",
    "Adam",
    "AdamEpsilonHat",
    "AdamW",
    "Adaptive",
    "Animation",
    "Checkpoint",
    "CheckpointError",
    "Constant",
    "Contributions",
    "Cosine",
    "Derivation",
    "Diagnosis",
    "EarlyStopping",
    "Finding",
    "GlassnetError",
    "Grade",
    "Gradient",
    "GradientCheck",
    "History",
    "InputError",
    "InverseScaling",
    "Loss",
    "MLPClassifier",
    "MLPRegressor",
    "Momentum",
    "Nesterov",
    "Network",
    "NonFiniteError",
    "OneCycle",
    "RMSprop",
    "Recording",
    "Rows",
    "Run",
    "StepDecay",
    "TableClassifier",
    "TableRegressor",
    "Thresholds",
    "Trace",
    "activations",
    "animate",
    "check",
    "check_gradients",
    "contributions",
    "diagnose",
    "examine",
    "explain",
    "export",
    "initializers",
    "load",
    "losses",
    "open_rows",
    "playground",
    "record",
    "save",
    "train",
    "train_many",
]
