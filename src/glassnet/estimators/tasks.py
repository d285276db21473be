"""scikit-learn's callbacks: one task for the fit, and under it one for each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def tasks(
    estimator: Any, X: Any, y: Any, sample_weight: Any, incremental: bool
) -> tuple[Callable[[], bool], Callable[[], bool]]:
    """Return two functions: one begins an epoch's task; one ends it and returns True if a callback asks to stop."""
    if not (getattr(estimator, "_skl_callbacks", []) and hasattr(estimator, "_callback_fit_ctx")):
        return _nothing, _nothing
    root, metadata = estimator._callback_fit_ctx, None if sample_weight is None else {"sample_weight": sample_weight}
    current: list[Any] = []

    def as_fitted() -> dict[str, Any]:
        network = estimator.network_.copy()
        return {
            "network_": network,
            "coefs_": list(network.W.values()),
            "intercepts_": list(network.b.values()),
            "loss_curve_": list(estimator.loss_curve_),
        }

    def begin() -> bool:
        current[:] = [root.subcontext(task_name="epoch")]
        current[0].call_on_fit_task_begin(
            estimator=estimator, X=X, y=y, metadata=metadata, reconstruction_attributes=as_fitted
        )
        return False

    def end() -> bool:
        return bool(
            current[0].call_on_fit_task_end(
                estimator=estimator, X=X, y=y, metadata=metadata, reconstruction_attributes=as_fitted
            )
        )

    return begin, end


def _nothing() -> bool:
    return False
