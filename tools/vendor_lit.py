"""Copies the pinned Lit from the npm registry into the playground's page: `python tools/vendor_lit.py` (needs npm).

The files are Lit's own minified modules; only their import paths are made relative, so that a browser loads them
without an import map and the page needs no build step.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/glassnet/playground/static/vendor/lit"
# package → files; the versions and the archives' digests are pinned together
FILES = {
    "lit-html@3.3.3": ["lit-html.js", "directive.js", "directive-helpers.js"]
    + [f"directives/{name}.js" for name in ("live", "repeat", "unsafe-html")],
    "@lit/reactive-element@2.1.2": ["reactive-element.js", "css-tag.js"],
    "lit-element@4.2.2": ["lit-element.js"],
}
DIGESTS = {
    "lit-html@3.3.3": "7a5f0cea32b6a37457067ad21d7dd92abb0df33115eb7a521314ced70609cfb4"
    "27746619f37e777b66b93cf5fea877b66866b27e7721426900a2369601110e20",
    "@lit/reactive-element@2.1.2": "a5b0838953279ded6561421a60d379c2bc105c3b47698b60ed81053de5be870b"
    "3a538ed6785bc84865167a43c629638fd7282bb3479fd28d5524c9357b1a2ce4",
    "lit-element@4.2.2": "6852a1353a16c68ca190d0e6599c04bdad9295089afa37c6d1f8c8595fff61e4"
    "da5ab5673b10fcf5d3ca7e280252ca571668f3384510a4e91e8c7e4bcbab06d3",
}
INDEX = """\
/** The parts of Lit that the page uses. */
export { LitElement, html, nothing, svg } from "./lit-element.js";
export { live } from "./live.js";
export { repeat } from "./repeat.js";
export { unsafeHTML } from "./unsafe-html.js";
"""
TYPES = """\
export { LitElement, html, nothing, svg } from "lit";
export { live } from "lit/directives/live.js";
export { repeat } from "lit/directives/repeat.js";
export { unsafeHTML } from "lit/directives/unsafe-html.js";
"""


def relative(source: str) -> str:
    """Rewrite every import to a file of the same folder, and drop the source map."""

    def rewrite(match: re.Match[str]) -> str:
        name = match["path"].rsplit("/", 1)[-1]
        return f'{match["before"]}"./{name if name.endswith(".js") else name + ".js"}"'

    source = re.sub(r'(?P<before>\b(?:from|import))\s*"(?P<path>[^"]+)"', rewrite, source)
    return re.sub(r"\n//# sourceMappingURL=.*", "", source)


def fetch(package: str, folder: Path) -> Path:
    """Download the archive of a package and compare it with its pinned digest."""
    command = ["npm", "pack", "--json", "--pack-destination", str(folder), package]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    archive = folder / (told[0] if isinstance(told, list) else next(iter(told.values())))["filename"]
    digest = hashlib.sha512(archive.read_bytes()).hexdigest()
    if digest != DIGESTS[package]:
        raise SystemExit(f"{package}: expected sha512 {DIGESTS[package]}; got {digest}; compare, then pin the new one.")
    return archive


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        for package, names in FILES.items():
            with tarfile.open(fetch(package, Path(folder))) as archive:
                for name in names:
                    member = archive.extractfile(f"package/{name}")
                    assert member is not None
                    (TARGET / Path(name).name).write_text(relative(member.read().decode()), encoding="utf-8")
                if package.startswith("lit-html"):
                    licence = archive.extractfile("package/LICENSE")
                    assert licence is not None
                    (TARGET / "LICENSE").write_bytes(licence.read())
    (TARGET / "index.js").write_text(INDEX, encoding="utf-8")
    (TARGET / "index.d.ts").write_text(TYPES, encoding="utf-8")
    versions = ", ".join(FILES)
    (TARGET / "VERSION").write_text(f"{versions}\n", encoding="utf-8")
    print(f"{TARGET}: {versions}, {sum(path.stat().st_size for path in TARGET.iterdir()):,} bytes")


if __name__ == "__main__":
    main()
