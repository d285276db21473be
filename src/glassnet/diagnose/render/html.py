"""A diagnosis as HTML: findings with their evidence and small figures, light or dark; loads nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from glassnet.diagnose.findings import Finding
from glassnet.diagnose.instruments.instruments import Histogram, Look
from glassnet.diagnose.render.text import place_of, standing_of, summary
from glassnet.diagnose.result import Result
from glassnet.plots.charts import DARK, LIGHT, Line, bars, lines, style

STYLE = f"""
.gn-diagnosis{{{LIGHT};color:var(--ink);background:var(--paper);font:14px/1.5 system-ui,sans-serif;max-width:1130px}}
@media (prefers-color-scheme:dark){{.gn-diagnosis{{{DARK}}}}}
[data-jp-theme-light="true"] .gn-diagnosis{{{LIGHT}}}
[data-jp-theme-light="false"] .gn-diagnosis{{{DARK}}}
.gn-diagnosis h2{{font-size:19px;margin:0 0 4px}}
.gn-diagnosis h3{{font-size:13px;margin:0 0 4px;font-weight:600}}
.gn-diagnosis p{{margin:2px 0}}
.gn-diagnosis .soft{{color:var(--soft)}}
.gn-diagnosis code,.gn-diagnosis pre{{font:12.5px/1.45 ui-monospace,monospace;white-space:pre-wrap;margin:0}}
.gn-diagnosis .found{{border:1px solid var(--line);border-left:4px solid var(--bad);background:var(--card);
 border-radius:6px;padding:10px 14px;margin:12px 0}}
.gn-diagnosis .found.warning{{border-left-color:var(--warn)}}
.gn-diagnosis .found b{{font-size:15px}}
.gn-diagnosis dl{{display:grid;grid-template-columns:6.5em 1fr;gap:3px 8px;margin:8px 0 0}}
.gn-diagnosis dt{{color:var(--soft)}} .gn-diagnosis dd{{margin:0;min-width:0}}
.gn-diagnosis .yes{{color:var(--good)}} .gn-diagnosis .no{{color:var(--warn)}}
.gn-diagnosis .figures{{display:flex;flex-wrap:wrap;gap:14px;margin-top:14px}}
.gn-diagnosis figure{{margin:0;border:1px solid var(--line);border-radius:6px;padding:8px 8px 6px;max-width:100%;
 box-sizing:border-box}}
{style(".gn-diagnosis")}
""".strip()


def as_page(diagnosis: Result) -> str:
    """Return a whole page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Diagnosis</title>'
        "<style>:root{color-scheme:light dark}body{margin:24px}"
        "@media (prefers-color-scheme:dark){body{background:#14181b}}</style></head><body>\n"
        f"{as_fragment(diagnosis)}\n</body></html>\n"
    )


def as_fragment(diagnosis: Result) -> str:
    """Return the part of the page that a notebook shows."""
    count = len(diagnosis.findings)
    verdict = (
        '<span class="yes">Healthy: nothing found</span>'
        if diagnosis.healthy
        else f"{count} finding{'s' * (count > 1)}, the likeliest cause first"
    )
    heading = "".join(f'<p class="soft">{escape(line)}</p>' for line in summary(diagnosis))
    cards = "".join(_card(number, found) for number, found in enumerate(diagnosis.findings, start=1))
    return (
        f'<div class="gn-diagnosis"><style>{STYLE}</style><h2>{verdict}</h2>{heading}{cards}'
        f'<div class="figures">{figures(diagnosis)}</div></div>'
    )


def _card(number: int, found: Finding) -> str:
    rows = [("rule", escape(found.rule)), ("source", escape(found.source))]
    if found.symptom_of:
        rows.append(("cause", f"goes away with the remedy of <code>{escape(found.symptom_of)}</code>"))
    else:
        rows += _remedy_rows(found)
    table = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows)
    return (
        f'<section class="found {found.severity}"><b>{number}. {escape(found.code)}</b>'
        f'<span class="soft">{escape(place_of(found))}</span><p>{escape(found.message)}</p><dl>{table}</dl></section>'
    )


def _remedy_rows(found: Finding) -> list[tuple[str, str]]:
    rows = []
    if found.remedy is not None:
        trusted = found.replay is None or found.confirmed
        rows.append(
            (
                "remedy" if trusted else "tried",
                f"{escape(found.remedy.text)}<pre>{escape(found.remedy.code)}</pre>",
            )
        )
    colour = "yes" if found.confirmed else "no"
    rows.append(("replay", f'<span class="{colour}">{escape(standing_of(found))}</span>'))
    return rows


def figures(diagnosis: Result) -> str:
    """Draw the figures that the run has data for."""
    looks = diagnosis.looks
    steps = [look.step for look in looks]
    drawn = [("Loss by epoch", _losses(diagnosis))]
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
    return lines(drawn, "epoch", log_y=bool(np.min(history.loss) > 0))


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
    return lines(_few(series), "step", log_x=True)


def _histograms(name: str, by_layer: Mapping[int, Histogram]) -> str:
    return bars(_few([(f"{name}{layer}", histogram) for layer, histogram in by_layer.items()]))


def _few(series: list[Any], at_most: int = 6) -> list[Any]:
    """Thin out the series of a deep network evenly; keep the first and the last."""
    if len(series) <= at_most:
        return series
    return [series[k] for k in np.unique(np.linspace(0, len(series) - 1, at_most).round().astype(int))]
