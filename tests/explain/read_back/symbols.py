"""How the names of a derivation print."""

import re

import numpy as np

from glassnet.printers.latex import Latex
from glassnet.printers.mathml import MathML
from glassnet.printers.symbols import symbol


class Symbols:
    """How the names of a derivation print, whole and as an entry, in LaTeX and MathML: from the print to the names."""

    def __init__(self, derivation):
        parts = [f"{kind}{layer}" for layer in derivation.network.W for kind in "Wb"]
        flat = [name for name in derivation.by_symbol if derivation.is_flat(name)]
        names = [*derivation.by_symbol, *(derivation.part_name(name, part) for name in flat for part in parts), "delta"]
        self.latex, self.mathml, self.headings = {}, {}, {}
        for names_of, notation in ((self.latex, Latex), (self.mathml, MathML)):
            for to in (notation(), notation(timed=True)):
                for name in dict.fromkeys(names):
                    forms = [to.symbol(symbol(name))]
                    if name == "delta" or np.ndim(derivation.value(name)):
                        forms.append(to.symbol(symbol(name, ("¤",), entry=True)))
                    for printed in forms:
                        plain = printed.replace(r"\text{¤}", "¤")
                        names_of[plain] = tuple(dict.fromkeys((*names_of.get(plain, ()), name)))
        for name in derivation.by_symbol:
            self.headings[name] = Latex().symbol(symbol(name))

    def heading(self, part):
        """The steps whose heading a part of a document begins with; "given" if it begins with none."""
        first = part.splitlines()[0] if part.strip() else ""
        if match := re.match(r"(\w+)`\*\*", first):
            return match[1]
        names = [name for name, printed in self.headings.items() if first.startswith(printed + "$")]
        return "|".join(names) or "given"
