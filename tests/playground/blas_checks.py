"""The limit on BLAS threads: during the playground's calls, whatever they overlap with, and not after."""

import importlib
import threading

import pytest
import threadpoolctl

from glassnet.errors import InputError
from glassnet.playground import playground
from glassnet.playground.blas import one_blas_thread
from glassnet.playground.playground import Playground


def blas_threads():
    return {
        each["filepath"]: each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"
    }


@pytest.fixture(autouse=True)
def three_threads():
    importlib.import_module("scipy.linalg")  # which may bring a BLAS of its own
    before = blas_threads()
    in_thread(lambda: threadpoolctl.threadpool_limits(3, "blas"))
    assert set(blas_threads().values()) == {3}
    yield
    in_thread(lambda: threadpoolctl.threadpool_limits(before))


def in_thread(function):
    """Call `function` in a thread that ends, which leaves the control over the limits to others."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_a_playground_leaves_the_number_of_threads_of_the_process():
    play = Playground()
    assert set(blas_threads().values()) == {3}
    play.frame("n=40&step=3")
    with pytest.raises(InputError):
        play.frame("n=3")
    assert set(blas_threads().values()) == {3}


@pytest.mark.parametrize("method", ["course", "data"])
def test_a_call_computes_on_one_thread(method, monkeypatch):
    seen = []
    load = playground.load_data

    def look(*given):
        seen.append(set(blas_threads().values()))
        return load(*given)

    monkeypatch.setattr(playground, "load_data", look)
    play = Playground()
    (play.data if method == "data" else play.frame)("n=40")
    assert seen == [{1}]


@pytest.mark.parametrize("name", ["data", "frame", "explain", "exercise", "grade", "diagnosis", "exporter"])
def test_every_answer_is_computed_on_one_thread(name, monkeypatch):
    seen = []

    def look(query):
        seen.append(set(blas_threads().values()))
        raise InputError("seen")

    monkeypatch.setattr(playground, "read_query", look)
    play = Playground()
    with pytest.raises(InputError, match="seen"):
        (play.exporter("model.json") if name == "exporter" else getattr(play, name))("")
    assert seen == [{1}]


def test_calls_that_overlap_keep_the_limit_until_the_last_ends():
    entered, leave, seen = threading.Event(), threading.Event(), []

    def first():
        with one_blas_thread():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait(10)
    with one_blas_thread():
        leave.set()
        thread.join()  # the one that set the limit has ended
        seen.append(set(blas_threads().values()))
    seen.append(set(blas_threads().values()))
    assert seen == [{1}, {3}]


def test_many_calls_in_many_threads_leave_no_limit(monkeypatch):
    seen, load = set(), playground.load_data

    def look(*given):
        seen.add(frozenset(blas_threads().values()))
        return load(*given)

    monkeypatch.setattr(playground, "load_data", look)
    play = Playground()
    threads = [
        threading.Thread(target=lambda k=k: [play.data(f"n=40&data_seed={10 * k + j}") for j in range(10)])
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {frozenset({1})}
    assert set(blas_threads().values()) == {3}


def test_a_call_within_a_call_sets_nothing_and_leaves_the_limit():
    with one_blas_thread():
        with one_blas_thread():
            assert set(blas_threads().values()) == {1}
        assert set(blas_threads().values()) == {1}
        in_thread(lambda: Playground().frame("n=40"))
        assert set(blas_threads().values()) == {1}
    assert set(blas_threads().values()) == {3}
