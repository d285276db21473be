"""The command: `python -m benchmarks.quality [--tables …] [--contenders …] [--splits 0,1,2] [--out DIR] [--report]`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.quality import chart, page
from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.measuring import measure
from benchmarks.quality.report import markdown
from benchmarks.quality.scores import Scores
from benchmarks.quality.store import Store
from benchmarks.quality.tables import CASES, SPLITS, TWELVE, UNSEEN

GROUPS = {"twelve": [case.name for case in TWELVE], "unseen": [case.name for case in UNSEEN]}


def some_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a reader of names separated by commas, each one of `known`; the name of a group stands for its tables."""

    def read(text: str) -> list[str]:
        names = [name for part in text.split(",") for name in GROUPS.get(part, [part])]
        if wrong := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}; got {', '.join(wrong)}")
        return names

    return read


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description="Compare test losses on real tables with those of the peers."
    )
    splits = [str(split) for split in range(SPLITS)]
    add = parser.add_argument
    add(
        "--tables", type=some_of(CASES), default=GROUPS["twelve"], help=f"twelve, unseen, or some of {', '.join(CASES)}"
    )
    add("--contenders", type=some_of(CONTENDERS), default=[*CONTENDERS], help=f"some of {', '.join(CONTENDERS)}")
    add("--splits", type=some_of(splits), default=splits, help="the seeds that draw the rows to predict")
    add("--out", type=Path, default=Path("benchmarks/results/quality"), help="where results.jsonl and the report lie")
    add("--again", action="store_true", help="measure once more what failed")
    add("--report", action="store_true", help="measure nothing: report what --out holds")
    add("--page", action="store_true", help="write the report into docs/about/quality.md as well")
    return parser.parse_args()


def main() -> None:
    given = parse()
    given.out.mkdir(parents=True, exist_ok=True)
    store = Store(given.out / "results.jsonl")
    cases = [CASES[name] for name in given.tables]
    if not given.report:
        measure(store, cases, [int(split) for split in given.splits], given.contenders, print, given.again)
    scores = Scores.of(cases, store.records())
    text = markdown(scores)
    (given.out / "quality.md").write_text(text, encoding="utf-8")
    chart.draw(scores, given.out)
    if given.page:
        page.fill(text, given.out)
    print(text)


if __name__ == "__main__":
    main()
