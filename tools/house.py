"""Draws the packages of glassnet and their imports into docs/about/architecture.md: `python tools/house.py`.

The floors come from `.importlinter`, the arrows from the import statements. `--check` writes nothing and exits with 1
if the picture in the document is not the current one; `--list` prints every arrow with its number of imports.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/glassnet"
DOCUMENT = ROOT / "docs/about/architecture.md"
BEGIN, END = "<!-- drawn by tools/house.py -->", "<!-- end of the drawing -->"

Arrows = Counter[tuple[str, str]]


def floors() -> list[list[str]]:
    """Return the packages of each floor of the contract, the top floor first."""
    contract = ConfigParser()
    contract.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contract["importlinter:contract:floors"]["layers"].split("\n")
    return [[name.strip() for name in line.split("|")] for line in lines if line.strip()]


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the package of glassnet, or its module beside the packages, that each import statement names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "glassnet":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("glassnet."):
            yield str(node.module).split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("glassnet."))


def arrows(known: set[str]) -> Arrows:
    """Count the imports from package to package."""
    found: Arrows = Counter()
    for path in sorted(SOURCE.rglob("*.py")):
        package = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        names = imported(ast.parse(path.read_text(encoding="utf-8")))
        found.update((package, name) for name in names if package in known and name in known - {package})
    return found


def needed(found: Arrows) -> list[tuple[str, str]]:
    """Leave out each arrow that a path of several arrows implies."""

    def reached(start: str, target: str) -> bool:
        return any(lower == target or reached(lower, target) for upper, lower in found if upper == start)

    return sorted(
        (upper, lower)
        for upper, lower in found
        if not any(reached(between, lower) for each, between in found if each == upper and between != lower)
    )


def rooms(package: str) -> str:
    """Return the package's name and below it the packages inside it."""
    inside = sorted(path.parent.name for path in (SOURCE / package).glob("*/__init__.py"))
    return f"<b>{package}</b>" + (f"<br/>{', '.join(inside)}" if inside else "")


def drawing() -> str:
    """Return the picture as a Mermaid flow chart."""
    storeys = floors()
    lines = ["flowchart TB"]
    for number, packages in zip(range(len(storeys) - 1, -1, -1), storeys, strict=True):
        lines.append(f'  subgraph floor{number}["floor {number}"]')
        lines += [f'    {package}["{rooms(package)}"]' for package in packages]
        lines.append("  end")
    known = {package for packages in storeys for package in packages}
    lines += [f"  {upper} --> {lower}" for upper, lower in needed(arrows(known))]
    return "\n".join(["```mermaid", *lines, "```"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    if given.list:
        for (upper, lower), count in sorted(arrows({each for floor in floors() for each in floor}).items()):
            print(f"{upper} -> {lower}: {count}")
        return
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    current = f"{before}{BEGIN}\n{drawing()}\n{END}{after}"
    if given.check:
        sys.exit(
            current != text and "docs/about/architecture.md: the drawing is not current; run python tools/house.py."
        )
    DOCUMENT.write_text(current, encoding="utf-8")


if __name__ == "__main__":
    main()
