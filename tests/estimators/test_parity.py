"""The same data, settings and random_state give scikit-learn's estimators and ours the same predictions."""

import warnings

import numpy as np
import pytest
import sklearn.neural_network
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import glassnet as gn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_IRIS = scale(X_IRIS)
X_CANCER, Y_CANCER = load_breast_cancer(return_X_y=True)
X_CANCER = scale(X_CANCER)
X_DIABETES, Y_DIABETES = load_diabetes(return_X_y=True)
Y_DIABETES = scale(Y_DIABETES)
THREE = np.stack([Y_DIABETES, Y_DIABETES**2, 5 * X_DIABETES[:, 0]], axis=1)
X_LABELS, Y_LABELS = make_multilabel_classification(n_samples=130, n_features=8, random_state=0)
X_LABELS = scale(X_LABELS)

DATA = {
    "three classes": ("MLPClassifier", X_IRIS, np.array(["setosa", "versicolor", "virginica"])[Y_IRIS]),
    "two classes": ("MLPClassifier", X_CANCER, Y_CANCER),
    "labels": ("MLPClassifier", X_LABELS, Y_LABELS),
    "a number": ("MLPRegressor", X_DIABETES, Y_DIABETES),
    "three numbers": ("MLPRegressor", X_DIABETES, THREE),
}
SETTINGS = [
    {"solver": "adam"},
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.02},
    {"solver": "sgd", "momentum": 0, "learning_rate": "invscaling", "learning_rate_init": 0.5},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.3, "n_iter_no_change": 2, "tol": 1e-3},
    {"solver": "adam", "shuffle": False, "activation": "tanh", "alpha": 1.0, "epsilon": 1e-3},
    {"solver": "adam", "activation": "logistic", "hidden_layer_sizes": (9, 7), "batch_size": 47},
    {"solver": "adam", "activation": "identity", "hidden_layer_sizes": (), "beta_1": 0.5, "beta_2": 0.9},
    {"solver": "adam", "early_stopping": True, "n_iter_no_change": 4},
    {"solver": "sgd", "early_stopping": True, "validation_fraction": 0.3, "learning_rate_init": 0.1},
]


def check_what_is_compared():
    """Fail if the reference is not scikit-learn's class, or ours not glassnet's."""
    for kind in ("MLPClassifier", "MLPRegressor"):
        theirs, ours = getattr(sklearn.neural_network, kind), getattr(gn, kind)
        assert theirs.__module__.startswith("sklearn."), f"the reference {kind} is {theirs.__module__}'s"
        assert ours.__module__.startswith("glassnet."), f"the {kind} under test is {ours.__module__}'s"


@pytest.fixture(autouse=True)
def _compares_glassnet_with_scikit_learn():
    check_what_is_compared()


@pytest.mark.parametrize(("module", "other"), [(sklearn.neural_network, gn), (gn, sklearn.neural_network)])
@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_a_class_in_the_place_of_the_other_is_noticed(monkeypatch, module, other, kind):
    monkeypatch.setattr(module, kind, getattr(other, kind))
    with pytest.raises(AssertionError, match=f"{kind}.* is {other.__name__}"):
        check_what_is_compared()


def outputs(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def both(kind, X, y, sample_weight=None, fit=None, **options):
    """scikit-learn's estimator and ours, fitted the same way."""
    options = {"random_state": 3, "max_iter": 50, "hidden_layer_sizes": (20,), **options}
    models = [getattr(module, kind)(**options) for module in (sklearn.neural_network, gn)]
    for model in models:
        if fit is None:
            model.fit(X, y, sample_weight)
        else:
            fit(model)
    return models


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("data", DATA)
def test_fifty_epochs(data, settings):
    kind, X, y = DATA[data]
    theirs, ours = both(kind, X, y, **settings)
    assert_allclose(outputs(ours, X), outputs(theirs, X), rtol=0, atol=1e-9)
    assert (ours.predict(X) == theirs.predict(X)).all() or kind == "MLPRegressor"
    for coefs in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        assert_allclose(*coefs, rtol=0, atol=1e-9)
    for name in (
        "n_iter_",
        "t_",
        "n_layers_",
        "n_outputs_",
        "out_activation_",
        "n_features_in_",
        "_no_improvement_count",
    ):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert (
        ours._optimizer.learning_rate == pytest.approx(theirs._optimizer.learning_rate) or settings["solver"] == "adam"
    )
    # of several outputs scikit-learn reports the mean squared error plus the whole penalty; see docs/reference/estimators.md
    near = {"rtol": 1e-9} if data != "three numbers" else {"atol": settings.get("alpha", 1e-4) * 2}
    assert_allclose(ours.loss_curve_, theirs.loss_curve_, **near)
    assert_allclose(ours.loss_, theirs.loss_, **near)
    if settings.get("early_stopping"):
        assert ours.best_loss_ is theirs.best_loss_ is None
        assert_allclose(ours.validation_scores_, theirs.validation_scores_, rtol=1e-9)
        assert ours.best_validation_score_ == pytest.approx(theirs.best_validation_score_, rel=1e-9)
    else:
        assert ours.validation_scores_ is ours.best_validation_score_ is None
        assert_allclose(ours.best_loss_, theirs.best_loss_, **near)


# scikit-learn's gradient of several numbers is not that of its loss: see below
WEIGHTED = [(data, solver) for data in DATA for solver in ("sgd", "adam", "lbfgs")]
WEIGHTED.remove(("three numbers", "lbfgs"))


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(("data", "solver"), WEIGHTED)
def test_sample_weights(data, solver, shuffle):
    kind, X, y = DATA[data]
    weight = np.random.default_rng(0).uniform(0, 3, len(X))
    theirs, ours = both(kind, X, y, weight, solver=solver, shuffle=shuffle, tol=0, max_iter=20, n_iter_no_change=99)
    assert_allclose(outputs(ours, X), outputs(theirs, X), rtol=0, atol=1e-7)


@pytest.mark.parametrize("data", ["three classes", "two classes", "labels", "a number"])
def test_lbfgs_takes_the_same_path(data):
    kind, X, y = DATA[data]
    theirs, ours = both(kind, X, y, solver="lbfgs", max_iter=15)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-8)
    assert_allclose(outputs(ours, X), outputs(theirs, X), rtol=0, atol=1e-6)


def test_lbfgs_descends_the_right_gradient_of_several_outputs():
    model = gn.MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=3, alpha=0.1, random_state=0)
    model.fit(X_DIABETES, THREE)
    error = 0.5 * ((THREE - model.predict(X_DIABETES)) ** 2).sum(axis=1).mean()
    objective = error + 0.5 * 0.1 * sum((W**2).sum() for W in model.coefs_) / len(THREE)
    assert 3 * model.loss_ == pytest.approx(objective, rel=1e-9)

    def loss_and_gradient(packed):
        return model._loss_grad_lbfgs(packed, X_DIABETES, THREE, None)

    packed = np.concatenate([array.ravel() for array in model.coefs_ + model.intercepts_])
    loss, gradient = loss_and_gradient(packed)
    assert loss == pytest.approx(objective, rel=1e-9)
    for direction in np.random.default_rng(0).standard_normal((5, packed.size)):
        numeric = (
            loss_and_gradient(packed + 1e-6 * direction)[0] - loss_and_gradient(packed - 1e-6 * direction)[0]
        ) / 2e-6
        assert gradient @ direction == pytest.approx(numeric, rel=1e-6)


def test_poisson():
    counts = np.random.default_rng(0).poisson(np.exp(X_DIABETES[:, :2] * 10))
    for y in (counts, counts[:, 0]):
        for solver in ("adam", "lbfgs"):
            theirs, ours = both("MLPRegressor", X_DIABETES, y, loss="poisson", solver=solver, max_iter=20)
            assert_allclose(ours.predict(X_DIABETES), theirs.predict(X_DIABETES), rtol=1e-7)
            assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-9)
            assert ours.out_activation_ == "exp"


def test_float32_stays_float32():
    X = X_IRIS.astype(np.float32)
    theirs, ours = both("MLPClassifier", X, Y_IRIS)
    assert ours.network_.dtype == ours.predict_proba(X).dtype == np.float32
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_rows(container):
    X = container(np.where(np.abs(X_CANCER) > 0.5, X_CANCER, 0))
    theirs, ours = both("MLPClassifier", X, Y_CANCER, max_iter=10)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-9)
    assert_allclose(ours.predict_proba(X.toarray()), ours.predict_proba(X), atol=1e-15)


def test_sparse_labels():
    theirs, ours = both("MLPClassifier", X_LABELS, sparse.csr_matrix(Y_LABELS), max_iter=10)
    assert sparse.issparse(ours.predict(X_LABELS))
    assert (ours.predict(X_LABELS) != theirs.predict(X_LABELS)).nnz == 0


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("data", ["three classes", "a number"])
def test_partial_fit_and_warm_start(data, solver):
    kind, X, y = DATA[data]

    def in_pieces(model):
        classes = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
        for start in (0, 40, 80, 0, 90):
            model.partial_fit(X[start : start + 60], y[start : start + 60], **classes)

    def again(model):
        model.set_params(warm_start=True, max_iter=7).fit(X, y)
        model.set_params(max_iter=5, learning_rate_init=0.01).fit(X, y)

    for learning_rate in ("constant", "invscaling"):
        for fit in (in_pieces, again):
            theirs, ours = both(kind, X, y, fit=fit, solver=solver, learning_rate=learning_rate, learning_rate_init=0.1)
            assert_allclose(outputs(ours, X), outputs(theirs, X), rtol=0, atol=1e-9)
            assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)
            assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)


def test_a_random_state_is_left_where_scikit_learn_leaves_it():
    after = []
    for module in (sklearn.neural_network, gn):
        rng = np.random.RandomState(5)
        module.MLPClassifier((5,), random_state=rng, tol=1.0, n_iter_no_change=2, batch_size=20).fit(X_IRIS, Y_IRIS)
        after.append(rng.randint(2**31))
    assert after[0] == after[1]


def test_messages_and_warnings(capsys):
    for solver in ("sgd", "adam"):
        printed = []
        for module in (sklearn.neural_network, gn):
            model = module.MLPClassifier(
                (5,), solver=solver, max_iter=3, random_state=0, early_stopping=True, verbose=True
            )
            with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(3\)"):
                model.fit(X_IRIS, Y_IRIS)
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1]
        assert printed[1].count("Validation score") == 3
    with pytest.warns(UserWarning, match="batch_size=500"):
        gn.MLPClassifier((5,), batch_size=500, max_iter=2).fit(X_IRIS, Y_IRIS)


@pytest.mark.parametrize("options", [{"learning_rate": "adaptive"}, {"learning_rate": "constant"}], ids=str)
def test_verbose_tells_how_it_ends(options, capsys):
    printed = []
    for module in (sklearn.neural_network, gn):
        model = module.MLPClassifier((5,), solver="sgd", tol=0.1, max_iter=150, random_state=0, verbose=True, **options)
        model.set_params(n_iter_no_change=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X_IRIS, Y_IRIS)
        printed.append(capsys.readouterr().out.splitlines())
    assert [line for line in printed[1] if "rate" in line or "Stopping" in line]
    assert printed[1] == printed[0]


@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_fit_draws_no_more_from_the_shared_generator(early_stopping):
    options = {"max_iter": 200, "learning_rate_init": 0.02, "n_iter_no_change": 4, "tol": 0.01}
    left = []
    for module in (sklearn.neural_network, gn):
        np.random.seed(0)  # the generator that random_state=None stands for
        model = module.MLPClassifier((5,), early_stopping=early_stopping, **options).fit(X_IRIS, Y_IRIS)
        left.append((model.n_iter_, np.random.random()))
    assert left[0] == left[1]
    assert left[0][0] < 200


@pytest.mark.parametrize("data", DATA)
def test_early_stopping_over_two_fits(data):
    kind, X, y = DATA[data]
    options = {
        "early_stopping": True,
        "warm_start": True,
        "tol": 0.02,
        "n_iter_no_change": 3,
        "learning_rate_init": 0.01,
    }
    theirs, ours = both(kind, X, y, **options)
    assert_allclose(outputs(ours, X), outputs(theirs, X), rtol=0, atol=1e-9)
    best, reached = ours.best_validation_score_, outputs(ours, X)
    for fits in range(2):
        assert ours.n_iter_ == theirs.n_iter_ < 50
        assert_allclose(ours.validation_scores_, theirs.validation_scores_, rtol=1e-9)
        assert ours.best_validation_score_ == pytest.approx(theirs.best_validation_score_, rel=1e-9)
        assert ours._no_improvement_count == theirs._no_improvement_count
        if fits == 0:
            for model in (theirs, ours):
                model.set_params(learning_rate_init=3.0).fit(X, y)
    # a second fit that is never better ends where the first one did; scikit-learn's overwrites its best parameters
    assert ours.best_validation_score_ == best
    assert (outputs(ours, X) == reached).all()


def test_early_stopping_with_one_class():
    theirs, ours = both("MLPClassifier", X_IRIS, np.zeros(150), early_stopping=True, random_state=0)
    assert ours.validation_scores_ == theirs.validation_scores_ == [1.0] * ours.n_iter_
    assert ours.n_iter_ == theirs.n_iter_
