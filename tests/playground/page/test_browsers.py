"""The suite of `browsers/`, run by node in Chromium and in Firefox: `nox -s firefox` or `pytest -m firefox`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import BROWSERS, missing

HERE = Path(__file__).parent
PROGRAMS = {"chromium": BROWSERS, "firefox": ("firefox-esr", "firefox")}
TESTS = re.findall(r'^test\("(.+?)"', (HERE / "browsers/page.test.js").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.firefox
@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("browser_name", PROGRAMS)
def test_page(browser_name, name):
    node = shutil.which("node") or missing("node is not installed")
    if not (HERE / "node_modules/puppeteer-core").exists():
        missing("puppeteer-core is not installed (npm ci in tests/playground/page)")
    program = next(filter(None, map(shutil.which, PROGRAMS[browser_name])), None)
    if program is None:
        missing(f"no {browser_name} found: {', '.join(PROGRAMS[browser_name])}")
    told = {
        "GLASSNET_BROWSER": browser_name,
        "GLASSNET_BROWSER_PATH": str(program),
        "GLASSNET_PYTHON": sys.executable,
    }
    command = [
        node,
        "--test",
        "--test-reporter=spec",
        f"--test-name-pattern=^{re.escape(name)}$",
        "browsers/page.test.js",
    ]
    found = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=HERE, timeout=600, env={**os.environ, **told}
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "pass 1" in found.stdout, found.stdout
