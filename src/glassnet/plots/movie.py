"""Encodes pictures as a film: a GIF by Pillow, or an MP4 by ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, shown

Array = NDArray[Any]

HOLD = 1500  # milliseconds that the last picture of a GIF stays
PATIENCE = 300  # seconds for ffmpeg


def encode_gif(pictures: Sequence[Array], milliseconds: int, colours: int = 48, hold: int = HOLD) -> bytes:
    """Encode pictures, (height, width, 3) of 0 … 255 each, as a GIF that repeats; the last one stays for `hold`.

    All pictures share one palette, without dither: the file stays small and nothing flickers.
    """
    from PIL import Image

    images = [Image.fromarray(np.ascontiguousarray(picture, dtype=np.uint8)) for picture in pictures]
    chosen = [pictures[place] for place in sorted({0, len(pictures) // 3, 2 * len(pictures) // 3, len(pictures) - 1})]
    palette = Image.fromarray(np.vstack(chosen).astype(np.uint8)).quantize(colours)
    first, *others = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    out = BytesIO()
    durations = [milliseconds] * len(others) + [hold]
    first.save(out, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=False)
    return out.getvalue()


def encode_mp4(pictures: Sequence[Array], milliseconds: int, hold: int = HOLD) -> bytes:
    """Encode pictures, (height, width, 3) of 0 … 255 each, as an MP4 (H.264); the last one stays for `hold`.

    Raises
    ------
    InputError
        If there is no ffmpeg, or it fails.
    """
    program = _ffmpeg()
    height, width = pictures[0].shape[:2]
    repeated = [*pictures, *[pictures[-1]] * round(hold / milliseconds)]
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        command = [
            program,
            "-loglevel",
            "error",
            "-y",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-s",
            f"{width}x{height}",
        ]
        command += ["-r", f"{1000 / milliseconds:g}", "-i", "-", "-an", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
        command += [
            "-vf",
            "pad=ceil(iw/2)*2:ceil(ih/2)*2",
            "-movflags",
            "+faststart",
            str(film),
        ]  # H.264 takes even sides
        raw = b"".join(np.ascontiguousarray(picture, dtype=np.uint8).tobytes() for picture in repeated)
        try:
            done = subprocess.run(command, input=raw, capture_output=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise InputError(f"mp4: ffmpeg took over {PATIENCE} s; write a .gif, or fewer frames.") from None
        if done.returncode != 0 or not film.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise InputError(
                f"mp4: expected ffmpeg to succeed; it said {shown(said[-1] if said else '')}; write a .gif."
            )
        return film.read_bytes()


def _ffmpeg() -> str:
    """Return the path of ffmpeg: that of the PATH, or of the package imageio-ffmpeg."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        import imageio_ffmpeg
    except ImportError:
        raise InputError(
            "mp4: expected the program ffmpeg; found none; pip install 'glassnet[video]', or write a .gif."
        ) from None
    return str(imageio_ffmpeg.get_ffmpeg_exe())
