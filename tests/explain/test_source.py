"""Estimators explained: ours and scikit-learn's, alone, in a Pipeline or a search; the step is the one partial_fit takes."""

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import glassnet as gn
from glassnet.explain.source import network_and_options_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
rng = np.random.default_rng(0)
X = rng.normal(size=(30, 3))
CLASSES = np.array(["a", "b", "c"])[rng.integers(0, 3, 30)]
TWO = np.array(["no", "yes"])[rng.integers(0, 2, 30)]
NUMBERS = rng.normal(size=(30, 2))
TARGETS = {"MLPClassifier": (CLASSES, TWO), "MLPRegressor": (NUMBERS[:, 0], NUMBERS)}
SOLVERS = {
    "adam": {"beta_1": 0.8, "epsilon": 1e-6},
    "sgd": {"learning_rate": "invscaling", "learning_rate_init": 0.01},
    "momentum": {"nesterovs_momentum": False, "momentum": 0.5},
    "plain": {"momentum": 0},
    "lbfgs": {},
}


def fitted(room, kind, y, solver="adam", **options):
    name = solver if solver in ("adam", "lbfgs") else "sgd"
    given = {"hidden_layer_sizes": (5, 4), "max_iter": 4, "alpha": 0.3, "random_state": 1, "solver": name}
    return getattr(room, kind)(**{**given, **SOLVERS[solver], **options}).fit(X, y)


def theta_of(estimator):
    pairs = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    return np.concatenate([np.ravel(part) for pair in pairs for part in pair])


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("room", [gn, sklearn.neural_network], ids=["ours", "scikit-learn"])
def test_the_step_is_that_of_partial_fit(room, kind, solver):
    for y in TARGETS[kind]:
        estimator = fitted(room, kind, y, solver, activation="logistic")
        derivation = gn.explain(estimator, X[:6], y[:6])
        output = derivation.value("A3")
        if kind == "MLPClassifier":
            expected = estimator.predict_proba(X[:6])
            output = np.hstack([1 - output, output]) if output.shape[1] == 1 else output
            assert derivation.outputs == tuple(estimator.classes_)
        else:
            expected = estimator.predict(X[:6]).reshape(6, -1)
        np.testing.assert_allclose(output, expected, rtol=1e-12)
        np.testing.assert_allclose(derivation.value("l2"), 0.3 / 6)
        if solver == "lbfgs":
            assert "theta" not in derivation
            continue
        estimator.partial_fit(X[:6], y[:6])
        np.testing.assert_allclose(derivation.value("theta"), theta_of(estimator), rtol=1e-12, atol=1e-14)


def test_what_is_told_counts_more_than_what_it_was_fitted_with():
    estimator = fitted(sklearn.neural_network, "MLPClassifier", TWO)
    assert "l2" not in gn.explain(estimator, X[0], "yes", l2=0)
    assert gn.explain(estimator, X[:2], TWO[:2], alpha=0.5).value("l2") == 0.25
    assert gn.explain(estimator, X[0], "yes", learning_rate=0.7).value("learning_rate") == 0.7
    told = gn.explain(estimator, X[0], "yes", optimizer="adam")
    assert told.value("t") == 1
    assert not told.value("m_before").any()
    assert gn.explain(estimator, X[0], "yes").value("t") == 5
    with pytest.raises(gn.InputError, match=r"^alpha: expected alpha, or l1 and l2; got both"):
        gn.explain(estimator, X[0], "yes", alpha=0.1, l2=0.1)


def test_graded_like_a_network():
    estimator = fitted(sklearn.neural_network, "MLPRegressor", NUMBERS[:, 0], activation="tanh")
    derivation = gn.explain(estimator, X[:4], NUMBERS[:4, 0])
    assert derivation.grade(dW1=derivation.value("dW1")).ok
    grade = derivation.grade(dW2=derivation.value("dW2_data"))
    assert grade.misconception.code == "penalty_forgotten"


def test_at_the_end_of_a_pipeline_and_of_a_search():
    final = sklearn.neural_network.MLPClassifier(hidden_layer_sizes=(3,), max_iter=3, random_state=0)
    pipeline = make_pipeline(StandardScaler(), final)
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [0.2]}, cv=2).fit(X, TWO)
    for given in (search, search.best_estimator_):
        derivation = gn.explain(given, X[3], TWO[3])
        assert derivation.value("A2")[0, 0] == pytest.approx(search.predict_proba(X[3:4])[0, 1], rel=1e-12)
        assert (derivation.inputs, derivation.outputs) == (("x0", "x1", "x2"), ("no", "yes"))
        assert derivation.value("l2") == 0.2
    assert gn.explain(search, X[:5], TWO[:5]).value("A0").shape == (5, 3)
    assert gn.explain(make_pipeline(fitted(gn, "MLPClassifier", TWO)), X[0], "no").value("Y") == 0


def test_a_pipeline_on_named_columns():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"size": X[:, 0], "kind": CLASSES})
    columns = ColumnTransformer([("number", StandardScaler(), ["size"]), ("word", OneHotEncoder(), ["kind"])])
    pipeline = make_pipeline(columns, gn.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2)).fit(frame, X[:, 1])
    names = ("number__size", "word__kind_a", "word__kind_b", "word__kind_c")
    for given, y in ((frame.iloc[2], X[2, 1]), (frame.iloc[2:3], X[2:3, 1])):
        derivation = gn.explain(pipeline, given, y)
        assert derivation.inputs == names
        np.testing.assert_allclose(derivation.value("A2")[:, 0], pipeline.predict(frame.iloc[2:3]), rtol=1e-12)


def test_the_network_and_options_of_an_estimator():
    network, options = network_and_options_of(
        fitted(sklearn.neural_network, "MLPClassifier", CLASSES, activation="relu")
    )
    assert network.sizes == (3, 5, 4, 3)
    assert (network.activations[1].name, network.activations[3].name) == ("relu", "softmax")
    assert network.loss_function.name == "categorical_cross_entropy"
    assert options["alpha"] == 0.3
    assert options["optimizer"] == gn.AdamEpsilonHat(beta1=0.8, epsilon=1e-6)
    assert network_and_options_of(gn.Network([2, 1]))[1] == {}
    assert gn.explain(network, X[0], 1, **options).value("beta1") == 0.8


def test_a_table_model_has_the_optimizer_it_was_trained_with():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    settings = {"optimizer": "momentum:momentum=0.4", "l2": 0.1}
    model = gn.TableRegressor(epochs=2, learning_rate=0.03, settings=settings, random_state=0).fit(frame, X[:, 2])
    derivation = gn.explain(model, frame.assign(target=X[:, 2]).iloc[:3])
    assert (derivation.value("momentum"), derivation.value("learning_rate"), derivation.value("l2")) == (0.4, 0.03, 0.1)
    assert derivation.value("Y").shape == (3, 1)


@pytest.mark.parametrize(
    "given",
    [
        3,
        sklearn.neural_network.MLPClassifier(),
        gn.MLPClassifier(),
        make_pipeline(StandardScaler()),
        LogisticRegression(),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_holds_no_network_is_refused(given):
    with pytest.raises(gn.InputError, match=r"^network: expected a Network, a fitted .*; fit the estimator first\.$"):
        gn.explain(given, X[0], 1)


def test_rows_that_a_pipeline_cannot_take_are_refused():
    pipeline = make_pipeline(StandardScaler(), fitted(gn, "MLPClassifier", TWO))
    pipeline[0].fit(X)
    with pytest.raises(gn.InputError, match=r"^x: expected rows that the Pipeline transforms; got ValueError: "):
        gn.explain(pipeline, [1.0, 2.0], "no")


@pytest.mark.parametrize("penalty", ["l2", "alpha / n"])
def test_a_function_is_checked_with_the_penalty_of_an_estimator(penalty):
    estimator = fitted(sklearn.neural_network, "MLPRegressor", NUMBERS, hidden_layer_sizes=(), activation="tanh")
    divided = {"l2": lambda X, Y, W1, b1, l2: gradients(X, Y, W1, b1, l2),
               "alpha / n": lambda X, Y, W1, b1, alpha, n: gradients(X, Y, W1, b1, alpha / n)}  # fmt: skip

    def gradients(X, Y, W1, b1, l2):
        dZ1 = (X @ W1 + b1 - Y) / len(X)
        return {"dW1": X.T @ dZ1 + l2 * W1, "db1": dZ1.sum(axis=0)}

    assert gn.check(divided[penalty], estimator).ok
    assert not gn.check(lambda X, Y, W1, b1: gradients(X, Y, W1, b1, 0), estimator).ok
    assert gn.check(lambda X, Y, W1, b1: gradients(X, Y, W1, b1, 0), estimator, l2=0).ok
