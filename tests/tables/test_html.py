"""The report as a page: it holds what the model holds, escapes what the user wrote, and loads nothing."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from glassnet.tables.fitting.plan import plan
from glassnet.tables.reading.read import as_table
from glassnet.tables.report.baselines import compare, fit_baselines
from glassnet.tables.report.html import report_html
from glassnet.tables.settings import Settings

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Collects texts and attributes, and fails where tags do not match."""

    def __init__(self, html):
        super().__init__()
        self.open, self.texts, self.tags = [], [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)

    def headings(self):
        return [self.texts_in(tag) for tag in ("h1", "h2", "h3")]


def trained(target, names=("a", "b <b>", "c")):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    columns = {"x & y": X[:, 0], "z\x1b[2J": X[:, 1], "place": rng.choice(["u", "v"], 200)}
    number = X[:, 0] + rng.normal(size=200) / 3
    cells = number if target == "number" else [names[k] for k in np.digitize(number, [-0.5, 0.5])]
    ready = plan(
        as_table({**columns, "the <i>target</i>": cells}), "the <i>target</i>", test=0.3, settings=Settings(epochs=20)
    )
    model = ready.run()
    ready.measure()
    part, classes = ready.parts["train"], None if model.classes is None else len(model.classes)
    baselines = fit_baselines(model.network, part.X, part.actual, classes=classes)
    answer, actual = ready.answers()["test"]
    others = baselines.predict(ready.parts["test"].X)
    model.training["baselines"] = {"test": compare(answer, others, actual)}
    return ready, model


@pytest.mark.parametrize("target", ["number", "class"])
def test_the_page_of_a_model(target):
    ready, model = trained(target)
    model.training |= {
        "importance": {"x & y": [0.5, 0.01], "place": [-0.001, 0.002]},
        "tried": [
            {"changes": {"epochs": 20, "hidden": [32]}, "loss": 0.25},
            {"changes": {"hidden": [64, 32]}, "loss": 0.125},
            {"changes": {"dropout": 0.5}, "loss": None},
        ],
    }
    model.settings["decisions"] = ["place: 2 categories"]
    page = report_html(model, ready.answers(), source="t.csv: 200 rows")
    found = Page(page)
    text = " ".join(found.texts)
    assert "Predicting 'the <i>target</i>'" in text
    assert "<i>target" not in page
    assert "\x1b" not in page
    assert "b <b>" not in page
    for expected in (
        "t.csv: 200 rows",
        "x & y",
        "place: 2 categories",
        "0.125",
        "hidden 64, 32",
        "dropout 0.5",
        "ended early",
    ):
        assert expected in text, expected
    measures = model.training["test"]
    assert f"{measures['rmse' if target == 'number' else 'log_loss']:.2f}"[:3] in text
    assert "constant on test" in text
    headings = re.findall(r"<h([12])>(.*?)</h", page)
    assert [title for level, title in headings if level == "1"] == [
        "Predicting &#x27;the &lt;i&gt;target&lt;/i&gt;&#x27;"
    ]
    assert {"Measures", "Which columns matter", "Training", "Tried", "Data", "Model and settings"} <= {
        t for _, t in headings
    }
    assert ("html", {"lang": "en"}) in found.tags
    assert all(each.get("aria-label") for tag, each in found.tags if tag == "svg")
    assert not re.search(r"""(src|href)=|url\(|@import|<script""", page)
    figures = re.findall("<h3>(.*?)</h3>", page)
    if target == "number":
        assert figures == ["Predicted and actual", "Residuals", "Loss by epoch"]
        assert page.count("h0") == 60  # a dot a test row
    else:
        assert figures == ["Calibration", "Confusion matrix", "Loss by epoch"]
        confusion = re.search('<table class="confusion">.*?</table>', page, re.DOTALL).group()
        cells = [int(cell) for cell in re.findall(r"<td style[^>]*>([\d,]+)</td>", confusion)]
        assert cells == np.ravel(measures["confusion"]).tolist()


def test_a_model_without_measures_has_a_page():
    _, model = trained("number")
    model.training = {}
    page = Page(report_html(model))
    assert "Data" in page.texts
    assert "Measures" not in page.texts


def test_an_ensemble_and_many_columns():
    _, model = trained("class")
    model.members = [*model.members] * 3
    model.training |= {"curves": [[3.0, 2.0, 1.5], [2.0, 1.0]], "networks": 20}
    page = report_html(model)
    Page(page)
    assert "the mean of 3 networks" in page
    assert "validation loss, mean of 2" in page
    assert "which chose the epoch" not in page
    assert page.count("polyline class=") == 1 + 3
    assert page.count('class="c0 thin"') == 2


def test_equal_predictions_and_rows_of_one_kind_are_drawn():
    _, model = trained("number")
    same = np.full(60, 2.5)
    model.training["test"] |= {
        "residuals": {"quantiles": [0.0] * 5, "bins": [[2.5, *[0.0] * 5, 30], [2.5, *[0.0] * 5, 30]]}
    }
    page = report_html(model, {"test": (same, same)})
    Page(page)
    assert "nan" not in page
