"""The figures of a mutation run."""

from tests.mutation.rooms import CPP
from tests.mutation.scratch import SURVIVED
from tests.mutation.survivors import EQUIVALENT, reason_of


def figures(outcomes):
    """(breaks, killed, equivalent) of some outcomes; an equivalent break changes nothing that a caller could see."""
    counted = [each for each in outcomes if each["counts"]]
    survived = [each for each in counted if each["result"] == SURVIVED]
    equivalent = sum(reason_of(each["break"]).startswith(EQUIVALENT) for each in survived)
    return len(counted), len(counted) - len(survived), equivalent


def share(outcomes):
    """The share that was killed of the breaks that change something."""
    breaks, killed, equivalent = figures(outcomes)
    return killed / (breaks - equivalent) if breaks > equivalent else 1.0


def table(outcomes):
    """A Markdown table: a line for each room, one for each language."""
    lines = ["| room | breaks | killed | equivalent | killed of the others |", "|---|---|---|---|---|"]

    def add(name, some):
        if some:
            breaks, killed, equivalent = figures(some)
            lines.append(f"| {name} | {breaks} | {killed} | {equivalent} | {share(some):.1%} |")

    for room in dict.fromkeys(each["room"] for each in outcomes):
        add(room, [each for each in outcomes if each["room"] == room])
    add("**Python**", [each for each in outcomes if each["room"] != CPP])
    add("**C++**", [each for each in outcomes if each["room"] == CPP])
    return "\n".join(lines)
