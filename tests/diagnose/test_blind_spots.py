"""Faults of the data, the split, the loss and the rate that once went unnamed, from end to end."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.playground.setup import check_setup, load_data
from glassnet.playground.state import read_state
from glassnet.playground.uploads import Uploads

LONG = pytest.mark.long
LESSON = "n=60&noise=0.4&test=0.5&hidden=32,32&optimizer=adam&rate=0.01&step=1000"

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 10))


def scores(X):
    return np.stack([2 * X[:, 0], 2 * X[:, 1], 2 * X[:, 2] * X[:, 3], X[:, 4] - X[:, 5]], axis=1)


classes = (scores(X) + 0.3 * rng.normal(size=(600, 4))).argmax(axis=1)
order = np.argsort(classes, kind="stable")
X_new = rng.normal(size=(3000, 10))
classes_new = scores(X_new).argmax(axis=1)
coin = (rng.random(200) < 1 / (1 + np.exp(-X[:200, 0]))).astype(int)  # drawn from known probabilities


def network(*sizes, **arguments):
    return gn.Network(list(sizes), seed=1, **arguments)


def four_classes():
    return network(10, 32, 4, output="softmax")


def test_rows_sorted_by_class_and_not_shuffled():
    options = {"optimizer": gn.SGD(learning_rate=0.1), "epochs": 15, "batch_size": 16}
    diagnosis = gn.diagnose(four_classes(), X[order], classes[order], shuffle=False, **options)
    found = diagnosis.findings[0]
    assert (found.code, found.confirmed) == ("unshuffled_rows", True)
    assert found.remedy.code == "train(…, shuffle=True)"
    accuracies = []
    for shuffle in (False, True):
        trained = four_classes()
        gn.train(trained, X[order], classes[order], shuffle=shuffle, **options)
        accuracies.append(np.mean(trained.predict(X_new) == classes_new))
    assert accuracies[1] > accuracies[0] + 0.1
    assert "unshuffled_rows" not in gn.diagnose(four_classes(), X[order], classes[order], **options).codes


def test_validation_in_other_units():
    options = {"epochs": 60, "batch_size": 32}
    other = (255 * X[450:], classes[450:])
    diagnosis = gn.diagnose(four_classes(), X[:450], classes[:450], validation=other, **options)
    assert diagnosis.codes[0] == "shifted_validation"
    assert diagnosis.findings[0].remedy.code.startswith("X_val = X_val / ")
    assert diagnosis.held_out < 1  # judged by rows of the training table
    assert "overfitting" not in diagnosis.codes
    own = (X[450:], classes[450:])
    assert (
        "shifted_validation" not in gn.diagnose(four_classes(), X[:450], classes[:450], validation=own, **options).codes
    )


def test_validation_drawn_from_elsewhere():
    far = rng.normal(size=(200, 10)) + 1.5
    diagnosis = gn.diagnose(
        four_classes(), X, classes, validation=(far, (-scores(far)).argmax(axis=1)), epochs=60, batch_size=32
    )
    assert diagnosis.codes[0] == "shifted_validation"
    assert "come from elsewhere" in diagnosis.findings[0].message
    assert "train_test_split" in diagnosis.findings[0].remedy.code


BY_HEART = {"optimizer": gn.Adam(learning_rate=0.005), "batch_size": 16}


def wide():
    return network(10, 128, 1, output="sigmoid")


def test_validation_rows_that_are_training_rows():
    diagnosis = gn.diagnose(wide(), X[:200], coin, validation=(X[:60], coin[:60]), epochs=300, **BY_HEART)
    assert diagnosis.codes[0] == "data_leakage"
    assert "label_noise" not in diagnosis.codes
    assert diagnosis.held_out > 1  # by a training without them
    assert "overfitting" in diagnosis.codes


def test_validation_of_its_own_shows_what_was_learned_by_heart():
    own = (X[140:200], coin[140:])
    assert gn.diagnose(wide(), X[:140], coin[:140], validation=own, epochs=300, **BY_HEART).codes[0] == "overfitting"


def test_each_row_five_times():
    rows = np.repeat(np.arange(200), 5)
    diagnosis = gn.diagnose(wide(), X[rows], coin[rows], epochs=100, **BY_HEART)
    assert diagnosis.codes[0] == "data_leakage"
    assert diagnosis.findings[0].evidence["distinct"] == 200
    assert diagnosis.held_out > 1
    assert "overfitting" in diagnosis.codes


def test_few_validation_rows_with_huge_losses():
    """The playground's lesson: 30 points, 1,200 parameters, training loss 0.0002, validation loss 10.9, most of it in a few rows."""
    setup = check_setup(state := read_state(LESSON), load_data(state, Uploads()))
    data = setup.data
    options = setup.options() | {"epochs": 1000 // setup.steps_per_epoch}
    validation = (setup.inputs(data.test), data.y_test)
    X_train = setup.inputs(data.train)
    diagnosis = gn.diagnose(setup.network(), X_train, data.y_train, validation=validation, **options)
    assert diagnosis.history.loss[-1] < 0.0003
    assert diagnosis.history.validation_loss[-1] > 10
    assert diagnosis.codes == ("overfitting",)


def test_absolute_error_on_one_hot_classes():
    bins = np.clip(np.digitize(X[:, 0] + X[:, 1], np.linspace(-2.5, 2.5, 9)), 0, 9)
    diagnosis = gn.diagnose(network(10, 32, 10, loss="absolute_error"), X, np.eye(10)[bins], epochs=30, batch_size=64)
    found = diagnosis.findings[0]
    assert (found.code, found.confirmed) == ("unsuited_loss", True)
    assert found.remedy.network["output"] == "softmax"
    assert "input_ignored" not in diagnosis.codes


def test_class_numbers_as_targets_of_a_regression():
    diagnosis = gn.diagnose(network(10, 32, 1), X, classes, epochs=100, batch_size=32)
    found = diagnosis.findings[0]
    assert (found.code, found.confirmed) == ("unsuited_loss", True)
    assert found.remedy.code.startswith("y = y.astype(int)")


@pytest.mark.parametrize("loss", ["squared_error", *(pytest.param(n, marks=LONG) for n in ("absolute_error", "huber"))])
def test_prices_as_targets(loss):
    prices = 2e5 * (4 + X[:, 0] + X[:, 1] * X[:, 2])
    diagnosis = gn.diagnose(network(10, 32, 1, loss=loss), X, prices, epochs=60, batch_size=32)
    assert "gradient_wrong" not in diagnosis.codes
    found = diagnosis.findings[0]
    assert found.confirmed
    assert found.remedy.standardise_targets


@pytest.mark.parametrize("rate", [pytest.param(1e-6, marks=LONG), 1e-5, pytest.param(1e-4, marks=LONG)])
def test_rates_far_too_low_are_not_too_few_epochs(rate):
    many = X_new[:1200, :6]
    y = many[:, 0] + many[:, 1] * many[:, 2]
    options = {"epochs": 60, "batch_size": 16}
    diagnosis = gn.diagnose(network(6, 32, 32, 1), many, y, optimizer=gn.Adam(learning_rate=rate), **options)
    if rate == 1e-4:
        assert diagnosis.findings == ()
        return
    found = diagnosis.findings[0]
    assert (found.code, found.confirmed) == ("learning_rate_too_low", True)
    assert found.remedy.options["optimizer"].learning_rate >= 1e-4
