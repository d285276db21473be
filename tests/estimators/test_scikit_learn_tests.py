"""scikit-learn's own tests of its estimators, run on ours, each in a process of its own."""

import os
import re
import subprocess
import sys

# This must stay text that another process runs: a file of it would be imported when pytest looks for doctests, and
# every test of this process that compares glassnet with scikit-learn would then compare glassnet with itself.
IN_ITS_PLACE = """
import sklearn.neural_network
import glassnet
sklearn.neural_network.MLPClassifier = glassnet.MLPClassifier
sklearn.neural_network.MLPRegressor = glassnet.MLPRegressor
"""

ITS_TESTS = """
import os, sys, pytest
import sklearn.neural_network.tests.test_mlp as tests
print(tests.MLPClassifier, tests.MLPRegressor)
options = ["-q", "-c", os.devnull, "-p", "no:cacheprovider", "-p", "no:xdist"]
sys.exit(pytest.main([*options, "--pyargs", "sklearn.neural_network.tests.test_mlp"]))
"""

CHECKS = """
import collections, warnings
from sklearn.utils.estimator_checks import check_estimator
import glassnet
warnings.simplefilter("ignore")
for kind in (glassnet.MLPClassifier, glassnet.MLPRegressor):
    for options in ({}, {"solver": "sgd"}):
        outcomes = check_estimator(kind(**options), on_skip=None, on_fail=None)
        counts = collections.Counter(outcome["status"] for outcome in outcomes)
        print(kind.__name__, options, dict(counts))
        for outcome in outcomes:
            if outcome["status"] not in ("passed", "skipped"):
                print(outcome["check_name"], repr(outcome["exception"]))
"""


def run(code, **environment):
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **environment}
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=env)
    return done.returncode, done.stdout + done.stderr


def test_its_tests_of_its_estimators_pass_whole():
    code, output = run(IN_ITS_PLACE + ITS_TESTS)
    assert code == 0, output[-3000:]
    first, *_, summary = output.strip().splitlines()
    assert first.count("glassnet.estimators") == 2, first
    assert re.match(r"59 passed(, \d+ warnings?)? in", summary), output[-3000:]


def test_its_checks_of_any_estimator_pass():
    code, output = run(CHECKS, SCIPY_ARRAY_API="1")
    assert code == 0, output[-3000:]
    lines = output.strip().splitlines()
    assert len(lines) == 4, output  # one a set-up, none for a check that failed
    for line in lines:
        counts = {word: int(number) for word, number in re.findall(r"'(\w+)': (\d+)", line)}
        # the one check that is skipped is of decision_function, which scikit-learn's own classifier has not either
        assert set(counts) <= {"passed", "skipped"}, line
        assert counts["passed"] >= 60, line
        assert counts.get("skipped", 0) == ("Classifier" in line), line
