"""Writes the reference of the commands: options from Typer, and an example of each that is run while the site is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import typer
from build_cache import kept
from command_examples import PREPARE, run_all

from glassnet.cli.main import app

INDEX = """# Commands

{help}

{listed}
What a table becomes, the rules and the settings: [your own data](/reference/command-line.md). `glassnet COMMAND --help` prints
the same options in the terminal. An error is one line and exit code 2.

```{{toctree}}
:hidden:
{files}
```
"""


def examples() -> dict[str, tuple[str, str]]:
    """Return the line and the output of each command's example; they run in processes of their own."""
    return kept("commands", run_all)


def pages() -> Iterator[tuple[str, str]]:
    """Yield the file below reference/commands and the text of each page."""
    group: Any = typer.main.get_command(app)
    outputs = examples()
    listed = "\n".join(
        f"[`glassnet {name}`]({name}.md)\n: {_first_line(command)}\n" for name, command in group.commands.items()
    )
    files = "\n".join(group.commands)
    yield "index.md", INDEX.format(help=group.help, listed=listed, files=files)
    for name, command in group.commands.items():
        yield f"{name}.md", _page(name, command, outputs.get(name))


def _page(name: str, command: Any, example: tuple[str, str] | None) -> str:
    context = typer.Context(command, info_name=f"glassnet {name}")
    names = {each.name: each.name.upper() for each in command.params}
    usage = " ".join(command.collect_usage_pieces(context)).format_map(names)
    parts = [f"# glassnet {name}", _prose(command.help or ""), f"```text\nglassnet {name} {usage}\n```"]
    if example:
        line, output = example
        parts.append(f"## Example\n\n```console\n$ {line}\n{output}\n```")
        if name == "check":
            parts.append(f"where `gradients.py` holds\n\n```python\n{_learner()}\n```")
    panels: dict[str, list[str]] = {}
    for each in command.params:
        panel = getattr(each, "rich_help_panel", None) or (
            "Arguments" if each.param_type_name == "argument" else "Options"
        )
        if not getattr(each, "hidden", False):
            panels.setdefault(panel, []).append(_parameter(each))
    parts += [f"## {panel}\n\n" + "\n".join(rows) for panel, rows in panels.items()]
    return "\n\n".join(parts) + "\n"


def _parameter(each: Any) -> str:
    """One argument or option: its flags, the kind of its value, its default, its help."""
    flags = [*each.opts, *each.secondary_opts] if each.param_type_name == "option" else [each.name.upper()]
    kind = (
        ""
        if getattr(each, "is_flag", False) or getattr(each, "is_bool_flag", False) or each.param_type_name == "argument"
        else f" *{_kind(each)}*"
    )
    default = each.default() if callable(each.default) else each.default
    shown = getattr(default, "value", default)
    shows = shown not in (None, "", False, True, ()) and each.param_type_name == "option"
    text = (getattr(each, "help", "") or "").rstrip()
    told = f" Default: `{shown}`." if shows and "efault" not in text else ""
    return f"{', '.join(f'`{flag}`' for flag in flags)}{kind}\n: {_prose(text) or '–'}{told}\n"


def _kind(each: Any) -> str:
    """The kind of an option's value: its choices, or text, number, …"""
    descriptor = getattr(each, "type_descriptor", None)  # Typer's own; before, its options were those of click
    if descriptor is None:
        choices = getattr(each.type, "choices", None)
        return " | ".join(str(getattr(one, "value", one)) for one in choices) if choices else str(each.type.name)
    annotation = descriptor.annotation
    if get_origin(annotation) is Literal:
        return " | ".join(get_args(annotation))
    if get_origin(annotation) is list:
        (annotation,) = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " | ".join(str(one.value) for one in annotation)
    return {"str": "text", "int": "whole number", "float": "number"}.get(getattr(annotation, "__name__", ""), "path")


def _prose(text: str) -> str:
    """Help as Markdown: braces and brackets as they are, options as code, one paragraph a blank line."""
    escaped = re.sub(r"([*_\\|<>\[\]$])", r"\\\1", text.strip())
    return re.sub(r"(?<![\w`-])--[a-z][\w-]*", r"`\g<0>`", escaped)


def _first_line(command: Any) -> str:
    return _prose((command.help or "").split("\n\n")[0].replace("\n", " "))


def _learner() -> str:
    return PREPARE.partition("'''\n")[2].partition("'''")[0].strip()
