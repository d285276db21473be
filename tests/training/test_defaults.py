"""The defaults of training, which the documentation states and users rely on."""

import inspect
from dataclasses import replace

import pytest

import glassnet as gn
from glassnet.training.optimizers import LBFGS
from glassnet.training.run import Run

OBJECTS = [
    (gn.SGD, {"learning_rate": 0.1}),
    (gn.Momentum, {"learning_rate": 0.01, "momentum": 0.9}),
    (gn.Nesterov, {"learning_rate": 0.01, "momentum": 0.9}),
    (gn.RMSprop, {"learning_rate": 0.001, "decay": 0.9, "epsilon": 1e-8}),
    (gn.Adam, {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    (gn.AdamEpsilonHat, {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    (gn.AdamW, {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01}),
    (LBFGS, {"tolerance": 1e-5, "max_evaluations": 15_000, "loss_tolerance": 0.0}),
    (gn.StepDecay, {"decay": 0.1, "every": 30}),
    (gn.InverseScaling, {"power": 0.5}),
    (gn.Cosine, {"warmup": 0.0, "floor": 0.0}),
    (gn.OneCycle, {"rise": 0.3, "start": 25.0, "end": 1e4}),
    (gn.Adaptive, {"decay": 0.2, "patience": 2, "min_delta": 1e-4, "floor": 1e-6}),
    (gn.EarlyStopping, {"patience": 10, "min_delta": 1e-4, "restore_best": True}),
]
OPTIONS = {
    "optimizer": "adam",
    "epochs": 200,
    "batch_size": None,
    "shuffle": True,
    "sample_weight": None,
    "rows": None,
    "l1": 0.0,
    "l2": 0.0,
    "dropout": 0.0,
    "clip_norm": None,
    "schedule": "constant",
    "validation": None,
    "early_stopping": None,
    "engine": "auto",
    "n_threads": None,
    "seed": 0,
    "snapshots": 0,
    "resume": None,
}


@pytest.mark.parametrize(("kind", "defaults"), OBJECTS, ids=lambda given: getattr(given, "__name__", ""))
def test_constants(kind, defaults):
    assert vars(kind()) == defaults


@pytest.mark.parametrize("function", [gn.train, Run], ids=["train", "Run"])
def test_options_of_a_run(function):
    parameters = inspect.signature(function).parameters.values()
    defaults = {each.name: each.default for each in parameters if each.default is not each.empty}
    own = {"callbacks": (), "checkpoint": None, "communicator": None, "y": None}
    assert {name: default for name, default in defaults.items() if name not in own} == OPTIONS
    for name, default in defaults.items():
        assert type(default) is type({**OPTIONS, **own}[name])


def test_penalties_may_be_divided_by_the_weights_of_a_batch():
    job = Run(gn.Network([1, 1]), [[1.0], [2.0]], [1.0, 2.0], l1=0.2, l2=0.6).job
    assert job.penalties(4.0) == (0.2, 0.6)
    assert replace(job, divide_penalty=True).penalties(4.0) == pytest.approx((0.05, 0.15), rel=1e-15)
