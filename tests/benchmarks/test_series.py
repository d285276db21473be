"""Rounds are interleaved, a contender that fails ends no run, and a table names the processor."""

from benchmarks import machine
from benchmarks.series import Sample, Series, Session, interleave, table


def session(rounds):
    return Session(["glassnet"], rounds, True, lambda _: None)


from rich.console import Console


def test_everybody_is_asked_in_turn():
    asked = []

    def call(name):
        return lambda: asked.append(name) or Sample(1.0, 0.5)

    found = interleave("case", {"a": call("a"), "b": call("b")}, session(2))
    assert asked == ["a", "b"] * 3
    assert [(each.contender, len(each.samples)) for each in found] == [("a", 2), ("b", 2)]


def test_who_fails_is_noted_and_left_out():
    left = [2]

    def failing():
        left[0] -= 1
        if left[0] <= 0:
            raise MemoryError("no more\nof it")
        return Sample(1.0)

    now = session(3)
    found = interleave("case", {"a": failing, "b": lambda: Sample(1.0)}, now)
    assert [each.contender for each in found] == ["b"]
    assert now.notes == ["case: a failed: MemoryError: no more"]
    assert left == [0]  # not asked again


def test_ratios_are_of_the_best_and_of_the_median_rounds():
    def samples(*seconds):
        return [Sample(wall, 10 * wall) for wall in seconds]

    ours = Series("a case", "ours", Sample(9.0, 90.0), samples(1.0, 2.0, 4.0))
    theirs = Series("a case", "theirs", Sample(8.0, 80.0), samples(3.0, 3.0, 5.0))
    console = Console(record=True, width=150)
    with console.capture() as shown:
        table(console, [ours, theirs], "wall")
    row = next(line for line in shown.get().splitlines() if "theirs" in line).split()
    assert row[1:] == ["8,000", "3,000", "3,000", "3.00", "1.50"]
    assert machine.cpu_model() in " ".join(shown.get().split())
    with console.capture() as shown:
        table(console, [ours, theirs], "cpu")
    assert "30,000" in shown.get()
    assert "80,000" in shown.get()
