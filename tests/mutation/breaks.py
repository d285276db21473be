"""What a break is, and how a sample is drawn: lines first, then one break of each, so that no line counts twice."""

import random
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Break:
    """The bytes from `start` to `end` of `file` replaced by `new`."""

    file: Path  # from the root of the project
    line: int
    start: int
    end: int
    old: str
    new: str
    text: str  # of the line

    def apply(self, source: bytes) -> bytes:
        """The source with this break in it."""
        assert source[self.start : self.end].decode() == self.old
        return source[: self.start] + self.new.encode() + source[self.end :]

    @property
    def key(self) -> str:
        """What the break is, wherever its line has moved."""
        old, new = (" ".join(text.split())[:80] or "nothing" for text in (self.old, self.new))
        return f"{self.file.as_posix()}: {self.text}: {old} → {new}"

    def __str__(self) -> str:
        return self.key.replace(":", f":{self.line}:", 1)


def draw(breaks, seed):
    """A break of every line that has one, in a random order that depends on the seed alone."""
    lines = {}
    for each in breaks:
        lines.setdefault((each.file.as_posix(), each.line), []).append(each)
    rng = random.Random(seed)
    return [rng.choice(lines[line]) for line in rng.sample(sorted(lines), len(lines))]
