"""The engine's loop compiled for aarch64 and run under qemu prints the figures that it prints on this processor."""

import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

from glassnet import SGD, Network
from glassnet.native.registry import ACTIVATION_NAMES, LOSS_NAMES, UPDATE_KINDS

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
MOONS = json.loads((HERE.parent / "reference" / "two_moons.json").read_text())
FLAGS = ["-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-pthread", f"-I{HERE.parents[1] / 'native'}"]


def build(compiler, name, folder, *flags):
    program = folder / f"{name}-{Path(compiler).name}"
    subprocess.run([compiler, *FLAGS, *flags, HERE / "cpp" / f"{name}.cpp", "-o", program], check=True)
    return program


@pytest.fixture(scope="module")
def aarch64(lacking, tmp_path_factory):
    """`aarch64(name)` compiles cpp/name.cpp for aarch64 and gives the command that runs it."""
    emulator = next(filter(None, map(shutil.which, ("qemu-aarch64", "qemu-aarch64-static"))), None)
    if not (emulator and shutil.which("aarch64-linux-gnu-g++")):
        lacking("no aarch64-linux-gnu-g++, or no qemu-aarch64")

    def building(name):
        return [emulator, build("aarch64-linux-gnu-g++", name, tmp_path_factory.mktemp("aarch64"), "-static")]

    return building


def printed(command, text):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=600).stdout.split()


def as_input(network, rate, epochs, X, Y):
    activations = [ACTIVATION_NAMES.index(a.name) for a in network.activations.values()]
    counts = [network.n_layers, *network.sizes, *activations, LOSS_NAMES.index(network.loss_function.name)]
    start = [*counts, UPDATE_KINDS.index(SGD), rate, epochs, len(X)]
    return " ".join(map(repr, [*start, *network.theta.tolist(), *X.ravel().tolist(), *Y.ravel().tolist()]))


def moons():
    X, y = make_moons(n_samples=1000, noise=0.2, random_state=42)
    X, _, y, _ = train_test_split(X, y, test_size=0.2, random_state=42)
    return X, y.astype(float)


def test_runs_on_aarch64_print_the_figures_of_this_processor(aarch64, cxx, tmp_path):
    here, there = [build(cxx, "training", tmp_path)], aarch64("training")
    X, y = moons()
    reference = Network([2, 10, 1], hidden="relu", output="sigmoid", seed=42)
    wide = Network([2, 150, 1], hidden="tanh", output="sigmoid", seed=1)  # by the kernel of wide networks
    for network, epochs in ((reference, MOONS["epochs"]), (wide, 100)):
        text = as_input(network, MOONS["learning_rate"], epochs, X, y)
        figures = printed(there, text)
        assert figures == printed(here, text)
        assert len(figures) == 10 + network.n_parameters
        if network is reference:
            assert [round(float(loss), 4) for loss in figures[:10]] == MOONS["printed_loss_every_100"]
            final = [np.ravel(MOONS["final_parameters"][name]) for name in ("W1", "b1", "W2", "b2")]
            assert_allclose(np.array(figures[10:], float), np.concatenate(final), rtol=0, atol=1e-8)
            print(platform.machine(), "and aarch64:", *figures[:10])


def test_functions_on_aarch64(aarch64):
    done = subprocess.run(aarch64("functions"), capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout


def test_the_target_of_the_compiler_chooses_the_instruction_set(lacking, cxx, tmp_path):
    pytest.importorskip("nanobind")
    needed = ("cmake", "ninja", "aarch64-linux-gnu-g++")
    if missing := [tool for tool in needed if not shutil.which(tool)]:
        lacking(f"no {', '.join(missing)}")

    def engines(compiler):
        build = tmp_path / Path(compiler).name
        configure = ["cmake", "-S", HERE.parents[1], "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={compiler}"]
        subprocess.run([*configure, f"-DPython_EXECUTABLE={sys.executable}"], check=True, stdout=subprocess.DEVNULL)
        targets = subprocess.run(["ninja", "-C", build, "-t", "targets"], check=True, capture_output=True, text=True)
        return set(re.findall(r"_native_(\w+):", targets.stdout))

    assert engines("aarch64-linux-gnu-g++") == {"generic"}
    if platform.machine() in ("x86_64", "AMD64"):
        assert engines(cxx) == {"v2", "v3", "v4"}
