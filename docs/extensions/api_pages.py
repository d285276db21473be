"""Writes the API reference: a page for each group of public names, from their docstrings and signatures."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from numpydoc.docscrape import NumpyDocString, Parameter

import glassnet as gn
from glassnet.equations import activations, initializers, losses


@dataclass(frozen=True)
class Group:
    """A page of the reference: its file, title, one sentence, its names, and the page that explains them at length."""

    file: str
    title: str
    about: str
    names: tuple[str, ...]
    guide: str = ""


GROUPS = (
    Group(
        "network",
        "Network",
        "Sizes, activations, a loss and one vector of parameters; forward and backward pass with every value.",
        ("Network", "Trace", "Gradient"),
    ),
    Group(
        "training",
        "Training",
        "A whole run in one call, many networks at once, or a run step by step; what a run leaves behind.",
        ("train", "train_many", "Run", "History", "EarlyStopping", "Checkpoint", "open_rows", "Rows"),
        "[Train many networks](/how-to/train-many-networks.md), [long runs](/how-to/long-runs.md)",
    ),
    Group(
        "optimizers",
        "Optimizers",
        "Update recurrences: from the parameters θ and their gradient g to the next parameters.",
        ("SGD", "Momentum", "Nesterov", "RMSprop", "Adam", "AdamEpsilonHat", "AdamW", "LBFGS"),
    ),
    Group(
        "schedules",
        "Schedules",
        "The factor that multiplies the learning rate at each step.",
        ("Constant", "StepDecay", "InverseScaling", "Cosine", "OneCycle", "Adaptive"),
    ),
    Group(
        "activations",
        "Activations",
        "Functions g(z) of units, each with its derivative beside it.",
        ("Activation", "activations"),
        "[Your own activation and loss](/how-to/own-activation-and-loss.md)",
    ),
    Group(
        "losses",
        "Losses",
        "What a prediction costs, computed from the pre-activation, so that no logarithm of 0 occurs.",
        ("Loss", "losses"),
        "[Your own activation and loss](/how-to/own-activation-and-loss.md)",
    ),
    Group("initializers", "Initializers", "Random initial weights whose size suits the depth.", ("initializers",)),
    Group(
        "explain",
        "Explain",
        "One training step with every number and its formula; what each column adds to a prediction.",
        ("explain", "Derivation", "contributions", "Contributions"),
        "[Every number explained](/reference/explain.md)",
    ),
    Group(
        "grade",
        "Grade and check",
        "A learner's own numbers and functions marked, the mistake named; a gradient checked by other methods.",
        ("check", "Grade", "check_gradients", "GradientCheck"),
        "[The misconceptions](/reference/misconceptions/index.md)",
    ),
    Group(
        "diagnose",
        "Diagnose and examine",
        "Why a network does not learn: findings with evidence, source, remedy and replay.",
        ("diagnose", "examine", "Diagnosis", "Finding", "Thresholds"),
        "[The findings](/reference/findings/index.md), [diagnose a run](/how-to/diagnose-a-run.md)",
    ),
    Group(
        "estimators",
        "MLPClassifier and MLPRegressor",
        "scikit-learn's estimators by neural network: the same results sooner, and what is missing there.",
        ("MLPClassifier", "MLPRegressor"),
        "[Replace scikit-learn's MLP](/how-to/replace-scikit-learns-mlp.md)",
    ),
    Group(
        "tables",
        "TableClassifier and TableRegressor",
        "The models of `glassnet train` as scikit-learn estimators: any table, any column.",
        ("TableClassifier", "TableRegressor"),
        "[From a table to a shipped model](/how-to/from-a-table-to-a-shipped-model.md)",
    ),
    Group(
        "recordings",
        "Playground, recordings, animations",
        "A run as one HTML file, to be scrubbed and looked into without a server; a run as a moving picture.",
        ("playground", "record", "Recording", "animate", "Animation"),
        "[The playground in a class](/how-to/the-playground-in-a-class.md)",
    ),
    Group(
        "models",
        "Save, load, export",
        "Model files without code in them; ONNX, a PyTorch script, JSON.",
        ("save", "load", "export"),
        "[Model files](/reference/model-files.md), [export to ONNX](/how-to/export-to-onnx.md)",
    ),
    Group(
        "errors",
        "Errors",
        "What glassnet raises on purpose: one line that says what was expected, what came, and one way out.",
        ("GlassnetError", "InputError", "NonFiniteError", "CheckpointError"),
    ),
)
LONGEST_TYPE = 60  # characters; longer ones are the first line of what a parameter is
NO_ENTRY = ":no-contents-entry:\n\n"  # the heading above is the entry in the table of contents
REGISTRIES = {
    "activations": activations.ACTIVATIONS,
    "losses": losses.LOSSES,
    "initializers": initializers.INITIALIZERS,
}


def pages() -> Iterator[tuple[str, str]]:
    """Yield the file below reference/api and the text of each page."""
    listed = "\n".join(
        f"[{group.title}]({group.file}.md)\n: {group.about} {', '.join(map(_reference, group.names))}\n"
        for group in GROUPS
    )
    files = "\n".join(group.file for group in GROUPS)
    yield (
        "index.md",
        f"# API\n\n`import glassnet as gn` brings these names.\n\n{listed}\n```{{toctree}}\n:hidden:\n{files}\n```\n",
    )
    for group in GROUPS:
        yield f"{group.file}.md", _page(group)


def _page(group: Group) -> str:
    summaries = "\n".join(f"- {_reference(name)}: {_link(_summary(getattr(gn, name)))}" for name in group.names)
    guide = f"\n\nAt length: {group.guide}." if group.guide else ""
    entries = "\n\n".join(_entry(name) for name in group.names)
    return f"# {group.title}\n\n{group.about}{guide}\n\n{summaries}\n\n{entries}\n"


def _entry(name: str) -> str:
    value = getattr(gn, name)
    if isinstance(value, types.ModuleType):
        return _module(name, value)
    return f"## {name}\n\n{_object(name, value)}"


def _object(name: str, value: Any) -> str:
    """A class with its methods and properties, or a function."""
    if not inspect.isclass(value):
        return _directive("function", f"{name}{_signature(value)}", NO_ENTRY + _body(value), 3)
    kind = "exception" if issubclass(value, Exception) else "class"
    members = "\n\n".join(_member(name, value, own) for own in _members(value))
    return _directive(kind, f"{name}{_signature(value)}", f"{NO_ENTRY}{_body(value)}\n\n{members}", 4)


def _member(name: str, kind: type, own: str) -> str:
    value = inspect.getattr_static(kind, own)
    if isinstance(value, property) or hasattr(value, "func"):
        return _directive("property", f"{name}.{own}", _body(getattr(value, "func", value)), 3)
    function = getattr(kind, own)
    sort = (
        "classmethod"
        if isinstance(value, classmethod)
        else "staticmethod"
        if isinstance(value, staticmethod)
        else "method"
    )
    return _directive(sort, f"{name}.{own}{_signature(function)}", _body(function), 3)


def _members(kind: type) -> list[str]:
    """The public methods and properties that glassnet defines, in the order of the source, inherited ones last."""
    found: dict[str, None] = {}
    for base in kind.__mro__:
        for own, value in vars(base).items():
            function = value
            for wrapped in ("fget", "func", "fn", "__func__"):
                function = getattr(function, wrapped, function)
            if own[0] != "_" and inspect.isfunction(function) and function.__module__.startswith("glassnet"):
                found[own] = None
    return [own for own in found if own != "update"]  # of an optimizer: the equation, which its class states


def _module(name: str, module: types.ModuleType) -> str:
    """A module of equations: its registry as a table, then each function."""
    registry = REGISTRIES[name]
    rows = []
    for key, value in registry.items():
        function = getattr(value, "f", getattr(value, "value", value))
        constants = ", ".join(f"`{c}` = {v:g}" for c, v in getattr(value, "parameters", {}).items())
        rows.append(f"| `{key}` | {_link(_summary(function)).replace('|', chr(92) + '|')} | {constants} |")
    head = "| name | equation | constants |\n|---|---|---|\n" + "\n".join(rows)
    names = [
        own
        for own, each in vars(module).items()
        if inspect.isfunction(each) and each.__module__ == module.__name__ and own[0] != "_"
    ]
    entries = "\n\n".join(_object(f"{name}.{own}", getattr(module, own)) for own in names)
    return f"## {name}\n\n{_body(module)}\n\n{head}\n\n{entries}"


def _directive(kind: str, signature: str, body: str, colons: int) -> str:
    fence = ":" * (colons + 2)
    gap = "" if body.startswith(":no-") else "\n"
    return f"{fence}{{py:{kind}}} glassnet.{signature}\n{gap}{body.strip()}\n{fence}"


def _signature(value: Any) -> str:
    """The arguments with their defaults, without types, which the text tells."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return "()"
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for name, each in signature.parameters.items()
        if name != "self"
    ]
    text = str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
    return re.sub(r"<(?:function|class) '?([\w.]+)'?[^>]*>", r"\1", text)


def _summary(value: Any) -> str:
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")


def _body(value: Any) -> str:
    """The docstring as Markdown."""
    parsed = NumpyDocString(inspect.getdoc(value) or "")
    parts = [
        "\n".join(map(_link, parsed["Summary"])),
        "\n".join(map(_link, _indented_code(parsed["Extended Summary"]))),
    ]
    for title in ("Parameters", "Attributes", "Returns", "Raises"):
        if parsed[title]:
            parts.append(f"**{title}**\n\n{_definitions(parsed[title], title)}")
    for title in ("Notes", "References"):
        if parsed[title]:
            parts.append(f"**{title}**\n\n" + "\n".join(map(_link, parsed[title])))
    if parsed["Examples"]:
        parts.append(f"**Examples**\n\n{_examples(parsed['Examples'])}")
    if not isinstance(value, types.ModuleType) and not isinstance(value, property):
        parts.append(_source(value))
    return "\n\n".join(part for part in parts if part.strip())


def _source(value: Any) -> str:
    function = inspect.unwrap(value) if callable(value) else value
    file = inspect.getsourcefile(function) or ""
    path = file.partition("/glassnet/")[2]
    return f"*Defined in* `glassnet/{path}`" if inspect.isclass(value) and path else ""


def _indented_code(lines: Iterable[str]) -> list[str]:
    """The lines without the indents that Markdown would take for code."""
    return [line.strip() if line.strip() else "" for line in lines]


def _definitions(entries: list[Parameter], title: str) -> str:
    lines = []
    for each in entries:
        text = " ".join(line.strip() for line in each.desc).strip()
        term, kind = each.name, each.type
        if title in ("Returns", "Raises"):
            head, told = _linked_type(" ".join(filter(None, (term, kind)))), text
        elif not text or len(kind) > LONGEST_TYPE:  # `name : what it is`, on one line or several
            head, told = _code(term), f"{kind} {text}".rstrip()
        else:
            head, told = f"{_code(term)} *{_linked_type(kind)}*" if kind else _code(term), text
        lines.append(f"{head}\n: {_link(told)}\n" if told else f"{head}\n")
    return "\n".join(lines)


def _code(names: str) -> str:
    return ", ".join(f"**`{name.strip()}`**" for name in names.split(","))


def _linked_type(text: str) -> str:
    classes = "|".join(sorted((name for name in gn.__all__ if name[0].isupper()), key=len, reverse=True))
    linked = re.sub(rf"(?<![\w`])({classes})(?![\w`(])", lambda found: _reference(found[1]), text)
    return linked.replace("*", r"\*")


def _examples(lines: list[str]) -> str:
    """Text as text, and what a reader would type, with its result, as code."""
    blocks: list[tuple[bool, list[str]]] = []
    code = False
    for line in lines:
        code = line.startswith(">>>") or (code and bool(line.strip()))
        if not blocks or blocks[-1][0] != code:
            blocks.append((code, []))
        blocks[-1][1].append(line)
    told = []
    for is_code, block in blocks:
        text = "\n".join(block).strip("\n")
        if text.strip():
            told.append(f"```pycon\n{text}\n```" if is_code else _link(text))
    return "\n\n".join(told)


@cache
def known() -> dict[str, str]:
    """The address of each public name by the ways that a docstring writes it."""
    found = {}
    for name in gn.__all__:
        value = getattr(gn, name)
        found[name] = f"glassnet.{name}"
        if inspect.isclass(value):
            found |= {f"{name}.{own}": f"glassnet.{name}.{own}" for own in _members(value)}
        elif isinstance(value, types.ModuleType):
            found.pop(name)
    return {**found, **{f"gn.{name}": address for name, address in found.items()}}


def _reference(name: str) -> str:
    return f"{{py:obj}}`{name} <{known()[name]}>`" if name in known() else f"[{name}](/reference/api/{name}.md)"


def _link(text: str) -> str:
    """Names in backticks as links where they are public."""

    def linked(found: re.Match[str]) -> str:
        name = found[1].removesuffix("()")
        return _reference(name) if name in known() else found[0]

    return re.sub(r"`([^`\n]+)`", linked, text).replace("$", r"\$")
