"""The numbers by which Python and C++ name the equations: places in the Python registries, row-wise ones left out."""

from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES
from glassnet.training.optimizers import OPTIMIZERS, Optimizer

ACTIVATION_NAMES = tuple(name for name, activation in ACTIVATIONS.items() if not activation.rowwise)
LOSS_NAMES = tuple(name for name, loss in LOSSES.items() if loss.targets != "distribution")
UPDATE_KINDS = tuple(kind for kind in OPTIMIZERS.values() if issubclass(kind, Optimizer))
