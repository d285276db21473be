"""The floors: the documentation's table and picture show what the contract of imports holds."""

import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]


def contracted_floors():
    contract = ConfigParser()
    contract.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contract["importlinter:contract:floors"]["layers"].strip().split("\n")
    return [{name.strip() for name in line.split("|")} for line in lines]


def test_the_table_of_floors_is_that_of_the_contract():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (`[^|]*`) \|", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(len(rows) - 1, -1, -1))
    assert [set(re.findall(r"`(\w+)`", names)) for _, names in rows] == contracted_floors()


def test_the_floors_hold_every_package():
    inside = {path.stem for path in (ROOT / "src/glassnet").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert inside - {"__init__", "__main__", "__pycache__", "py"} == set().union(*contracted_floors())


def test_the_picture_is_current():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/house.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
