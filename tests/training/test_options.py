"""The options of training: every signature, docstring, check and command line follows from their one definition."""

import inspect
from dataclasses import fields

import pytest

import glassnet as gn
from glassnet.training.job import Job
from glassnet.training.options import OPTIONS, StepOptions, checked, definitions

X, Y = [[0.0], [1.0]], [0, 1]
DATA = ["network", "X", "Y"]
OF_SCIKIT_LEARN = ["divide_penalty", "goes_on", "order", "watch"]
OF_PACKS = ["draw_order"]
OF_PARTS = ["communicator", "epoch_steps", "first_batch"]  # of an epoch, or of its steps
RULES = {"stop", "stop_every", "progress", "diverged"}


def network():
    return gn.Network([1, 1], output="sigmoid", seed=0)


@pytest.mark.parametrize(
    ("function", "own"),
    [
        (gn.train, {"network", "X", "y", "callbacks", "resume", "checkpoint", "communicator"}),
        (gn.Run, {"network", "X", "y", "resume", "communicator"}),
        (gn.train_many, {"networks", "X", "y", "callbacks", "resume", "checkpoint", "communicator"} | RULES),
    ],
)
def test_signatures_name_every_option_with_its_default(function, own):
    parameters = inspect.signature(function).parameters
    assert parameters.keys() == own | OPTIONS.keys()
    for name, option in OPTIONS.items():
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default == option.default
        assert parameters[name].annotation is not inspect.Parameter.empty


@pytest.mark.parametrize(("function", "options"), [(gn.train, OPTIONS), (gn.explain, definitions(StepOptions))])
def test_docstrings_describe_every_option(function, options):
    lines = inspect.getdoc(function).splitlines()
    for name, option in options.items():
        assert f"{name} : {option.help}{option.more}" in lines
    assert not any("**options" in line for line in lines)


def test_a_job_has_every_option_and_nothing_else():
    assert {each.name for each in fields(Job)} == {*DATA, *OPTIONS, *OF_SCIKIT_LEARN, *OF_PACKS, *OF_PARTS, *OF_PARTS}


def test_options_that_are_not_given_are_checked_defaults():
    found = checked({"l1": 1, "optimizer": "sgd"})
    assert found.keys() == OPTIONS.keys()
    assert (found["l1"], type(found["l1"]), found["optimizer"]) == (1.0, float, gn.SGD())
    assert (found["epochs"], found["schedule"], found["batch_size"]) == (200, gn.Constant(), None)


WRONG = {
    "optimizer": 3,
    "epochs": 0,
    "batch_size": 0,
    "rows": [2],
    "shuffle": 1,
    "schedule": "cosinus",
    "validation": (X,),
    "early_stopping": True,
    "engine": "fast",
    "n_threads": 0,
    "snapshots": -1,
    "sample_weight": [1.0],
    "l1": -1.0,
    "l2": float("nan"),
    "dropout": 1.0,
    "clip_norm": 0.0,
    "seed": 2**64,
}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_checked_and_the_message_names_it(name):
    with pytest.raises(gn.InputError, match=f"^{name}: expected"):
        gn.train(network(), X, Y, **{name: WRONG[name]})


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gn.train(network(), X, Y, epoch=3), r"^epoch: expected one of batch_size, .*did you mean 'epochs'"),
        (lambda: gn.train(network(), X, Y, callback=[print]), "^callback: .*did you mean 'callbacks'"),
        (lambda: gn.Run(network(), X, Y, callbacks=[print]), r"^callbacks: .*see help\(glassnet.Run\)"),
        (lambda: gn.train_many([network()], X, Y, batchsize=2), "^batchsize: .*did you mean 'batch_size'"),
        (lambda: gn.explain(network(), X, Y, learning_rat=0.1), "^learning_rat: .*did you mean 'learning_rate'"),
        (lambda: gn.explain(network(), X, Y, epochs=3), "^epochs: expected one of alpha, clip_norm, digits, dropout"),
        (lambda: gn.diagnose(network(), X, Y, resume=None), "^resume: expected one of batch_size"),
        (lambda: gn.diagnose(network(), X, Y, drop_out=0.1), "^drop_out: .*did you mean 'dropout'"),
    ],
)
def test_an_unknown_name_is_refused_with_a_similar_one(call, said):
    with pytest.raises(gn.InputError, match=said) as caught:
        call()
    assert isinstance(caught.value, TypeError)  # as Python has it for a keyword that a function lacks
