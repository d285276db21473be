"""The History a run returns."""

import numpy as np

from glassnet import EarlyStopping, Network, train

X = np.linspace(-1, 1, 12)[:, None]


def run(**options):
    return train(Network([1, 4, 1], "tanh", seed=0), X, X[:, 0] ** 2, **{"epochs": 6, **options})


def test_figures():
    history = run(batch_size=5, engine="numpy")
    assert history.epochs == 6
    assert history.steps == 18
    assert history.loss.shape == history.learning_rate.shape == (6,)
    assert history.validation_loss.shape == (0,)
    assert history.stopped == "all epochs done"
    assert history.best_epoch is None
    assert history.engine == "numpy"
    assert history.seconds > 0
    assert run(validation=(X, X[:, 0])).validation_loss.shape == (6,)


def test_repr_tells_the_run_in_a_line():
    history = run(validation=(X, X[:, 0]))
    text = repr(history)
    assert text.startswith("History(6 epochs, 6 steps, ")
    assert f"loss {history.loss[0]:.4g} → {history.loss[-1]:.4g}" in text
    assert f"validation loss {min(history.validation_loss):.4g} at best" in text
    assert text.endswith("; all epochs done)")


def test_losses_are_plain_float64_in_float32_too():
    net = Network([1, 4, 1], "tanh", dtype="float32")
    history = train(net, X, X[:, 0], epochs=2)
    assert history.loss.dtype == np.float64


def test_best_epoch_is_that_of_the_least_validation_loss():
    history = run(validation=(X, -X[:, 0]), epochs=30, early_stopping=EarlyStopping(patience=50), optimizer="sgd")
    assert history.best_epoch == 1 + int(np.argmin(history.validation_loss))
