"""Advises what to do now, and why, from a diagnosis; groups its findings by cause with the symptoms that go away with it."""

from __future__ import annotations

from dataclasses import dataclass

from glassnet.diagnose.case.remedy import Remedy, together
from glassnet.diagnose.case.scores import number
from glassnet.diagnose.case.verdict import WORST
from glassnet.diagnose.findings import Finding, says_no_signal
from glassnet.diagnose.result import Result


@dataclass(frozen=True)
class Advice:
    """The first lines of a report: a heading, the code to run, if any, and reasons."""

    heading: str
    code: str = ""
    why: tuple[str, ...] = ()
    good: bool = False


def advice(diagnosis: Result) -> Advice:
    """Return the one thing to do now."""
    ended = (diagnosis.ended,) if diagnosis.ended else ()
    if not diagnosis.findings:
        return _without_findings(diagnosis, ended)
    first = diagnosis.findings[0]
    reason = f"Because of {first.code}: {first.message}{'' if first.message[-1] in '.?!' else '.'}"
    if first.confirmed:
        assert first.remedy is not None
        code = code_of(diagnosis, first)
        others = sum(found.confirmed for found, _ in causes(diagnosis)) - 1
        then = (f"Then mend {others} more {'causes' if others > 1 else 'cause'}, below.",) if others else ()
        return Advice(
            _heading("Do this now", first.remedy, code), code, (reason, *_gain(diagnosis, first), *then, *ended)
        )
    if first.remedy is None:
        mended = "no change of parameters mends it" if says_no_signal(first) else "its cause is not known"
        return Advice(f"Look at this first: {mended}", "", (reason, *ended))
    code = code_of(diagnosis, first)
    if first.remedy.by_hand:
        why = "It was not tried: it changes data that a diagnosis is not given."
        return Advice(_heading("Do this now", first.remedy, code), code, (reason, why, *ended))
    if first.replay is None:
        return Advice(_heading("Try this first", first.remedy, code), code, (reason, "It was not tried here.", *ended))
    return Advice("No change that was tried mends this run. Look at this first", "", (reason, *ended))


def _heading(words: str, remedy: Remedy, code: str) -> str:
    """Return the words, with the remedy's own where no code says it."""
    return words if code else f"{words}: {remedy.text}"


def _without_findings(diagnosis: Result, ended: tuple[str, ...]) -> Advice:
    if diagnosis.healthy:
        return Advice("Nothing to do; healthy: nothing found", good=True)
    return Advice("Nothing found, but not all could be found out", "", (*diagnosis.unknown, *ended))


def causes(diagnosis: Result) -> list[tuple[Finding, list[Finding]]]:
    """Return each finding that is not a symptom, with its symptoms, in order."""
    symptoms: dict[str, list[Finding]] = {}
    for found in diagnosis.findings:
        if found.symptom_of:
            symptoms.setdefault(found.symptom_of, []).append(found)
    known = {found.code for found in diagnosis.findings if not found.symptom_of}
    alone = [found for found in diagnosis.findings if not found.symptom_of or found.symptom_of not in known]
    return [(found, symptoms.get(found.code, [])) for found in alone]


def code_of(diagnosis: Result, found: Finding) -> str:
    """Return a finding's remedy as code, together with the confirmed ones before it; "" if the way in cannot express it."""
    assert found.remedy is not None
    remedy = together([*before(diagnosis, found), found.remedy])
    return remedy.code if diagnosis.way_in is None else diagnosis.way_in.code(remedy)


def before(diagnosis: Result, found: Finding) -> list[Remedy]:
    """Return the remedies of the causes before a finding, on top of which its own was tried."""
    remedies: list[Remedy] = []
    for other in diagnosis.findings:
        if other is found:
            break
        if other.confirmed and other.remedy is not None and not other.symptom_of:
            remedies.append(other.remedy)
    return remedies if found.replay is not None and found.confirmed else []


def _gain(diagnosis: Result, found: Finding) -> tuple[str, ...]:
    said = result_of(diagnosis, found)
    return (f"Tried: {said}.",) if said else ()


def result_of(diagnosis: Result, found: Finding) -> str:
    """Return the result of a replay in the units of the task.

    That is "log loss on 300 rows that took no part 0.69 → 0.12 (± 0.02; a constant prediction: 0.69)", or without such rows
    what the replay measured.
    """
    replay, units = found.replay, diagnosis.units
    if replay is None:
        return ""
    share = "unexplained share"
    if units is None or not replay.measured.startswith(share):
        return f"{replay.measured} {number(replay.before)} → {number(replay.after)}"
    constant = f"a constant prediction: {number(units(1.0))}"
    if (verdict := replay.verdict) is not None:
        bound = " or worse" * (verdict.before >= WORST)
        change = f"{number(units(verdict.before))}{bound} → {number(units(verdict.after))}"
        error = f"± {abs(units(verdict.error) - units(0.0)):.2g}"
        said = "" if verdict.better else ", worse" if verdict.worse else ", no more than chance"
        return f"{units.name} on {verdict.rows:,} rows that took no part {change} ({error}{said}; {constant})"
    change = f"{number(units(replay.before))} → {number(units(replay.after))}"
    return f"{units.name}{replay.measured.removeprefix(share)} {change} ({constant})"
