"""The URL as the state: what is read, what is refused in one line, and the one form of equal runs."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet import InputError
from glassnet.playground.state import RATES, Edit, State, describe, read_state


def test_every_name_is_read():
    query = (
        "data=blobs&classes=4&n=300&noise=0.35&data_seed=7&test=0.3&features=sinx,x&hidden=8,3&activation=tanh,relu"
        "&loss=squared_error&init=orthogonal&optimizer=adam&rate=0.02&batch=16&l1=0.001&l2=1e-3&dropout=0.25&seed=9"
        "&edits=20:b2,1=-1.5;5:W1,0,3=0.5&step=40"
    )
    assert read_state(query) == State(
        *("blobs", 4, 300, 0.35, 7, 0.3, ("x", "sinx"), (8, 3), ("tanh", "relu"), "squared_error", "orthogonal"),
        *("adam", 0.02, 16, 0.001, 0.001, 0.25, 9),
        edits=(Edit(5, 1, 0, 3, 0.5), Edit(20, 2, -1, 1, -1.5)),
        step=40,
    )


def test_the_default_is_the_tutorials_run():
    state = read_state("")
    assert (state.data, state.noise, state.data_seed, state.hidden, state.activation) == (
        *("moons", 0.2, 42, (10,), ("relu",)),
    )
    assert (state.optimizer, state.learning_rate, state.batch, state.seed) == ("sgd", 0.1, 0, 42)


def test_no_hidden_layer_and_the_names_of_the_page_are_passed_over():
    assert read_state("hidden=&theme=dark&compare=seed%3D4&sample=7&speed=30").hidden == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("features=y,x", "features=x,y"),
        ("hidden=4,4&activation=tanh,tanh", "activation=tanh&hidden=4,4"),
        ("optimizer=adam&rate=0.001", "optimizer=adam"),
        ("rate=0.1&step=3", "step=3&rate=1e-1"),
        ("edits=9:b1,0=1;3:b1,0=2.0", "edits=3:b1,0=2;9:b1,0=1.0"),
        ("l1=-0&hidden=10", ""),
    ],
)
def test_equal_runs_have_one_form(one, other):
    assert read_state(one) == read_state(other)
    assert read_state(one).query() == read_state(other).query()


def test_the_order_of_edits_of_one_step_is_kept():
    assert [edit.value for edit in read_state("edits=5:b1,0=2;5:b1,0=1").edits] == [2, 1]


BAD = [
    ("n", "n=19"), ("n", "n=2001"), ("n", "n=1e2"), ("n", "n=+30"), ("n", "n=٣٠"), ("n", "n="), ("n", "n=-5"),
    ("noise", "noise=1.01"), ("noise", "noise=nan"), ("noise", "noise=inf"), ("noise", "noise=0x1"), ("noise", "noise=-1"),
    ("rate", "rate=0"), ("rate", "rate=1e9"), ("rate", "rate=1_0"), ("rate", "rate=" + "9" * 400),
    ("hidden", "hidden=4,4,4,4,4,4,4"), ("hidden", "hidden=0"), ("hidden", "hidden=33"), ("hidden", "hidden=4,"),
    ("features", "features="), ("features", "features=x,x"), ("features", "features=x,z"),
    ("activation", "activation=softmax"), ("activation", "activation=tanh,relu"), ("activation", "activation=exponential"),
    ("optimizer", "optimizer=lbfgs"), ("optimizer", "optimizer=adamepsilonhat"), ("init", "init=xavier"),
    ("data", "data=mnist"), ("data", "data=csv:12"), ("data", "data=csv:" + "g" * 64), ("classes", "classes=6"),
    ("edits", "edits=5:W1,0=2"), ("edits", "edits=5:b1,0,0=2"), ("edits", "edits=W1,0,0=2"), ("edits", "edits=5:W1,0,0=1e7"),
    ("edits", "edits=" + ";".join(["1:b1,0=1"] * 51)), ("edits", "edits=5:b1,0=nan"), ("step", "step=-1"),
    ("step", "step=1.5"), ("step", "step=99999999999"), ("seed", f"seed={2**32}"), ("query", "rat=0.1"), ("query", "%ff"),
    ("query", "seed=1&&step=2"), ("query", "a=1;b"), ("query", "x" * 5000), ("'n'", "n=30&n=40"), ("query", "=5"),
    ("query", "seed=%ff%fe"), ("query", "&".join(f"a{k}=1" for k in range(100))), ("test", "test=0.95"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "query"), BAD)
def test_what_is_wrong_is_named(name, query, refuses):
    with refuses(name):
        read_state(query)


@given(st.text(max_size=60), st.sampled_from(sorted(describe()["names"])))
def test_any_text_is_refused_or_read_as_a_state_that_its_query_gives_again(text, name):
    with contextlib.suppress(InputError):
        state = read_state(f"{name}={text}")
        assert read_state(state.query()) == state


def test_the_schema_tells_defaults_that_are_read():
    names = describe()["names"]
    query = "&".join(f"{name}={each['default']}" for name, each in names.items() if name != "rate")
    assert read_state(query) == State()
    assert names["n"] == {"default": "400", "low": 20, "high": 2000}
    assert names["optimizer"]["choices"] == RATES


@pytest.mark.parametrize(
    "text", ["0.0000012345678901234567", "-1.7976931348623157e-300", "100000000000000000000000e-20", "0." + "3" * 60]
)
def test_every_number_that_a_script_writes_is_read(text):
    """Fault 20: a weight of more than 20 decimals was refused with a message about its range."""
    (edit,) = read_state(f"edits=5:W1,0,0={text}").edits
    assert edit.value == float(text)
