"""A child process that measures one contender on one split: `python -m benchmarks.quality.worker TABLE SPLIT NAME`.

Prints the result as one line of JSON at the end.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import traceback
import warnings
from typing import Any

from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.measures import measure
from benchmarks.quality.tables import CASES, problem


def run(table: str, split: int, name: str) -> dict[str, Any]:
    """Return the measures and the seconds of processor time of fitting and of predicting, or the error."""
    contender = CONTENDERS[name]
    try:
        contender.load()
        task = problem(CASES[table], split)
        wall, start = time.perf_counter(), processor_seconds()
        predict = contender.fit(task, split)
        fitted = processor_seconds()
        predicted = predict(task.X_test)
        done = processor_seconds()
        return {
            **measure(task, predicted),
            "fit_seconds": round(fitted - start, 3),
            "predict_seconds": round(done - fitted, 3),
            "process_seconds": round(done, 3),
            "wall_seconds": round(time.perf_counter() - wall, 3),
        }
    except Exception as error:  # noqa: BLE001 - a contender that fails is a result
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}".split("\n")[0][:500]}


def processor_seconds() -> float:
    """Return the processor time of this process and of the children it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
