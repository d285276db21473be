"""The hashes of what a page's numbers depend on: the package's source, and what chapters import besides."""

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]


def source_hash(*others: Path) -> str:
    """Return the hash of the package's files and of others."""
    total = sha256()
    files = [
        path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".js", ".css", ".html", ".so", ".toml")
    ]
    for path in sorted([*files, *others]):
        total.update(path.relative_to(ROOT).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


PACKAGE = source_hash()
SOURCE = source_hash(ROOT / "docs/course/course_tools.py")
