"""Says a finding in the words of the page: losses as the page shows them, remedies as changes of its controls."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glassnet.diagnose.case.deviance import Yardstick
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.findings import RULES, Finding, Replay
from glassnet.playground.remedies import changed, controls, within_limits
from glassnet.playground.setup import Setup
from glassnet.playground.state import MOST_UNITS
from glassnet.playground.texts.texts import ENGLISH, Words

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
NO_CONTROL = "; the page has no control for this."
BEHIND = ("underfitting", "learning_rate_too_high", "learning_rate_too_low")  # findings on how far a run stays behind


@dataclass(frozen=True, eq=False)
class Case:
    """A diagnosed run: its set-up, its losses at the end, and the scales of losses on training and on test points."""

    setup: Setup
    train: float
    test: float
    of_train: Yardstick
    of_test: Yardstick
    words: Words = ENGLISH

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

    def rise(self, curve: Sequence[tuple[int, float, float]], least: float, points: int) -> str:
        """Say that the test loss has risen though too few test points make it certain; "" if it has not, by the share `least`.

        `curve` has a step, the training loss and the test loss in each row.
        """
        step, _, best = min(curve, key=lambda each: each[2] if math.isfinite(each[2]) else math.inf)
        _, train, test = curve[-1]
        if (
            not math.isfinite(test)
            or not self.of_test.unexplained(test) - self.of_test.unexplained(best) > least
            or train >= best
        ):
            return ""
        return self.words("diagnosis.rose", best=self._number(best), step=step, test=self._number(test), points=points)

    def told(self, found: Finding, also: Mapping[str, str]) -> dict[str, Any]:
        """Return a finding as the JSON object that the page reads; `also`: the changes that its remedy was tried with."""
        remedy = found.remedy
        advice = _advised(None) if remedy is None else self._advice(remedy, found)
        if also and advice["query"]:
            then = self.words("finding.also", text=self.words.within(advice["remedy"]))
            advice |= {"query": {**also, **advice["query"]}, "remedy": then}
        unfinished = found.code == "underfitting" and remedy is not None and set(remedy.options) == {"epochs"}
        own = self._own_message(found)
        message = own or sentence(in_words(found.message))
        replay = None if found.replay is None else self._tried(found.replay, bool(also))
        return {
            "code": found.code,
            "title": sentence(self.words.named("unfinished" if unfinished else found.code))[:-1],
            "severity": "warning" if unfinished else found.severity,
            "message": self.words("finding.above", text=self.words.within(message)) if also else message,
            "evidence": {name: _plain(value) for name, value in found.evidence.items()},
            **advice,
            "others": self._others(found),
            "replay": replay,
            "rule": in_words(RULES[found.code].text),
            "source": found.source,
            "symptom_of": found.symptom_of,
            "english": self._english(found, own, advice),
        }

    def _english(self, found: Finding, own: str, advice: Mapping[str, Any]) -> list[str]:
        """Return the names of the texts that are the library's, in English on a page of another language."""
        if not self.words.foreign:
            return []
        named = advice["remedy"] is not None and advice["remedy"].endswith(NO_CONTROL)
        beside = found.replay is not None and bool(found.replay.beside)
        known = {"message": not own, "remedy": named, "rule": True, "replay": beside}
        return [name for name, english in known.items() if english]

    def _loss(self, unexplained: float | None) -> str:
        """Say the loss on test points of which this share of that of one answer for all is left."""
        if unexplained is None or not math.isfinite(unexplained):
            return self.words("finding.not_finite")
        return self._number(self.of_test.floor + unexplained * (self.of_test.baseline - self.of_test.floor))

    def _own_message(self, found: Finding) -> str:
        """Return a finding in the words of the page; "" if it has none of its own for it."""
        words, number = self.words, self._number
        known = found.evidence
        if found.code == "overfitting":
            losses = {"test": number(self.test), "train": number(self.train), "best": number(known["best"])}
            return words("finding.overfitting", **losses, step=self._best_step(found))
        if found.code in BEHIND and "run" in known:
            return words("finding.behind", run=self._loss(known["run"]), opinion=self._loss(known["opinion"]))
        if found.code == "input_ignored" and "run" in known:
            return words("finding.ignored", train=number(self.train), constant=number(self.of_train.baseline))
        if found.code == "plateau":
            ends = {"before": number(known["before"]), "after": number(known["after"])}
            return words("finding.plateau", **ends, constant=number(self.of_train.baseline))
        if found.code == "cannot_overfit_batch":
            share = f"{known['unexplained']:.0%}".replace("%", " %" if words.foreign else "%")
            return words("finding.batch", rows=str(known["rows"]), steps=known["steps"], share=share)
        return ""

    def _best_step(self, found: Finding) -> int:
        return int(found.evidence["best_epoch"]) * self.setup.steps_per_epoch

    def _advice(self, remedy: Remedy, found: Finding) -> dict[str, Any]:
        """Return a remedy as a sentence, the changes of the query and the step to go to."""
        setup, state = self.setup, self.setup.state
        if "early_stopping" in remedy.options:
            step = self._best_step(found)
            return _advised(self.words("remedy.back", step=step), go_to=step)
        longer = int(remedy.options.get("epochs", 0)) * setup.steps_per_epoch
        options = {name: value for name, value in remedy.options.items() if name != "epochs"}
        rest = replace(remedy, options=options, network=within_limits(remedy.network))
        query = changed(rest, state)
        parts = controls(query or {}, state, self.words)
        if not parts and (query or options or rest.network or not longer):  # nothing on the page changes it
            return _advised(f"{sentence(in_words(remedy.text)).rstrip('.')}{NO_CONTROL}")
        if rest.network != remedy.network:
            tried = max(remedy.network["sizes"][1:-1])
            parts[0] += self.words("remedy.tried_with", tried=str(tried), most=MOST_UNITS)
        if longer:
            parts.append(self.words("remedy.on", step=longer))
        reached = longer if longer and not query and longer <= setup.max_step else None
        return _advised(sentence(self.words("remedy.and").join(parts)), query, reached)

    def _others(self, found: Finding) -> list[dict[str, Any]]:
        """Return other remedies for a run that is advised to go back."""
        if found.code != "overfitting":
            return []
        advised = [self._advice(each, found) for each in found.remedies if each is not found.remedy]
        return [{"text": each["remedy"], "query": each["query"]} for each in advised if each["query"]]

    def _tried(self, replay: Replay, on_top: bool) -> dict[str, Any]:
        words = ENGLISH if replay.beside else self.words  # what it was tried with is the library's text
        if replay.measured.startswith("recall"):
            what = words("replay.share", name=in_words(replay.measured.removeprefix("recall of class ")))
            before, after = self._number(replay.before), self._number(replay.after)
        else:
            what = words("replay.lowest" if "best epoch" in replay.measured else "replay.end")
            before, after = self._loss(replay.before), self._loss(replay.after)
        verdict = "replay.helps" if replay.confirmed else "replay.harms" if replay.harmful else "replay.unsure"
        together = words("replay.both") if on_top else ""
        if replay.beside:
            together = words("replay.together", what=in_words(replay.beside))
        change = words("replay.change", what=what, before=before, after=after)
        told = words("replay.tried", together=together, verdict=words(verdict), change=change)
        return {"confirmed": replay.confirmed, "text": told}

    def _number(self, value: float) -> str:
        if not math.isfinite(value):
            return self.words("finding.not_finite")
        return self.words.decimal(f"{value * (1 + 2**-52):#.4g}")


def _advised(text: str | None, query: dict[str, str] | None = None, go_to: int | None = None) -> dict[str, Any]:
    return {"remedy": text, "query": query, "go_to": go_to}


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


def in_words(text: str) -> str:
    """Return a text of the library with the words of the page."""
    return re.sub("|".join(rf"\b{words}\b" for words in WORDS), lambda found: WORDS[found[0]], text)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
