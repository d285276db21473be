"""Breaks of Python source: an operator, a constant, a condition, an argument or a statement changed, by its syntax tree.

Left alone are docstrings, messages (f-strings, what is raised, warned or printed), the text of `__repr__` and its like,
annotations, decorators, imports and `__all__`.
"""

import ast
import copy
from pathlib import Path

from tests.mutation.breaks import Break

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
UNTOUCHED_FUNCTIONS = {"__repr__", "__str__", "__rich__", "_repr_html_", "__dir__"}
MESSAGES = {"warn", "print", "debug", "info", "warning", "error", "exception", "echo", "malformed"}


def breaks_of(path: Path, root: Path) -> list[Break]:
    """All breaks of one file."""
    source = (root / path).read_bytes()
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return finder.found


class _Finder(ast.NodeVisitor):
    def __init__(self, path, source):
        self.path, self.source, self.found = path, source, []
        self.lines = source.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def replace(self, node, text):
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        old = self.source[start:end].decode()
        if old != text:
            line = self.lines[node.lineno - 1].decode().strip()
            self.found.append(Break(self.path, node.lineno, start, end, old, text, line))

    def change(self, node, **fields):
        """Replace an expression by a copy of it with other fields."""
        other = copy.copy(node)
        for name, value in fields.items():
            setattr(other, name, value)
        self.replace(node, f"({ast.unparse(other)})")

    # what is left alone

    def visit_FunctionDef(self, node):
        if node.name in UNTOUCHED_FUNCTIONS:
            return
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self.visit_body(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node):
        self.visit_body(node.body)

    def visit_Module(self, node):
        self.visit_body(node.body)

    def visit_body(self, body):
        for statement in body:
            self.visit(statement)

    def visit_JoinedStr(self, node):
        pass

    def visit_Import(self, node):
        pass

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_Raise(self, node):
        self.replace(node, "pass")

    def visit_Assert(self, node):
        self.replace(node, "pass")

    # statements

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Call) and _name(node.value.func) in MESSAGES:
            return
        if not isinstance(node.value, ast.Yield | ast.YieldFrom | ast.Await):
            self.replace(node, "pass")
        self.generic_visit(node)

    def visit_Assign(self, node):
        names = [_name(target) for target in node.targets]
        if "__all__" in names:
            return
        if any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self.replace(node, "pass")
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)

    def visit_AugAssign(self, node):
        self.replace(node, "pass")
        if type(node.op) in OPERATORS:
            other = copy.copy(node)
            other.op = OPERATORS[type(node.op)]()
            self.replace(node, ast.unparse(other))
        self.visit(node.value)

    def visit_Return(self, node):
        if node.value is not None and not _is_none(node.value):
            self.replace(node, "return None")
            self.visit(node.value)

    def visit_Continue(self, node):
        self.replace(node, "pass")

    def visit_Break(self, node):
        self.replace(node, "pass")

    def visit_If(self, node):
        if _name(node.test) == "TYPE_CHECKING":
            return
        self.condition(node.test)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    # expressions

    def condition(self, test):
        """Break the condition of an `if`: never, always, otherwise than meant; then its parts."""
        self.replace(test, "False")
        self.replace(test, "True")
        self.visit(test)

    def visit_IfExp(self, node):
        self.condition(node.test)
        self.visit(node.body)
        self.visit(node.orelse)

    def visit_comprehension(self, node):
        for test in node.ifs:
            self.condition(test)
        self.visit(node.iter)

    def visit_Compare(self, node):
        for at, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                self.change(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        self.change(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for at in range(len(node.values)):
            rest = node.values[:at] + node.values[at + 1 :]
            self.replace(node, f"({ast.unparse(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))})")
        self.generic_visit(node)

    def visit_BinOp(self, node):
        if type(node.op) in OPERATORS and not any(_is_text(side) for side in (node.left, node.right)):
            self.change(node, op=OPERATORS[type(node.op)]())
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Not | ast.USub):
            self.replace(node, f"({ast.unparse(node.operand)})")
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, bool):
            self.replace(node, str(not node.value))
        elif isinstance(node.value, int):
            self.replace(node, str(node.value + 1))
        elif isinstance(node.value, float):
            self.replace(node, repr(2 * node.value or 1.0))

    def visit_Call(self, node):
        name = _name(node.func)
        if name in MESSAGES or name.endswith(("Error", "Warning")):
            return
        if name in NAMES:
            other = copy.copy(node.func)
            setattr(other, "id" if isinstance(other, ast.Name) else "attr", NAMES[name])
            self.replace(node.func, ast.unparse(other))
        first, second = map(ast.dump, node.args[:2]) if len(node.args) > 1 else ("", "")
        if first != second and "Starred" not in (first[:7], second[:7]) and name not in NAMES:
            self.change(node, args=[node.args[1], node.args[0], *node.args[2:]])
        for at, keyword in enumerate(node.keywords):
            if keyword.arg != "hint":  # of a message
                self.change(node, keywords=node.keywords[:at] + node.keywords[at + 1 :])
        self.generic_visit(node)

    def visit_arg(self, node):
        pass


def _name(node):
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_none(node):
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node):
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
