"""The part of the PyTorch script that makes a network's inputs: of a table's rows, of images, or of rows of numbers."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from glassnet.printers.source import read_definition
from glassnet.storage.portable import Portable
from glassnet.tables.preparation.category_encoders import FARTHEST
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.equations import binned, clipped, cosine, equals, share, sine, standardised

_ONE_HOT = '''def one_hot(place, features, other):
    """0/1 for each category that has a feature, and with `other` one for all others; place: -1 missing, -2 unseen."""
    width = max(features, default=-1) + 1
    chosen = features[place] if place >= 0 else -1
    chosen = width if other and chosen < 0 and place != -1 else chosen
    return [float(feature == chosen) for feature in range(width + other)]'''

_TARGET_MEAN = f'''def target_mean(place, means, prior, scale):
    """The mean of the target in the category, standardised; 0 for an unseen or missing one."""
    means = [of_class[place] for of_class in means] if place >= 0 else prior
    return [clipped(standardised(m, g, s), {FARTHEST!r}) for m, g, s in zip(means, prior, scale)]'''

# by kind of encoder: the equations and functions it needs, and its lines in `encode`
_ENCODE: dict[str, tuple[tuple[Callable[..., Any] | str, ...], str]] = {
    "standard": (
        (standardised, clipped),
        'z = standardised(x, e["mean"], e["scale"])\nreturn [clipped(z, e["clip"]) if e["clip"] else z]',
    ),
    "rank": (
        (share,),
        """q, r = e["quantiles"], e["ranks"]
return [r[0] + sum((r[j + 1] - r[j]) * share(x, q[j], q[j + 1]) for j in range(len(q) - 1))]""",
    ),
    "bins": ((share, binned), 'return [binned(x, low, high) for low, high in zip(e["cuts"], e["cuts"][1:])]'),
    "values": ((equals,), 'return [equals(x, value) for value in e["values"]]'),
    "periodic": (
        (cosine, sine),
        'return [wave(x, e["mean"], e["scale"], f) for wave in (cosine, sine) for f in e["frequencies"]]',
    ),
    "onehot": ((_ONE_HOT,), 'return one_hot(x, e["features"], e["other"])'),
    "target mean": (
        (standardised, clipped, _TARGET_MEAN),
        'return target_mean(x, e["means"], e["prior"], e["scale"])',
    ),
}

_BOOLEAN = """            if column["type"]["form"] == "boolean":  # true, True and t are one
                word = {"t": "true", "f": "false"}.get(word.lower(), word.lower())
"""

_PREPARE_COLUMNS = '''

{functions}


def encode(x, e):
    """The features that an encoder makes of a number, or of the place of a category."""
{branches}


def prepare(rows, columns{default}):
    """The network's inputs, (n, features), from rows {{column: cell}}.

    A column of numbers has a median, which stands in place of a missing cell; of a category its place is encoded. Where
    the column has "missing", one more 0/1 says whether the cell is missing.{dates}
    """
    features = []
    for row in rows:
        x = []
        for column in columns:
            cell = row[{name}]
            word = "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell).strip()
{boolean}            gap = word.lower() in {missing!r} or word in {words!r}
            if "categories" in column:
                words = [str(category) for category in column["categories"]]
                value = -1 if gap else words.index(word) if word in words else -2
            else:
                value = column["median"] if gap else float({number})
            for encoder in column["encoders"]:
                x.extend(encode(value, encoder))
            if column["missing"]:
                x.append(float(gap))
        features.append(x)
    return torch.tensor(features, dtype=torch.float64).to(DTYPE)
'''

_PREPARE_IMAGES = '''

def prepare(images):
    """The network's inputs, (n, {d}), from images of {height} x {width} pixels from 0 to 255, row by row."""
    pixels = torch.as_tensor(images).to(torch.float64).reshape(-1, {d})
    return ((pixels - {mean!r}) / {scale!r}).to(DTYPE)
'''

_PREPARE_MATRIX = '''

def prepare(rows):
    """The network's inputs, (n, {d}), from rows of numbers."""
    return torch.as_tensor(rows, dtype=torch.float64).to(DTYPE)
'''


def prepare_text(model: Portable) -> str:
    """Return the text of the function `prepare`, and of those that it calls."""
    d, columns = model.network.sizes[0], model.parts[0].columns
    if columns is None:
        return _PREPARE_MATRIX.format(d=d)
    if model.image_shape is not None:
        height, width = model.image_shape
        pixel: Any = columns[0].encoders[0]
        return _PREPARE_IMAGES.format(d=d, height=height, width=width, mean=pixel.mean, scale=pixel.scale)
    from glassnet.tables.reading.table import MISSING

    used = {each.kind for part in model.parts for column in part.columns or () for each in column.encoders}
    kinds = [kind for kind in _ENCODE if kind in used]
    needed = dict.fromkeys(each for kind in kinds for each in _ENCODE[kind][0])
    branches = "".join(
        f'    if e["kind"] == "{kind}":\n{textwrap.indent(_ENCODE[kind][1], " " * 8)}\n' for kind in kinds
    )
    dates = any(column.part for column in model.columns.values())
    return _PREPARE_COLUMNS.format(
        functions="\n\n\n".join(each if isinstance(each, str) else _scalar_python(each) for each in needed),
        branches=branches.rstrip("\n"),
        default="=COLUMNS" if len(model.parts) == 1 else "",
        dates=' Of a date\n    each part is a cell of its own: "when year", "when month", … of a column "when".'
        if dates
        else "",
        name='f"{column[\'name\']} {column[\'part\']}" if column["part"] else column["name"]'
        if dates
        else 'column["name"]',
        boolean=_BOOLEAN if any(_form(column) == "boolean" for column in model.columns.values()) else "",
        missing=MISSING,
        words=tuple(model.settings.get("missing", ())),
        number='word.replace(",", ".")' if model.settings.get("decimal_comma") else "word",
    )


def _form(column: Column) -> str:
    """How the cells of a column are written."""
    return str(column.type.to_dict().get("form", ""))


def _scalar_python(equation: Callable[..., Any]) -> str:
    """Print an equation for plain numbers: its arguments and lines, with Python's functions in place of NumPy's."""
    definition = deepcopy(read_definition(equation))  # which is kept for other readers
    assert isinstance(definition, ast.FunctionDef)
    arguments = ", ".join(argument.arg for argument in definition.args.args)
    lines = [ast.unparse(_Scalar().visit(line)) for line in definition.body[1:]]  # after the docstring
    return f"def {definition.name}({arguments}):\n" + textwrap.indent("\n".join(lines), "    ")


class _Scalar(ast.NodeTransformer):
    """Replaces np.minimum by min, np.cos by math.cos, np.where(a, b, c) by b if a else c."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute):
            return node
        if node.func.attr == "where":
            test, body, orelse = node.args
            return ast.IfExp(test, body, orelse)
        name = {"minimum": "min", "maximum": "max", "abs": "abs"}.get(node.func.attr, f"math.{node.func.attr}")
        return ast.Call(ast.Name(name), node.args, [])
