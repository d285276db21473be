"""The folder of checkpoints survives kills, power cuts, full disks and damage: the newest whole file always loads."""

import errno
import itertools
import os
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.storage import atomic, checkpoints
from glassnet.storage.strict_json import MalformedError

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = (X[:, 0] * X[:, 1] > 0).astype(int)
OPTIONS = {"epochs": 30, "batch_size": 16, "dropout": 0.1}

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def network():
    return gn.Network([3, 5, 1], output="sigmoid", seed=0)


def trained(checkpoint=None):
    net = network()
    return net, gn.train(net, X, y, checkpoint=checkpoint, **OPTIONS)


@pytest.fixture(scope="module")
def whole():
    return trained()


def assert_goes_on(folder, whole):
    """The folder's newest checkpoint loads, and the run goes on to the bits of an uninterrupted one; nothing is left over."""
    net, history = trained(gn.Checkpoint(folder, steps=7, resume=True))
    np.testing.assert_array_equal(net.theta, whole[0].theta)
    np.testing.assert_array_equal(history.loss, whole[1].loss)
    np.testing.assert_array_equal(net.predict_proba(X), whole[0].predict_proba(X))
    assert not [path.name for path in folder.iterdir() if path.suffix == ".tmp"]
    assert len(gn.Checkpoint(folder).files()) <= 2


def killed(work, after=None):
    """Call `work` in a forked child, which kills itself or is killed after some seconds; return its exit status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def slow_training(folder):
    """A training of about a third of a second, which saves after each step."""
    options = {**OPTIONS, "callbacks": [lambda now: time.sleep(0.01)]}
    gn.train(network(), X, y, checkpoint=gn.Checkpoint(folder, steps=1), **options)


def kill_at_random(tmp_path, whole, count):
    moments, ends = random.Random(count), []
    for number in range(count):
        folder = tmp_path / str(number)
        ends.append(killed(lambda folder=folder: slow_training(folder), after=moments.uniform(0.0, 0.6)))
        assert_goes_on(folder, whole)
        shutil.rmtree(folder)
    return ends


@needs_fork
def test_killed_at_random_moments(tmp_path, whole):
    kill_at_random(tmp_path, whole, 6)


@pytest.mark.long
@needs_fork
def test_killed_at_200_random_moments(tmp_path, whole):
    ends = kill_at_random(tmp_path, whole, 200)
    assert ends.count(-signal.SIGKILL) > 100


# --- every boundary ---------------------------------------------------------------------------------------------------

CALLS = ("open", "fsync", "replace", "unlink", "mkdir")  # of os, which writing a checkpoint goes through


class Boundaries:
    """Counts the calls of the file system, and does something before or after one of them."""

    def __init__(self, patch, act=None, at=-1, before=True):
        self.count, self.act, self.at, self.before = 0, act, at, before
        for name in CALLS:
            patch.setattr(os, name, self._counted(getattr(os, name), name))
        patch.setattr(atomic.os, "fdopen", self._writing(os.fdopen))

    def _pass(self, name, call):
        number, self.count = self.count, self.count + 1
        if number == self.at and self.before:
            self.act(name)
        result = call()
        if number == self.at and not self.before:
            self.act(name)
        return result

    def _counted(self, call, name):
        return lambda *given, **named: self._pass(name, lambda: call(*given, **named))

    def _writing(self, fdopen):
        def opened(*given, **named):
            file = fdopen(*given, **named)
            write = file.write

            def in_two(content):
                middle = len(content) // 2
                self._pass("write", lambda: (write(content[:middle]), file.flush()))
                return self._pass("write", lambda: write(content[middle:]))

            file_like = Wrapped(file)
            file_like.write = in_two
            return file_like

        return opened


class Wrapped:
    """A file whose `write` is replaced."""

    def __init__(self, file):
        self._file = file

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        self._file.__enter__()
        return self

    def __exit__(self, *error):
        return self._file.__exit__(*error)


def save_thrice(folder):
    """Save a run at three of its steps, with two files kept."""
    from glassnet.training.checkpoints import Saved

    checkpoint = gn.Checkpoint(folder)
    run = gn.Run(network(), X, y, **OPTIONS)
    saved = Saved(run, checkpoint)
    with checkpoint.held():
        saved.restore()
        for _ in range(3):
            run.advance(steps=5)
            saved.save()


def boundaries_of(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        counted = Boundaries(patch)
        save_thrice(tmp_path / "counted")
    return counted.count


@needs_fork
@pytest.mark.parametrize("before", [True, False])
def test_killed_at_every_boundary(tmp_path, whole, before):
    count = boundaries_of(tmp_path)
    assert count > 15
    for at in range(count):
        folder = tmp_path / f"{before}{at}"

        def work(folder=folder, at=at):
            patch = pytest.MonkeyPatch()
            Boundaries(patch, lambda name: os.kill(os.getpid(), signal.SIGKILL), at, before)
            save_thrice(folder)

        assert killed(work) == -signal.SIGKILL
        folder.mkdir(exist_ok=True)
        assert_goes_on(folder, whole)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO], ids=errno.errorcode.get)
def test_an_error_at_every_boundary(tmp_path, whole, number):
    def refuse(name):
        raise OSError(number, os.strerror(number))

    for at in range(0, boundaries_of(tmp_path), 1 if number == errno.ENOSPC else 4):
        folder = tmp_path / str(at)
        with pytest.MonkeyPatch.context() as patch:
            Boundaries(patch, refuse, at)
            with pytest.raises(gn.CheckpointError) as error:
                save_thrice(folder)
        told = str(error.value)
        assert os.strerror(number) in told
        assert str(folder) in told
        assert "\n" not in told
        folder.mkdir(exist_ok=True)
        assert_goes_on(folder, whole)


def test_a_full_disk_tells_path_and_bytes(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", refuse)
    with pytest.raises(gn.CheckpointError, match=r"could not write [\d,]+ bytes to '.*step-0{12}[^']*': No space left"):
        gn.Checkpoint(tmp_path).write(0, {}, {"now": 1})
    assert gn.Checkpoint(tmp_path).files() == []
    assert list(tmp_path.iterdir()) == []


# --- power cuts -------------------------------------------------------------------------------------------------------


class Recorder:
    """Records what is done to the file system below a folder: the operations that a power cut may undo."""

    def __init__(self, patch, folder):
        self.folder, self.operations, self.names = folder, [], {}
        for name in ("open", "fsync", "replace", "unlink", "mkdir"):
            patch.setattr(os, name, getattr(self, name)(getattr(os, name)))
        patch.setattr(atomic.os, "fdopen", self.fdopen(os.fdopen))

    def open(self, call):
        def recorded(path, flags, *more, **named):
            descriptor = call(path, flags, *more, **named)
            self.names[descriptor] = str(path)
            if flags & os.O_CREAT and not str(path).endswith(".lock"):
                self.operations.append(("create", str(path)))
            return descriptor

        return recorded

    def fdopen(self, call):
        def recorded(descriptor, *more, **named):
            file = Wrapped(call(descriptor, *more, **named))
            write = file._file.write

            def written(content):
                self.operations.append(("write", self.names[descriptor], bytes(content)))
                return write(content)

            file.write = written
            return file

        return recorded

    def fsync(self, call):
        def recorded(descriptor):
            self.operations.append(("fsync", self.names[descriptor]))
            return call(descriptor)

        return recorded

    def replace(self, call):
        def recorded(old, new, **named):
            self.operations.append(("replace", str(old), str(new)))
            return call(old, new, **named)

        return recorded

    def unlink(self, call):
        def recorded(path, **named):
            result = call(path, **named)
            self.operations.append(("unlink", str(path)))
            return result

        return recorded

    def mkdir(self, call):
        def recorded(path, *more, **named):
            result = call(path, *more, **named)
            self.operations.append(("mkdir", str(path)))
            return result

        return recorded


def legal_states(operations):
    """The folder's files, {path: content}, that a power cut after these operations may leave.

    Content that was not flushed is there, lost or cut; a name whose folder was not flushed is the old or the new one. Names of
    one folder reach the disk in their order, as journals keep them, or each by itself.
    """
    contents, flushed, entries, pending = {}, set(), {}, []  # of files by identity; names that are on the disk
    now = {}  # names as the process sees them
    for operation in operations:
        kind, path = operation[0], operation[1]
        if kind == "create":
            now[path] = identity = object()
            contents[identity] = b""
            pending.append((path, identity))
        elif kind == "write":
            contents[now[path]] += operation[2]
            flushed.discard(now[path])
        elif kind == "replace":
            identity = now.pop(path)
            now[operation[2]] = identity
            pending += [(operation[2], identity), (path, None)]
        elif kind == "unlink":
            now.pop(path, None)
            pending.append((path, None))
        elif kind == "fsync" and path in now:
            flushed.add(now[path])
        elif kind == "fsync":  # a folder
            done = [each for each in pending if str(Path(each[0]).parent) == path]
            entries.update(done)
            pending = [each for each in pending if each not in done]
    orders = [pending[:count] for count in range(len(pending) + 1)] + [[each] for each in pending]
    for kept in orders:
        names = {path: identity for path, identity in {**entries, **dict(kept)}.items() if identity is not None}
        loose = [path for path, identity in names.items() if identity not in flushed]
        for fates in itertools.product((0.0, 0.5, 1.0), repeat=len(loose)):
            cut = dict(zip(loose, fates, strict=True))
            yield {
                path: contents[identity][: int(cut.get(path, 1.0) * len(contents[identity]))]
                for path, identity in names.items()
            }


def newest_after(state, folder, place):
    """The step from which a run goes on if a power cut leaves this state; None for the start."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for path, content in state.items():
        (place / Path(path).name).write_bytes(content)
    setup = checkpoints_setup()
    found = gn.Checkpoint(place, resume=True).read(setup)
    return None if found is None else found["now"].state.step


def checkpoints_setup():
    from glassnet.training.checkpoints import describe

    return describe(gn.Run(network(), X, y, **OPTIONS), {})


@pytest.mark.filterwarnings("error")  # a damaged file under a final name would warn
def test_a_power_cut_leaves_the_old_state_or_the_new(tmp_path, monkeypatch):
    folder = tmp_path / "saved"
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(patch, folder)
        save_thrice(folder)
    operations = recorder.operations
    kinds = [operation[0] for operation in operations]
    assert (kinds.count("replace"), kinds.count("unlink")) == (3, 1)
    done = 0  # checkpoints whose write had returned
    seen, tried = set(), 0
    for count in range(len(operations) + 1):
        renamed = [k for k, kind in enumerate(kinds[:count]) if kind == "replace"]
        synced = [k for k in renamed if ("fsync", str(folder)) in operations[k:count]]
        done = len(synced)
        allowed = {None if k == 0 else 5 * k for k in range(done, len(renamed) + 1)}
        for state in legal_states(operations[:count]):
            step = newest_after(state, folder, tmp_path / "after")
            assert step in allowed, (operations[count - 1][:2], sorted(state))
            seen.add(step)
            tried += 1
    assert seen == {None, 5, 10, 15}
    assert tried > 60


def test_the_power_cut_test_sees_a_missing_fsync(tmp_path):
    folder = tmp_path / "saved"
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(patch, folder)
        save_thrice(folder)
    without = [each for each in recorder.operations if not (each[0] == "fsync" and each[1].endswith(".tmp"))]
    damaged = 0
    for count in range(len(without) + 1):
        for state in legal_states(without[:count]):
            damaged += any(path.endswith(".safetensors") and len(content) < 100 for path, content in state.items())
    assert damaged


# --- damage, versions, other processes ---------------------------------------------------------------------------------


def test_a_damaged_file_is_passed_over(tmp_path, whole):
    save_thrice(tmp_path)
    newest, older = gn.Checkpoint(tmp_path).files()
    content = bytearray(newest.read_bytes())
    content[-9] ^= 1
    newest.write_bytes(content)
    with pytest.warns(UserWarning, match=f"passed over {newest.name}, which is damaged"):
        assert gn.Checkpoint(tmp_path, resume=True).read(checkpoints_setup())["now"].state.step == 10
    older.write_bytes(content[:100])
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(gn.InputError, match="got 2 damaged"):
        gn.Checkpoint(tmp_path, resume=True).read(checkpoints_setup())


def test_every_cut_and_every_flipped_bit_is_seen():
    setup, content = {"a": 1}, {"now": np.arange(3.0), "seconds": 0.5}
    file = checkpoints.to_bytes(setup, content)
    assert checkpoints.from_bytes(file, setup)["seconds"] == 0.5
    for place in range(len(file)):
        for wrong in (file[:place], file[:place] + bytes([file[place] ^ 4]) + file[place + 1 :]):
            with pytest.raises((gn.InputError, MalformedError)):
                checkpoints.from_bytes(wrong, setup)


def test_a_file_of_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "VERSION", 99)
    save_thrice(tmp_path)
    monkeypatch.undo()
    with pytest.raises(gn.InputError, match=r"checkpoint: expected format 1; got 99"):
        gn.train(network(), X, y, checkpoint=gn.Checkpoint(tmp_path, resume=True), **OPTIONS)


def test_a_folder_with_checkpoints_is_not_written_over(tmp_path):
    save_thrice(tmp_path)
    before = {path: path.read_bytes() for path in gn.Checkpoint(tmp_path).files()}
    with pytest.raises(gn.InputError, match="expected a folder without checkpoints"):
        gn.train(network(), X, y, checkpoint=gn.Checkpoint(tmp_path), **OPTIONS)
    assert {path: path.read_bytes() for path in gn.Checkpoint(tmp_path).files()} == before


def test_only_one_process_uses_a_folder(tmp_path):
    with gn.Checkpoint(tmp_path).held(), pytest.raises(gn.InputError, match="expected a folder that no other run uses"):
        gn.train(network(), X, y, checkpoint=gn.Checkpoint(tmp_path), **OPTIONS)
    trained(gn.Checkpoint(tmp_path))  # the lock is gone with its holder


def test_the_newest_are_kept_and_other_files_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    trained(gn.Checkpoint(tmp_path, steps=10, keep=3))
    assert [path.name[5:17] for path in gn.Checkpoint(tmp_path).files()] == [
        "000000000120",
        "000000000110",
        "000000000100",
    ]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(gn.CheckpointError, match="could not make the folder"):
            trained(gn.Checkpoint(place))
