"""The report of a model as one HTML page that loads nothing from outside: to read, to print, to send to a colleague."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import printable
from glassnet.network.network import Network
from glassnet.plots.charts import DARK, LIGHT, Line, bands, lines, points, reliability, style
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.table import cut
from glassnet.tables.report.notes import notes
from glassnet.tables.report.text import (
    AHEAD_IN,
    NAMES,
    PURPOSE,
    ahead_text,
    column_rows,
    held_out_part,
    plus_minus,
    with_uncertainty,
)
from glassnet.version import __version__

Array = NDArray[Any]
Pairs = Mapping[str, tuple[Array, Array]]

MOST_POINTS = 1_000
MOST_CLASSES = 30  # of a confusion matrix that can be read
MOST_COLUMNS = 300
MOST_CURVES = 20
MOST_IMPORTANT = 20


class OneMember(Protocol):
    """A network of a model with its preparation."""

    @property
    def preparation(self) -> Preparation: ...
    @property
    def network(self) -> Network: ...


class Reported(Protocol):
    """The parts of a TableModel that a report shows."""

    @property
    def members(self) -> Sequence[OneMember]: ...
    @property
    def task(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def classes(self) -> list[Any] | None: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    @property
    def training(self) -> dict[str, Any]: ...
    @property
    def target_text(self) -> str: ...


def report_html(model: Reported, answers: Pairs | None = None, source: str = "") -> str:
    """Return a page on what a model was made of, what was tried, how good it is, and what a reader should mind.

    `answers` maps a part to the model's answer and the actual target (`Plan.answers`), of which predictions are drawn
    against what is true; `source` names the table. All the rest comes from the model, so a loaded one has a report too.
    """
    training = model.training
    part = held_out_part(training) or ("train" if training.get("train") else "")
    sections = [
        ("", _short(model, part, source)),
        ("Notes", _list(notes(training, model.classes, model.target), "notes")),
        ("Measures", _measures(training)),
        ("How the predictions compare with what is true", _predictions(model, part, (answers or {}).get(part))),
        ("Which columns matter", _importance(training.get("importance", {}))),
        ("Training", _curves(training, model.settings)),
        ("Tried", _tried(training.get("tried", []), model.classes)),
        ("Data", _data(model)),
        ("Model and settings", _details(model)),
    ]
    body = "\n".join(
        f"<section>{f'<h2>{escape(title)}</h2>' if title else ''}\n{content}</section>"
        for title, content in sections
        if content
    )
    title = _text(f"Predicting {cut(model.target, 60)!r}")
    sheet = files("glassnet.tables.report").joinpath("style.css").read_text(encoding="utf-8")
    colours = f":root{{{LIGHT}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{DARK}}}}}\n@media print{{:root{{color-scheme:light}}}}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>\n'
        f"<style>{colours}\n{sheet}{style('figure')}</style></head>\n<body><main>\n<h1>{title}</h1>\n{body}\n"
        f"<footer>Written by glassnet {__version__}. {_text(_how_to_use(model))}</footer>\n</main></body></html>\n"
    )


def _short(model: Reported, part: str, source: str) -> str:
    """The report in a few sentences: the task, the rows, and how good the model is beside the baselines."""
    training = model.training
    rows = training.get("rows", {})
    split = ", ".join(f"{count:,} {PURPOSE[name]}" for name, count in rows.items() if name in PURPOSE)
    networks = "one network" if len(model.members) == 1 else f"the mean of {len(model.members)} networks"
    said = [
        f'<p class="soft">{_text("; ".join(each for each in (source, f"{model.task}, {model.target_text}") if each))}</p>'
    ]
    about = f"The model is {networks}" + (f"; rows: {split}." if split else ".")
    if part:
        measures = training[part]
        name, key = AHEAD_IN[model.classes is None]
        other, other_key = ("R²", "r2") if model.classes is None else ("accuracy", "accuracy")
        searched = bool(training.get("tried"))
        chosen = {
            "test": "by which nothing was chosen",
            "validation": "each predicted by networks that did not train on it"
            if searched
            else "which chose the epoch",
            "train": "it was trained on",
        }
        told = [
            f"its {each} is <b>{value}</b>"
            for each, k in ((name, key), (other, other_key))
            if (value := with_uncertainty(measures, k))
        ]
        lead = f"On {measures['rows']:,} {part} rows, {chosen[part]}, {' and '.join(told)}."
        if beside := training.get("baselines", {}).get(part):
            lead += f" {ahead}." if (ahead := ahead_text(beside)) else ""
        said.append(f'<p class="lead">{lead}</p>')
    return "".join([*said, f"<p>{about}</p>"])


def _measures(training: Mapping[str, Any]) -> str:
    measured = {part: training[part] for part in PURPOSE if training.get(part)}
    if not measured:
        return ""
    last = list(measured)[-1]
    beside = training.get("baselines", {}).get(last, {})
    columns = {**measured, **{f"{name} on {last}": values for name, values in beside.items()}}
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    rows = []
    for name in NAMES:
        if any(name in values for values in columns.values()):
            cells = "".join(
                f"<td{' class=beside' if column not in measured else ''}>{with_uncertainty(values, name)}</td>"
                for column, values in columns.items()
            )
            rows.append(f'<tr><th scope="row">{escape(NAMES[name])}</th>{cells}</tr>')
    return (
        f'{_wide("Measures")}<table class="numbers"><thead><tr><td></td>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div>"
        '<p class="soft">± is one standard deviation: how much the measure would differ on other rows of the same kind. '
        "The constant predicts the mean, or the shares of the classes; the linear model is a network without hidden layers, "
        "trained on the same rows.</p>"
    )


def _predictions(model: Reported, part: str, pair: tuple[Array, Array] | None) -> str:
    if not part:
        return ""
    measures, drawn, target = model.training[part], [], printable(cut(model.target, 30))
    if model.classes is None and pair is not None:
        answer, actual = (np.asarray(each, np.float64) for each in pair)
        some = slice(None, None, -(-len(actual) // MOST_POINTS))
        drawn.append(
            _figure(
                "Predicted and actual",
                points(answer[some].tolist(), actual[some].tolist(), f"predicted {target}", f"actual {target}"),
                f"{'' if len(actual[some]) == len(actual) else f'{len(actual[some]):,} of '}{len(actual):,} {part} rows; on the "
                "dashed line both are equal.",
            )
        )
    if found := measures.get("residuals"):
        bins = found["bins"]
        low, *_, high = found["quantiles"]
        caption = (
            f"Residuals (actual − predicted) of the {part} rows by predicted value: the median and the middle 50 % and 90 %. "
            f"Over all, 90 % lie between {low:,.4g} and {high:,.4g}."
        )
        if len(bins) > 1:
            x = [each[0] for each in bins]
            chart = bands(x, [each[1:6] for each in bins], f"predicted {target}", "residual")
            drawn.append(_figure("Residuals", chart, caption))
    if found := measures.get("calibration"):
        of = f"{model.classes[1]}" if model.classes and len(model.classes) == 2 else "the predicted class"
        chart = reliability(found["bins"], f"predicted probability of {cut(of, 24)}", "share that came true")
        caption = (
            f"Share of the {part} rows for which {cut(of, 40)} came true, in bins of equal size, ± one standard deviation. "
            f"On average they differ by {found['error']:.3f}; {found['by_chance']:.3f} would be chance."
        )
        drawn.append(_figure("Calibration", chart, caption))
    drawn.append(_confusion(measures.get("confusion"), model.classes, part))
    return f'<div class="figures">{"".join(drawn)}</div>' if any(drawn) else ""


def _confusion(confusion: Sequence[Sequence[int]] | None, classes: Sequence[Any] | None, part: str) -> str:
    if not confusion or classes is None or {len(classes)} != {len(confusion), *map(len, confusion)}:
        return ""
    if len(classes) > MOST_CLASSES:
        return ""
    names = [_text(cut(str(each), 40)) for each in classes]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = []
    for k, (name, row) in enumerate(zip(names, confusion, strict=True)):
        total = sum(row) or 1
        cells = "".join(_cell(count, count / total, right=j == k) for j, count in enumerate(row))
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    table = (
        f'{_wide("Confusion matrix")}<table class="confusion"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
    caption = f"The {part} rows: actual classes down, predicted across; shaded by the share of the actual class."
    return _figure("Confusion matrix", table, caption)


def _cell(count: int, share: float, right: bool) -> str:
    colour = f"color-mix(in srgb, var(--{'c0' if right else 'c1'}) {100 * share * 0.45:.0f}%, var(--paper))"
    return f'<td style="background:{colour}" title="{100 * share:.0f} % of the row">{count:,}</td>'


def _importance(importance: Mapping[str, Sequence[float]]) -> str:
    if not importance:
        return ""
    ranked = sorted(importance.items(), key=lambda each: -each[1][0])
    most = max(abs(mean) for _, (mean, _) in ranked) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{_text(cut(name, 40))}</th><td><i style="width:{100 * max(mean, 0) / most:.1f}%"></i></td>'
        f"<td>{plus_minus(mean, deviation)}</td></tr>"
        for name, (mean, deviation) in ranked[:MOST_IMPORTANT]
    )
    more = f" The first {MOST_IMPORTANT} of {len(ranked):,}." if len(ranked) > MOST_IMPORTANT else ""
    return (
        f'{_wide("Importance of columns")}<table class="numbers bars"><tbody>{rows}</tbody></table></div><p class="soft">How much worse the '
        f"held-out loss becomes when the column's cells are shuffled, ± one standard deviation over shuffles.{more}</p>"
    )


def _curves(training: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    series: list[Line] = []
    caption = ""
    if curves := training.get("curves"):
        caption = "The validation loss of each network, and their mean; where one has ended, its last value counts on."
        longest = max(map(len, curves))
        padded = [[*curve, *curve[-1:] * (longest - len(curve))] for curve in curves]
        mean = [sum(column) / len(curves) for column in zip(*padded, strict=True)]
        series.append(Line(f"validation loss, mean of {len(curves)}", range(1, longest + 1), mean))
        series += [
            Line(f"network {k}", range(1, len(c) + 1), c, thin=True) for k, c in enumerate(curves[:MOST_CURVES], 1)
        ]
    else:
        penalty = " with its penalty" if settings.get("l1") or settings.get("l2") else ""
        for name, key in ((f"training loss{penalty}", "loss"), ("validation loss", "validation_loss")):
            if curve := training.get(key):
                every = -(-training.get("epochs", len(curve)) // len(curve))  # a long curve was thinned out
                series.append(Line(name, range(1, 1 + every * len(curve), every), curve))
    if not series:
        return ""
    positive = all(value > 0 for line in series for value in line.y)
    chart = lines(series, "epoch", log_y=positive, whole=True)
    shown = ("networks", "epochs", "best_epoch", "stopped", "engine", "seconds")
    facts = "; ".join(f"{name.replace('_', ' ')}: {_value(training[name])}" for name in shown if name in training)
    return f'<div class="figures">{_figure("Loss by epoch", chart, caption)}</div><p class="soft">{_text(facts)}</p>'


def _tried(tried: Sequence[Mapping[str, Any]], classes: Sequence[Any] | None) -> str:
    """The configurations in the order of their held-out losses, with what they change of the first one."""
    if not tried:
        return ""
    ranked = sorted(enumerate(tried), key=lambda each: (each[1]["loss"] is None, each[1]["loss"] or 0.0, each[0]))
    rows = []
    for number, each in ranked:
        loss = "ended early" if each["loss"] is None else f"{each['loss']:.5g}"
        changes = ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in each["changes"].items())
        said = changes if number else "the rule of --effort quick"
        rows.append(f'<tr><th scope="row">{number + 1}</th><td>{loss}</td><td>{_text(said)}</td></tr>')
    name = "mean squared error" if classes is None else "log loss"
    return (
        f'{_wide("Configurations tried")}<table class="words"><thead><tr><th scope="col">no.</th><th scope="col">held-out '
        f'{name}</th><th scope="col">changes of the first</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _data(model: Reported) -> str:
    preparation = model.members[0].preparation
    rows = column_rows(preparation.columns[:MOST_COLUMNS])
    more = len(preparation.columns) - len(rows)
    body = "".join(
        f'<tr><th scope="row">{_text(name)}</th><td>{_text(kind)}</td><td>{_text(becomes)}</td></tr>'
        for name, kind, becomes in rows
    )
    told = model.settings.get("decisions")
    if told is None:  # a file of before has the columns left out alone
        left_out = model.settings.get("left_out", {})
        told = [f"{cut(name, 40)!r} is left out: {reason}." for name, reason in left_out.items()]
    decisions = _list(told)
    table = (
        f'{_wide("Columns")}<table class="words"><thead><tr><th scope="col">column</th><th scope="col">kind</th>'
        f'<th scope="col">becomes</th></tr></thead><tbody>{body}</tbody></table></div>'
    )
    count = f"{len(preparation.columns):,} columns become {preparation.n_features:,} inputs of the network"
    return (
        f"{decisions}<details open><summary>{count}</summary>{table}"
        f"{f'<p>… and {more:,} more</p>' if more > 0 else ''}</details>"
    )


def _details(model: Reported) -> str:
    network = model.members[0].network.summary()
    which = (
        ""
        if len(model.members) == 1
        else f"The first of {len(model.members)} networks, whose predictions are averaged."
    )
    settings = [
        (name, value)
        for name, value in model.settings.items()
        if value not in (None, [], {}) and name not in ("left_out", "decisions")
    ]
    rows = "".join(
        f'<tr><th scope="row">{_text(name)}</th><td>{_text(_value(value))}</td></tr>' for name, value in settings
    )
    table = f'{_wide("Settings")}<table class="words"><tbody>{rows}</tbody></table></div>'
    return f'<p>{which}</p><pre tabindex="0">{_text(network, keep=True)}</pre>' + (
        f"<details><summary>All settings of the run</summary>{table}</details>" if settings else ""
    )


def _figure(title: str, chart: str, caption: str) -> str:
    if not chart:
        return ""
    below = f"<figcaption>{_text(caption)}</figcaption>" if caption else ""
    return f"<figure><h3>{_text(title)}</h3>{chart}{below}</figure>"


def _wide(name: str) -> str:
    """Open an element that scrolls by itself where the page is narrow, by keyboard too."""
    return f'<div class="wide" role="region" aria-label="{name}" tabindex="0">'


def _list(items: Iterable[str], kind: str = "") -> str:
    made = "".join(f"<li>{_text(item)}</li>" for item in items)
    return f"<ul{f' class={kind}' if kind else ''}>{made}</ul>" if made else ""


def _how_to_use(model: Reported) -> str:
    return "To predict other rows: glassnet predict MODEL FILE."


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _text(text: str, keep: bool = False) -> str:
    """Escape a text for HTML, with control characters shown."""
    return escape(printable(text, keep="\n" if keep else ""))
