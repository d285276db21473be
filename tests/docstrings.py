"""What a complete docstring of a public name holds, and what one lacks."""

import ast
import dataclasses
import inspect
import re
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import glassnet as gn
from glassnet.equations import updates

# arguments that the docstring of a module describes once for all of its equations
OF_THE_MODULE = {
    "activations": {"z", "a", "da"},
    "losses": {"z", "y", "a", "p"},
    "initializers": {"rng", "fan_in", "fan_out"},
}
RESULTS = {  # classes that a function returns; their fields are attributes, nobody constructs them
    "Animation",
    *("Contributions", "Derivation", "Diagnosis", "Finding", "Grade", "Gradient", "GradientCheck", "History"),
    *("Recording", "Rows", "Trace"),
}
FROM_A_PAPER = {
    *("Momentum", "Nesterov", "RMSprop", "Adam", "AdamW", "LBFGS", "InverseScaling", "Cosine", "OneCycle"),
    *("EarlyStopping", "check_gradients", "contributions", "activations.relu", "activations.gelu", "losses.huber"),
    *("losses.quantile", "initializers.he_normal", "initializers.glorot_normal", "Network.backward"),
}
HEADING = r"^{}\n-+\n(.*?)(?=^[A-Z][\w ]*\n-+\n|\Z)"


@dataclass(frozen=True)
class Documented:
    """A public name, or a method or attribute of one: its address and the object."""

    name: str
    value: Any

    @property
    def text(self) -> str:
        return inspect.getdoc(self.value) or ""

    def section(self, title: str) -> str:
        """The lines under a heading, "" if there is none."""
        found = re.search(HEADING.format(title), self.text, re.DOTALL | re.MULTILINE)
        return found[1].rstrip() if found else ""

    def listed(self, title: str) -> list[str]:
        """The names that a section describes."""
        heads = re.findall(r"^(\*{0,2}\w[\w*, ]*?)(?: : .*)?$", self.section(title), re.MULTILINE)
        return [name.strip(" *") for head in heads for name in head.split(",")]

    @property
    def in_all(self) -> bool:
        return "." not in self.name

    @property
    def parameters(self) -> list[str]:
        return [name for name in inspect.signature(self.value).parameters if name != "self"]

    @property
    def raised(self) -> set[str]:
        """The exceptions that the function itself raises."""
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.value)))
        made = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
        names = [each.func.id for each in made if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)]
        return {"InputError" if name == "unknown_name" else name for name in names}


def public() -> Iterator[Documented]:
    """Every name of `glassnet.__all__`, the functions of its modules, the methods and properties of its classes."""
    for name in gn.__all__:
        value = getattr(gn, name)
        yield Documented(name, value)
        if inspect.isclass(value):
            yield from _members(name, value)
        elif isinstance(value, types.ModuleType):
            functions = {own: each for own, each in vars(value).items() if inspect.isfunction(each) and own[0] != "_"}
            yield from (
                Documented(f"{name}.{own}", each)
                for own, each in functions.items()
                if each.__module__ == value.__name__
            )


def _members(name: str, kind: type) -> Iterator[Documented]:
    """What glassnet defines for a class, inherited or not; what scikit-learn or Python does is theirs to document."""
    for own in dir(kind):
        value = inspect.getattr_static(kind, own)
        function = value
        for wrapped in ("fget", "func", "fn", "__func__"):  # of a property, a cached one, available_if, a class method
            function = getattr(function, wrapped, function)
        if own[0] != "_" and inspect.isfunction(function) and function.__module__.startswith("glassnet"):
            is_property = isinstance(value, property) or hasattr(value, "func")
            yield Documented(f"{name}.{own}", property(function) if is_property else getattr(kind, own))


def lacking(each: Documented) -> list[str]:
    """What the docstring lacks or has too much of, one phrase each; nothing if it is complete."""
    if not each.text:
        return ["a docstring"]
    summary = each.text.split("\n\n")[0]
    found = [] if re.fullmatch(r"[^\n]+[.:]", summary) else ["a summary in one line"]
    if each.in_all and ">>> " not in each.section("Examples"):
        found.append("an example")
    if each.name in FROM_A_PAPER and not re.search(r"\b(18|19|20)\d\d\b", each.text.partition("Examples")[0]):
        found.append("its source with a year")
    if inspect.isclass(each.value):
        return found + _lacking_of_class(each)
    if isinstance(each.value, property | types.ModuleType):
        return found
    return found + _lacking_of_function(each)


def _differs(given: list[str], expected: list[str], what: str) -> list[str]:
    lost, unknown = [x for x in expected if x not in given], [x for x in given if x not in expected]
    return [f"{what} {x}" for x in lost] + [f"no {what} {x}, which does not exist" for x in unknown]


def _lacking_of_class(each: Documented) -> list[str]:
    kind = each.value
    if each.name in RESULTS:
        fields = [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
        listed = each.listed("Attributes")
        set_there = re.findall(r"self\.(\w+)", "".join(inspect.getsource(base) for base in kind.__mro__[:-1]))
        known = {*fields, *dir(kind), *set_there}
        return [f"attribute {x}" for x in fields if x not in listed] + [
            f"no attribute {x}, which does not exist" for x in listed if x not in known
        ]
    found = _differs(each.listed("Parameters"), each.parameters, "parameter")
    if not each.parameters and not each.section("Parameters"):
        found = []
    checks = re.search(r"def __(post_)?init__.*?(?=\n    def |\Z)", inspect.getsource(kind), re.DOTALL)
    if checks and "check_" in checks[0] and not each.section("Raises"):
        found.append("what it raises")
    return found


def _lacking_of_function(each: Documented) -> list[str]:
    module = OF_THE_MODULE.get(each.name.partition(".")[0])
    is_equation = module is not None and each.parameters and each.parameters[0] in module
    is_equation = is_equation or each.value.__module__ == updates.__name__
    if is_equation:
        return []
    found = _differs(each.listed("Parameters"), each.parameters, "parameter")
    returns = inspect.signature(each.value).return_annotation
    if each.parameters and returns not in (None, "None") and not each.section("Returns"):
        found.append("what it returns")
    unsaid = each.raised - set(each.listed("Raises"))
    found += [f"that it raises {name}" for name in sorted(unsaid)]
    if each.in_all and not each.section("Raises"):
        found.append("what it raises")
    return found
