"""Checkpoints: a run that is interrupted and goes on has the bits of one that never was."""

import os
import signal

import numpy as np
import pytest

import glassnet as gn

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3))
y = (X[:, 0] * X[:, 1] > 0).astype(int)


class EndedError(Exception):
    """What ends a run in these tests."""


def network(seed=0, **more):
    return gn.Network([3, 6, 1], output="sigmoid", seed=seed, **more)


def interrupted(folder, epoch, networks=1, **options):
    """Train until a callback of an epoch raises; the folder keeps what was saved until then."""

    def end(now):
        if now.epoch == epoch:
            raise EndedError

    nets = [network(seed) for seed in range(networks)]
    train, trained = (gn.train, nets[0]) if networks == 1 else (gn.train_many, nets)
    with pytest.raises(EndedError):
        train(trained, X, y, checkpoint=gn.Checkpoint(folder, steps=5), callbacks=[end], **options)


def same(one, other):
    names = ("loss", "validation_loss", "learning_rate")
    return all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in names) and (
        (one.steps, one.stopped, one.best_epoch) == (other.steps, other.stopped, other.best_epoch)
    )


SETUPS = [
    *({"optimizer": name} for name in ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs")),
    {"optimizer": "adam", "batch_size": 16, "dropout": 0.2, "schedule": "cosine", "l2": 0.01},
    {"optimizer": "adam", "batch_size": 16, "engine": "numpy", "clip_norm": 0.5, "seed": 3},
    {"optimizer": "sgd", "batch_size": 7, "schedule": "adaptive", "l1": 0.001},
    {"batch_size": 16, "validation": (X[:30], y[:30]), "early_stopping": gn.EarlyStopping(patience=40)},
    {"batch_size": 16, "rows": np.arange(50), "sample_weight": np.linspace(0, 2, 90)},
]


@pytest.mark.parametrize("options", SETUPS, ids=lambda options: "-".join(map(str, options))[:60])
def test_a_run_goes_on_with_the_bits_of_an_uninterrupted_one(tmp_path, options):
    whole = network()
    history = gn.train(whole, X, y, epochs=30, **options)
    interrupted(tmp_path, 17, epochs=30, **options)
    again = network()
    resumed = gn.train(again, X, y, epochs=30, checkpoint=gn.Checkpoint(tmp_path, steps=5, resume=True), **options)
    np.testing.assert_array_equal(again.theta, whole.theta)
    assert same(resumed, history)
    if options.get("optimizer") != "lbfgs":
        np.testing.assert_array_equal(resumed.at(step=3).network.theta, history.at(step=3).network.theta)


def test_it_goes_on_from_the_middle_of_an_epoch_and_not_from_the_start(tmp_path):
    interrupted(tmp_path, 4, epochs=6, batch_size=16)  # 6 steps an epoch
    (newest, _) = gn.Checkpoint(tmp_path).files()
    assert newest.name == "step-000000000020.safetensors"
    seen = []
    gn.train(
        network(),
        X,
        y,
        epochs=6,
        batch_size=16,
        checkpoint=gn.Checkpoint(tmp_path, resume=True),
        callbacks=[lambda now: seen.append(now.epoch)],
    )
    assert seen == [4, 5, 6]


def test_a_loss_that_overflows_ends_a_resumed_run_where_it_ends_an_uninterrupted_one(tmp_path):
    options = {"optimizer": gn.SGD(1e3), "batch_size": 30, "epochs": 500}
    net = gn.Network([3, 6, 1], hidden="relu", output="identity", seed=0)
    whole = net.copy()
    with pytest.raises(gn.NonFiniteError) as error:
        gn.train(whole, X, y, **options)
    last = error.value.step
    assert last >= 2
    run = gn.Run(net.copy(), X, y, **options)
    from glassnet.training.checkpoints import Saved

    checkpoint = gn.Checkpoint(tmp_path)
    saved = Saved(run, checkpoint)
    with checkpoint.held():
        run.advance(steps=last)
        saved.save()
    again = net.copy()
    with pytest.raises(gn.NonFiniteError, match=f"step {last}"):
        gn.train(again, X, y, checkpoint=gn.Checkpoint(tmp_path, resume=True), **options)
    np.testing.assert_array_equal(again.theta, whole.theta)


@pytest.mark.parametrize("rule", [False, True])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_pack_goes_on_with_the_bits_of_an_uninterrupted_one(tmp_path, rule, n_threads):
    def halve(runs):
        training = [k for k, run in enumerate(runs) if not run.finished]
        return sorted(training, key=lambda k: runs[k].record.loss[-1])[(len(training) + 1) // 2 :]

    options = {"epochs": 12, "batch_size": 16, "n_threads": n_threads}
    options |= {"stop": halve, "stop_every": 3} if rule else {}
    whole = [network(seed) for seed in range(4)]
    histories = gn.train_many(whole, X, y, **options)
    interrupted(tmp_path, 8, networks=4, **options)
    again = [network(seed) for seed in range(4)]
    resumed = gn.train_many(again, X, y, checkpoint=gn.Checkpoint(tmp_path, resume=True), **options)
    for one, other in zip(again, whole, strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)
    assert all(map(same, resumed, histories))


def test_a_pack_whose_rule_was_asked_is_not_asked_again(tmp_path):
    asked = []

    def rule(runs):
        asked.append([run.epoch for run in runs])
        return [3] if len(asked) == 1 else []

    options = {"epochs": 9, "batch_size": 16, "stop_every": 3}
    interrupted(tmp_path, 5, networks=4, stop=rule, **options)
    assert asked == [[3, 3, 3, 3]]
    again = [network(seed) for seed in range(4)]
    histories = gn.train_many(again, X, y, checkpoint=gn.Checkpoint(tmp_path, resume=True), stop=rule, **options)
    assert asked[1:] == [[6, 6, 6, 3]]
    assert [history.epochs for history in histories] == [9, 9, 9, 3]
    assert histories[3].stopped == "the stop rule ended it"


def in_a_child(work):
    """Call `work` in a forked child; return its exit status. A signal's default ends it as usual."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            work()
            os._exit(0)
        except KeyboardInterrupt:
            os._exit(130)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
@pytest.mark.parametrize("networks", [1, 3])
def test_a_signal_saves_the_run_before_it_ends_the_process(tmp_path, number, status, networks):
    options = {"epochs": 40, "batch_size": 16, "engine": "numpy"}

    def train(checkpoint, callbacks=()):
        nets = [network(seed) for seed in range(networks)]
        if networks == 1:
            return nets, [gn.train(nets[0], X, y, checkpoint=checkpoint, callbacks=callbacks, **options)]
        more = {"checkpoint": checkpoint, "callbacks": callbacks, "n_threads": 1}
        return nets, gn.train_many(nets, X, y, **more, **options)

    def signal_at_20(now):
        if now.epoch == 20:
            os.kill(os.getpid(), number)

    assert in_a_child(lambda: train(gn.Checkpoint(tmp_path), [signal_at_20])) == status
    names = [path.name for path in tmp_path.rglob("step-*.safetensors")]
    assert len(names) == networks
    assert max(names) >= "step-000000000119.safetensors"
    nets, histories = train(gn.Checkpoint(tmp_path, resume=True))
    whole, uninterrupted = train(None)
    assert all(map(same, histories, uninterrupted))
    for one, other in zip(nets, whole, strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)


def test_a_longer_run_goes_on_from_a_finished_one(tmp_path):
    gn.train(network(), X, y, epochs=10, checkpoint=gn.Checkpoint(tmp_path))
    longer, whole = network(), network()
    history = gn.train(longer, X, y, epochs=25, checkpoint=gn.Checkpoint(tmp_path, resume=True))
    assert history.epochs == 25
    gn.train(whole, X, y, epochs=25)
    np.testing.assert_array_equal(longer.theta, whole.theta)


OTHERS = {
    "another y": ({}, (X, 1 - y)),
    "another X": ({}, (X + 1e-9, y)),
    "l2 0.5": ({"l2": 0.5}, (X, y)),
    "batch_size 90": ({"batch_size": None}, (X, y)),
    "optimizer SGD(": ({"optimizer": "sgd"}, (X, y)),
    "another sample_weight": ({"sample_weight": np.ones(90)}, (X, y)),
    "schedule Cosine(": ({"schedule": "cosine"}, (X, y)),
    "engine numpy": ({"engine": "numpy"}, (X, y)),
}


@pytest.mark.parametrize("told", OTHERS)
def test_another_set_up_is_refused_with_what_differs(tmp_path, told):
    options = {"epochs": 5, "batch_size": 16, "engine": "native"}
    gn.train(network(), X, y, checkpoint=gn.Checkpoint(tmp_path), **options)
    changes, data = OTHERS[told]
    net = network()
    before = net.theta.copy()
    with pytest.raises(gn.InputError, match="expected the run that is saved there") as error:
        gn.train(net, *data, checkpoint=gn.Checkpoint(tmp_path, resume=True), **{**options, **changes})
    assert f"got {told}" in str(error.value)
    assert "\n" not in str(error.value)
    np.testing.assert_array_equal(net.theta, before)


def test_other_initial_weights_are_refused(tmp_path):
    gn.train(network(), X, y, epochs=3, checkpoint=gn.Checkpoint(tmp_path))
    with pytest.raises(gn.InputError, match="got another initial weights"):
        gn.train(network(1), X, y, epochs=3, checkpoint=gn.Checkpoint(tmp_path, resume=True))


def test_threads_may_differ(tmp_path):
    options = {"epochs": 12, "batch_size": 16}
    interrupted(tmp_path, 7, n_threads=2, **options)
    again, whole = network(), network()
    gn.train(again, X, y, n_threads=1, checkpoint=gn.Checkpoint(tmp_path, resume=True), **options)
    gn.train(whole, X, y, **options)
    np.testing.assert_array_equal(again.theta, whole.theta)


def test_what_is_no_checkpoint_is_refused():
    with pytest.raises(gn.InputError, match="checkpoint: expected Checkpoint"):
        gn.train(network(), X, y, checkpoint="run")
    with pytest.raises(gn.InputError, match="checkpoint: expected Checkpoint"):
        gn.train_many([network()], X, y, checkpoint="run")


@pytest.mark.parametrize("wrong", [{"every": 0}, {"steps": 0}, {"keep": 0}, {"resume": 1}, {"directory": 3}])
def test_wrong_arguments_of_a_checkpoint_are_refused(wrong):
    with pytest.raises(gn.InputError, match=next(iter(wrong)).replace("directory", "path")):
        gn.Checkpoint(**{"directory": "run", **wrong})
