"""The C++ below the engine on its own: elementary functions to 4 units in the last place, random draws equal to Python, teams."""

import platform
import subprocess
from pathlib import Path

import numpy as np
import pytest

from glassnet.training.random import batch_order

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
FLAGS = ["-std=c++17", "-O2", "-ffp-contract=fast", "-fno-math-errno", "-Wall", "-Wextra", "-pthread", f"-I{NATIVE}"]


@pytest.fixture(scope="module")
def build(cxx, tmp_path_factory):
    """`build(name, *flags)` compiles cpp/name.cpp and gives the program's path."""

    def building(name, *flags):
        program = tmp_path_factory.mktemp("cpp") / name
        subprocess.run([cxx, *FLAGS, *flags, HERE / "cpp" / f"{name}.cpp", "-o", program], check=True)
        return program

    return building


def instruction_sets():
    """The flags of those that this processor has."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return [()]
    cpu = pytest.importorskip("glassnet.native._cpu", reason="no compiled engine to tell the processor")
    has = cpu.instruction_set()
    return [(f"-march=x86-64-{isa}",) for isa in ("v2", "v3", "v4") if isa <= has]


def check(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout


def test_functions_on_a_sample_of_all_numbers(build):
    check(build("functions", *instruction_sets()[-1]))


@pytest.mark.long
def test_functions_on_all_numbers(build):
    for flags in instruction_sets():
        check(build("functions", *flags), "all")


QUIET, BUSY, UNEVEN = (1.0, 0.55, 0.0), (1.0, 3.0, 0.4), (1.0, 0.6, 0.3)  # of team.cpp


def test_a_team_shrinks_where_it_has_no_cores_and_grows_again(build):
    program = build("team")

    def simulate(most, *phases):
        numbers = [str(number) for phase in phases for number in phase]
        done = subprocess.run([program, str(most), *numbers], capture_output=True, text=True, check=True)
        return [tuple(map(float, line.split())) for line in done.stdout.splitlines()]  # share of time, speed

    assert simulate(2, QUIET) == [(1.0, pytest.approx(1 / 0.55, rel=1e-3))]  # nothing is tried where nobody sleeps
    ((shared, speed),) = simulate(2, UNEVEN)
    assert shared > 0.9
    assert speed > 1.5
    for most in (2, 8):
        (_, busy), (shared, quiet), (_, again) = simulate(most, BUSY, QUIET, BUSY)
        assert min(busy, again) > 1 / 1.15  # never slower than 1.15 × one thread
        assert shared > 0.4
        assert quiet > 1.3


def test_orders_and_draws_equal_python(build):
    orders = build("orders")
    for seed, epoch, n, first, count in [
        (0, 0, 1, 0, 1),
        (0, 0, 7, 0, 8),
        (1, 2, 1000, 5, 17),
        (2**64 - 1, 2**40, 400_003, 12_345, 1001),
    ]:
        printed = subprocess.run(
            [orders, *map(str, (seed, epoch, n, first, count))], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        np.testing.assert_array_equal(np.array(printed[0].split(), int), batch_order(seed, epoch, n))
        stream = np.random.Philox(
            key=np.array([seed, 3], np.uint64), counter=np.array([0, 0, epoch, 0], np.uint64)
        ).random_raw((first + count) // 2 + 1)
        expected = stream.astype("<u8").view("<u4")[first : first + count]
        np.testing.assert_array_equal(np.array(printed[1].split(), np.uint32), expected)
