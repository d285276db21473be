"""Own data: what a CSV text is read as, what is refused, and how long it is remembered."""

import numpy as np
import pytest

from glassnet import InputError
from glassnet.playground.uploads import MOST_BYTES, Uploads, read_upload


def csv(target="{k}", rows=24, head="a,b,t", first="{x}"):
    lines = [f"{first.format(x=k / 7)},{-k},{target.format(k=k % 3, f=k / 3)}" for k in range(rows)]
    return "\n".join([head, *lines]).encode()


def test_words_and_few_whole_numbers_are_classes_and_other_numbers_a_target():
    words, few, numbers = (read_upload(csv(target)).choose() for target in ("kind {k}", "{k}", "{f}"))
    assert words.classes == ("kind 0", "kind 1", "kind 2")
    assert few.classes == ("0", "1", "2")
    np.testing.assert_array_equal(few.y, np.arange(24) % 3)
    assert numbers.classes is None
    np.testing.assert_array_equal(numbers.y, np.array([k / 3 for k in range(24)]))
    np.testing.assert_array_equal(words.X, np.column_stack([np.arange(24) / 7, -np.arange(24)]))


def test_the_id_is_of_the_content():
    one, same, other = read_upload(csv()), read_upload(csv()), read_upload(csv(rows=25))
    assert one.id == same.id != other.id
    assert one.summary() == {
        "id": one.id, "names": ["a", "b", "t"], "rows": 24, "task": "classification", "classes": ["0", "1", "2"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n\n", b"a,b,t", b"\xff\xfe\x00", b"PK\x03\x04 zip", b"\x00" * 100, b'a,b,t\n"1,2,3', b"a,b\n1,2\n" * 30,
        csv(rows=19), csv(rows=2001), csv(head="a,b,c,d"), csv(head="a,a,t"), csv(first="word {x}"), csv(first=""),
        csv(first="1"), csv(first="inf"), csv(first="{x}e200"), csv(target=""), csv(target="only"),
        b"a,b,t\n" + b"".join(b"%d,%d,kind %d\n" % (k, k * k, k) for k in range(30)), b"a,b,t\n" + b"1,2,3\r" * 30,
        b"x" * (MOST_BYTES + 1), csv() + b"\n1,2\n", csv(target="caf\xe9").decode().encode("latin-1"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused_in_one_line(content, refuses):
    with refuses("csv"):
        read_upload(content)


def test_the_least_recently_used_is_forgotten_and_that_of_the_command_line_is_not():
    made = [read_upload(csv(rows=20 + k)) for k in range(4)]
    uploads = Uploads(most_bytes=3 * made[-1].size)
    uploads.add(made[0], keep=True)
    for upload in made[1:]:
        uploads.add(upload)
    assert uploads[made[1].id] is made[1]
    uploads.add(read_upload(csv(rows=40)))
    assert uploads[made[0].id] is made[0]
    with pytest.raises(InputError, match="upload the file again"):
        uploads[made[2].id]


@pytest.mark.parametrize("use", ["read", "uploaded again"])
def test_an_upload_that_is_used_is_remembered_longer(use):
    first, second, third = (read_upload(csv(rows=rows)) for rows in (24, 25, 26))
    uploads = Uploads(first.size + third.size)
    uploads.add(first)
    uploads.add(second)
    uploads[first.id] if use == "read" else uploads.add(read_upload(csv(rows=24)))
    uploads.add(third)
    assert uploads[first.id].id == first.id
    with pytest.raises(InputError):
        uploads[second.id]


def test_control_characters_of_names_and_labels_are_escaped():
    upload = read_upload(csv(target="kind\x1b[3{k}m", head="a\x07,\x9bb,t\u202e"))
    assert upload.summary()["names"] == ["a\\x07", "\\x9bb", "t\\u202e"]
    assert upload.choose().classes == ("kind\\x1b[30m", "kind\\x1b[31m", "kind\\x1b[32m")
