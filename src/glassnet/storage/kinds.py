"""The fixed list of object kinds that a model file may name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from glassnet.training.history import History
from glassnet.training.job import EarlyStopping, State
from glassnet.training.optimizers import OPTIMIZERS
from glassnet.training.schedules import SCHEDULES

# settings: dataclasses of plain values, checked by their own constructors
SETTINGS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (*OPTIMIZERS.values(), *SCHEDULES.values(), EarlyStopping)
}

# models besides Network, by the module that is imported when one is met
MODELS: dict[str, str] = {
    "MLPClassifier": "glassnet.estimators.classifier",
    "MLPRegressor": "glassnet.estimators.regressor",
    "TableModel": "glassnet.tables.model",
}

# estimators whose model is a table's
TABLE_ESTIMATORS = {"TableClassifier", "TableRegressor"}

# of the records of a run, what belongs to one session only
_OF_THE_SESSION = {"rescue", "run"}

# fields that files written before them lack, and what they then are
ADDED_FIELDS: dict[type[Any], dict[str, Any]] = {State: {"batch_size": 0}}


def as_model(model: Any) -> Any:
    """Return the TableModel of a fitted estimator of tables; anything else as it is."""
    kind = type(model)
    of_tables = kind.__name__ in TABLE_ESTIMATORS and kind.__module__.startswith("glassnet.tables.estimators.")
    return getattr(model, "model_", model) if of_tables else model


def kept_fields(record: type[History | State]) -> dict[str, str]:
    """{name: annotation} of the fields of a History or State that a file keeps."""
    return {field.name: str(field.type) for field in fields(record) if field.name not in _OF_THE_SESSION}
