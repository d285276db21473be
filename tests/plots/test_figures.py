"""The figures: what is drawn is what was given."""

import html

import matplotlib
import numpy as np
import pytest

from glassnet.plots import figures


def test_loss_axis_is_logarithmic_only_for_positive_losses():
    (ax,) = figures.plot_loss({"a": np.array([1.0, 0.1])}, "t").axes
    assert ax.get_yscale() == "log"
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1.0, 0.1])
    (ax,) = figures.plot_loss({"a": np.array([1.0, -0.1])}, "t").axes
    assert ax.get_yscale() == "linear"


def test_members_of_a_loss_are_thin_and_their_mean_thick():
    figure = figures.plot_loss({"a": [np.array([1.0, 0.5, 0.25]), np.array([3.0])], "b": [np.array([2.0])]}, "t")
    (ax,) = figure.axes
    assert [line.get_label() for line in ax.lines if not line.get_label().startswith("_")] == ["a, mean of 2", "b"]
    thin, _, mean, _ = ax.lines
    assert thin.get_linewidth() < mean.get_linewidth()
    np.testing.assert_array_equal(mean.get_ydata(), [2, 1.75, 1.625])


@pytest.mark.parametrize("epochs", [1, 2, 3, 5, 7, 13])
def test_epochs_on_the_axis_are_whole(epochs):
    (ax,) = figures.plot_loss({"a": np.linspace(1, 0.5, epochs)}, "t").axes
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_predicted_and_actual_have_equal_axes():
    figure = figures.plot_predictions({"test": (np.array([0.0, 10.0]), np.array([4.0, 5.0]))}, "t", "y")
    (ax,) = figure.axes
    assert ax.get_xlim() == ax.get_ylim()
    np.testing.assert_array_equal(ax.get_xticks(), ax.get_yticks())
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[4, 0], [5, 10]])
    assert ax.lines[0].get_xydata().tolist() == [[0, 0], [10, 10]]


def test_boundary_line_is_where_the_probability_is_one_half():
    X = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    y = np.array([0, 1, 1])
    figure = figures.plot_boundary(
        lambda P: 1 / (1 + np.exp(-5 * (P[:, 0] - 0.25))), {"train": (X, y)}, ["0", "1"], "t"
    )
    line = figure.axes[0].collections[1].get_paths()[0].vertices
    np.testing.assert_allclose(line[:, 0], 0.25, atol=0.01)
    assert [len(c.get_offsets()) for c in figure.axes[0].collections[2:]] == [1, 2]


def test_confusion_matrix_counts():
    pairs = (np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]))
    figure = figures.plot_confusion({"test": pairs}, ["a", "b", "c"], "t")
    shown = [int(text.get_text()) for text in figure.axes[0].texts]
    assert shown == [1, 1, 0, 0, 1, 0, 0, 0, 1]


def test_residuals_are_actual_minus_predicted():
    figure = figures.plot_residuals({"test": (np.array([1.0, 2.0]), np.array([0.5, 2.5]))}, "t")
    offsets = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(offsets, [[0.5, 0.5], [2.5, -0.5]])


def test_render_gives_png_and_svg():
    figure = figures.plot_loss({"a": np.array([1.0, 0.5])}, "t")
    assert figures.render(figure)[1:4] == b"PNG"
    assert b"<svg" in figures.render(figure, "svg")


NAMES = ["$p^{$", "cost_$_per_$_sale", r"\$x$ & <b>"]
NUMBERS = np.array([1.0, 2.0, 4.0])
CLASSES = np.array([0, 1, 2])
POINTS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
DRAWN = {
    "loss": lambda a, b, c: figures.plot_loss({a: NUMBERS, b: NUMBERS}, c),
    "classes": lambda a, b, c: figures.plot_classes(POINTS, CLASSES, [a, b, c], a, [b, c]),
    "numbers": lambda a, b, c: figures.plot_numbers(POINTS, NUMBERS, a, [b, c], a),
    "images": lambda a, b, c: figures.plot_images(np.zeros((3, 2, 2)), np.array([a, b, c]), a, 1, 3),
    "boundary": lambda a, b, c: figures.plot_boundary(
        lambda points: points[:, 0] / 3, {a: (POINTS[:2], CLASSES[:2])}, [b, c], a
    ),
    "confusion": lambda a, b, c: figures.plot_confusion({a: (CLASSES, CLASSES)}, [a, b, c], c),
    "residuals": lambda a, b, c: figures.plot_residuals({a: (NUMBERS, NUMBERS + 1)}, f"{b} {c}"),
    "predictions": lambda a, b, c: figures.plot_predictions({a: (NUMBERS, NUMBERS + 1)}, b, c),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_dollar_in_a_name_is_drawn_as_it_stands(kind):
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # texts stay texts
        svg = html.unescape(figures.render(DRAWN[kind](*NAMES), "svg").decode())
    for name in NAMES:
        assert name in svg, name


def test_contributions_lead_from_the_baseline_to_the_prediction():
    figure = figures.plot_contributions(["a = 1", "b" * 50], [2.0, -0.5], 10.0, "why", lambda v, signed=False: f"{v:g}")
    (ax,) = figure.axes
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    assert bars == [(10.0, 12.0), (12.0, 11.5)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a = 1", "b" * 39 + "…"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top
    assert "11.5" in ax.get_xlabel()
    low, high = ax.get_xlim()
    assert low < 10
    assert high > 12
