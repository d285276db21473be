"""Warnings that point at the line of the user's program, not into glassnet or scikit-learn."""

from __future__ import annotations

import sys
import warnings

_OURS = ("glassnet.", "sklearn.", "joblib.")  # modules between the line and the warning


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning at the innermost line outside these packages."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
