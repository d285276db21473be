"""The playground: a function of the query for each kind of answer; caches are for speed and change no answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from glassnet.errors import InputError
from glassnet.playground import exercises, exports, frames
from glassnet.playground.blas import one_blas_thread
from glassnet.playground.checkpoints import Checkpoints, Course
from glassnet.playground.diagnosis import findings
from glassnet.playground.given import Given
from glassnet.playground.lesson import Lesson
from glassnet.playground.lessons import LESSONS
from glassnet.playground.setup import Data, Setup, check_setup, load_data
from glassnet.playground.state import GIVEN, State, describe, read_query, state_of, whole
from glassnet.playground.texts.texts import Words, language_of
from glassnet.playground.uploads import Uploads
from glassnet.playground.worked import worked_step

MOST_DATA = 64  # data sets in memory, of at most 2,000 points each
SERIES = ("count", "stride")  # names of a query that only /frames has
MOST_FRAMES, MOST_STRIDE = 120, 1000
ASKED = ("kind", "turn", "answer")  # names of a query that only an exercise has


def _not_given(name: str, got: str) -> InputError:
    return InputError(
        f"{name}: expected what this notebook gave; got {got[:14]}…; call gn.playground(net, X, y) again."
    )


class BeyondReachError(InputError):
    """A step is too far to be reached within a request; `max_step` is the last possible one."""

    def __init__(self, max_step: int, step: int) -> None:
        super().__init__(
            f"step: expected at most {max_step:,} for a run of this size; got {step:,}; "
            "ask for an earlier step, or take fewer rows or units."
        )
        self.max_step = max_step


class Playground:
    """Answers queries from the runs and the uploads in memory.

    Examples
    --------
    >>> play = Playground()
    >>> play.frame("data=xor&step=10") == Playground().frame("step=10&data=xor")
    True
    """

    def __init__(
        self,
        uploads: Uploads | None = None,
        most_bytes: int = 64_000_000,
        lessons: Sequence[Lesson] = (),
        given: Given | None = None,
    ) -> None:
        own = {lesson.id for lesson in lessons}
        self.all_lessons = (*lessons, *(lesson for lesson in LESSONS if lesson.id not in own))
        self.uploads = Uploads() if uploads is None else uploads
        self.given = given
        self.checkpoints = Checkpoints(most_bytes)
        self._data: OrderedDict[str, Data] = OrderedDict()
        self._lock = threading.Lock()

    @one_blas_thread()
    def course(self, state: State) -> Course:
        """Return the run of a state; BeyondReachError if its step is too far."""
        course = self.checkpoints.course(state.run.query(), lambda: self._setup(state.run))
        if state.step > course.setup.max_step:
            raise BeyondReachError(course.setup.max_step, state.step)
        return course

    def forget(self) -> None:
        """Drop the runs and the points in memory; later answers compute them again."""
        self.checkpoints = Checkpoints(self.checkpoints.most_bytes)
        with self._lock:
            self._data.clear()

    def _setup(self, state: State) -> Setup:
        weights = None
        if state.init.startswith(GIVEN):
            if self.given is None or state.init != self.given.init_name:
                raise _not_given("init", state.init)
            weights = self.given.network
        return check_setup(state, self._load(state), weights)

    def _load(self, state: State) -> Data:
        """Return the data of a state; runs on the same data share it."""
        if state.data.startswith(GIVEN):
            if self.given is None or state.data != self.given.data_name:
                raise _not_given("data", state.data)
            return self.given.data
        key = state.points.query()
        with self._lock:
            if key in self._data:
                self._data.move_to_end(key)
                return self._data[key]
        data = load_data(state, self.uploads)
        with self._lock:
            self._data[key] = data
            if len(self._data) > MOST_DATA:
                self._data.popitem(last=False)
        return data

    @one_blas_thread()
    def data(self, query: str) -> bytes:
        """Return the points of a data set as JSON."""
        state = replace(state_of(read_query(query)), step=0)
        return frames.data_json(Setup(state, self._load(state)))

    @one_blas_thread()
    def frame(self, query: str) -> bytes:
        """Return the data that the page draws for a run at a step."""
        state = state_of(read_query(query))
        return frames.frame(self.course(state), state.step)

    @one_blas_thread()
    def frames(self, query: str) -> bytes:
        """Return the frames of `count` steps from `step` on, `stride` apart; the last one is at most the run's last step."""
        given = read_query(query)
        state = state_of(given, SERIES)
        count = whole("count", given.get("count", "1"), 1, MOST_FRAMES)
        stride = whole("stride", given.get("stride", "1"), 1, MOST_STRIDE)
        course = self.course(state)
        steps = (min(state.step + k * stride, course.setup.max_step) for k in range(count))
        return frames.series(course, dict.fromkeys(steps))

    def schema(self, query: str) -> bytes:
        """Return the names of a query with their defaults, limits and choices."""
        read_query(query)
        return frames.to_json(describe())

    def lessons(self, query: str) -> bytes:
        """Return the guided lessons, in the language `lang` where they have it."""
        language = language_of(read_query(query).get("lang", ""))
        return frames.to_json([lesson.told(language).to_dict() for lesson in self.all_lessons])

    @one_blas_thread()
    def explain(self, query: str) -> bytes:
        """Work out the next step of a run, on its batch or on one sample."""
        given = read_query(query)
        state = state_of(given)
        return frames.to_json(worked_step(self.course(state), state, given.get("sample", ""), given.get("entry", "")))

    @one_blas_thread()
    def exercise(self, query: str) -> bytes:
        """Ask for a number of the next step."""
        given = read_query(query)
        state = state_of(given, ASKED)
        return frames.to_json(exercises.exercise(self.course(state), state, given))

    @one_blas_thread()
    def grade(self, query: str) -> bytes:
        """Grade the answer to an exercise."""
        given = read_query(query)
        state = state_of(given, ASKED)
        return frames.to_json(exercises.mark(self.course(state), state, given))

    @one_blas_thread()
    def diagnosis(self, query: str) -> bytes:
        """Return the findings on a run up to a step, with their remedies."""
        state = state_of(read_query(query))
        words = Words(language_of(read_query(query).get("lang", "")))
        return frames.to_json(findings(self.course(state), state, words))

    def exporter(self, name: str) -> Callable[[str], bytes]:
        """Return the function that answers a query with the export called `name`."""

        @one_blas_thread()
        def answer(query: str) -> bytes:
            state = state_of(read_query(query))
            return exports.EXPORTS[name][1](self.course(state), state)

        return answer
