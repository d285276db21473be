"""Keeps one line of JSON for each table, split, contender and version, so that a long run can be cut and resumed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Key = tuple[str, int, str, str]


@dataclass(frozen=True)
class Store:
    """A file of results; several processes may append to it at once."""

    path: Path

    def add(self, record: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def records(self) -> dict[Key, dict[str, Any]]:
        """Return the last record of each key, in the order of the file."""
        if not self.path.exists():
            return {}
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return {key(record): record for record in map(json.loads, lines)}


def key(record: dict[str, Any]) -> Key:
    return record["table"], record["split"], record["contender"], record["version"]


def latest(records: dict[Key, dict[str, Any]]) -> dict[tuple[str, int, str], dict[str, Any]]:
    """Return the results of each contender's last measured version, by table, split and contender."""
    newest = {record["contender"]: record["version"] for record in records.values()}
    return {at[:3]: record for at, record in records.items() if at[3] == newest[record["contender"]]}
