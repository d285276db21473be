"""`--config FILE.toml`: settings of a command from a file, under the names of its options; the command line wins."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import typer

from glassnet.errors import InputError, shown, unknown_name
from glassnet.tables.reading.read import check_regular


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """A callback of an eager option: what the file says becomes the defaults of the command's options.

    Values go through the parsing of the command line, so that 2.5 epochs are refused here as there.
    """
    if path is None:
        return None
    source = str(path)
    check_regular(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source[-60:]}: expected TOML; got an error: {str(error)[:60]}; mend that line.") from None
    except UnicodeDecodeError:
        raise InputError(f"{source[-60:]}: expected UTF-8; got other bytes; save it in UTF-8.") from None
    options = {each.name: each for each in context.command.params if each.name not in (None, "config", "help", "file")}
    defaults: dict[str, Any] = {}
    for key, value in content.items():
        name = key.replace("-", "_")
        if name not in options:
            raise unknown_name(f"{source[-40:]}: key", key, (str(each).replace("_", "-") for each in options))
        defaults[name] = _as_given(key, value, options[name].multiple, source)
    context.default_map = {**(context.default_map or {}), **defaults}
    return path


def _as_given(key: str, value: Any, multiple: bool, source: str) -> Any:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | int | float) for each in values):
        raise InputError(
            f"{source[-60:]}: expected a number, a text or a list for {key!r}; got {shown(value)}; mend it."
        )
    texts = [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
    return texts if multiple else ",".join(texts)
