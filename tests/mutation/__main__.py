"""`python -m tests.mutation --room training --sample 20 --seed 1`: the breaks of a sample, and how many the tests notice."""

import argparse
import json
import tempfile
import time
from pathlib import Path

from tests.mutation.breaks import draw
from tests.mutation.rooms import CPP, PYTHON, breaks_of_room
from tests.mutation.scratch import NOT_COMPILED, SAME_CODE, SURVIVED, Scratch
from tests.mutation.survivors import reason_of
from tests.mutation.table import table


def measure(rooms, sample, seed, scratch, tell=print, only=None):
    """The outcome of `sample` breaks of each room: a list of dicts.

    A break that does not compile, or that leaves the machine code as it is, is passed over for the next one.
    """
    outcomes = []
    for room in rooms:
        counted = 0
        for each in draw(breaks_of_room(room, scratch.root), seed):
            if counted == sample:
                break
            if only is not None and each.key not in only:
                continue
            started = time.monotonic()
            result = scratch.outcome(room, each)
            tell(f"{room:<10} {time.monotonic() - started:5.0f} s  {result:<18} {each}", flush=True)
            counts = result not in (NOT_COMPILED, SAME_CODE)
            counted += counts
            outcomes.append({"room": room, "line": each.line, "break": each.key, "result": result, "counts": counts})
    return outcomes


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--room", nargs="*", choices=[*PYTHON, CPP], default=list(PYTHON))
    parser.add_argument("--sample", type=int, default=20, help="breaks of each room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a JSON file that receives the outcomes")
    parser.add_argument("--again", type=Path, help="such a file: run the breaks that survived there once more")
    parser.add_argument(
        "--deselect", nargs="*", default=[], help="tests to leave out, such as one that fails now and then"
    )
    parser.add_argument("--optimize", type=int, default=3, help="the compiler's level for breaks in C++; 1 is faster")
    parser.add_argument("--timings", type=Path, help="a JSON file that keeps how long tests take, for runs to come")
    options = parser.parse_args()
    only = None
    if options.again:
        only = {each["break"] for each in json.loads(options.again.read_text()) if each["result"] == SURVIVED}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(folder, options.deselect, options.optimize, options.timings)
        outcomes = measure(options.room, options.sample, options.seed, scratch, only=only)
    if options.out:
        options.out.write_text(json.dumps(outcomes, indent=1))
    print("\n" + table(outcomes))
    for each in outcomes:
        if each["result"] == SURVIVED:
            print(f"- {each['break']}: {reason_of(each['break']) or 'no reason given'}")


if __name__ == "__main__":
    main()
