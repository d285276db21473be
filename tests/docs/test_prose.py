"""The prose of the site: spelled rightly, no number typed into a chapter, sentences that can be read in one go."""

import re
import subprocess
import sys

import pytest

from .conftest import DOCS

PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
CHAPTERS = sorted((DOCS / "course").glob("[0-9][0-9]-*.md"))
WRITTEN = [
    path for path in PAGES if len(path.relative_to(DOCS).parts) < 3
]  # by hand; a build writes those further down
MOST_WORDS = 30  # of a sentence; 25 are asked for
MOST_COLUMNS = 80  # of code that a reader sees: more would have to be scrolled
FORBIDDEN = ("simply", "obviously", "trivially", "of course", "clearly")


def prose(text):
    """The text without front matter, code, directives' options, formulas, addresses, roles, comments and sources."""
    text = re.sub(r"\A---\n.*?^---\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(`{3,}).*?^\1[ ]*$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", " formula ", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\{[\w:]+\}`[^`]*`", "value", text)
    text = re.sub(r"`[^`]*`", "code", text)
    text = re.sub(r"\]\([^)]*\)|https?://\S+", "]", text)
    text = re.sub(r"^\|.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"^(:{3,}.*|:[\w-]+:.*)$", "", text, flags=re.MULTILINE)


def without_sources(text):
    return re.sub(r"^## Sources.*?(?=^## |\Z)", "", text, flags=re.DOTALL | re.MULTILINE)


def sentences(text):
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*>#] |\d+\. )", text):
        if paragraph.lstrip().startswith("#"):
            continue
        yield from re.split(r"(?<=[.!?:;])[\"”*)]*\s+", " ".join(paragraph.split()))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_decimal_is_typed_into_a_chapter(path):
    text = without_sources(prose(path.read_text(encoding="utf-8")))
    assert re.findall(r"[^\n]*(?<![\w.])\d+\.\d+(?![\w.]*\d?\.\d)[^\n]*", text) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_sentences_are_short(path):
    text = without_sources(prose(path.read_text(encoding="utf-8")))
    long = [each for each in sentences(text) if len(each.split()) > MOST_WORDS]
    assert long == []
    found = [word for word in FORBIDDEN if re.search(rf"\b{word}\b", text, re.IGNORECASE)]
    assert found == []


def shown_code(text):
    """The lines of fenced code that a reader sees; not what a program printed (text), not directives."""
    blocks = re.findall(r"^ *(`{3,})(.*?) *\n(.*?)^ *\1 *$", text, re.DOTALL | re.MULTILINE)
    return [
        line
        for _, kind, block in blocks
        if kind not in ("text", "mermaid") and not re.match(r"\{(?!code-cell)", kind) and not block.startswith(":tags:")
        for line in block.split("\n")
    ]


@pytest.mark.parametrize("path", [*WRITTEN, DOCS.parent / "README.md"], ids=lambda path: path.stem)
def test_shown_code_fits_the_page(path):
    most = 88 if path.name == "README.md" else MOST_COLUMNS  # GitHub's page is wider
    lines = shown_code(path.read_text(encoding="utf-8"))
    assert lines or path not in CHAPTERS
    assert [line for line in lines if len(line) > most] == []


def test_output_and_hidden_cells_may_be_wide():
    assert shown_code("```text\nwide\n```\n```{code-cell}\n:tags: [remove-cell]\nwide\n```\n") == []
    assert shown_code("- a list:\n\n  ```python\n  code\n  ```\n\n```\nshell\n```\n") == ["  code", "", "shell", ""]


def test_the_checks_see_what_they_look_for():
    text = prose("---\na: 0.5\n---\nThe loss is 0.25, `0.1`, $0.2$ and {glue:text}`a:.3f`.\n```\n0.7\n```\n")
    assert re.findall(r"\d\.\d+", text) == ["0.25"]
    assert list(sentences("One two. Three four: five.\n\n# Head\n\n- six\n- seven")) == [
        "One two.", "Three four:", "five.", "- six", "- seven",
    ]  # fmt: skip


def test_spelling():
    pytest.importorskip("codespell_lib", reason="codespell is in the extra docs")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "codespell_lib",
            "--ignore-words-list=nd,te,aer,hist,ist",
            *map(str, PAGES),
            str(DOCS.parent / "README.md"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == ""
