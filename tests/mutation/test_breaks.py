"""The breaks themselves: what is broken, what is left alone, and how a sample is drawn."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from tests.mutation import cpp_breaks, python_breaks
from tests.mutation.breaks import draw
from tests.mutation.rooms import CPP, PYTHON, breaks_of_room, files_of_tests

PYTHON_SOURCE = '''"""A module of 1 line."""
import math
from dataclasses import dataclass

@dataclass(frozen=True)
class Box:
    """A box of 2 sides."""

    side: int = 2
    __all__ = ["a" + "b"]

    def __repr__(self):
        return str(self.side + 3)

    def area(self, scale: "int" = 1.5) -> "4 < 5":
        if self.side < 0 and scale:
            raise ValueError(f"side {self.side + 6}")
        self.kept = -scale
        print("area", 7)
        return swap(self.side, "é" and scale, full=True)
'''
PYTHON_BREAKS = """
2 → 3
1.5 → 3.0
self.side < 0 and scale → False
self.side < 0 and scale → True
self.side < 0 and scale → (self.side < 0 or scale)
self.side < 0 and scale → (scale)
self.side < 0 and scale → (self.side < 0)
self.side < 0 → (self.side <= 0)
self.side < 0 → (self.side >= 0)
0 → 1
raise ValueError(f"side {self.side + 6}") → pass
self.kept = -scale → pass
-scale → (scale)
return swap(self.side, "é" and scale, full=True) → return None
swap(self.side, "é" and scale, full=True) → (swap('é' and scale, self.side, full=True))
swap(self.side, "é" and scale, full=True) → (swap(self.side, 'é' and scale))
"é" and scale → ('é' or scale)
"é" and scale → (scale)
"é" and scale → ('é')
True → False
"""
CPP_SOURCE = """#include <vector>  // 1 < 2
static_assert(sizeof(int) == 4, "1 < 2");
template <class T>
T first(const T* from, int n) {
    const std::vector<T> kept(n + 1);
    if (n < 2 && !kept.empty()) {
        count(n);
        total_ += 0.5;
    }
    return std::min(n, 3);  /* n > 4 */
}
"""
CPP_BREAKS = """
+ → -
< → <=
< → >=
&& → ||
+= → -=
+= → =
1 → 2
2 → 3
0.5 → 1.0
3 → 4
std::min → std::max
! → nothing
n < 2 && !kept.empty() → false
n < 2 && !kept.empty() → true
count(n) → nothing
total_ += 0.5 → nothing
"""


def changes(kind, source, tmp_path):
    (tmp_path / "source").write_text(source, encoding="utf-8")
    breaks = kind.breaks_of(Path("source"), tmp_path)
    return breaks, sorted(f"{each.old.strip()} → {each.new.strip() or 'nothing'}" for each in breaks)


def test_python_is_broken_where_it_computes_and_nowhere_else(tmp_path):
    breaks, found = changes(python_breaks, PYTHON_SOURCE, tmp_path)
    assert found == sorted(PYTHON_BREAKS.strip().splitlines())
    (swapped,) = (each for each in breaks if each.new.startswith("(swap('é'"))
    assert (
        "        return (swap('é' and scale, self.side, full=True))\n" in swapped.apply(PYTHON_SOURCE.encode()).decode()
    )
    assert (swapped.line, swapped.text) == (20, 'return swap(self.side, "é" and scale, full=True)')


def test_cpp_is_broken_where_it_computes_and_nowhere_else(tmp_path):
    _, found = changes(cpp_breaks, CPP_SOURCE, tmp_path)
    assert found == sorted(CPP_BREAKS.strip().splitlines())


def test_a_sample_is_drawn_by_the_seed_and_takes_each_line_once():
    for room in (*PYTHON, CPP):
        breaks = breaks_of_room(room)
        one, two, other = draw(breaks, 1), draw(breaks, 1), draw(breaks, 2)
        assert one == two != other
        lines = [(each.file, each.line) for each in one]
        assert len(set(lines)) == len(lines) > 100
        for each in one[:30]:
            broken = each.apply((ROOT / each.file).read_bytes())
            assert room == CPP or ast.parse(broken)
        assert files_of_tests(room)
