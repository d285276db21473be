"""A diagnosis as HTML: findings with their evidence and small figures, light or dark; loads nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from glassnet.diagnose.findings import Finding
from glassnet.diagnose.instruments.instruments import Histogram, Look
from glassnet.diagnose.render.advice import advice, before, causes, code_of
from glassnet.diagnose.render.text import about_run, place_of, score_rows, standing_of, symptom_names
from glassnet.diagnose.result import Result
from glassnet.plots.charts import DARK, LIGHT, Line, bars, lines, style

STYLE = f"""
.gn-diagnosis{{{LIGHT};color:var(--ink);background:var(--paper);font:15px/1.5 system-ui,sans-serif}}
@media (prefers-color-scheme:dark){{.gn-diagnosis{{{DARK}}}}}
[data-jp-theme-light="true"] .gn-diagnosis{{{LIGHT}}}
[data-jp-theme-light="false"] .gn-diagnosis{{{DARK}}}
@media print{{.gn-diagnosis{{{LIGHT}}}}}
.gn-diagnosis h2{{font-size:21px;line-height:1.3;margin:0 0 6px}}
.gn-diagnosis h3{{font-size:16px;margin:26px 0 6px}}
.gn-diagnosis p{{margin:4px 0;max-width:85ch;overflow-wrap:anywhere}}
.gn-diagnosis .soft{{color:var(--soft);font-size:13px}}
.gn-diagnosis code,.gn-diagnosis pre{{font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;
 margin:0}}
.gn-diagnosis .now{{border:1px solid var(--line);border-left:6px solid var(--bad);background:var(--card);
 border-radius:6px;padding:14px 18px}}
.gn-diagnosis .now.good{{border-left-color:var(--good)}}
.gn-diagnosis .now pre{{font-size:14.5px;font-weight:600;margin:8px 0}}
.gn-diagnosis .found{{border:1px solid var(--line);border-left:4px solid var(--bad);background:var(--card);
 border-radius:6px;padding:10px 14px;margin:12px 0;break-inside:avoid}}
.gn-diagnosis .found.warning{{border-left-color:var(--warn)}}
.gn-diagnosis .found b{{font-size:15px}}
.gn-diagnosis dl{{display:grid;grid-template-columns:6em 1fr;gap:3px 8px;margin:8px 0 0}}
.gn-diagnosis dt{{color:var(--soft)}} .gn-diagnosis dd{{margin:0;min-width:0}}
.gn-diagnosis .yes{{color:var(--good)}} .gn-diagnosis .no{{color:var(--warn)}}
.gn-diagnosis details{{margin-top:8px}} .gn-diagnosis summary{{cursor:pointer}}
.gn-diagnosis .scores{{overflow-x:auto}}
.gn-diagnosis table{{border-collapse:collapse;margin:0;font-variant-numeric:tabular-nums}}
.gn-diagnosis th,.gn-diagnosis td{{text-align:right;padding:3px 12px;border-bottom:1px solid var(--line);font-weight:400}}
.gn-diagnosis th:first-child{{text-align:left;padding-left:0}} .gn-diagnosis thead th{{color:var(--soft)}}
.gn-diagnosis td:nth-child(2){{font-weight:600}}
.gn-diagnosis .figures{{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:14px}}
.gn-diagnosis figure{{margin:0;border:1px solid var(--line);border-radius:6px;padding:8px 8px 6px;break-inside:avoid;
 box-sizing:border-box;min-width:0}}
.gn-diagnosis figure h3{{font-size:13px;font-weight:600;margin:0 0 4px}}
{style(".gn-diagnosis")}
.gn-diagnosis figure svg{{width:100%}}
@media (max-width:500px){{.gn-diagnosis dl{{grid-template-columns:1fr}} .gn-diagnosis dt{{margin-top:4px}}
 .gn-diagnosis th,.gn-diagnosis td{{padding:3px 6px}}}}
""".strip()


def as_page(diagnosis: Result) -> str:
    """Return a whole page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Diagnosis: {escape(advice(diagnosis).heading)}</title>"
        "<style>:root{color-scheme:light dark}body{margin:min(24px,4vw)}"
        "@media (prefers-color-scheme:dark){body{background:#14181b}}"
        "@media print{:root{color-scheme:light}body{margin:0;background:#fff}}</style></head><body>\n"
        f"{as_fragment(diagnosis)}\n</body></html>\n"
    )


def as_fragment(diagnosis: Result) -> str:
    """Return the part of the page that a notebook shows: what to do now, the scores, the causes, the figures."""
    cards = "".join(_card(diagnosis, place, *cause) for place, cause in enumerate(causes(diagnosis), start=1))
    drawn = figures(diagnosis)
    return (
        f'<div class="gn-diagnosis"><style>{STYLE}</style>{_now(diagnosis)}{_run(diagnosis)}'
        f"{'<h3>Causes, the likeliest first</h3>' if cards else ''}{cards}"
        f"{'<h3>The course of the run</h3>' if drawn else ''}"
        f'<div class="figures">{drawn}</div></div>'
    )


def _now(diagnosis: Result) -> str:
    told = advice(diagnosis)
    code = f"<pre>{escape(told.code)}</pre>" if told.code else ""
    why = "".join(f"<p>{escape(sentence)}</p>" for sentence in told.why)
    return f'<section class="now{" good" * told.good}"><h2>{escape(told.heading)}</h2>{code}{why}</section>'


def _run(diagnosis: Result) -> str:
    parts = []
    if diagnosis.scores:
        head, *rows = score_rows(diagnosis)
        top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        body = "".join(
            f"<tr><th>{escape(row[0])}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in row[1:])}</tr>"
            for row in rows
        )
        parts.append(
            f'<h3>How well it does</h3><div class="scores"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
        )
    notes = [diagnosis.irreducible, *(diagnosis.unknown if diagnosis.findings else ())]
    parts += [f"<p>{escape(sentence)}</p>" for sentence in notes if sentence]
    parts += [f'<p class="soft">{escape(line)}</p>' for line in about_run(diagnosis)]
    return "".join(parts)


def _card(diagnosis: Result, place: int, found: Finding, symptoms: list[Finding]) -> str:
    rows = [*_remedy_rows(diagnosis, found), ("rule", escape(found.rule)), ("source", escape(found.source))]
    table = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows)
    folded = ""
    if symptoms:
        each = "".join(
            f"<p><b>{escape(one.code)}</b>{escape(place_of(one))}: {escape(one.message)}</p>" for one in symptoms
        )
        names = escape(symptom_names(symptoms))
        folded = f"<details><summary>symptoms, gone with this remedy: {names}</summary>{each}</details>"
    return (
        f'<section class="found {found.severity}"><b>{place}. {escape(found.code)}</b>'
        f'<span class="soft">{escape(place_of(found))}</span><p>{escape(found.message)}</p><dl>{table}</dl>{folded}</section>'
    )


def _remedy_rows(diagnosis: Result, found: Finding) -> list[tuple[str, str]]:
    rows = []
    if found.remedy is not None:
        trusted = found.replay is None or found.confirmed
        code = code_of(diagnosis, found)
        block = f"<pre>{escape(code)}</pre>" if code else ""
        above = ", with the remedies above" * bool(before(diagnosis, found))
        rows.append(("remedy" if trusted else "tried", f"{escape(found.remedy.text)}{above}{block}"))
    colour = "yes" if found.confirmed else "no"
    rows.append(("replay", f'<span class="{colour}">{escape(standing_of(diagnosis, found))}</span>'))
    return rows


def figures(diagnosis: Result) -> str:
    """Draw the figures that the run has data for."""
    looks = diagnosis.looks
    steps = [look.step for look in looks]
    constant = "; dashed: a constant prediction" * (diagnosis.units is not None)
    drawn = [(f"Loss by epoch{constant}", _losses(diagnosis))]
    if looks and looks[0].gradient:
        drawn.append(("Gradient flow: size of ∂L/∂W by layer", _by_layer(looks, "gradient")))
        drawn.append(("Update ÷ weight by layer; about 1e-3 is healthy", _by_layer(looks[:-1], "ratio", mark=1e-3)))
        distance = [Line("‖θ − θ₀‖", steps, [look.distance for look in looks])]
        drawn.append(("Distance of the parameters from their start", lines(distance, "step", log_x=True)))
    detailed = [look for look in looks if look.detail is not None]
    for name, title in (
        ("dead", "Dead units: share with slope 0 on every row"),
        ("saturated", "Saturated activations"),
    ):
        drawn.append((title, _shares(detailed, name)))
    if detailed:
        for look, when in ((detailed[0], "start"), (detailed[-1], "end")):
            assert look.detail is not None
            drawn.append((f"Activations at the {when}", _histograms("A", look.detail.activations)))
        last = detailed[0].detail
        assert last is not None
        drawn.append(("Gradients at the start", _histograms("dW", last.gradients)))
    return "".join(f"<figure><h3>{escape(title)}</h3>{chart}</figure>" for title, chart in drawn if chart)


def _losses(diagnosis: Result) -> str:
    history = diagnosis.history
    if history is None or not len(history.loss):
        return ""
    series = [("training", history.loss), ("validation", history.validation_loss)]
    drawn = [Line(name, range(1, len(values) + 1), values.tolist()) for name, values in series if len(values)]
    constant = None if diagnosis.units is None else diagnosis.units.baseline
    return lines(drawn, "epoch", log_y=bool(np.min(history.loss) > 0), mark=constant, whole=True)


def _by_layer(looks: tuple[Look, ...], name: str, mark: float | None = None) -> str:
    steps = [look.step for look in looks]
    count = len(getattr(looks[0], name)) if looks else 0
    series = [Line(f"layer {k + 1}", steps, [getattr(look, name)[k] for look in looks]) for k in range(count)]
    return lines(_few(series), "step", log_y=True, log_x=True, mark=mark)


def _shares(detailed: list[Look], name: str) -> str:
    layers = sorted({layer for look in detailed for layer in getattr(look.detail, name)})
    steps = [look.step for look in detailed]
    series = [
        Line(f"layer {k}", steps, [getattr(look.detail, name).get(k, np.nan) for look in detailed]) for k in layers
    ]
    if not any(value > 0 for line in series for value in line.y):
        return ""
    return lines(_few(series), "step", log_x=True, least=(0, 1))


def _histograms(name: str, by_layer: Mapping[int, Histogram]) -> str:
    return bars(_few([(f"{name}{layer}", histogram) for layer, histogram in by_layer.items()]))


def _few(series: list[Any], at_most: int = 6) -> list[Any]:
    """Thin out the series of a deep network evenly; keep the first and the last."""
    if len(series) <= at_most:
        return series
    return [series[k] for k in np.unique(np.linspace(0, len(series) - 1, at_most).round().astype(int))]
