"""Says what the tokens of printed equations are worth, and whether an equation holds: its names, numbers and conditions."""

import numpy as np

from glassnet.printers.numbers import format_number

FUNCTIONS = {
    **{name: getattr(np, name) for name in ("exp", "tanh", "sign", "sqrt", "abs")},
    "ln": np.log,
    "max": np.maximum,
    "min": np.minimum,
    "diag": lambda weights: np.diag(np.ravel(weights)),
}


class IncompleteError(Exception):
    """A form that leaves terms or cells out."""


class Cut:
    """A matrix with cells left out, here None."""

    def __init__(self, rows):
        self.rows = rows

    def __rmul__(self, factor):
        return Cut([[None if cell is None else factor * cell for cell in row] for row in self.rows])


class Meaning:
    """Evaluates tokens over the values of a derivation; letters such as i stand for the entries in `letters`."""

    def __init__(self, derivation):
        self.derivation = derivation
        self.functions = {
            **{name: value for name, value in derivation.environment.items() if callable(value) and name != "np"},
            **FUNCTIONS,
        }

    def evaluate(self, tokens, allowed=(), letters=None):
        self.tokens, self.place, self.allowed, self.letters = tokens, 0, allowed, dict(letters or {})
        with np.errstate(all="ignore"):
            value = self.choice()
        assert self.place == len(tokens), (tokens[self.place :], tokens)
        return value

    # --- the grammar, each rule a method ---

    def peek(self):
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, *wanted):
        if self.peek() in wanted and isinstance(self.peek(), str):
            self.place += 1
            return self.tokens[self.place - 1]
        return None

    def choice(self):
        value = self.sum()
        if self.take("if"):
            test = self.condition()
            assert self.take("else")
            other = self.choice()
            return np.where(test, value, other)
        return value

    def condition(self):
        left = self.sum()
        sign = self.take("<", ">", "<=", ">=", "!=", "=")
        if sign is None:
            return left != 0
        right = self.sum()
        return {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}.get(
            sign, np.not_equal if sign == "!=" else np.equal
        )(left, right)

    def sum(self):
        value = -self.product() if self.take("-", "−") else self.product()
        while sign := self.take("+", "-", "−"):
            other = self.product()
            value = value + other if sign == "+" else value - other
        return value

    def product(self):
        value = self.power()
        while sign := self.take("*", "@", "/"):
            other = self.power()
            if sign == "@" and np.ndim(value) and np.ndim(other):
                value = value @ other
            else:
                value = value / other if sign == "/" else value * other
        return value

    def power(self):
        value = self.atom()
        while True:
            if self.take("T"):
                value = np.atleast_2d(value).T
            elif self.take("**", "^"):
                self.take("∘")
                negative = self.take("-", "−")
                exponent = 0.5 if self.take("½") else self.atom()
                value = value ** (-exponent if negative else exponent)
            else:
                return value

    def atom(self):
        token = self.peek()
        self.place += 1
        if token == "(":
            value = self.choice()
            assert self.take(")"), self.tokens[self.place :]
            return value
        if token in ("(abs", "|"):
            value = np.abs(self.sum())
            assert self.take(")", "|")
            return value
        if token == "√":
            return np.sqrt(self.atom())
        if token == "‖":
            value = np.linalg.norm(self.sum())
            assert self.take("‖")
            return value
        if token == "[":  # 1 where the condition holds, else 0
            value = np.asarray(self.condition(), dtype=float)
            assert self.take("]")
            return value
        if token == "…":
            raise IncompleteError
        assert isinstance(token, tuple), (token, self.tokens)
        return getattr(self, f"{token[0]}_")(*token[1:])

    def number_(self, value):
        return value

    def matrix_(self, rows):
        inside = Meaning(self.derivation)
        cells = [[None if cell == ["…"] else inside.evaluate(cell, self.allowed) for cell in row] for row in rows]
        if cells[-1:] == [[None]] or any(cell is None for row in cells for cell in row):
            return Cut(cells)
        return np.array(cells, dtype=float)

    def cases_(self, value, test, other):
        inside = Meaning(self.derivation)
        worth = [inside.evaluate(part, self.allowed, self.letters) for part in (value, other)]
        inside.tokens, inside.place = test, 0
        return np.where(inside.condition(), *worth)

    def name_(self, names):
        if self.peek() == "(" and not any(name in self.derivation.by_symbol for name in names):
            self.place += 1
            arguments = [self.choice()]
            while self.take(","):
                arguments.append(self.choice())
            assert self.take(")"), self.tokens[self.place :]
            return self.functions[names[0]](*arguments)
        return self.value(names)

    def entry_(self, names, index):
        index = tuple(self.letters.get(k, k) for k in index)
        if names == ("delta",):
            return float(index[-1] == index[-2])
        array = np.asarray(self.value(names))
        if len(index) == array.ndim - 1 and array.shape[0] == 1:
            index = (0, *index)
        index = tuple(0 if size == 1 else k for k, size in zip(index, array.shape, strict=False))
        return array[index]

    def over_(self, kind, letters):
        """A sum or maximum over letters, or of all entries of an array."""
        start, values = self.place, []
        if letters == [""] or not letters:
            return np.sum(self.product())
        for place in np.ndindex(*(self.size(letter, start) for letter in letters)):
            self.place = start
            kept = dict(self.letters)
            self.letters.update(zip(letters, place, strict=True))
            values.append(self.product())
            self.letters = kept
        return np.sum(values) if kind == "sum" else np.max(values)

    def size(self, letter, start):
        sizes = []
        for token in self.tokens[start:]:
            if isinstance(token, tuple) and token[0] == "entry" and letter in token[2]:
                shape = np.shape(self.value(token[1]))
                sizes.append(shape[len(shape) - len(token[2]) :][token[2].index(letter)])
        return max(sizes)

    def value(self, names):
        names = [name for name in names if name in self.allowed] or list(names)
        return self.derivation.value(names[0])


# --- does an equation hold? ----------------------------------------------------------------------------------------


def has_names(tokens):
    """True if a form names quantities; a name before a bracket is a function."""
    following = [*tokens[1:], None]
    return any(
        isinstance(token, tuple)
        and (token[0] == "entry" or (token[0] == "name" and after != "(") or has_names(_inside(token)))
        for token, after in zip(tokens, following, strict=False)
    )


def _inside(token):
    if token[0] == "cases":
        return [each for part in token[1:] for each in part]
    return [each for row in token[1] for cell in row for each in cell] if token[0] == "matrix" else []


def printed(value, digits):
    array = np.asarray(value, dtype=float)
    return np.array([float(format_number(each, digits)) for each in array.ravel()]).reshape(array.shape)


def rounds_to(found, wanted, digits):
    """True if a value, printed with so many digits, is `wanted`; a 5 in the next digit may be rounded either way."""
    if isinstance(found, Cut):
        return same(printed(found, digits), wanted)
    low, high = (printed(np.asarray(found) * (1 + tie), digits) for tie in (-1e-12, 1e-12))
    if np.shape(np.squeeze(low)) == np.shape(np.squeeze(wanted)):
        target = np.reshape(wanted, low.shape)
        low = np.where(np.isclose(high, target, rtol=1e-12, atol=0), high, low)
    return same(low, wanted)


def same(found, wanted, near=0.0):
    """True if two printed values are the same; cells left out are not compared."""
    if isinstance(found, Cut):
        wanted = np.atleast_2d(wanted)
        rows = _places(found.rows, wanted.shape[0])
        cut = [(row, i) for row, i in zip(found.rows, rows, strict=True) if i is not None]
        pairs = [
            (cell, wanted[i, k]) for row, i in cut for cell, k in zip(row, _places(row, wanted.shape[1]), strict=True)
        ]
        pairs = [(cell, other) for cell, other in pairs if cell is not None]
        return all(same(cell, other, near) for cell, other in pairs)
    found, wanted = np.squeeze(found), np.squeeze(wanted)
    scale = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0)
    if found.shape != wanted.shape and (found.ndim or not near):
        return False
    return np.allclose(found, wanted, rtol=max(near, 1e-12), atol=near * 1e-2 * scale, equal_nan=True)


def _places(cells, size):
    """The indices of shown cells: up to those left out from the start, and the last."""
    dots = [
        k for k, cell in enumerate(cells) if cell is None or (isinstance(cell, list) and all(c is None for c in cell))
    ]
    if not dots:
        return range(size)
    return [k if k < dots[0] else None if k == dots[0] else size - len(cells) + k for k in range(len(cells))]
