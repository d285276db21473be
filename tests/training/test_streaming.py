"""Training on rows that do not fit in memory: the order of the rows, and the same bits as a run in memory in that order."""

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.training.ranks import AbortedError, on_ranks

import glassnet as gn
from glassnet.network.engines import ENGINES
from glassnet.training.streaming import StreamingEngine
from glassnet.training.windows import epoch_windows, windows_of

ENGINE_NAMES = [name for name, engine in ENGINES.items() if not engine.refuses(gn.Network([1, 1]))]
BATCH = 32
LENGTHS = np.array([100, 7, 250, 93, 1, 300, 120, 29, 260, 40])  # of blocks, ragged
N = int(LENGTHS.sum())
ROWS = 400  # about, that fit in a window


class Source:
    """Rows in memory in ragged blocks, which records what is read."""

    def __init__(self, X, y, weight=None, sequential=False, rows=ROWS, lengths=LENGTHS):
        self.X, self.y, self.weight = X, y, weight
        self.lengths, self.shape, self.weighted, self.sequential = lengths, X.shape, weight is not None, sequential
        self.memory = int(rows * ((X.shape[1] + 1 + self.weighted) * 8 + 32) / 0.3) + 10
        self.fingerprint, self.seen, self.threads = "", [], set()

    def read(self, block):
        self.seen.append(block)
        self.threads.add(threading.current_thread())
        first = int(self.lengths[:block].sum())
        part = slice(first, first + int(self.lengths[block]))
        return self.X[part], self.y[part], None if self.weight is None else self.weight[part]

    def place(self, block):
        return f"block {block}"


def data(weighted=False):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((N, 4))
    weight = rng.uniform(0.5, 2, N) if weighted else None
    return X, (X.sum(1) > 0).astype(float), weight


def philox(stream, epoch, n, seed=5):
    return np.random.Philox(key=np.array([seed, stream], np.uint64), counter=[0, 0, epoch, 0]).random_raw(n)


def stated_order(epoch, sequential=False):
    """The order of the rows, as the documentation states it, written anew."""
    keys, starts = philox(0, epoch, N), np.cumsum(LENGTHS) - LENGTHS
    blocks = range(len(LENGTHS)) if sequential else np.argsort(philox(2**64 - 1, epoch, len(LENGTHS)))
    windows, held = [[]], 0
    for block in blocks:
        if held and held + LENGTHS[block] > ROWS:
            windows.append([])
            held = 0
        windows[-1].append(block)
        held += LENGTHS[block]
    visits = []
    for window in windows:
        rows = np.concatenate([np.arange(starts[block], starts[block] + LENGTHS[block]) for block in window])
        visits.append(rows[np.argsort(keys[rows])])
    return np.concatenate(visits)


def run_of(X, y, engine, **options):
    net = gn.Network([4, 6, 1], output="sigmoid", seed=1)
    given = {"batch_size": BATCH, "epochs": 3, "dropout": 0.2, "engine": engine, "seed": 5, **options}
    return gn.Run(net, X, y, **given)


def in_memory(engine, weighted=False, sequential=False, **options):
    X, y, weight = data(weighted)
    run = run_of(X, y, engine, sample_weight=weight, **options)
    if run.job.shuffle:
        run.job = replace(run.job, order=lambda epoch: stated_order(epoch, sequential))
    return run


def assert_same(a, b):
    assert a.network.theta.tobytes() == b.network.theta.tobytes()
    assert vars(a.record) == vars(b.record)
    assert (a.state.step, a.state.epoch, a.state.batch) == (b.state.step, b.state.epoch, b.state.batch)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("shuffle", "sequential"), [(True, False), (True, True), (False, False)])
def test_the_bits_are_those_of_a_run_in_memory_in_the_stated_order(engine, weighted, shuffle, sequential):
    X, y, weight = data(weighted)
    validation = X[:50], y[:50]
    options = {
        "shuffle": shuffle,
        "validation": validation,
        "schedule": gn.Cosine(),
        "early_stopping": gn.EarlyStopping(),
    }
    run = run_of(Source(X, y, weight, sequential), None, engine, **options)
    assert isinstance(run.engine, StreamingEngine)
    assert_same(run.advance(), in_memory(engine, weighted, sequential, **options).advance())


def test_each_row_is_visited_once_and_the_order_changes_with_epoch_and_seed():
    orders = [stated_order(epoch) for epoch in range(3)]
    for order in orders:
        assert sorted(order) == list(range(N))
    assert not (orders[0] == orders[1]).all()
    source = Source(*data())
    first = [window.blocks.tolist() for window in epoch_windows(source, 5, 0, True, ROWS, BATCH)]
    assert first != [window.blocks.tolist() for window in epoch_windows(source, 6, 0, True, ROWS, BATCH)]
    assert first == [window.blocks.tolist() for window in epoch_windows(source, 5, 0, True, ROWS, BATCH)]


@pytest.mark.parametrize("rows", [300, 350, 900])
def test_windows_cover_the_steps_without_a_gap(rows):
    windows = windows_of(LENGTHS, np.arange(len(LENGTHS)), rows, BATCH)
    assert all(window.rows <= rows for window in windows)
    assert windows[0].first_batch == 0
    assert windows[-1].end_batch == -(-N // BATCH)
    for before, after in pairwise(windows):
        assert before.end_batch == after.first_batch
        assert before.first + before.rows == after.first
        assert after.carried == after.first - after.first_batch * BATCH < BATCH


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("steps", [1, 5, 13, 40, 97])
def test_a_run_that_goes_on_from_the_middle_of_a_window_has_the_bits_of_one_that_never_stopped(engine, steps):
    X, y, weight = data(weighted=True)
    whole = run_of(Source(X, y, weight), None, engine).advance()
    first = run_of(Source(X, y, weight), None, engine).advance(steps=steps)
    second = run_of(Source(X, y, weight), None, engine)
    second.network.theta, second.state, second.record = first.network.theta, first.state.copy(), first.record.copy()
    assert_same(second.advance(), whole)
    pieces = run_of(Source(X, y, weight), None, engine)
    while not pieces.finished:
        pieces.advance(steps=steps)
    assert_same(pieces, whole)


def test_windows_smaller_than_a_batch_are_carried():
    X, y, _ = data()
    lengths = np.full(N // 8, 8)
    X, y = X[: len(lengths) * 8], y[: len(lengths) * 8]
    source = Source(X, y, rows=40, lengths=lengths)
    run = run_of(source, None, "numpy", batch_size=33, epochs=1)
    expected = run_of(X, y, "numpy", batch_size=33, epochs=1)
    blocks = np.argsort(philox(2**64 - 1, 0, len(lengths)))
    keys = philox(0, 0, len(X))
    order = []
    for at in range(0, len(blocks), 5):  # five blocks of 8 rows make 40
        rows = np.concatenate([np.arange(8 * block, 8 * block + 8) for block in blocks[at : at + 5]])
        order.append(rows[np.argsort(keys[rows])])
    expected.job = replace(expected.job, order=lambda epoch: np.concatenate(order))
    whole = expected.advance()
    assert_same(run.advance(), whole)
    far = run_of(source, None, "numpy", batch_size=33, epochs=1).advance(steps=7)
    other = run_of(source, None, "numpy", batch_size=33, epochs=1)
    other.network.theta, other.state = far.network.theta, far.state.copy()
    assert_same(other.advance(), whole)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_history_returns_to_any_step_and_shows_its_batch(engine):
    X, y, _ = data()
    run = run_of(Source(X, y), None, engine).advance()
    memory = in_memory(engine).advance()
    for step in (0, 11, 50):
        at, expected = run.at(step=step), memory.at(step=step)
        assert at.network.theta.tobytes() == expected.network.theta.tobytes()
        np.testing.assert_array_equal(at.batch().X, expected.batch().X)
        assert at.gradient().flat.tobytes() == expected.gradient().flat.tobytes()


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("place", [0, 6, 11, 12, 13, 24, 37])
def test_a_loss_that_overflows_anywhere_leaves_the_run_before_the_update_that_did_it(engine, weighted, place):
    X, y, weight = data(weighted)
    rows = stated_order(1)[place * BATCH : (place + 1) * BATCH]
    X = X.copy()
    X[rows] = 1e200  # the loss of this batch is inf in the second epoch, if not before
    options = {"optimizer": gn.SGD(learning_rate=0.1)}
    if weighted and place:
        weight[stated_order(0)[place * BATCH - 2 * BATCH : place * BATCH]] = 0

    def of(run):
        with pytest.raises(gn.NonFiniteError) as caught:
            run.advance()
        return run, caught.value.step

    run, step = of(run_of(Source(X, y, weight), None, engine, **options))
    memory = run_of(X, y, engine, sample_weight=weight, **options)
    memory.job = replace(memory.job, order=stated_order)
    memory, expected = of(memory)
    assert step == expected
    if not weighted:  # with weights the native engine does not look through an order of its own
        assert_same(run, memory)
    assert np.isfinite(run.network.theta).all()


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_an_update_that_overflows_at_the_end_of_a_window_is_undone(engine):
    X, y, _ = data()
    source = Source(X, y)
    last = epoch_windows(source, 5, 0, True, ROWS, BATCH)[0].end_batch - 1
    run = run_of(source, None, engine, optimizer=gn.SGD()).advance(steps=last)
    before = run.network.theta.copy()
    run.job = replace(run.job, optimizer=gn.SGD(learning_rate=1e300))
    run.advance(steps=1)  # the loss of the next step, in the next window, is the first to tell
    with pytest.raises(gn.NonFiniteError) as error:
        run.advance()
    assert (run.step, error.value.step) == (last, last + 1)
    np.testing.assert_array_equal(run.network.theta, before)


def test_reading_goes_on_in_a_thread_and_each_epoch_reads_each_block_once():
    source = Source(*data())
    run = run_of(source, None, "auto").advance()
    assert sorted(source.seen) == sorted(3 * list(range(len(LENGTHS))))
    assert threading.main_thread() in source.threads
    assert len(source.threads) == 2
    assert run.engine._reader is None  # the windows' memory is given back


def test_pieces_do_not_read_a_window_again():
    source = Source(*data())
    run = run_of(source, None, "auto", epochs=1)
    while not run.finished:
        run.advance(steps=1)
    assert len(source.seen) == len(LENGTHS)


def test_rows_that_fit_are_read_once_and_give_the_run_on_arrays():
    X, y, weight = data(weighted=True)
    source = Source(X, y, weight, rows=N)
    run = run_of(source, None, "auto").advance()
    assert source.seen == list(range(len(LENGTHS)))
    assert_same(run, run_of(X, y, "auto", sample_weight=weight).advance())


def test_an_error_of_a_block_names_it_and_leaves_the_run_at_a_step():
    X, y, _ = data()
    X = X.copy()
    run = run_of(Source(X, y), None, "auto", epochs=1)
    run.advance(steps=3)
    X[-1, 2] = np.nan
    run.engine.close()
    with pytest.raises(gn.InputError, match=r"X, block 9: expected finite numbers; got nan in row 39, column 2"):
        run.advance()
    X[-1, 2] = 0.5
    whole = in_memory("auto", epochs=1)
    whole.job.X[-1, 2] = 0.5
    assert_same(run.advance(), whole.advance())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": None}, "batch_size: expected at most .* rows.*; got None, all rows"),
        ({"batch_size": 800}, "batch_size: expected at most .*; got 800"),
        ({"optimizer": "lbfgs", "dropout": 0.0}, "optimizer: .*LBFGS"),
        ({"rows": np.arange(5)}, "rows: expected none"),
        ({"sample_weight": np.ones(N)}, r"sample_weight: .*open_rows\(…, weight=…\)"),
    ],
)
def test_what_needs_all_rows_is_refused_in_one_line(options, message):
    with pytest.raises(gn.InputError, match=message) as error:
        run_of(Source(*data()[:2]), None, "auto", **options)
    assert "\n" not in str(error.value)


def test_other_refusals():
    X, y, _ = data()
    with pytest.raises(gn.InputError, match="y: expected None"):
        run_of(Source(X, y), y, "auto")
    with pytest.raises(gn.InputError, match="y: expected the targets"):
        run_of(X, None, "auto")
    with pytest.raises(gn.InputError, match=r"X: expected 4 inputs.*got 3 columns"):
        run_of(Source(X[:, :3], y), None, "auto")
    with pytest.raises(gn.InputError, match=r"memory: expected room for block 5 with 300 rows; got room for \d+"):
        run_of(Source(X, y, rows=200), None, "auto")
    with pytest.raises(gn.InputError, match="X: expected arrays, as a pack"):
        gn.train_many([gn.Network([4, 1])], Source(X, y), y, epochs=1)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("weighted", [False, True])
def test_several_ranks_give_the_run_of_one(engine, weighted):
    X, y, weight = data(weighted)
    options = {"validation": (X[:50], y[:50]), "l2": 0.01}

    def run(ranks):
        return run_of(Source(X, y, weight), None, engine, communicator=ranks, **options).advance()

    alone = run(None)
    for size in (2, 3):
        found = on_ranks(size, run)
        assert len({each.network.theta.tobytes() for each in found}) == 1, "every rank has the same bits"
        assert found[0].network.theta == pytest.approx(alone.network.theta, rel=1e-12, abs=1e-12)
        for name in ("loss", "validation_loss"):
            assert getattr(found[0].record, name) == pytest.approx(getattr(alone.record, name), rel=1e-12)


def test_ranks_whose_rows_differ_or_are_read_in_other_windows_are_refused():
    X, y, _ = data()

    def run(ranks):
        return run_of(Source(X, y, rows=ROWS + ranks.rank), None, "auto", communicator=ranks)

    for error in on_ranks(2, run):
        assert isinstance(error, gn.InputError)
        assert "communicator: expected the same run on every rank; got another X" in str(error)


def test_a_rank_that_cannot_read_its_rows_ends_all():
    X, y, _ = data()
    said = []

    def run(ranks):
        source = Source(X, y)
        if ranks.rank == 1:
            source.y = np.where(np.arange(N) == N - 1, np.nan, y)
        said.append(ranks.meeting.messages)
        return run_of(source, None, "auto", communicator=ranks).advance()

    assert all(isinstance(each, AbortedError) for each in on_ranks(2, run))
    assert said[0][0].startswith("rank 1 of 2: y, block 9: expected")
