"""Typesets a LaTeX document with the pdflatex of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from glassnet.errors import InputError, shown

PATIENCE = 300  # seconds


def pdf_of(latex: str) -> bytes:
    """Return the PDF of a LaTeX document.

    Raises
    ------
    InputError
        If there is no pdflatex, or it fails.
    """
    program = shutil.which("pdflatex")
    if program is None:
        raise InputError(
            "pdf: expected the program pdflatex; found none; install TeX Live (apt-get install "
            "texlive-latex-recommended), or write .html and print it in a browser."
        )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "page.tex").write_text(latex, encoding="utf-8")
        command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
        safe = {**os.environ, "openin_any": "p", "openout_any": "p"}  # files of this folder and of TeX alone
        try:
            done = subprocess.run(command, cwd=folder, env=safe, capture_output=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise InputError(f"pdf: pdflatex took over {PATIENCE} s; write .tex, or fewer steps.") from None
        if done.returncode != 0:
            log = done.stdout.decode(errors="replace").splitlines()
            said = next((line for line in log if line.startswith("!")), "nothing")
            raise InputError(f"pdf: expected pdflatex to succeed; it said {shown(said)}; write .tex or .html instead.")
        return Path(folder, "page.pdf").read_bytes()
