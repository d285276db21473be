"""What the results say: mean losses, who is better on how many tables, ranks, and ratios of processor time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, geometric_mean
from typing import Any

from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.store import Key, latest
from benchmarks.quality.tables import Case


@dataclass(frozen=True)
class Scores:
    """The results of one version of each contender on some tables."""

    cases: Sequence[Case]
    results: dict[tuple[str, int, str], dict[str, Any]]  # by table, split and contender

    @classmethod
    def of(cls, cases: Sequence[Case], records: dict[Key, dict[str, Any]]) -> Scores:
        """Take each contender's last version; one that is another on numbers has that one's results there, if it was measured."""
        results = latest(records)
        measured = {name for _, _, name in results}
        numbers = {case.name for case in cases if case.task == "regression"}
        for (table, split, name), record in list(results.items()):
            for other, contender in CONTENDERS.items():
                if contender.for_numbers == name and other in measured and table in numbers:
                    results.setdefault((table, split, other), record)
        return cls(cases, results)

    @property
    def contenders(self) -> list[str]:
        """The contenders with results on these tables, in the order of the benchmark."""
        tables = {case.name for case in self.cases}
        measured = {name for table, _, name in self.results if table in tables}
        return [name for name in CONTENDERS if name in measured]

    @property
    def ranked(self) -> list[str]:
        """The contenders that take part in ranks: no variant of another."""
        return [name for name in self.contenders if CONTENDERS[name].for_numbers is None]

    def splits(self, case: Case, *names: str) -> list[int]:
        """Return the splits on which all of these contenders were measured, or failed."""
        each = [
            {split for table, split, other in self.results if (table, other) == (case.name, name)} for name in names
        ]
        return sorted(set.intersection(*each)) if each else []

    def shown(self, case: Case) -> tuple[list[str], list[int]]:
        """Return the contenders with results on a table, and the splits that all of these have."""
        names = [name for name in self.contenders if self.splits(case, name)]
        return names, self.splits(case, *names)

    @property
    def complete(self) -> list[Case]:
        """The tables with a split that every ranked contender was measured on."""
        return [case for case in self.cases if self.splits(case, *self.ranked)]

    def values(self, case: Case, name: str, splits: Sequence[int], field: str = "loss") -> list[float]:
        """Return one number a split; infinity where the contender failed."""
        found = (self.results[case.name, split, name] for split in splits)
        return [record.get(field, float("inf")) for record in found]

    def compared(self, one: str, other: str) -> tuple[list[str], list[str]]:
        """Return the tables on which `one` has the lower mean loss, and all with a split that both were measured on."""
        better, both = [], []
        for case in self.cases:
            if splits := self.splits(case, one, other):
                both.append(case.name)
                if fmean(self.values(case, one, splits)) < fmean(self.values(case, other, splits)):
                    better.append(case.name)
        return better, both

    def ranks(self) -> dict[str, float]:
        """Return the mean rank by mean loss over the complete tables; ties share theirs, who failed is last."""
        found: dict[str, list[float]] = {name: [] for name in self.ranked if self.complete}
        for case in self.complete:
            splits = self.splits(case, *self.ranked)
            means = {name: fmean(self.values(case, name, splits)) for name in self.ranked}
            for name, mean in means.items():
                lower = sum(other < mean for other in means.values())
                equal = sum(other == mean for other in means.values())
                found[name].append(lower + (equal + 1) / 2)
        return {name: fmean(ranks) for name, ranks in found.items()}

    def seconds(self, case: Case, name: str, splits: Sequence[int]) -> float:
        """Return the mean processor time of fitting and predicting; infinity if one failed."""
        return fmean(
            fit + predict
            for fit, predict in zip(
                self.values(case, name, splits, "fit_seconds"),
                self.values(case, name, splits, "predict_seconds"),
                strict=True,
            )
        )

    def time_ratios(self, one: str, other: str) -> list[float]:
        """Return, for each table both have finished, the processor time of `one` as a multiple of the other's."""
        found = []
        for case in self.cases:
            splits = [
                split
                for split in self.splits(case, one, other)
                if not any("error" in self.results[case.name, split, name] for name in (one, other))
            ]
            if splits:
                found.append(self.seconds(case, one, splits) / self.seconds(case, other, splits))
        return found

    def typical_seconds(self, name: str) -> float | None:
        """Return the geometric mean of the processor time over the complete tables that it finished."""
        means = [self.seconds(case, name, splits) for case in self.complete if (splits := self.splits(case, name))]
        finished = [mean for mean in means if mean < float("inf")]
        return geometric_mean(finished) if finished else None

    def failures(self) -> list[dict[str, Any]]:
        tables = {case.name for case in self.cases}
        return [record for (table, _, _), record in self.results.items() if table in tables and "error" in record]
