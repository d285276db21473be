"""save and load: exact, complete, deterministic, atomic, and no code."""

import errno
import os
import pickle
import signal
import socket
import stat
import subprocess
import sys

import joblib
import numpy as np
import pytest

import glassnet as gn
from glassnet.storage import atomic
from glassnet.storage.files import from_bytes, to_bytes

NET = gn.Network([2, 3, 1], output="sigmoid", seed=0)


def test_200_random_models_come_back_bit_for_bit(random_model, same):
    kinds = set()
    for number in range(200):
        model = random_model(np.random.default_rng(number))
        content = to_bytes(model)
        again = from_bytes(content, "model")
        assert same(model, again), number
        assert type(again) is type(model)
        kinds.add(type(model).__name__)
        assert to_bytes(again) is not content
    assert len(kinds) == 5, kinds


def test_same_sees_a_single_bit(same):
    other = NET.copy()
    assert same(NET, other)
    other.theta[4] = np.nextafter(other.theta[4], 1)
    assert not same(NET, other)


def test_the_same_model_gives_the_same_bytes(random_model):
    for number in range(50):
        model = random_model(np.random.default_rng(number))
        assert to_bytes(model) == to_bytes(model)
        assert to_bytes(from_bytes(to_bytes(model), "model")) == to_bytes(model)


def test_parameters_stand_in_the_file_under_the_names_of_the_field(tmp_path):
    from safetensors.numpy import load_file

    gn.save(NET, tmp_path / "net.safetensors")
    tensors = load_file(tmp_path / "net.safetensors")
    assert sorted(tensors) == ["W1", "W2", "b1", "b2"]
    np.testing.assert_array_equal(tensors["W1"], NET.W[1])


@pytest.mark.parametrize("keep", [pickle.dumps, to_bytes])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_a_run_goes_on_exactly_where_it_stood(optimizer, keep, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
    options = {"optimizer": optimizer, "batch_size": 7, "dropout": 0.1, "validation": (X[:5], y[:5])}
    straight = NET.copy()
    gn.train(straight, X, y, epochs=10, **options)

    net = NET.copy()
    history = gn.train(net, X, y, epochs=4, **options)
    content = keep((net, history))
    net, history = pickle.loads(content) if keep is pickle.dumps else from_bytes(content, "model")
    gn.train(net, X, y, epochs=6, resume=history, **options)
    np.testing.assert_array_equal(net.theta, straight.theta)


def test_early_stopping_goes_on_from_the_parameters_after_the_best(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    options = {"validation": (X[:5], -y[:5]), "early_stopping": gn.EarlyStopping(3, min_delta=0), "optimizer": "adam"}
    net = gn.Network([2, 9, 1], seed=1)
    history = gn.train(net, X, y, epochs=50, **options)
    assert history.state.final_theta is not None
    again, before = from_bytes(to_bytes((net, history)), "model")
    after = gn.train(net, X, y, epochs=3, resume=history, **options)
    after_again = gn.train(again, X, y, epochs=3, resume=before, **options)
    np.testing.assert_array_equal(after.loss, after_again.loss)
    np.testing.assert_array_equal(net.theta, again.theta)


def test_joblib_keeps_networks_and_histories(tmp_path, same):
    net = NET.copy()
    history = gn.train(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=3)
    joblib.dump((net, history), tmp_path / "pair.joblib")
    assert same((net, history), joblib.load(tmp_path / "pair.joblib"))


# --- what cannot be saved -------------------------------------------------------------------------------------


def with_seed(bits):
    return gn.Network([2, 1], seed=np.random.Generator(bits(0)))


def broken():
    net = NET.copy()
    net.W[2][0, 0] = np.nan
    return net


OWN = gn.Activation("softsign", lambda z: z / (1 + abs(z)), lambda z, a: (1 - abs(a)) ** 2)
FALSE_RELU = gn.Activation("relu", lambda z: z, lambda z, a: 1.0)
OWN_LOSS = gn.Loss("quartic", lambda z, y: (z - y) ** 4, lambda z, y: 4 * (z - y) ** 3)


@pytest.mark.parametrize(
    ("name", "make"),
    {
        "hidden": lambda: gn.Network([2, 3, 1], hidden=OWN),
        "hidden.1": lambda: gn.Network([2, 3, 3, 1], hidden=["relu", FALSE_RELU]),
        "output": lambda: gn.Network([2, 1], output=OWN),
        "loss": lambda: gn.Network([2, 1], loss=OWN_LOSS),
        "init": lambda: gn.Network([2, 1], init=lambda rng, a, b: np.ones((a, b))),
        "seed": lambda: with_seed(np.random.SFC64),
        "W2": broken,
        "model": lambda: {"W": np.ones(3)},
        "model: expected a Network": lambda: (NET, NET),
        "model: expected at most 10,000": lambda: gn.Network([1] * 5002),
    }.items(),
)
def test_what_a_file_cannot_hold_is_refused_before_anything_is_written(name, make, refuses, tmp_path):
    with refuses(name):
        gn.save(make(), tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_subclass_is_refused_rather_than_saved_as_its_base(refuses, tmp_path):
    class Own(gn.Network):
        pass

    with refuses("model"):
        gn.save(Own([2, 1]), tmp_path / "own.safetensors")


def test_a_description_beyond_the_limit_is_refused(refuses, tmp_path):
    from glassnet.tables.model import Member, TableModel
    from glassnet.tables.preparation.column import Column
    from glassnet.tables.preparation.preparation import Preparation

    column = Column.categorical("city", categories=tuple(f"city number {i:100d}" for i in range(10_000)))
    model = TableModel([Member(Preparation((column,)), gn.Network([10_000, 1]))], "regression", "y")
    with refuses("model"):
        gn.save(model, tmp_path / "large.safetensors")


# --- paths ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [3, None, b"model", "a\0b", ["a"]])
def test_paths_are_checked(path, refuses):
    for use in (lambda: gn.save(NET, path), lambda: gn.load(path)):
        with refuses("path"):
            use()


def test_a_folder_or_a_missing_one_is_no_place_to_save(refuses, tmp_path):
    for path in (tmp_path, tmp_path / "none" / "model.safetensors"):
        with refuses("path"):
            gn.save(NET, path)


def test_loading_a_folder_or_a_pipe_is_refused_at_once(refuses, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero"):
        with refuses("path"):
            gn.load(path)
    with pytest.raises(FileNotFoundError):
        gn.load(tmp_path / "none.safetensors")


@pytest.fixture(params=["pipe", "link to a pipe", "device", "socket"])
def no_file(request, tmp_path):
    """The path of something in `tmp_path` that is neither a file nor a folder."""
    path = tmp_path / "model.safetensors"
    if request.param == "device":
        try:
            os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))  # another /dev/null, which may be lost
        except (AttributeError, PermissionError):
            pytest.skip("only root makes devices")
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(os.path.relpath(path))
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe") if "link" in request.param else (tmp_path / "pipe").rename(path)
    return path


@pytest.mark.parametrize("to", ["model", "json", "torch", "onnx"])
def test_a_device_a_pipe_or_a_socket_is_refused_and_stays(no_file, to, refuses, tmp_path):
    before = {entry.name: entry.lstat() for entry in tmp_path.iterdir()}
    with refuses("path: expected a regular file or a new one"):
        gn.save(NET, no_file) if to == "model" else gn.export(NET, no_file, to)
    after = {entry.name: entry.lstat() for entry in tmp_path.iterdir()}
    assert after.keys() == before.keys()
    assert all(os.path.samestat(before[name], after[name]) for name in before)


def test_a_script_that_cannot_be_written_leaves_no_model_file(refuses, tmp_path):
    os.mkfifo(tmp_path / "net.py")
    with refuses("path: expected a regular file or a new one"):
        gn.export(NET, tmp_path / "net.py")
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.py"]


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "/dev/stdout", "/dev/fd/1"])
def test_devices_and_streams_are_refused_before_anything_is_opened(path, refuses, monkeypatch):
    def fail(*given, **options):
        raise AssertionError(given)

    monkeypatch.setattr(os, "open", fail)
    monkeypatch.setattr(atomic.Path, "replace", fail)
    with refuses("path: expected a"):
        gn.save(NET, path)


def test_a_file_that_the_output_is_redirected_to_is_refused(tmp_path):
    program = "import glassnet as gn; print('kept'); gn.save(gn.Network([2, 1]), '{}')"
    for place in ("/dev/stdout", tmp_path / "log"):
        with (tmp_path / "log").open("wb") as log:
            done = subprocess.run(
                [sys.executable, "-c", program.format(place)],
                stdout=log,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert "expected a file of its own" in done.stderr.splitlines()[-1]
        assert (tmp_path / "log").read_text() == "kept\n"


def test_a_link_that_leads_nowhere_gets_its_file(tmp_path, refuses):
    (tmp_path / "link").symlink_to("new.safetensors")
    gn.save(NET, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert gn.load(tmp_path / "new.safetensors").sizes == (2, 3, 1)
    (tmp_path / "lost").symlink_to("none/new.safetensors")
    with refuses("path: expected a folder that exists"):
        gn.save(NET, tmp_path / "lost")


@pytest.mark.parametrize("letter", ["a", "é", "語", "😀"])
def test_the_longest_names_that_a_file_can_have(letter, tmp_path):
    name = letter * ((255 - len(".safetensors")) // len(letter.encode())) + ".safetensors"
    for _ in range(2):
        gn.save(NET, tmp_path / name)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    with pytest.raises(OSError, match="too long"):
        gn.save(NET, tmp_path / (letter * 256))


# --- atomic writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_the_old_file_survives_any_failure(place, problem, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    gn.save(NET, path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise problem

    class Full:
        def __init__(self, descriptor, mode):
            self.descriptor = descriptor

        def __enter__(self):
            return self

        def __exit__(self, *reason):
            os.close(self.descriptor)

        write = fail

    if place == "replace":
        monkeypatch.setattr(atomic.Path, "replace", fail)
    elif place == "write":
        monkeypatch.setattr(os, "fdopen", Full)
    else:
        monkeypatch.setattr(os, place, fail)
    with pytest.raises(type(problem)):
        gn.save(gn.Network([9, 9]), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.safetensors"]


KILLED = """
import os, signal, sys
import glassnet as gn
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
gn.save(gn.Network([9, 9]), sys.argv[1])
"""


@pytest.mark.parametrize("name", ["model.safetensors", "語" * 80 + ".safetensors"])
def test_what_a_killed_save_left_is_removed_by_the_next(name, tmp_path):
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name)], check=False)
        assert done.returncode == -signal.SIGKILL
        assert len(list(tmp_path.iterdir())) == 1
    others = [".other.safetensors.0123456789abcdef.tmp", ".model.safetensors.tmp", f".{name[:70]}.notes.tmp"]
    for other in others:
        (tmp_path / other).write_text("another's")
    gn.save(NET, tmp_path / name)
    assert {entry.name for entry in tmp_path.iterdir()} == {name, *others}


def test_a_save_that_is_under_way_keeps_its_temporary_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    fsync = os.fsync

    def save_another(descriptor):
        monkeypatch.setattr(os, "fsync", fsync)
        gn.save(gn.Network([7, 1]), path)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", save_another)
    gn.save(NET, path)
    assert gn.load(path).sizes == (2, 3, 1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.safetensors"]


def test_content_reaches_the_disk_before_the_name_and_the_name_before_the_return(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, atomic.Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("fsync"), fsync(fd)))
    monkeypatch.setattr(atomic.Path, "replace", lambda *names: (calls.append("rename"), replace(*names)))
    gn.save(NET, tmp_path / "model.safetensors")
    assert calls == ["fsync", "rename", "fsync"]


def test_a_link_is_followed_and_permissions_are_kept(tmp_path):
    real, link = tmp_path / "real.safetensors", tmp_path / "link.safetensors"
    gn.save(NET, real)
    real.chmod(0o640)
    link.symlink_to(real)
    gn.save(gn.Network([7, 1]), link)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert gn.load(real).sizes == (7, 1)


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    gn.save(NET, tmp_path / "model.safetensors")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_loading_runs_nothing_of_the_file(tmp_path, monkeypatch):
    content = to_bytes(NET)
    seen = []
    watched = {"exec", "compile", "pickle.find_class"}
    watching = []  # a hook stays for good, so it is told when to look
    sys.addaudithook(lambda event, args: seen.append(event) if watching and event in watched else None)
    from_bytes(content, "model")  # imports of the first call
    watching.append(True)
    from_bytes(content, "model")
    watching.clear()
    assert seen == []


def test_a_file_written_before_a_state_kept_its_batch_size_loads(craft):
    net = gn.Network([2, 3, 1], output="sigmoid", seed=0)
    history = (
        gn.Run(net, [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1], epochs=2, batch_size=2).advance(steps=3).history()
    )
    table, description, data = craft.split(to_bytes((net, history)))
    state = description["history"]["state"]
    assert state.pop("batch_size") == 2
    _, loaded = from_bytes(craft.join(table, description, data), "old.safetensors")
    assert (loaded.state.batch_size, loaded.state.batch, loaded.state.step) == (0, 1, 3)
    again = gn.train(net, [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1], epochs=1, batch_size=2, resume=loaded)
    assert again.steps == 4  # the rest of the second epoch
