"""The course's exercises: the right answer is right, also rounded, and each typical mistake is named by its own message."""

import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from exercises import SEED, chapters, exercise, of_chapter
from exercises.kinds import Code, Numbers, Wrong

pytestmark = pytest.mark.filterwarnings("default")
SEEDS = (SEED, 11)


def all_of(kind, seed=SEED):
    return [each for chapter in chapters() for each in of_chapter(chapter, seed) if isinstance(each, kind)]


def rounded(values, digits=3):
    return [float(f"{value:.{digits}g}") for value in values]


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_has_three_whose_names_begin_with_its_number(chapter):
    names = [each.name for each in of_chapter(chapter)]
    assert len(names) == len(set(names)) >= 3
    assert all(re.fullmatch(rf"{chapter}-[a-z0-9-]+", name) for name in names), names
    assert [exercise(name) for name in names] == list(of_chapter(chapter))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("chapter", chapters())
def test_numbers_are_marked(chapter, seed):
    for each in of_chapter(chapter, seed):
        if not isinstance(each, Numbers):
            continue
        assert len(each.fields) == len(each.right), each.name
        assert np.isfinite(each.right).all(), each.name
        assert each.mark(each.right) == "right"
        assert each.mark(rounded(each.right)) == "right", each.name
        assert len(each.wrong) >= 3, each.name
        for wrong in each.wrong:
            assert each.mark(wrong.values) == wrong, (each.name, wrong)
            assert len(wrong.message.split()) >= 4, (each.name, wrong)
        assert len({wrong.message for wrong in each.wrong}) == len(each.wrong), each.name
        assert each.mark([value + 1e3 * max(map(abs, each.right)) + 977.0 for value in each.right]) == "unknown"


def graded(code, source, folder):
    words = shlex.split(code.command)
    assert words[:2] == ["glassnet", "check"], code.command
    (file,) = (word for word in words if word.endswith(".py"))
    (folder / file).write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "glassnet", *words[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.docs
@pytest.mark.parametrize("code", all_of(Code), ids=lambda code: code.name)
def test_code_is_graded(code, tmp_path):
    done = graded(code, code.solution, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(code.wrong) >= 3, code.name
    for source, words in code.wrong:
        assert source.strip() != code.solution.strip()
        done = graded(code, source, tmp_path)
        assert done.returncode != 0, (words, done.stdout)
        assert words in done.stdout + done.stderr, (words, done.stdout, done.stderr)


def test_marking_tells_right_wrong_and_unknown_apart():
    mistake = Wrong((1.5,), "You added the denominators; add the numerators.")
    asked = Numbers("00-sum", "?", (2.0,), (mistake,), "!")
    assert [asked.mark([2.04]), asked.mark([1.47]), asked.mark([2.05])] == ["right", mistake, "unknown"]
    pair = Numbers("00-pair", "?", (10.0, 0.01), (), "!", fields=("a", "b"))
    assert pair.mark([10.1, 0.2]) == "right"  # as near as 2 % of the largest entry
    assert pair.mark([10.1, 0.3]) == "unknown"
    with pytest.raises(KeyError, match="99-none"):
        exercise("99-none")
