"""Converts models that consist of more than a network to plain values, and checked values back to models."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np

from glassnet.errors import InputError
from glassnet.network.network import Network
from glassnet.storage.fields import a_list, only, text
from glassnet.storage.kinds import MODELS
from glassnet.storage.preparations import pack, unpack
from glassnet.storage.strict_json import MalformedError, malformed
from glassnet.storage.table_fields import check_settings, check_training


def model_state(model: Any) -> dict[str, Any]:
    """Return the parts of a table model or an estimator, as values that `Encoder` knows."""
    if type(model).__name__ == "TableModel":
        try:
            check_settings(model.settings)
            check_training(model.training)
        except MalformedError as error:  # or a file would be written that `load` refuses
            raise InputError(f"model: {error}; pass a value of that type.") from None
        shared, packed = pack([member.preparation.to_dict() for member in model.members])
        members = [{**vars(each), "preparation": own} for each, own in zip(model.members, packed, strict=True)]
        others = {**{name: value for name, value in vars(model).items() if name != "members"}, **shared}
        others["target_type"] = model.target_type.to_dict()
        return {**members[0], **others} if len(members) == 1 else {"members": members, **others}
    state = model._to_state()
    network = None if state["fitted"] is None else state["fitted"].pop("network_")
    return {"network": network, **state}  # so its arrays are called network.W1, … in every kind of file


def build_model(kind: str, state: dict[str, Any]) -> Any:
    """Make the model of that kind and state; raise MalformedError or InputError if the state is inconsistent."""
    model = getattr(import_module(MODELS[kind]), kind)
    return _table_model(model, state) if kind == "TableModel" else _estimator(model, state)


def _estimator(model: Any, state: dict[str, Any]) -> Any:
    network = only(state, "network", "parameters", "fitted", "solver", "labels").pop("network")
    if isinstance(state["fitted"], dict):
        state["fitted"]["network_"] = network
    elif network is not None or state["fitted"] is not None:
        malformed("what fit leaves behind beside the network", state["fitted"])
    return model._from_state(state)


def _table_model(model: Any, state: dict[str, Any]) -> Any:
    one, first_format = "members" not in state, "shapes" not in state
    own = ("preparation", "network", "target_mean", "target_scale", "baseline")
    state = {"target_type": None, **state}  # files before it lack it
    if one and first_format:
        state = {"baseline": None, "columns": [], "shapes": [], **state}
    shared = ("task", "target", "classes", "settings", "training", "target_type", "columns", "shapes")
    only(state, *(own if one else ("members",)), *shared)
    task, classes, columns, shapes = state["task"], state["classes"], state.pop("columns"), state.pop("shapes")
    described = [{name: state.pop(name) for name in own}] if one else a_list(state.pop("members"), "the members")
    if not described:
        malformed("at least one member", described)
    for each in described:
        if not isinstance(each, dict):
            malformed("an object as member", each)
        only(each, *own)
    if not (one and first_format):
        packed = unpack(columns, shapes, [each["preparation"] for each in described])
        described = [{**each, "preparation": own} for each, own in zip(described, packed, strict=True)]
    members = [_member(each, task, classes) for each in described]
    text(state["target"])
    check_settings(state["settings"])
    check_training(state["training"])
    if state["target_type"] is not None:
        state["target_type"] = import_module("glassnet.tables.columns.column_type").ColumnType.from_dict(
            state["target_type"]
        )
    return model(members, **state)


def _member(state: dict[str, Any], task: Any, classes: Any) -> Any:
    preparation = import_module("glassnet.tables.preparation.preparation").Preparation.from_dict(state["preparation"])
    network, baseline = state["network"], state["baseline"]
    if not isinstance(network, Network) or network.sizes[0] != preparation.n_features:
        malformed(f"a network of {preparation.n_features} inputs", network)
    output, width = network.activations[network.n_layers].name, network.sizes[-1]
    if task == "classification":
        count = 2 if output == "sigmoid" and width == 1 else width if output == "softmax" else 0
        kinds = {type(each) for each in a_list(classes, "the classes")}
        if (
            len(classes) != count
            or len(set(classes)) != count
            or len(kinds) != 1
            or not kinds <= {str, int, float, bool}
        ):
            malformed(f"{count} different classes of one type", classes)
    elif task != "regression" or classes is not None or width != 1:
        malformed("a classification with classes or a regression of one number", task)
    mean, scale = state["target_mean"], state["target_scale"]
    if not (_is_finite(mean) and _is_finite(scale) and scale > 0):
        malformed("a finite mean and a scale > 0 of the target", said=f"{mean} and {scale}")
    if baseline is not None and not (
        isinstance(baseline, np.ndarray)
        and baseline.dtype == np.float64
        and baseline.shape == (preparation.n_features,)
        and np.isfinite(baseline).all()
    ):
        malformed(f"a baseline of {preparation.n_features} finite numbers", baseline)
    return import_module("glassnet.tables.model").Member(**{**state, "preparation": preparation})


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
