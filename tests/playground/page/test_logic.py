"""The page's logic, run by node; its names and defaults held against the server's."""

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from glassnet.playground import frames, pictures, state
from glassnet.playground.drawn import UNIT, read_drawn
from glassnet.playground.playground import Playground
from glassnet.playground.recording.packing import keep, pack
from glassnet.playground.server import ELSEWHERE
from glassnet.playground.texts.texts import LANGUAGES

from .conftest import missing

HERE = Path(__file__).parent
STATIC = HERE.parents[2] / "src/glassnet/playground/static"


def node(*arguments: str) -> str:
    path = shutil.which("node")
    if path is None:
        missing("node is not installed")
    found = subprocess.run([str(path), *arguments], check=False, capture_output=True, text=True, cwd=HERE, timeout=120)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.mark.parametrize("file", sorted(path.name for path in HERE.glob("logic/*.test.js")))
def test_logic(file):
    assert "# fail 0" in node("--test", "--test-reporter=tap", f"logic/{file}")


def test_types():
    compiler = HERE / "node_modules/typescript/bin/tsc"
    if not compiler.exists():
        missing("typescript is not installed (npm ci in tests/playground/page)")
    node(str(compiler), "--project", "tsconfig.json")


def test_no_component_and_no_painter_holds_words(tmp_path):
    """They stand in texts/: in templates, titles, labels, and what is painted or said."""
    if not (HERE / "node_modules/typescript").exists():
        missing("typescript is not installed (npm ci in tests/playground/page)")
    assert node("logic/literals.js") == ""
    planted = tmp_path / "planted.js"
    planted.write_text(
        "const a = html`<p>Some <b>words</b> ${ok ? 'Yes' : t('no')}</p><p title=${x || 'Hint'} aria-label='a'></p>`;\n"
        'const b = html`<button title="Go">${t("x")} on</button>`;\ncontext.fillText("no loss yet", 0, 0);\n'
        "const c = `step ${n} of the run`;\n"
    )
    told = [line.partition(": ")[2] for line in node("logic/literals.js", str(planted)).splitlines()]
    assert told == ["Some", "words", "Yes", "Hint", "on", '<button title="Go">', "no loss yet", "step \0 of the run"]


def test_the_page_knows_what_the_server_knows():
    program = f"""
        const options = await import({json.dumps(str(STATIC / "app/options.js"))});
        console.log(JSON.stringify(options));
    """
    page = json.loads(node("--input-type=module", "--eval", program))
    names = state.describe()["names"]
    assert set(page["ACTIVATIONS"]) == set(state.HIDDEN)
    assert page["INITIALIZERS"] == names["init"]["choices"]
    assert set(page["OPTIMIZERS"]) == set(state.RATES)


def test_the_page_s_schema_is_the_server_s():
    """Defaults, limits and rates are written once; mended by `python tools/schema.py`."""
    text = (STATIC / "app/schema.js").read_text(encoding="utf-8")
    told = json.loads(text.split("SCHEMA = ")[1].removesuffix(";\n"))
    schema = json.loads(json.dumps(state.describe()))
    assert told == {name: part for name, part in schema.items() if name != "version"}


def test_one_colour_for_one_thing_on_the_page_in_its_styles_and_in_figures():
    program = f"const {{ THEMES }} = await import({json.dumps(str(STATIC / 'app/palette.js'))}); console.log(JSON.stringify(THEMES));"
    themes = json.loads(node("--input-type=module", "--eval", program))
    styles = (STATIC / "styles/theme.css").read_text().split('[data-theme="dark"]')
    for theme, style in zip((themes["light"], themes["dark"]), styles, strict=True):
        told = [re.search(rf"--class-{k}: ([\d ]+);", style)[1] for k in range(5)]
        assert [[int(part) for part in each.split()] for each in told] == theme["classes"]
        assert f"--run-b: {theme['runs'][1]};" in style
    light = [*(themes["light"][name] for name in ("minus", "plus")), *themes["light"]["classes"]]
    assert [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in light] == [pictures.MINUS, pictures.PLUS, *pictures.CLASSES]


@pytest.mark.parametrize("query", ["hidden=3&n=60&noise=0.1", "data=blobs&classes=3&hidden=4,2&n=60&rate=30"])
def test_a_recording_is_unpacked_to_the_bytes_that_the_server_sends(query, tmp_path):
    course = Playground().course(state.read_state(query))
    packed = pack(course, query, keep(course, 40, 8))
    wanted = [frames.frame(course, step) for step in packed.index["steps"]]
    told = {"index": packed.index, "frames": packed.frames, "wanted": [each.hex() for each in wanted]}
    (tmp_path / "told.json").write_text(json.dumps(told))
    program = f"""
        const {{ readFileSync }} = await import("node:fs");
        const {{ Recording }} = await import({json.dumps(str(STATIC / "app/recorded.js"))});
        const {{ index, frames, wanted }} = JSON.parse(readFileSync({json.dumps(str(tmp_path / "told.json"))}));
        const recording = new Recording({{ runs: [index], shown: [0], lessons: [], places: [] }}, () => frames);
        const read = (bytes) => [JSON.parse(bytes.subarray(4, 4 + bytes.readUInt32LE(0))), bytes.subarray(4 + bytes.readUInt32LE(0)).toString("hex")];
        const found = await Promise.all(index.steps.map((step) => recording.frame(0, step)));
        console.log(JSON.stringify([found, wanted].map((all) => all.map((each) => read(Buffer.from(each, "hex"))))));
    """
    found, there = json.loads(node("--input-type=module", "--eval", program))
    for header, _ in there:
        header["max_step"] = packed.index["steps"][-1]
    assert found == there


@pytest.mark.parametrize("language", LANGUAGES)
def test_weight_of_the_page(language):
    """The files that a browser fetches for a visit in one language, compressed as the server sends them, and unpacked."""
    files = [path for path in STATIC.rglob("*") if path.suffix in (".html", ".js", ".css", ".svg")]
    later = {STATIC / name for name in (*ELSEWHERE, *(f"texts/{each}.js" for each in LANGUAGES if each != language))}
    assert all(path.exists() for path in later)
    visit = [path.read_bytes() for path in files if path not in later]
    assert 40_000 < sum(len(gzip.compress(content)) for content in visit) <= 150_000
    assert sum(map(len, visit)) <= 360_000


def test_the_page_writes_the_points_that_the_server_reads():
    points = [{"x": round(k / 7, 3) - 2, "y": 1.5 - k / 5, "k": k % 5, "test": k % 3 == 0} for k in range(20)]
    program = f"""
        const {{ writeDrawn, WAVE, CLOUDS }} = await import({json.dumps(str(STATIC / "app/drawn.js"))});
        console.log(JSON.stringify([writeDrawn("points", {json.dumps(points)}), WAVE, CLOUDS]));
    """
    text, wave, clouds = json.loads(node("--input-type=module", "--eval", program))
    places, classes, test = read_drawn(text)
    np.testing.assert_allclose(places, [(each["x"], each["y"]) for each in points], atol=0.5 / UNIT)
    assert classes.tolist() == [each["k"] for each in points]
    assert test.tolist() == [each["test"] for each in points]
    assert [len(read_drawn(each)[0]) for each in (wave, clouds)] == [25, 40]
