"""The rooms of glassnet: which files each has, and which tests."""

from pathlib import Path

from tests.mutation import cpp_breaks, python_breaks

ROOT = Path(__file__).parents[2]
PYTHON = (
    "equations",
    "network",
    "training",
    "estimators",
    "tables",
    "storage",
    "explain",
    "diagnose",
    "playground",
    "native",
)
CPP = "cpp"
GENERATED = {"equations.hpp"}  # a test compares it with what the equations give, byte for byte


def breaks_of_room(room, root=ROOT):
    """All breaks of a room's files in the project at `root`."""
    if room == CPP:
        files = sorted(path for path in (root / "native").glob("*.hpp") if path.name not in GENERATED)
        kind = cpp_breaks
    else:
        files, kind = sorted((root / "src" / "glassnet" / room).rglob("*.py")), python_breaks
    return [each for file in files for each in kind.breaks_of(file.relative_to(root), root)]


def files_of_tests(room, root=ROOT):
    """The room's test files; those of the page need a browser or node, and see no Python."""
    files = (root / "tests" / ("native" if room == CPP else room)).rglob("test_*.py")
    return sorted(file.relative_to(root) for file in files if "page" not in file.parts)
