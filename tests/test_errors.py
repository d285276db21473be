"""The checks that word the errors: numbers, counts, flags and ranges at their ends."""

import math

import numpy as np

from glassnet.errors import LARGEST_COUNT, Range, check_bool, check_count, shown


def test_counts_fit_in_64_bits_with_room_for_a_sum(refuses):
    assert check_count("epochs", LARGEST_COUNT) == LARGEST_COUNT
    assert 2 * LARGEST_COUNT - 1 < 2**63
    for value in (LARGEST_COUNT + 1, 2**63, 2**64, 10**30, 10**5000, np.uint64(2**63)):
        with refuses("epochs"):
            check_count("epochs", value)
    assert check_count("seed", np.uint64(2**64 - 1), high=2**64 - 1) == 2**64 - 1


def test_flags_are_true_or_false(refuses):
    assert [check_bool("shuffle", value) for value in (True, False, np.True_, np.False_)] == [True, False, True, False]
    for value in (0, 1, "no", None, [], np.array(True)):
        with refuses("shuffle"):
            check_bool("shuffle", value)


def test_ranges_hold_their_ends_unless_open(refuses):
    assert Range(0, 1).check("q", 0) == 0
    assert Range(0, 1).check("q", np.float32(1)) == 1
    assert Range().check("slope", -1e300) == -1e300
    for open_end, value in ((Range(0, 1, open_low=True), 0), (Range(0, 1, open_high=True), 1), (Range(0, 1), 1.5)):
        with refuses("q"):
            open_end.check("q", value)
    for value in (math.nan, math.inf, -math.inf, "1", None, True):
        with refuses("slope"):
            Range().check("slope", value)


def test_a_constant_keeps_a_whole_number_and_gives_up_numpys_types():
    assert [type(Range().check("p", value)) for value in (2, 2.0, np.int64(2), np.float64(2))] == [
        int,
        float,
        float,
        float,
    ]


def test_what_cannot_be_printed_is_shown_by_its_type():
    class Silent:
        def __repr__(self):
            raise RuntimeError

    assert shown(10**5000) == "a value of type int"
    assert shown(Silent()) == "a value of type Silent"
    assert len(shown("x" * 1000)) == 60
