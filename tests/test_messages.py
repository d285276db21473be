"""Messages of exceptions: one line, safe to print."""

import pickle

import pytest

from glassnet.errors import GlassnetError, InputError, NonFiniteError, printable


@pytest.mark.parametrize("make", [GlassnetError, InputError, lambda message: NonFiniteError(message, 3, 1)])
def test_a_message_is_one_line_without_control_characters(make):
    error = make("é\x1b[2J\nb\u202e\udc80")
    assert str(error) == "é\\x1b[2J\\nb\\u202e\\udc80"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (type(error), str(error))


def test_printable_escapes_what_a_terminal_obeys_and_nothing_else():
    assert printable("Zürich, 日本 😀 a\\b") == "Zürich, 日本 😀 a\\b"
    assert printable("a\nb\tc\r", keep="\n") == "a\nb\\tc\\r"
    controls = [chr(code) for code in (*range(32), *range(127, 160), 0x2028, 0x202E, 0x2066, 0xFEFF)]
    assert all(printable(each).isprintable() for each in controls)
