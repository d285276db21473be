"""The README's Python runs from top to bottom, prints what it says, and its links lead somewhere."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("[a-z]*/*.md"))]
GENERATED = re.compile(r"(api|commands|findings|misconceptions)/\w+\.md$")  # when the site is built


def test_the_programs_run_and_print_what_is_shown(capsys):
    blocks = re.findall(r"^( *)```python\n(.*?)^ *```", TEXT, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 6
    space = {}
    for indent, program in blocks:
        text = "\n".join(line.removeprefix(indent) for line in program.splitlines())
        exec(compile(text.replace("range(1000)", "range(20)"), "README.md", "exec"), space)  # noqa: S102
    printed = capsys.readouterr().out
    grade = re.search(r"```\n(1 of 2 right.*?)```", TEXT, flags=re.DOTALL)[1]
    assert grade in printed
    assert "1. dead_units, layer 1" in printed


def test_the_programs_on_packs_run(capsys):
    text = (ROOT / "docs/how-to/packs.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    exec(compile("\n".join(programs), "packs.md", "exec"), {})  # noqa: S102
    epochs, _, progress = capsys.readouterr().out.partition("\n")
    assert {"10", "20", "40"} <= set(epochs.strip("[]").split(", "))
    assert progress.endswith("100%, 20 of 20 networks")


def test_the_programs_of_the_page_on_python_run(capsys):
    text = (ROOT / "docs/how-to/in-python.md").read_text(encoding="utf-8")
    space = {}
    for program in re.findall(r"^ *```python\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE):
        exec(compile(dedent(program), "in-python.md", "exec"), space)  # noqa: S102
    assert float(capsys.readouterr().out) > 0.9
    assert space["net"].activations[1].name == "softsign"


@pytest.mark.long
def test_the_program_on_tables_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/how-to/tables.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    exec(compile("\n".join(programs), "tables.md", "exec"), {})  # noqa: S102
    assert float(capsys.readouterr().out) > 0.9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-")
        for head in re.findall(r"^#+ (.*)", text, re.MULTILINE)
    }
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)]+)\)", prose):
        path, _, anchor = target.partition("#")
        if path.startswith("http") or GENERATED.search(path):
            continue
        there = ROOT / "docs" / path[1:] if path.startswith("/") else page.parent / path if path else page
        assert there.exists(), target
        if anchor and there == page:
            assert anchor in anchors, target


def test_every_page_of_the_docs_is_in_a_table_of_contents():
    docs = ROOT / "docs"
    pages = {path for path in docs.rglob("*.md") if "_build" not in path.parts}
    reached = {docs / "index.md"}
    for page in pages:
        for block in re.findall(
            r"^```+\{toctree\}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        ):
            entries = [
                re.sub(r".*<(.*)>", r"\1", line.strip()) for line in block.split("\n") if not line.startswith(":")
            ]
            for entry in filter(None, entries):
                folder = docs if entry.startswith("/") else page.parent
                reached |= set(folder.glob(f"{entry.lstrip('/')}.md"))
    assert pages - reached == set()
