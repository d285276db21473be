"""What once crashed, hung or read foreign memory, each in a process of its own with a time limit."""

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import glassnet as gn
from glassnet.native.engine import MOST_ROWS, NativeEngine, RowPredictor, threads_for
from glassnet.training.processors import quota, usable_processors

pytestmark = pytest.mark.usefixtures("compiled_engine")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux processes")


def run(code, timeout=120):
    """Run a program of its own; it must end by itself, without a signal."""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout, check=False)
    assert process.returncode == 0, (process.returncode, process.stdout, process.stderr)
    return process


# --- the end of the interpreter ---------------------------------------------------------------------------------

DAEMON = """
import threading, time
import numpy as np
import glassnet as gn

X = np.random.default_rng(0).normal(size=(2000, 20))
y = (X[:, 0] > 0).astype(int)
started = threading.Event()

def work():
    net = gn.Network([20, {width}, 1], output="sigmoid", seed=1)
    started.set()
    while True:
        {what}

threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
started.wait()
time.sleep(0.5)
print("main ends", flush=True)
"""
WORK = {
    "a long run": "gn.train(net, X, y, epochs=10**6, batch_size=64, engine='native')",
    "many short runs": "gn.train(net, X[:50], y[:50], epochs=1, engine='native')",
    "predictions": "net.predict(X)",
}


@pytest.mark.parametrize("width", [40, 200], ids=["small", "wide"])
@pytest.mark.parametrize("what", WORK)
def test_the_interpreter_ends_while_daemon_threads_train(what, width):
    process = run(DAEMON.format(width=width, what=WORK[what]))
    assert process.stdout == "main ends\n"
    assert process.stderr == ""


# --- threads that cannot be had ---------------------------------------------------------------------------------

FEW_THREADS = """
import resource
import numpy as np
import glassnet as gn

X = np.random.default_rng(0).normal(size=(300, 20)).astype("f4")
y = (X[:, 0] > 0).astype(int)

def trained(threads):
    net = gn.Network([20, 300, 1], output="sigmoid", dtype="float32", seed=0)
    gn.train(net, X, y, epochs=3, n_threads=threads, engine="native")
    return net.theta.tobytes()

one = trained(1)
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + {spare},) * 2)
try:
    print(trained(16) == one)
except MemoryError:
    print("MemoryError")
"""


@linux
@pytest.mark.parametrize("spare", [60_000_000, 25_000_000, 12_000_000, 4_000_000, 1_000_000])
def test_fewer_threads_or_one_line_where_the_system_has_no_more(spare):
    assert run(FEW_THREADS.format(spare=spare)).stdout in ("True\n", "MemoryError\n")


def test_a_team_is_no_larger_than_its_work():
    wide = gn.Network([300, 256, 1], seed=0)
    assert threads_for(wide, 64, 100_000) <= 64
    assert threads_for(wide, 4, 8) == 8  # what is asked, if the work can be shared out so
    assert threads_for(gn.Network([3, 128, 1], seed=0), 10**6, 8) == 1  # the small kernel has one
    X = np.random.default_rng(0).normal(size=(64, 300))
    histories = [gn.train(wide.copy(), X, X[:, 0], epochs=2, n_threads=n, engine="native") for n in (1, 100_000)]
    assert np.array_equal(histories[0].loss, histories[1].loss)


# --- processors -------------------------------------------------------------------------------------------------


def groups(tmp_path, line, files):
    (tmp_path / "own").write_text(line)
    for name, text in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return quota(tmp_path / "fs", tmp_path / "own")


def test_the_quota_of_a_container_counts(tmp_path):
    cases = {
        "v2": ("0::/a/b\n", {"a/cpu.max": "150000 100000\n", "a/b/cpu.max": "max 100000\n"}, 1.5),
        "v2 at the root": ("0::/\n", {"cpu.max": "50000 100000\n"}, 0.5),
        "v1": (
            "4:memory:/x\n3:cpu,cpuacct:/x\n",
            {"cpu/x/cpu.cfs_quota_us": "300000", "cpu/x/cpu.cfs_period_us": "100000"},
            3,
        ),
        "v1 without a limit": ("3:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, np.inf),
        "nonsense": ("what\n0::/\n", {"cpu.max": "much\n"}, np.inf),
    }
    for name, (line, files, expected) in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        assert groups(folder, line, files) == expected, name
    assert quota(tmp_path, tmp_path / "missing") == np.inf


def test_usable_processors_are_bounded_by_the_quota(monkeypatch):
    unlimited = usable_processors()
    assert unlimited >= 1
    monkeypatch.setattr("glassnet.training.processors._own_quota", lambda: 0.5)
    assert usable_processors() == 1


# --- rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_row_of_another_length_is_refused(dtype):
    predictor = RowPredictor(gn.Network([300, 2, 1], output="sigmoid", seed=0, init="zeros", dtype=dtype))
    assert predictor(np.ones(300, dtype)) == 0.5
    for row in (
        np.ones(3),
        np.ones(301),
        np.ones((1, 300)),
        np.ones((300, 1)),
        [1.0] * 300,
        None,
        np.array(["a"] * 300),
    ):
        with pytest.raises(gn.InputError, match="x: expected an array of 300 numbers; got"):
            predictor(row)


def test_a_batch_of_more_rows_than_an_int_counts_is_refused():
    X = np.zeros((4, 3))
    job = gn.Run(gn.Network([3, 4, 1], seed=0), X, X[:, 0], epochs=1).job
    assert "smaller batch_size" in NativeEngine().refuses_job(replace(job, batch_size=MOST_ROWS + 1))
    assert NativeEngine().refuses_job(job) == ""


FILLED_UP = [("float64", -800.0, 800.0, 1.0), ("float32", -0.1, 100.0, 1000.0)]


@pytest.mark.parametrize("rows", [1, 3, 7, 8, 9, 16, 17, 65])
@pytest.mark.parametrize(("dtype", "weight", "bias", "x"), FILLED_UP)
@pytest.mark.parametrize("drop", [0.0, 0.5])
def test_rows_that_fill_up_a_vector_never_count(dtype, weight, bias, x, rows, drop):
    losses = []
    for engine in ("numpy", "native"):
        sizes = [1, 1] if not drop else [1, 1, 1]
        net = gn.Network(sizes, "identity" if drop else "relu", output="exponential", seed=0, dtype=dtype)
        net.W[1][...], net.b[1][...] = weight, bias
        if drop:
            net.W[2][...], net.b[2][...] = 1.0, 0.0
        optimizer = gn.SGD(learning_rate=1e-9)
        history = gn.train(
            net, np.full((rows, 1), x), np.ones(rows), epochs=1, optimizer=optimizer, engine=engine, dropout=drop
        )
        losses.append(history.loss)
    assert np.isfinite(losses[0]).all()
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)


# --- Ctrl-C in the main thread, training in others ---------------------------------------------------------------

MANY = """
import os, signal, threading, time
import numpy as np
import glassnet as gn

rng = np.random.default_rng(0)
X = rng.normal(size=(20000, 20)); y = (X[:, 0] > 0).astype(int)
nets = [gn.Network([20, 64, 64, 1], output="sigmoid", seed=seed) for seed in range(4)]
starts = [net.theta.copy() for net in nets]
sent = []

def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Timer(1, interrupt).start()
try:
    gn.train_many(nets, X, y, epochs={epochs}, batch_size=64, n_threads=2, engine={engine!r})
except KeyboardInterrupt:
    print(time.perf_counter() - sent[0])
trained = [i for i in range(4) if (nets[i].theta != starts[i]).any()]
for i in trained[:2]:  # each stands at one of its steps
    again = gn.Run(gn.Network([20, 64, 64, 1], output="sigmoid", seed=i), X, y, epochs={epochs}, batch_size=64, n_threads=1, engine={engine!r})
    for _ in range({epochs} * 313):
        if (again.network.theta == nets[i].theta).all():
            break
        again.advance(steps=1)
    assert (again.network.theta == nets[i].theta).all(), i
print(len(trained))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process of its own")
@pytest.mark.parametrize(("engine", "epochs"), [("native", 40), ("numpy", 12)])
def test_ctrl_c_stops_many_networks_at_a_step(engine, epochs):
    latency, trained = run(MANY.format(engine=engine, epochs=epochs), timeout=300).stdout.split()
    assert float(latency) < 1.0  # some 30 ms on a quiet machine
    assert int(trained) >= 1


HANDLER = """
import signal
import numpy as np
import glassnet as gn

class Enough(Exception): pass

def handler(number, frame): raise Enough

signal.signal(signal.SIGALRM, handler)
X = np.random.default_rng(0).normal(size=(500, 20)); y = X[:, 0]
run = gn.Run(gn.Network([20, 30, 1], seed=0), X, y, epochs=10**6, engine="native")
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    run.advance()
except Enough:
    print(run.step > 0, len(run.record.loss) == run.epoch)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no SIGALRM")
def test_what_a_signal_handler_raises_comes_through():
    assert run(HANDLER).stdout == "True True\n"
