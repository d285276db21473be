"""The caller's way in, such as `train(…)` or an estimator: says a remedy as the code to run instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from glassnet.diagnose.case.remedy import Remedy, arguments_shown
from glassnet.diagnose.case.setup import Setup
from glassnet.network.network import Network
from glassnet.training.job import EarlyStopping
from glassnet.training.options import OPTIONS
from glassnet.training.schedules import as_schedule

ARRAYS = {"validation": "(X_val, y_val)", "sample_weight": "weight", "rows": "rows"}  # what stands for arrays in code


class WayIn(Protocol):
    """How the caller trains."""

    def code(self, remedy: Remedy) -> str:
        """Return what to write instead to carry the remedy out; "" if this way in cannot express it."""
        ...


@dataclass(frozen=True, eq=False)
class InPython:
    """`train(network, X, y, …)` with the caller's own options."""

    setup: Setup
    given: Mapping[str, Any]

    def code(self, remedy: Remedy) -> str:
        """Return the lines to write instead: the data, the network and the call of `train` as far as they change."""
        changed = remedy.apply(self.setup)
        options = {**self.given, **remedy.options}
        if self.setup.validation is None:
            options.pop("validation", None)
        if remedy.balanced:
            options["sample_weight"] = changed.options["sample_weight"]
        lines = _data_lines(remedy, "validation" in options)
        if remedy.network or remedy.at_most_layers is not None:
            if not _is_known(changed.network):
                return ""
            lines.append(f"network = {_constructor(changed.network)}")
        if remedy.output_bias is not None:
            layer, shift = self.setup.network.n_layers, _numbers(remedy.output_bias)
            lines.append(f"network.b[{layer}] += {shift}")
        usual = {name for name, value in options.items() if _is_usual(name, value)}
        told = {name: value for name, value in options.items() if name not in usual}
        arrays = {name: ARRAYS[name] for name in told if name in ARRAYS}
        others = arguments_shown({name: value for name, value in told.items() if name not in ARRAYS})
        parts = [*([others] if others else []), *(f"{name}={value}" for name, value in arrays.items())]
        lines.append(f"train({', '.join(['network', 'X', 'y', *parts])})")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class ByEstimator:
    """`MLPClassifier(…).fit(X, y)`: an estimator with the parameters of scikit-learn."""

    estimator: Any
    setup: Setup

    def code(self, remedy: Remedy) -> str:
        """Return the estimator with the changed parameters, in a pipeline where inputs are scaled, and its fit."""
        params = self.estimator.get_params(deep=False)
        changes = self._changes(remedy, params)
        if changes is None or not changes.keys() <= params.keys():
            return ""
        made = " ".join(repr(type(self.estimator)(**{**params, **changes})).split())
        if remedy.standardise_targets:
            made = f"TransformedTargetRegressor({made}, transformer=StandardScaler())"
        if remedy.standardise_inputs:
            made = f"make_pipeline(StandardScaler(), {made})"
        if remedy.cut_off:
            clip = 'FunctionTransformer(np.clip, kw_args={"a_min": -5, "a_max": 5})'
            made = f"make_pipeline(RobustScaler(unit_variance=True), {clip}, {made})"
        if remedy.output_bias is not None:
            shift = _numbers(remedy.output_bias)
            return f"model = {made}.initialize(X, y)\nmodel.intercepts_[-1] += {shift}\nmodel.fit(X, y)"
        return f"{made}.fit(X[keep], y[keep])" if remedy.keep is not None else f"{made}.fit(X, y)"

    def _changes(self, remedy: Remedy, params: Mapping[str, Any]) -> dict[str, Any] | None:
        changes: dict[str, Any] = {}
        if remedy.by_hand or remedy.classes is not None:
            return None
        if remedy.balanced:
            changes["class_weight"] = "balanced"
        if remedy.output_bias is not None:
            changes["warm_start"] = True
        for name, value in remedy.network.items():
            if name == "hidden":
                changes["activation"] = value
            elif name == "sizes":
                changes["hidden_layer_sizes"] = tuple(value[1:-1])
            elif name == "init" and value is None:
                changes |= {"init": "auto"} if params.get("init", "auto") != "auto" else {}
            else:
                return None
        if remedy.at_most_layers is not None:
            changes["hidden_layer_sizes"] = tuple(self.setup.network.sizes[1 : remedy.at_most_layers + 1])
        for name, value in remedy.options.items():
            changed = self._option(name, value, params)
            if changed is None:
                return None
            changes |= changed
        return changes

    def _option(self, name: str, value: Any, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the parameters that stand for an option of `train`; None if none do."""
        batch = self.setup.all_options["batch_size"] or len(self.setup.X)
        match name:
            case "epochs":
                return {"max_iter": value}
            case "l2":
                return {"alpha": float(f"{value * batch:.3g}")}
            case "dropout" | "clip_norm" | "batch_size" | "shuffle":
                return {name: value}
            case "schedule":
                return {"learning_rate": "constant"} if as_schedule(value) == as_schedule("constant") else None
            case "early_stopping" if isinstance(value, EarlyStopping):
                return {"early_stopping": True, "n_iter_no_change": value.patience}
            case "validation":
                return {}
            case "optimizer":
                return self._optimizer(value, params)
        return None

    def _optimizer(self, value: Any, params: Mapping[str, Any]) -> dict[str, Any] | None:
        own = self.setup.optimizer
        if type(value) is not type(own) or not isinstance(params["solver"], str):
            return {"solver": value}
        names = {"learning_rate": "learning_rate_init", "beta1": "beta_1", "beta2": "beta_2"}
        return {names.get(n, n): v for n, v in vars(value).items() if v != getattr(own, n)}


def _data_lines(remedy: Remedy, validated: bool) -> list[str]:
    lines = remedy.by_hand.splitlines()
    if remedy.keep is not None:
        lines.append(f"X, y = X[keep], y[keep]  # {int(remedy.keep.sum())} of {len(remedy.keep)} rows, see the finding")
    if remedy.standardise_inputs:
        lines.append("mean, scale = X.mean(axis=0), np.where(np.ptp(X, axis=0) > 0, X.std(axis=0), 1)")
        lines += _both("X", "({} - mean) / scale", validated)
    if remedy.standardise_targets:
        lines.append("middle, spread = y.mean(axis=0), y.std(axis=0)")
        lines += _both("y", "({} - middle) / spread", validated)
    if remedy.cut_off:
        lines.append("low, middle, high = np.quantile(X, (0.25, 0.5, 0.75), axis=0)")
        lines.append(
            "scale = np.where(high > low, (high - low) / 1.349, np.where(X.std(axis=0) > 0, X.std(axis=0), 1))"
        )
        lines += _both("X", "np.clip(({} - middle) / scale, -5, 5)", validated)
    if remedy.classes is not None:
        lines += _both("y", f"({{}} - {remedy.classes[0]:g}).astype(int)", validated)
    if remedy.balanced:
        lines.append("weight = len(y) / (len(np.unique(y)) * np.bincount(y)[y])")
    return lines


def _both(name: str, formula: str, validated: bool) -> list[str]:
    """Return the line that changes X or y, and the one for the validation rows if there are any."""
    named = [name, f"{name}_val"] if validated else [name]
    return [f"{each} = {formula.format(each)}" for each in named]


def _is_known(network: Network) -> bool:
    """True if all functions of the network are built in, so that its constructor can be written down."""
    return network.loss_function.is_builtin and all(each.is_builtin for each in network.activations.values())


def _constructor(network: Network) -> str:
    return re.sub(r"  # [\d,]+ parameters$", "", repr(network))


def _numbers(values: Any) -> str:
    return np.array2string(np.asarray(values), precision=4, threshold=6, separator=", ")


def _is_usual(name: str, value: Any) -> bool:
    if name in ARRAYS:
        return value is None
    option = OPTIONS[name]
    return bool(option.check(name, value) == option.check(name, option.default))
