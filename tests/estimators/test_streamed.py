"""Estimators on rows that are opened rather than loaded, and on batches."""

import numpy as np
import pytest

import glassnet as gn

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6000, 4))
SCORE = X[:, 0] + X[:, 1] * X[:, 2]
LABELS = np.digitize(SCORE, [-0.5, 0.5]) * 2  # 0, 2, 4
WEIGHT = RNG.uniform(0.5, 2, 6000)
SMALL = "150 kB"  # a window holds some 600 rows


def opened(y, weight=None, memory=SMALL):
    return gn.open_rows((X, y) if weight is None else (X, y, weight), memory=memory)


@pytest.mark.parametrize("kind", [gn.MLPClassifier, gn.MLPRegressor])
def test_rows_that_fit_give_the_fit_on_arrays(kind):
    y = LABELS if kind is gn.MLPClassifier else SCORE
    options = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 1, "tol": 0}
    expected = kind(**options, early_stopping=True)
    found = kind(**options, early_stopping=True)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        expected.fit(X, y, WEIGHT)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        found.fit(opened(y, WEIGHT, "10 MB"))
    assert found.network_.theta.tobytes() == expected.network_.theta.tobytes()
    assert found.loss_curve_ == expected.loss_curve_


def test_a_classifier_learns_from_windows():
    model = gn.MLPClassifier((16,), max_iter=12, random_state=0, learning_rate_init=0.01, early_stopping=True)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(opened(LABELS), None)
    assert model.classes_.tolist() == [0, 2, 4]
    assert model.score(X, LABELS) > 0.9
    assert len(model.validation_scores_) == model.n_iter_
    again = gn.MLPClassifier((16,), max_iter=12, random_state=0, learning_rate_init=0.01, early_stopping=True)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        again.fit(opened(LABELS))
    assert again.network_.theta.tobytes() == model.network_.theta.tobytes()


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_regressor_reports_the_loss_of_the_fit_on_arrays(loss):
    y = RNG.poisson(np.exp(X[:, 0] / 2)).astype(float) if loss == "poisson" else np.column_stack([SCORE, -SCORE])
    options = {"hidden_layer_sizes": (8,), "max_iter": 1, "random_state": 0, "loss": loss, "shuffle": False}
    curves = []
    for given in ((X, y), (opened(y),)):
        model = gn.MLPRegressor(**options)
        with pytest.warns(UserWarning, match="Maximum iterations"):
            model.fit(*given)
        curves.append(model.loss_curve_)
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-12)


def test_class_weights_are_those_of_all_rows():
    y = (SCORE > 1).astype(int)
    thetas = []
    for given in ((X, y, WEIGHT), (opened(y, WEIGHT),)):
        model = gn.MLPClassifier((4,), max_iter=1, random_state=0, class_weight="balanced", shuffle=False)
        with pytest.warns(UserWarning, match="Maximum iterations"):
            model.fit(*given)
        thetas.append(model.network_.theta)
    np.testing.assert_allclose(thetas[1], thetas[0], rtol=1e-9, atol=1e-12)


def test_partial_fit_takes_batches_and_goes_on():
    batches = [(X[k : k + 200], LABELS[k : k + 200]) for k in range(0, 6000, 200)]
    model = gn.MLPClassifier((8,), random_state=0)
    for _ in range(2):
        model.partial_fit(batches)
    assert model.classes_.tolist() == [0, 2, 4]
    assert model.t_ == 12000
    streamed = gn.MLPClassifier((8,), random_state=0)
    for _ in range(2):
        streamed.partial_fit(gn.open_rows(lambda: iter(batches), memory=SMALL))
    assert streamed.t_ == 12000
    assert streamed._optimizer.state.epoch == 2
    with pytest.raises(gn.InputError, match="batches: expected ones that can be gone through again"):
        model.fit(iter(batches))


def test_a_fit_on_windows_goes_on_from_its_checkpoint(tmp_path):
    def fit(epochs, folder):
        model = gn.MLPRegressor(
            hidden_layer_sizes=(6,),
            max_iter=epochs,
            random_state=0,
            checkpoint=gn.Checkpoint(folder, resume=True),
            tol=0,
        )
        with pytest.warns(UserWarning, match="Maximum iterations"):
            return model.fit(opened(SCORE))

    fit(2, tmp_path / "a")
    resumed, whole = fit(4, tmp_path / "a"), fit(4, tmp_path / "b")
    assert resumed.network_.theta.tobytes() == whole.network_.theta.tobytes()
    assert resumed.loss_curve_ == whole.loss_curve_


def test_refusals():
    with pytest.raises(gn.InputError, match="solver: expected one that takes batches; got 'lbfgs'"):
        gn.MLPRegressor(solver="lbfgs").fit(opened(SCORE))
    with pytest.raises(gn.InputError, match="y: expected None with rows of open_rows"):
        gn.MLPRegressor().fit(opened(SCORE), SCORE)
    with pytest.raises(gn.InputError, match="sample_weight: expected None with rows of open_rows"):
        gn.MLPRegressor().fit(opened(SCORE), sample_weight=WEIGHT)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        gn.MLPClassifier().fit(opened(SCORE))
    with pytest.raises(ValueError, match="requires y to be passed"):
        gn.MLPRegressor().fit(X)
