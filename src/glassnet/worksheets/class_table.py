"""The table of a class: each learner's marks, how many are right per item, and the misconceptions with their counts."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence

from glassnet.worksheets.grading import RIGHT, Result

SIGNS = {"right": "✓", "rounded": "✓", "follows": "(✓)", "wrong": "✗", "not given": "–", "incomplete": "…"}


def item_names(results: Sequence[Result]) -> list[str]:
    """The names of the items of the class's topic."""
    return [mark.item.name for mark in results[0].marks]


def mistake_counts(results: Sequence[Result]) -> list[tuple[str, str, int]]:
    """(code, what, learners) of each misconception that was found, the most frequent first."""
    counts = Counter(mistake for result in results for mistake in result.mistakes)
    by_code: dict[str, tuple[str, int]] = {}
    for mistake, count in counts.items():
        by_code[mistake.code] = (mistake.what, by_code.get(mistake.code, ("", 0))[1] + count)
    return sorted(((code, what, count) for code, (what, count) in by_code.items()), key=lambda row: (-row[2], row[0]))


def to_text(results: Sequence[Result]) -> str:
    """The class as lines of text."""
    names = item_names(results)
    width = min(28, max(len("per item"), *(len(result.learner) for result in results)))
    columns = [max(len(name), 3) for name in names]
    head = "  ".join([" " * width, *(name.rjust(size) for name, size in zip(names, columns, strict=True)), "right"])
    lines = [f"{results[0].sheet.title}: {len(results)} learners", head]
    for result in results:
        signs = [SIGNS[mark.verdict].rjust(size) for mark, size in zip(result.marks, columns, strict=True)]
        lines.append("  ".join([result.learner[:width].ljust(width), *signs, f"{result.right}/{len(names)}".rjust(5)]))
    right = [str(sum(result.marks[k].verdict in RIGHT for result in results)) for k in range(len(names))]
    lines.append("  ".join(["right".ljust(width), *(n.rjust(size) for n, size in zip(right, columns, strict=True))]))
    lines.append("✓ right  (✓) follows from an earlier mistake  ✗ wrong  … incomplete  – not given")
    counted = mistake_counts(results)
    if counted:
        lines += ["", "Misconceptions, and how many have them"]
        lines += [f"{count:4}  {code}: {what}" for code, what, count in counted]
    return "\n".join(lines)


def to_csv(results: Sequence[Result]) -> str:
    """The class as CSV: a row for each learner, one of the right answers per item, and one for each misconception."""
    names = item_names(results)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["learner", "topic", "seed", *names, "right", "items", "misconceptions"])
    for result in results:
        codes = " ".join(mistake.code for mistake in result.mistakes)
        about = [_plain(result.learner), result.sheet.topic, result.sheet.seed]
        writer.writerow([*about, *(mark.verdict for mark in result.marks), result.right, len(names), codes])
    right = [sum(result.marks[k].verdict in RIGHT for result in results) for k in range(len(names))]
    writer.writerow(["right per item", results[0].sheet.topic, "", *right, sum(right), len(names) * len(results), ""])
    for code, what, count in mistake_counts(results):
        writer.writerow([f"misconception {code}", results[0].sheet.topic, "", *[""] * len(names), count, "", what])
    return out.getvalue()


def _plain(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@") else name
