"""Copies what draws the site's formulas: Temml from the npm registry, and the letters it uses of STIX Two Math.

`python tools/vendor_temml.py` needs npm, and `pip install ziamath fonttools brotli`: ziamath's wheel holds the font.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
SCRIPT, STYLE = DOCS / "extensions/temml", DOCS / "assets/temml"
PACKAGE, VERSION = "temml", "0.13.5"
DIGEST = (
    "68f9030e0ba76a7a4b34bd2a977d876e896a2dea7ec3c0d17155d1aa5eeb5ab3"
    "2dfcf85ccdd2e02f8501618554dc162308d8e41aae04ab022272eff35abd623a"
)
LETTERS = (
    "20-7E,A0,AC,B1,B7,D7,F7,131,237,300-308,30A,30C,338,391-3C9,3D1,3D5,3F5,2010-2014,2016,2018-201D,2020-2022,2026,"
    "2032-2034,2044,2057,2061-2064,20D7,210B-2113,2115,211C,211D,2124,2190-2194,21A6,21D0-21D4,2200-223C,2243,2245,2248,"
    "2260-2265,226A,226B,2282-2287,2295-2299,22A4,22A5,22BA,22C5,22EE-22F1,2308-230B,23B4,23B5,23DC-23DF,27E8,27E9,"
    "27F5-27FA,2A7D,2A7E,1D400-1D433,1D434-1D467,1D49C-1D4B5,1D540-1D550,1D6C0-1D71B"
)


def copy_temml() -> None:
    """Download the archive, compare it with the pinned digest, and take the script, the style and the licence."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", folder, f"{PACKAGE}@{VERSION}"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        archive = Path(folder) / f"{PACKAGE}-{VERSION}.tgz"
        digest = hashlib.sha512(archive.read_bytes()).hexdigest()
        if digest != DIGEST:
            raise SystemExit(f"{PACKAGE}: expected sha512 {DIGEST}; got {digest}; compare, then pin the new one.")
        with tarfile.open(archive) as packed:
            for name, target in (
                ("dist/temml.min.js", SCRIPT / "temml.min.js"),
                ("dist/Temml-STIX2.css", STYLE / "temml.css"),
                ("LICENSE", SCRIPT / "LICENSE"),
            ):
                member = packed.extractfile(f"package/{name}")
                assert member is not None
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(member.read())
    style = STYLE / "temml.css"  # its font is the file beside it, on every machine
    lines = style.read_text(encoding="utf-8").replace("local('STIXTwoMath'),", "").split("\n")
    style.write_text("\n".join(line.rstrip() for line in lines), encoding="utf-8")
    (SCRIPT / "VERSION").write_text(f"{PACKAGE}@{VERSION}\n", encoding="utf-8")


def cut_font() -> None:
    """Write the letters of STIX Two Math (SIL Open Font License) that formulas use, with its table of measures."""
    found = find_spec("ziamath")
    assert found is not None, "ziamath: expected to be installed; got nothing; pip install ziamath."
    assert found.origin is not None
    subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "fontTools.subset",
                str(Path(found.origin).parent / "fonts/STIXTwoMath-Regular.ttf"),
            ),
            f"--unicodes={LETTERS}",
            *("--no-hinting", "--flavor=woff2", "--layout-features=ssty,flac,dtls,ss01,ss04"),
            f"--output-file={STYLE / 'STIXTwoMath.woff2'}",
        ],
        check=True,
    )


if __name__ == "__main__":
    copy_temml()
    cut_font()
    for path in sorted([*SCRIPT.iterdir(), *STYLE.iterdir()]):
        print(f"{path}: {path.stat().st_size:,} bytes")
