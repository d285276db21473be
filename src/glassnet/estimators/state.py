"""A fitted estimator as plain values and objects of the core, for model files, and the estimator from them, checked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer

from glassnet.equations.initializers import INITIALIZERS
from glassnet.errors import InputError, shown
from glassnet.estimators.figures import with_floats
from glassnet.estimators.fitting import Solver
from glassnet.estimators.labels import make_binarizer
from glassnet.estimators.options import hidden_sizes
from glassnet.network.network import Network
from glassnet.training.job import State
from glassnet.training.optimizers import Optimizer

# what fit leaves behind, with the types it may have; feature names and classes only where there are any
FITTED: dict[str, tuple[type, ...]] = {
    "network_": (Network,),
    "n_features_in_": (int,),
    "n_outputs_": (int,),
    "n_layers_": (int,),
    "n_iter_": (int,),
    "t_": (int,),
    "_no_improvement_count": (int,),
    "out_activation_": (str,),
    "loss_": (float,),
    "best_loss_": (float, type(None)),
    "best_validation_score_": (float, type(None)),
    "loss_curve_": (list,),
    "validation_loss_curve_": (list, type(None)),
    "validation_scores_": (list, type(None)),
    "_best_theta": (np.ndarray, type(None)),
    "feature_names_in_": (np.ndarray,),
    "classes_": (np.ndarray,),
}
OPTIONAL = ("loss_", "feature_names_in_", "classes_")


def to_state(estimator: Any) -> dict[str, Any]:
    """{"parameters": …, "fitted": … or None, "solver": … or None, "labels": … or None}."""
    parameters = estimator.get_params(deep=False) | {"checkpoint": None}  # a folder of this machine
    init = parameters["init"]
    if init in INITIALIZERS.values():
        parameters["init"] = init.__name__
    if not hasattr(estimator, "network_"):
        return {"parameters": parameters, "fitted": None, "solver": None, "labels": None}
    estimator._read_parameters()
    solver, labels = estimator._optimizer, getattr(estimator, "_label_binarizer", None)
    return {
        "parameters": parameters,
        "fitted": {name: with_floats(getattr(estimator, name), float) for name in FITTED if hasattr(estimator, name)},
        "solver": None if solver is None else dict(vars(solver)),
        "labels": None if labels is None else {"kind": labels.y_type_, "sparse": bool(labels.sparse_input_)},
    }


def from_state(kind: Any, state: dict[str, Any]) -> Any:
    """The estimator of class `kind` in that state; raises InputError for one that does not fit together."""
    _expect(set(state) == {"parameters", "fitted", "solver", "labels"}, "four parts", state)
    parameters, fitted, solver, labels = (state[name] for name in ("parameters", "fitted", "solver", "labels"))
    names = set(kind._get_param_names())
    _expect(isinstance(parameters, dict) and set(parameters) <= names, "parameters of this estimator", parameters)
    estimator = kind(**parameters)
    try:
        estimator._validate_params()
        hidden_sizes(estimator.hidden_layer_sizes)
    except (TypeError, ValueError) as error:
        _expect(False, "parameters of this estimator", f"{error}")
    if fitted is None:
        return estimator
    _check_fitted(fitted, solver, estimator)
    for name, value in fitted.items():
        setattr(estimator, name, with_floats(value, np.float64))
    estimator._optimizer = None if solver is None else Solver(**solver)
    if "classes_" in fitted:
        estimator._label_binarizer = _label_binarizer(labels, fitted)
    estimator._show_parameters()
    return estimator


def _check_fitted(fitted: Any, solver: Any, estimator: Any) -> None:
    _expect(isinstance(fitted, dict) and set(fitted) <= set(FITTED), "what fit leaves behind", fitted)
    missing = set(FITTED) - set(fitted) - set(OPTIONAL)
    _expect(not missing, "all that fit leaves behind", f"no {min(missing, default='')}")
    for name, value in fitted.items():
        right = isinstance(value, FITTED[name]) and not isinstance(value, bool)
        _expect(right, f"{name} of type {FITTED[name][0].__name__}", value)
        if isinstance(value, list):
            _expect(all(isinstance(figure, float) for figure in value), f"numbers in {name}", value)
        if isinstance(value, int):
            _expect(value >= 0, f"{name} ≥ 0", value)
    net = fitted["network_"]
    shape = (fitted["n_features_in_"], fitted["n_outputs_"], fitted["n_layers_"])
    _expect(shape == (net.sizes[0], net.sizes[-1], len(net.sizes)), "the sizes of the network", shape)
    theta = net.theta if fitted["_best_theta"] is None else fitted["_best_theta"]
    _expect((theta.shape, theta.dtype) == (net.theta.shape, net.dtype), "as many best parameters", theta.shape)
    names = fitted.get("feature_names_in_")
    _expect(names is None or names.shape == net.sizes[:1], "a name for each feature", names)
    _expect(("classes_" in fitted) == hasattr(estimator, "predict_proba"), "classes for a classifier only", "other")
    if solver is not None:
        _check_solver(solver, net)


def _check_solver(solver: Any, net: Network) -> None:
    named = isinstance(solver, dict) and set(solver) == {"optimizer", "state", "learning_rate"}
    _expect(named, "optimizer, state and learning_rate", solver)
    optimizer, at, rate = solver["optimizer"], solver["state"], solver["learning_rate"]
    _expect(isinstance(optimizer, Optimizer) and isinstance(at, State), "an optimizer and its state", optimizer)
    _expect(isinstance(rate, float) and math.isfinite(rate), "a learning rate", rate)
    fits = at.optimizer == type(optimizer).__name__ and at.slots.shape == (len(optimizer.slots), net.n_parameters)
    fits = fits and at.slots.dtype == net.dtype
    _expect(fits, "the memory of this optimizer for this network", (at.optimizer, at.slots.shape))


def _label_binarizer(labels: Any, fitted: dict[str, Any]) -> LabelBinarizer:
    named = isinstance(labels, dict) and set(labels) == {"kind", "sparse"}
    _expect(named and isinstance(labels["sparse"], bool), "the kind of labels", labels)
    classes, outputs = fitted["classes_"], fitted["n_outputs_"]
    count = {"multiclass": outputs, "multilabel-indicator": outputs, "binary": 2}.get(labels["kind"], -1)
    right = len(classes) == count or (labels["kind"] == "binary" and len(classes) == 1)
    softmax = fitted["out_activation_"] == "softmax"
    _expect(classes.ndim == 1 and right, f"{count} classes", classes)
    _expect(np.array_equal(np.unique(classes), classes), "different classes in order", classes)
    _expect(softmax == (labels["kind"] == "multiclass"), "a softmax for many classes", fitted["out_activation_"])
    several = labels["kind"] == "multilabel-indicator"
    _expect(not labels["sparse"] or (several and classes.dtype.kind in "iu"), "dense labels", labels)
    return make_binarizer(classes, labels["kind"], labels["sparse"])


def _expect(condition: bool, expected: str, got: object) -> None:
    if not condition:
        raise InputError(f"model: expected {expected}; got {shown(got)}; save it again with glassnet.")
