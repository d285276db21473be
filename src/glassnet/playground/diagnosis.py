"""Diagnoses a run of the playground: the findings of `diagnose`, with the change of the query that tries a remedy."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.diagnosing import diagnose
from glassnet.diagnose.findings import Finding
from glassnet.errors import InputError
from glassnet.playground.checkpoints import Course
from glassnet.playground.state import RATES, Edit, State
from glassnet.training.optimizers import OPTIMIZERS, Optimizer

# microseconds of training to diagnose; trying the remedies repeats the training about thirty times
MICROSECONDS = 30_000
REPLAYED, DIAGNOSED = 250, 1_000  # longest step in microseconds for which remedies are tried, a run is diagnosed


def findings(course: Course, state: State) -> dict[str, Any]:
    """Return the findings on the run up to a step, rounded to whole epochs, at least one."""
    setup = course.setup
    if setup.step_cost > DIAGNOSED:
        raise InputError(
            "diagnosis: expected a smaller run; got one too large to diagnose in time; take fewer rows or units."
        )
    network = course.at(0).run.network
    data = setup.data
    asked = max(1, -(-state.step // setup.steps_per_epoch))
    within = max(1, int(MICROSECONDS / setup.step_cost / setup.steps_per_epoch))
    options = {**setup.options(), "epochs": min(asked, within)}
    validation = setup.inputs(data.test), data.y_test
    replay = setup.step_cost < REPLAYED
    notes = [] if replay else ["The run is too large to try the remedies; they are named but not tried."]
    if any(edit.step for edit in state.edits):
        notes.append("Parameters changed by hand during training are not taken into account.")
    if within < asked:
        notes.append(f"The run is large: only the first {within:,} epochs are diagnosed.")
    found = diagnose(network, setup.inputs(data.train), data.y_train, validation=validation, replay=replay, **options)
    return {
        "healthy": found.healthy,
        "epochs": options["epochs"],
        "note": " ".join(notes),
        "findings": [_finding(each, state) for each in found.findings],
    }


def _finding(found: Finding, state: State) -> dict[str, Any]:
    told = found.to_dict()
    return {
        **told,
        "title": found.code.replace("_", " ").capitalize(),
        "evidence": {name: _plain(value) for name, value in found.evidence.items()},
        "query": None if found.remedy is None else changed(found.remedy, state),
    }


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def changed(remedy: Remedy, state: State) -> dict[str, str] | None:
    """Return the query names and values that carry a remedy out; None if a query cannot express it."""
    if (
        remedy.standardise_inputs
        or remedy.standardise_targets
        or remedy.cut_off
        or remedy.balanced
        or remedy.keep is not None
    ):
        return None
    query: dict[str, str] = {}
    for name, value in {**remedy.options, **remedy.network}.items():
        if name not in _READERS:
            return None
        part = _READERS[name](value, state)
        if part is None:
            return None
        query |= part
    if remedy.at_most_layers is not None:
        query["hidden"] = ",".join(map(str, state.hidden[: remedy.at_most_layers]))
    if remedy.output_bias is not None:
        last = len(state.hidden) + 1
        edits = [Edit(0, last, -1, k, float(value)) for k, value in enumerate(remedy.output_bias.tolist())]
        query["edits"] = ";".join(map(str, [*edits, *state.edits]))
    return query or None


def _optimizer(value: Any, state: State) -> dict[str, str] | None:
    if isinstance(value, str):
        value = OPTIMIZERS[value]()
    name = type(value).__name__.lower()
    if name not in RATES or not isinstance(value, Optimizer):
        return None
    usual = type(value)()
    others = [each.name for each in fields(value) if each.name != "learning_rate"]
    if any(getattr(value, each) != getattr(usual, each) for each in others):
        return None
    return {"optimizer": name, "rate": repr(value.learning_rate)}


def _activation(value: Any, state: State) -> dict[str, str] | None:
    return {"activation": value} if isinstance(value, str) else None


def _sizes(value: Any, state: State) -> dict[str, str] | None:
    hidden = list(value)[1:-1]
    if len(hidden) > 6 or any(width > 32 for width in hidden):
        return None
    query = {"hidden": ",".join(map(str, hidden))}
    if len(hidden) != len(state.hidden) and len(state.activation) > 1:
        query["activation"] = state.activation[0]
    return query


def _as_is(name: str) -> Any:
    return lambda value, state: {name: repr(value)}


_READERS: dict[str, Any] = {
    "optimizer": _optimizer,
    "hidden": _activation,
    "sizes": _sizes,
    "init": lambda value, state: {"init": value or ""} if value is None or isinstance(value, str) else None,
    "loss": lambda value, state: {"loss": getattr(value, "name", value)},
    "l1": _as_is("l1"),
    "l2": _as_is("l2"),
    "dropout": _as_is("dropout"),
    "batch_size": lambda value, state: {"batch": str(value or 0)},
}
