"""The estimators' small print: types of the losses, lines that warnings name, read-only models, optimizers that are searched."""

import inspect
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import glassnet as gn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def quietly(function, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
def test_losses_are_numpy_floats_also_from_a_file(options, tmp_path):
    model = quietly(gn.MLPClassifier(max_iter=3, random_state=0, **options).fit, X, Y)
    gn.save(model, tmp_path / "model.safetensors")
    for each in (model, gn.load(tmp_path / "model.safetensors")):
        figures = [each.loss_, *each.loss_curve_, *(each.validation_scores_ or [])]
        figures += [figure for figure in (each.best_loss_, each.best_validation_score_) if figure is not None]
        assert {type(figure) for figure in figures} == {np.float64}
        assert each.loss_.round(3) == np.round(each.loss_curve_[-1], 3)


def caught(function, *args):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        function(*args)
    return [(warning.category, warning.filename, warning.lineno - line) for warning in found]


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"early_stopping": True}], ids=str)
def test_warnings_name_the_line_that_called(options):
    model = gn.MLPClassifier(max_iter=2, random_state=0, **options)
    for each in (model, make_pipeline(StandardScaler(), model)):
        assert caught(each.fit, X, Y) == [(ConvergenceWarning, __file__, 0)]


def test_a_batch_size_too_large_is_told_at_the_line_that_called():
    model = gn.MLPRegressor(batch_size=500, random_state=0)
    assert caught(model.partial_fit, X, Y) == [(UserWarning, __file__, 0)]


def test_constants_of_an_optimizer_object_are_searched():
    model = gn.MLPClassifier(solver=gn.Momentum(0.5), max_iter=4, random_state=0)
    given = model.solver
    assert model.get_params()["solver__learning_rate"] == 0.5
    assert "solver__learning_rate" not in model.get_params(deep=False)
    search = quietly(GridSearchCV(model, {"solver__learning_rate": [1e-6, 0.1]}, cv=2).fit, X, Y)
    assert search.best_estimator_.solver == gn.Momentum(0.1)
    assert model.solver is given
    assert clone(model).set_params(solver=gn.Adam(0.1), solver__beta1=0.5).solver == gn.Adam(0.1, beta1=0.5)


@pytest.mark.parametrize(("solver", "name"), [("adam", "learning_rate"), (gn.SGD(0.1), "momentum")])
def test_a_constant_that_the_solver_has_not_is_refused(solver, name):
    model = gn.MLPClassifier(solver=solver)
    with pytest.raises(ValueError, match=rf"^solver__{name}: expected a constant of the optimizer"):
        model.set_params(**{f"solver__{name}": 0.5})
    assert model.solver is solver


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("kind", [gn.MLPClassifier, gn.MLPRegressor])
def test_weights_that_leave_one_row_with_early_stopping_are_refused(kind, row):
    weight = np.zeros(60)
    weight[row] = 1
    model = kind(max_iter=5, early_stopping=True, random_state=row)
    with pytest.raises(
        gn.InputError, match=r"^sample_weight: expected weights above 0 among the (rows to train|held-out)"
    ):
        model.fit(X, Y, sample_weight=weight)


def test_weights_whose_rows_are_all_held_out_are_refused():
    weight = np.zeros(60)
    _, held_out = quietly(rows_of_split)
    weight[held_out[0]] = 1
    with pytest.raises(gn.InputError, match="among the rows to train on; got none"):
        gn.MLPClassifier(early_stopping=True, random_state=0).fit(X, Y, sample_weight=weight)


def rows_of_split():
    """Return the rows that a fit of random_state 0 trains on and those it holds out."""
    rng = np.random.RandomState(0)
    model = gn.MLPClassifier(random_state=0)
    model._validate_params()
    encoded_X, encoded_Y = model._check_targets(X, Y, incremental=False, first=True)
    model._set_up(encoded_X, encoded_Y, lambda: rng, first=True)
    return train_test_split(np.arange(60), random_state=rng, test_size=0.1, stratify=Y)


def test_a_model_that_was_loaded_read_only_trains_on(tmp_path):
    model = quietly(gn.MLPClassifier((20,), max_iter=3, random_state=0).fit, X, Y)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert not loaded.network_.theta.flags.writeable
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    loaded.partial_fit(X, Y)
    np.testing.assert_array_equal(loaded.network_.theta, model.partial_fit(X, Y).network_.theta)
    assert np.shares_memory(loaded.coefs_[0], loaded.network_.theta)
    untouched = joblib.load(tmp_path / "model.joblib")
    assert (untouched.network_.theta != model.network_.theta).any()
