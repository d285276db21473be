"""The guided lessons: short sequences of steps, each a change of the query and something true to observe."""

from __future__ import annotations

from typing import Any

LESSONS: list[dict[str, Any]] = []
