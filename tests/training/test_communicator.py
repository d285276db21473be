"""Ranks that share the rows of each step give the run of one process, stop together and refuse to differ."""

from __future__ import annotations

import signal
import threading
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from tests.training.ranks import AbortedError, Meeting, ThreadRank, on_ranks

import glassnet as gn
from glassnet.equations.activations import Activation
from glassnet.errors import InputError, NonFiniteError
from glassnet.training.communicator import share
from glassnet.training.wish import Wish, together

RNG = np.random.default_rng(0)
X = RNG.normal(size=(53, 6))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = np.where(np.arange(53) < 24, 0.0, RNG.uniform(size=53))  # whole batches and shares have no weight
PLAIN: dict[str, Any] = {"epochs": 7, "batch_size": 11, "seed": 3}
ENGINES = ["numpy", "native"]

SETUPS: dict[str, dict[str, Any]] = {
    "adam": {"validation": (X[:20], Y[:20])},
    "weights": {"sample_weight": WEIGHT, "shuffle": False, "validation": (X[:20], Y[:20], WEIGHT[10:30])},
    "all": {"l1": 0.01, "l2": 0.1, "dropout": 0.3, "clip_norm": 0.1, "optimizer": "momentum"},
    "full batch": {"batch_size": None, "dropout": 0.2},
    "batch of 1": {"batch_size": 1, "epochs": 2},
    "rates": {"schedule": gn.Adaptive(patience=1, min_delta=0.05), "optimizer": "rmsprop"},
    "early": {"validation": (X[:9], Y[:9]), "early_stopping": gn.EarlyStopping(2, 0.05), "epochs": 60},
    "rows": {"rows": np.arange(0, 53, 2)},
}


def network(**given: Any) -> gn.Network:
    return gn.Network([6, 9, 5, 1], **{"hidden": "tanh", "output": "sigmoid", "seed": 1, **given})


def trained(ranks: Any, engine: str, X: Any = X, **given: Any) -> tuple[Any, ...]:
    net = network()
    history = gn.train(net, X, Y, engine=engine, communicator=ranks, **{**PLAIN, **given})
    return net.theta, history.loss, history.validation_loss, history.learning_rate


def bits(results: list[Any]) -> list[Any]:
    for each in results:
        if isinstance(each, BaseException):
            raise each
    return [[figure.tobytes() for figure in each] for each in results]


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("engine", ENGINES)
def test_any_number_of_ranks_gives_the_run_of_one(engine: str, setup: str) -> None:
    alone = trained(None, engine, **SETUPS[setup])
    for size in (2, 3, 4, 13):  # 13 are more than a batch has rows
        results = on_ranks(size, lambda ranks: trained(ranks, engine, **SETUPS[setup]))
        assert len({tuple(each) for each in bits(results)}) == 1, "every rank has the same bits"
        for mine, expected in zip(results[0], alone, strict=True):
            assert mine == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_sparse_rows(engine: str) -> None:
    sparse = sp.random_array((53, 6), density=0.3, random_state=0, format="csr")
    alone = trained(None, engine, X=sparse)
    theta = on_ranks(3, lambda ranks: trained(ranks, engine, X=sparse))[1][0]
    assert theta == pytest.approx(alone[0], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("watch", ["accuracy"])
def test_score_of_shares(engine: str, watch: str) -> None:
    """scikit-learn's early stopping watches a score, which is no mean over shares."""
    from dataclasses import replace

    from glassnet.training.job import Record

    def scores(ranks: Any) -> tuple[Any, ...]:
        run = gn.Run(network(), X, Y, engine=engine, communicator=ranks, validation=(X[:21], Y[:21]), **PLAIN)
        record = Record()
        run.engine.run(replace(run.job, watch=watch), run.state, record, 5, stop=run.stop)
        return (np.array(record.validation_score), np.array(record.validation_loss))

    alone, together = scores(None), on_ranks(4, scores)
    assert len(alone[0]) == 5
    assert [each[0].tolist() for each in together] == [alone[0].tolist()] * 4


def test_float32_network_sums_in_float32() -> None:
    def run(ranks: Any) -> tuple[Any, ...]:
        net = network(dtype="float32")
        gn.train(net, X, Y, communicator=ranks, **PLAIN)
        return (net.theta,)

    results = on_ranks(3, run)
    assert bits(results)[0] == bits(results)[2]
    assert results[0][0] == pytest.approx(run(None)[0], rel=1e-3, abs=1e-4)


def test_shares_hold_each_row_once() -> None:
    for count in (0, 1, 5, 11, 512):
        for size in (1, 2, 3, 7, 64):
            shares = [share(count, ThreadRank(rank, size, Meeting(size))) for rank in range(size)]
            assert shares[0][0] == 0
            assert shares[-1][1] == count
            assert all(end == begin for (_, end), (begin, _) in pairwise(shares))
            assert max(end - begin for begin, end in shares) - min(end - begin for begin, end in shares) <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_one_sum_a_step(engine: str) -> None:
    def calls(ranks: ThreadRank) -> int:
        run = gn.Run(network(), X, Y, engine=engine, communicator=ranks, **PLAIN)
        before = ranks.meeting.calls
        run.advance(steps=12)
        return ranks.meeting.calls - before

    assert on_ranks(2, calls)[0] == 12


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stop_on_one_rank_stops_all_before_the_same_step(engine: str) -> None:
    def stopped(ranks: ThreadRank) -> Any:
        run = gn.Run(network(), X, Y, engine=engine, communicator=ranks, **(PLAIN | {"epochs": 100_000}))
        timer = threading.Timer(0.2, run.stop.set)
        if ranks.rank == 1:
            timer.start()
        run.advance()
        timer.cancel()
        step = run.step
        run.stop = Wish()
        return step, run.advance(steps=5).network.theta, step + 5

    results = on_ranks(3, stopped)
    assert len({step for step, _, _ in results}) == 1
    assert 0 < results[0][0] < 500_000

    def whole(ranks: ThreadRank) -> Any:
        run = gn.Run(network(), X, Y, engine=engine, communicator=ranks, **(PLAIN | {"epochs": 100_000}))
        return run.advance(steps=results[0][2]).network.theta

    assert (on_ranks(3, whole)[0] == results[0][1]).all()


def test_a_signal_becomes_a_wish_and_is_raised_once_all_agree() -> None:
    ranks, wish = ThreadRank(0, 2, Meeting(2)), Wish()

    def steps() -> None:
        with together(ranks, wish):
            signal.raise_signal(signal.SIGINT)
            assert wish.told == 4096
            assert not wish  # the others do not know
            wish.wishes[0] = 4097

    with pytest.raises(KeyboardInterrupt):
        steps()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_that_overflows_is_met_by_all_at_one_step(engine: str) -> None:
    def diverge(ranks: Any) -> Any:
        net = gn.Network([6, 5, 1], seed=0)
        try:
            gn.train(net, X, Y, optimizer=gn.SGD(learning_rate=1e3), engine=engine, communicator=ranks, **PLAIN)
        except NonFiniteError as error:
            return error.step, error.layer, net.theta
        raise AssertionError

    alone, (first, second) = diverge(None), on_ranks(2, diverge)
    assert first[:2] == second[:2] == alone[:2]
    assert (first[2] == second[2]).all()
    assert first[2] == pytest.approx(alone[2], rel=1e-9)


@pytest.mark.parametrize(
    ("what", "given"),
    [("X", {"X": X + 1}), ("seed", {"seed": 4}), ("l2", {"l2": 0.5}), ("engine, instruction set", {"engine": "numpy"})],
)
def test_a_rank_that_differs_is_refused_on_all(what: str, given: dict[str, Any]) -> None:
    def run(ranks: ThreadRank) -> Any:
        return trained(ranks, **({"engine": "native"} | (given if ranks.rank == 2 else {})))

    errors = on_ranks(3, run)
    assert all(isinstance(error, InputError) for error in errors), errors
    line = (
        f"communicator: expected the same run on every rank; got another {what} on rank 2; "
        "give all ranks the same data, network and options."
    )
    assert {str(error) for error in errors} == {line}


def test_ranks_that_end_with_other_parameters_are_refused() -> None:
    def run(ranks: ThreadRank) -> Any:
        net = network()

        class Wrong(ThreadRank):
            def all_reduce(self, buffer: Any) -> None:
                super().all_reduce(buffer)
                if self.rank == 1 and len(buffer) == net.n_parameters + 3:
                    buffer[0] += 1e-9

        return gn.train(net, X, Y, communicator=Wrong(ranks.rank, 2, ranks.meeting), engine="numpy", **PLAIN)

    assert all("another parameters on rank 1" in str(error) for error in on_ranks(2, run))


def test_rank_0_alone_calls_back_and_its_answer_holds_for_all() -> None:
    def run(ranks: ThreadRank) -> Any:
        seen: list[int] = []
        history = gn.train(
            network(), X, Y, communicator=ranks, callbacks=[lambda e: seen.append(e.epoch) or e.epoch == 3], **PLAIN
        )
        return seen, history.epochs, history.stopped

    assert on_ranks(2, run) == [([1, 2, 3], 3, "a callback ended it"), ([], 3, "a callback ended it")]


def test_an_error_of_a_callback_is_raised_on_all() -> None:
    def run(ranks: ThreadRank) -> Any:
        return gn.train(network(), X, Y, communicator=ranks, callbacks=[lambda epoch: 1 // 0], **PLAIN)

    first, second = on_ranks(2, run)
    assert isinstance(first, ZeroDivisionError)
    assert str(second) == "ZeroDivisionError on rank 0: integer division or modulo by zero"


def test_an_error_of_one_rank_alone_ends_all() -> None:
    def run(ranks: ThreadRank) -> Any:
        def broken(z: Any) -> Any:
            if ranks.rank == 1 and calls.pop() == 0:
                raise MemoryError("no room")
            return z

        calls = list(range(6))
        own = Activation("own", broken, lambda z, a: np.ones_like(z))
        result = gn.train(network(hidden=own), X, Y, communicator=ranks, **PLAIN)
        return result, ranks.meeting.messages

    assert all(isinstance(error, AbortedError) for error in on_ranks(2, run))


def test_lbfgs_is_refused() -> None:
    with pytest.raises(InputError, match=r"communicator: expected its default with LBFGS"):
        gn.Run(network(), X, Y, optimizer="lbfgs", communicator=ThreadRank(0, 2, Meeting(2)))


def test_what_is_no_communicator_is_refused() -> None:
    with pytest.raises(InputError, match=r"communicator: expected one of glassnet.distributed, or None; got 3"):
        gn.train(network(), X, Y, communicator=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
def test_checkpoints_are_those_of_rank_0_and_go_on_at_any_number_of_ranks(tmp_path: Any, engine: str) -> None:
    def run(ranks: Any, folder: str, steps: int | None = None) -> Any:
        net = network()
        store = gn.Checkpoint(tmp_path / folder, steps=4, resume=True)
        callbacks = [] if steps is None else [lambda epoch: epoch.epoch == 3]
        gn.train(net, X, Y, engine=engine, communicator=ranks, checkpoint=store, callbacks=callbacks, **PLAIN)
        return (net.theta,)

    whole = on_ranks(3, lambda ranks: trained(ranks, engine))[0][0]
    bits(on_ranks(3, lambda ranks: run(ranks, "run", 3)))
    assert {path.suffix for path in (tmp_path / "run").iterdir()} == {".safetensors", ""}
    import shutil

    for size in (1, 2, 3):
        shutil.copytree(tmp_path / "run", tmp_path / f"on-{size}")
        _forget_the_end(tmp_path / f"on-{size}")
        results = on_ranks(size, lambda ranks, size=size: run(ranks, f"on-{size}"))
        assert len(bits(results)) == size
        again = results[0][0]
        assert again == pytest.approx(whole, rel=1e-12, abs=1e-12)
        assert size != 3 or (again == whole).all(), "bit-identical at the same number of ranks"


def _forget_the_end(folder: Any) -> None:
    """Delete the newest checkpoint, which says that a callback ended the run."""
    files = sorted(folder.glob("step-*.safetensors"))
    assert len(files) == 2
    files[-1].unlink()


def test_networks_of_a_pack_are_dealt_out(tmp_path: Any) -> None:
    """Each rank trains its own, whole, so the results have the bits of one process; the rule is asked on rank 0."""

    def rule(runs: Any) -> list[int]:
        asked.append(threading.get_ident())
        return [k for k in (1, 4) if runs[k].epoch >= 2 and not runs[k].finished]

    def pack(ranks: Any, **given: Any) -> Any:
        nets = [network(seed=seed) for seed in range(5)]
        histories = gn.train_many(
            *(nets, X, Y), communicator=ranks, stop=rule, stop_every=2, n_threads=1, validation=(X[:9], Y[:9]), **given
        )
        return (*(net.theta for net in nets), *(history.loss for history in histories))

    asked: list[int] = []
    alone = bits([pack(None, **PLAIN)])[0]
    asked.clear()
    assert bits(on_ranks(3, lambda ranks: pack(ranks, **PLAIN))) == [alone] * 3
    assert len(set(asked)) == 1
    for _ in range(2):  # the second call finds all ended
        store = gn.Checkpoint(tmp_path / "pack", resume=True)
        assert bits(on_ranks(2, lambda ranks, store=store: pack(ranks, checkpoint=store, **PLAIN))) == [alone] * 2


def test_a_network_that_diverges_on_one_rank_is_told_on_all() -> None:
    def pack(ranks: Any) -> Any:
        nets = [gn.Network([6, 5, 1], seed=0) for _ in range(3)]
        rates = [gn.SGD(learning_rate=rate) for rate in (0.1, 1e4, 0.1)]
        return gn.train_many(nets, X, Y, optimizer=rates, communicator=ranks, **PLAIN)

    errors = on_ranks(2, pack)
    assert [str(error)[:10] for error in errors] == ["network 1:"] * 2
    assert all(isinstance(error, NonFiniteError) for error in errors)
