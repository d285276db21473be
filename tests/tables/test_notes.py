"""Each note is given where it is due, and not where it is not."""

import numpy as np
import pytest

from glassnet.tables.fitting.plan import plan
from glassnet.tables.reading.read import as_table
from glassnet.tables.report.baselines import compare
from glassnet.tables.report.leaks import score_alone
from glassnet.tables.report.measures import measure_classes, measure_numbers
from glassnet.tables.report.notes import notes


def regression(predicted, y, of_linear=None, train_error=None):
    """The training of a model with these predictions for its test rows."""
    others = {"constant": np.full(len(y), y.mean())}
    if of_linear is not None:
        others["linear"] = of_linear
    training = {"test": measure_numbers(predicted, y), "baselines": {"test": compare(predicted, others, y)}}
    if train_error is not None:
        training["train"] = measure_numbers(y + train_error, y)
    return training


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    return rng.normal(size=300), rng.normal(size=300)


def test_a_good_model_has_no_notes(drawn):
    y, noise = drawn
    losses = np.r_[np.linspace(1, 0.5, 50), np.full(50, 0.5)].tolist()
    training = regression(y + noise / 5, y, y + noise / 2, noise / 5.2)
    training |= {
        "epochs": 100,
        "best_epoch": 99,
        "stopped": "epochs done",
        "validation_loss": losses,
        "alone": {"a": 0.9},
    }
    assert notes(training, target="y") == []
    assert notes({}) == []


def test_noise_is_unlearnable(drawn):
    y, noise = drawn
    (note,) = notes(regression(noise / 10, y), target="price")
    assert note.startswith(
        "On the test rows the network is not better than a constant prediction by more than chance (RMSE "
    )
    assert "the columns may not tell 'price'" in note


def test_a_linear_model_that_does_as_well(drawn):
    y, noise = drawn
    (note,) = notes(regression(y + noise / 3, y, y - noise / 3))
    assert note.startswith("A linear model does as well on the test rows (RMSE ")
    (note,) = notes(regression(y + noise / 3, y, y + noise / 6))
    assert note.startswith("A linear model does better on the test rows (RMSE ")


def test_rows_learned_by_heart_and_rows_that_are_too_easy(drawn):
    y, noise = drawn
    (note,) = notes(regression(y + noise / 5, y, train_error=noise / 10))
    assert note.startswith("The rows trained on are predicted far better than the test rows (RMSE 0.09")
    assert notes(regression(y + noise / 5, y, train_error=noise / 10) | {"tried": [{"changes": {}, "loss": 1.0}]}) == []
    (note,) = notes(regression(y + noise / 10, y, train_error=noise / 5))
    assert note.startswith("The test rows are predicted far better than the rows trained on (RMSE ")


def test_epochs_that_were_too_few():
    falling = np.geomspace(1, 0.1, 200).tolist()
    done = [*np.geomspace(1, 0.1, 100), *np.linspace(0.1, 0.2, 100)]
    (note,) = notes({"epochs": 200, "validation_loss": falling})
    assert note.startswith(
        "The validation loss was still falling at the last epoch (21 % over the last tenth of 200): "
    )
    assert "--epochs 1000" in note
    assert notes({"epochs": 200, "validation_loss": done}) == []
    assert notes({"epochs": 200, "validation_loss": falling, "stopped": "interrupted"}) == []
    (note,) = notes({"curves": [falling, falling, done]})
    assert note.startswith(
        "The validation loss of 2 of the 3 networks was still falling at their last epoch (by up to 21 %"
    )
    assert notes({"curves": [falling, done, done]}) == []


def test_classes_of_few_rows_and_probabilities_that_are_off():
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(200, int), np.ones(200, int), np.full(7, 2)]
    probabilities = np.full((407, 3), 0.01)
    probabilities[np.arange(407), np.where(rng.uniform(size=407) < 0.7, y, 0)] = 0.98
    training = {"train": measure_classes(probabilities, y), "test": measure_classes(probabilities, y)}
    few, off = notes(training, ["a", "b", "rare"])
    assert few == "A class has fewer than 20 rows to train on, too few to rely on ('rare' 7)."
    assert off.startswith("The probabilities for the test rows are off by 0.1")


@pytest.mark.parametrize("classes", [None, 3])
def test_a_column_that_gives_the_target_away(classes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600) if classes else rng.normal(size=600)
    X = np.zeros((600, 7))
    X[:, 0] = rng.normal(size=600)
    X[:, 1] = 5 - 2 * y  # the target in another unit
    X[:, 2] = y + rng.normal(size=600)
    X[np.arange(600), 3 + rng.integers(0, 4, 600)] = 1
    alone = score_alone(X, y, {"noise": [0], "copy": [1], "related": [2], "city": [3, 4, 5, 6]}, classes)
    assert alone["noise"] < 0.1
    assert alone["city"] < 0.1
    assert alone["copy"] == pytest.approx(1)
    assert 0.1 < alone["related"] < 0.8
    (note,) = notes({"alone": alone}, target="y")
    assert note == "Column 'copy' equals 'y' or determines it: if it is not known before 'y' is, pass --ignore."
    (note,) = notes({"alone": {"late": 0.985}}, target="y")
    assert note.startswith("Column 'late' alone avoids 98.5 % of a constant prediction's error: ")


def test_many_categories_do_not_look_like_a_leak():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    alone = score_alone(np.eye(300)[rng.integers(0, 300, 400)], y, {"id": range(300)}, 2)
    assert alone["id"] < 0.2


def test_the_notes_of_a_trained_table():
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=300), "y": [("a", "b")[k] for k in rng.integers(0, 2, 300)]}
    ready = plan(as_table(table), "y")
    ready.run()
    ready.measure()
    training = ready.model.training
    (answer, actual) = ready.answers()["validation"]
    training["baselines"] = {"validation": compare(answer, {"constant": np.full((len(actual), 2), 0.5)}, actual)}
    assert notes(training, ready.model.classes, "y")[0].startswith("On the validation rows the network is not better")
