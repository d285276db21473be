"""Says a finding in the words of the page: losses as the page shows them, remedies as changes of its controls."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from glassnet.diagnose.case.deviance import Yardstick
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.findings import RULES, Finding, Replay
from glassnet.playground.remedies import changed, controls, within_limits
from glassnet.playground.setup import Setup
from glassnet.playground.state import MOST_UNITS

TITLES = {
    "input_ignored": "No better than one answer for all points",
    "cannot_overfit_batch": "Not even a few points are learned",
    "bad_initial_loss": "The first loss is too high",
    "plateau": "The loss no longer falls",
}
UNFINISHED = "Not trained for long enough yet"
WORDS = {  # of the library, and of the page
    "validation rows": "test points",
    "the validation set": "the set of test points",
    "training rows": "training points",
    "held-out rows": "points it did not see",
    "a constant prediction's loss": "the loss of one answer for all points",
    "a constant prediction": "one answer for all points",
    "every row": "every training point",
    "rows": "points",
    "row": "point",
}
BEHIND = ("underfitting", "learning_rate_too_high", "learning_rate_too_low")  # findings on how far a run stays behind


@dataclass(frozen=True, eq=False)
class Case:
    """A diagnosed run: its set-up, its losses at the end, and the scales of losses on training and on test points."""

    setup: Setup
    train: float
    test: float
    of_train: Yardstick
    of_test: Yardstick

    def all_told(self, findings: Iterable[Finding]) -> list[dict[str, Any]]:
        """Return the findings as JSON objects; a remedy that was tried on top of earlier ones takes these along."""
        told: list[dict[str, Any]] = []
        mended: dict[str, str] = {}
        first: float | None = None
        for found in findings:
            replay = found.replay
            first = replay.before if first is None and replay is not None else first
            also = mended if replay is not None and not found.symptom_of and replay.before != first else {}
            told.append(self.told(found, also))
            if found.confirmed and not found.symptom_of:
                mended = {**mended, **(told[-1]["query"] or {})}
        return told

    def told(self, found: Finding, also: Mapping[str, str]) -> dict[str, Any]:
        """Return a finding as the JSON object that the page reads; `also`: the changes that its remedy was tried with."""
        remedy = found.remedy
        advice = _advised(None) if remedy is None else self._advice(remedy, found)
        if also and advice["query"]:
            advice |= {"query": {**also, **advice["query"]}, "remedy": f"Then also: {_lower(advice['remedy'])}"}
        unfinished = found.code == "underfitting" and remedy is not None and set(remedy.options) == {"epochs"}
        message = self._message(found)
        return {
            "code": found.code,
            "title": UNFINISHED if unfinished else TITLES.get(found.code, found.code.replace("_", " ").capitalize()),
            "severity": "warning" if unfinished else found.severity,
            "message": (f"With the remedy above: {_lower(message)}" if also else message),
            "evidence": {name: _plain(value) for name, value in found.evidence.items()},
            **advice,
            "others": self._others(found),
            "replay": None if found.replay is None else self._tried(found.replay, bool(also)),
            "rule": in_words(RULES[found.code].text),
            "source": found.source,
            "symptom_of": found.symptom_of,
        }

    def _loss(self, unexplained: float | None) -> str:
        """Say the loss on test points of which this share of that of one answer for all is left."""
        if unexplained is None or not math.isfinite(unexplained):
            return "not finite"
        return _number(self.of_test.floor + unexplained * (self.of_test.baseline - self.of_test.floor))

    def _message(self, found: Finding) -> str:
        known = found.evidence
        if found.code == "overfitting":
            return (
                f"The test loss is {_number(self.test)}, the training loss {_number(self.train)}. The test loss was lowest, "
                f"{_number(known['best'])}, at step {self._best_step(found):,}."
            )
        if found.code in BEHIND and "run" in known:
            return (
                f"The lowest test loss of the run is {self._loss(known['run'])}; a plain model reaches "
                f"{self._loss(known['opinion'])} with the same points."
            )
        if found.code == "input_ignored" and "run" in known:
            return (
                f"The training loss is {_number(self.train)}; the same answer for every point, whatever its place, has "
                f"{_number(self.of_train.baseline)}."
            )
        if found.code == "plateau":
            return (
                f"Over the last half of the run the training loss went from {_number(known['before'])} to "
                f"{_number(known['after'])}; the same answer for every point has {_number(self.of_train.baseline)}."
            )
        if found.code == "cannot_overfit_batch":
            return (
                f"Even {known['rows']} training points alone are not learned: after {known['steps']:,} steps of Adam without "
                f"penalties their loss is {known['unexplained']:.0%} of that of one answer for all of them."
            )
        return sentence(in_words(found.message))

    def _best_step(self, found: Finding) -> int:
        return int(found.evidence["best_epoch"]) * self.setup.steps_per_epoch

    def _advice(self, remedy: Remedy, found: Finding) -> dict[str, Any]:
        """Return a remedy as a sentence, the changes of the query and the step to go to."""
        setup, state = self.setup, self.setup.state
        if "early_stopping" in remedy.options:
            step = self._best_step(found)
            return _advised(f"Go back to step {step:,}, where the test loss was lowest.", go_to=step)
        longer = int(remedy.options.get("epochs", 0)) * setup.steps_per_epoch
        options = {name: value for name, value in remedy.options.items() if name != "epochs"}
        rest = replace(remedy, options=options, network=within_limits(remedy.network))
        query = changed(rest, state)
        parts = controls(query or {}, state)
        if not parts and (query or options or rest.network or not longer):  # nothing on the page changes it
            return _advised(f"{sentence(in_words(remedy.text)).rstrip('.')}; the page has no control for this.")
        if rest.network != remedy.network:
            tried = max(remedy.network["sizes"][1:-1])
            parts[0] += f" (tried with {tried}; the page has at most {MOST_UNITS})"
        if longer:
            parts.append(f"train on to step {longer:,}")
        reached = longer if longer and not query and longer <= setup.max_step else None
        return _advised(sentence(", and ".join(parts)), query, reached)

    def _others(self, found: Finding) -> list[dict[str, Any]]:
        """Return other remedies for a run that is advised to go back."""
        if found.code != "overfitting":
            return []
        advised = [self._advice(each, found) for each in found.remedies if each is not found.remedy]
        return [{"text": each["remedy"], "query": each["query"]} for each in advised if each["query"]]

    def _tried(self, replay: Replay, on_top: bool) -> dict[str, Any]:
        if replay.measured.startswith("recall"):
            named = in_words(replay.measured.replace("recall of class", "the share found of class"))
            change = f"{named} {_number(replay.before)} → {_number(replay.after)}"
        else:
            which = "lowest test loss" if "best epoch" in replay.measured else "test loss at the end"
            change = f"{which} {self._loss(replay.before)} → {self._loss(replay.after)}"
        verdict = (
            ", and it helps"
            if replay.confirmed
            else ", and it does harm"
            if replay.harmful
            else ", but not confirmed by points that took no part"
        )
        together = f", together with {in_words(replay.beside)}" if replay.beside else ", with both" if on_top else ""
        return {"confirmed": replay.confirmed, "text": f"Tried from the same start{together}{verdict}: {change}."}


def _advised(text: str | None, query: dict[str, str] | None = None, go_to: int | None = None) -> dict[str, Any]:
    return {"remedy": text, "query": query, "go_to": go_to}


def _number(value: float) -> str:
    return f"{value * (1 + 2**-52):#.4g}" if math.isfinite(value) else "not finite"


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def in_words(text: str) -> str:
    """Return a text of the library with the words of the page."""
    return re.sub("|".join(rf"\b{words}\b" for words in WORDS), lambda found: WORDS[found[0]], text)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
