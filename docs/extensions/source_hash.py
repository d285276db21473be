"""The hash of all that a page's numbers depend on: the package's source, and what chapters import."""

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]


def source_hash() -> str:
    """Return the hash of the package's files and of the course's tools."""
    total = sha256()
    files = [
        path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".js", ".css", ".html", ".so", ".toml")
    ]
    for path in sorted([*files, ROOT / "docs/course/course_tools.py"]):
        total.update(path.relative_to(ROOT).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


SOURCE = source_hash()
