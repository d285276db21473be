"""The estimators' options: defaults, bounds, what they stand for in the core, and what fit would train."""

import numpy as np
import pytest
import sklearn.neural_network
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

import glassnet as gn
from glassnet.estimators.held_out import split

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)
OWN_DEFAULTS = {
    "dropout": 0.0,
    "clip_norm": None,
    "weight_decay": 0.01,
    "init": "auto",
    "keep_optimizer": False,
    "engine": "auto",
    "n_threads": None,
    "checkpoint": None,
}


@pytest.mark.parametrize(
    ("kind", "own"),
    [("MLPClassifier", {"class_weight": None}), ("MLPRegressor", {"quantile": 0.5, "delta": 1.0})],
)
def test_defaults_are_scikit_learns_and_ours_are_known(kind, own):
    theirs = getattr(sklearn.neural_network, kind)().get_params()
    assert getattr(gn, kind)().get_params() == {**theirs, **OWN_DEFAULTS, **own}


# (option, values just inside its bounds, values just outside)
BOUNDS = [
    ("hidden_layer_sizes", [1, (1,), ()], [0, (0,), (3, -1), "wide"]),
    ("alpha", [0, 0.0], [-1e-9]),
    ("batch_size", [1, "auto"], [0, 1.5, "all"]),
    ("learning_rate_init", [1e-12], [0, -1.0]),
    ("power_t", [0], [-0.1]),
    ("max_iter", [1], [0, 2.5]),
    ("tol", [0], [-1e-9]),
    ("momentum", [0, 1], [-0.01, 1.01]),
    ("validation_fraction", [0.999], [-0.01, 1]),
    ("beta_1", [0, 0.999], [-0.01, 1]),
    ("beta_2", [0, 0.999], [-0.01, 1]),
    ("epsilon", [1e-300], [0]),
    ("n_iter_no_change", [1, np.inf], [0, 1.5]),
    ("max_fun", [1], [0]),
    ("dropout", [0, 0.999], [-0.01, 1]),
    ("clip_norm", [None, 1e-12], [0, -1.0]),
    ("weight_decay", [0], [-1e-9]),
    ("n_threads", [None, 1], [0, 1.5]),
    ("shuffle", [True, False], ["no"]),
    ("warm_start", [True, False], ["no"]),
    ("early_stopping", [True, False], ["no"]),
    ("nesterovs_momentum", [True, False], ["no"]),
    ("keep_optimizer", [True, False], ["no"]),
    ("solver", ["sgd", "adam", "adamw", "lbfgs", gn.Nesterov()], ["momentum", None]),
    ("activation", ["relu", "logistic", "gelu", ["tanh"], ("tanh",)], ["softmax", None, 3]),
    ("learning_rate", ["constant", "invscaling", "adaptive", "cosine", gn.Cosine()], ["fast", 0.1]),
    ("init", ["auto", "he_normal", gn.initializers.he_normal], ["random", 3]),
    ("engine", ["auto", "numpy"], ["gpu", None]),
    ("random_state", [None, 3, np.random.RandomState(0)], ["seed", -1]),
]


@pytest.mark.parametrize(("option", "inside", "outside"), BOUNDS, ids=[name for name, _, _ in BOUNDS])
@pytest.mark.parametrize("kind", [gn.MLPClassifier, gn.MLPRegressor])
def test_bounds(kind, option, inside, outside):
    small = {"hidden_layer_sizes": (2,), option: inside[0]}
    for value in inside:
        assert kind(**{**small, option: value}).initialize(X, Y).n_features_in_ == 4
    for value in outside:
        with pytest.raises(ValueError, match=option):
            kind(**{**small, option: value}).initialize(X, Y)
        with pytest.raises(ValueError, match=option):
            kind(**{**small, option: value}).fit(X, Y)
        with pytest.raises(ValueError, match=option):
            kind(**{**small, option: value}).training_setup(X, Y)


@pytest.mark.parametrize(
    ("options", "optimizer"),
    [
        ({"solver": "sgd", "momentum": 0}, gn.SGD(0.02)),
        ({"solver": "sgd", "momentum": 0.7}, gn.Nesterov(0.02, 0.7)),
        ({"solver": "sgd", "momentum": 0.7, "nesterovs_momentum": False}, gn.Momentum(0.02, 0.7)),
        ({"solver": "adam", "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4}, gn.AdamEpsilonHat(0.02, 0.8, 0.9, 1e-4)),
        ({"solver": "adamw", "weight_decay": 0.3}, gn.AdamW(0.02, 0.9, 0.999, 1e-8, 0.3)),
        ({"solver": gn.RMSprop(0.5)}, gn.RMSprop(0.5)),
    ],
    ids=str,
)
def test_the_optimizer_of_a_solver(options, optimizer):
    model = gn.MLPClassifier((3,), learning_rate_init=0.02, max_iter=1, random_state=0, **options)
    assert model.training_setup(X, Y)[3]["optimizer"] == optimizer
    assert model.fit(X, Y)._optimizer.optimizer == optimizer


def test_what_fit_would_train_is_what_it_trains():
    options = {"shuffle": False, "batch_size": 75, "solver": "sgd", "momentum": 0.5, "alpha": 0.3, "tol": 0.02}
    model = gn.MLPClassifier((5,), max_iter=40, n_iter_no_change=3, clip_norm=0.4, random_state=2, **options)
    network, rows, targets, arguments = model.training_setup(X, Y)
    assert not hasattr(model, "network_")
    history = gn.train(network, rows, targets, **arguments)
    model.fit(X, Y)
    assert 4 < model.n_iter_ < 40  # the stop rule ended it
    assert history.epochs == model.n_iter_
    assert_allclose(history.loss, model.loss_curve_, rtol=1e-12)
    assert_allclose(network.theta, model.network_.theta, rtol=1e-12)


def test_what_fit_would_train_tells_every_option():
    model = gn.MLPClassifier((5,), max_iter=7, dropout=0.2, n_threads=2, engine="numpy", random_state=2, alpha=0.3)
    *_, arguments = model.training_setup(X, Y)
    told = {"epochs": 7, "batch_size": 150, "dropout": 0.2, "n_threads": 2, "engine": "numpy", "shuffle": True}
    assert told.items() <= arguments.items()
    assert arguments["l2"] == pytest.approx(0.3 / 150, rel=1e-15)
    assert arguments["early_stopping"] == gn.EarlyStopping(11, 1e-4, restore_best=False)
    assert "validation" not in arguments
    assert model.set_params(batch_size=40).training_setup(X, Y)[3]["batch_size"] == 40
    assert model.set_params(batch_size=4000).training_setup(X, Y)[3]["batch_size"] == 150
    assert model.set_params(batch_size="auto").training_setup(np.tile(X, (2, 1)), np.tile(Y, 2))[3]["batch_size"] == 200
    assert "early_stopping" not in model.set_params(n_iter_no_change=np.inf).training_setup(X, Y)[3]


def test_what_fit_would_train_holds_out_the_rows_that_fit_holds_out():
    model = gn.MLPClassifier((5,), early_stopping=True, validation_fraction=0.2, max_iter=1, random_state=2)
    network, rows, targets, arguments = model.training_setup(X, Y)
    held, held_targets = arguments["validation"]
    assert (len(rows), len(targets), len(held), len(held_targets)) == (120, 120, 30, 30)
    assert sorted(map(tuple, np.vstack([rows, held]))) == sorted(map(tuple, X))
    assert arguments["early_stopping"] == gn.EarlyStopping(11, 1e-4, restore_best=True)
    model.fit(X, Y)
    loss = model.network_.loss(held, held_targets)
    assert model.validation_loss_curve_ == pytest.approx([loss], rel=1e-12)
    lbfgs = gn.MLPClassifier((5,), early_stopping=True, solver="lbfgs", alpha=0.6, random_state=2)
    network, rows, _, arguments = lbfgs.training_setup(X, Y)
    assert len(rows) == 150
    assert "validation" not in arguments
    assert arguments["l2"] == pytest.approx(0.6 / 150, rel=1e-15)
    assert arguments["epochs"] == 200
    assert (network.theta == lbfgs.initialize(X, Y).network_.theta).all()


def test_a_class_weight_weighs_what_fit_would_train():
    model = gn.MLPClassifier((5,), class_weight={0: 1, 1: 2, 2: 5}, random_state=2)
    assert (model.training_setup(X, Y)[3]["sample_weight"] == np.array([1, 2, 5])[Y]).all()


def test_held_out_rows_of_two_classes_are_drawn_class_by_class():
    few = np.r_[0:40, 50:60]  # 40 of one class, 10 of the other
    model = gn.MLPClassifier((5,), early_stopping=True, validation_fraction=0.2, random_state=0)
    for seed in range(5):
        _, held_targets = model.set_params(random_state=seed).training_setup(X[few], Y[few])[3]["validation"]
        assert held_targets.sum() == 2
    with pytest.raises(ValueError, match="validation set is too small"):
        gn.MLPRegressor(early_stopping=True, validation_fraction=0.1).fit(X[:10], Y[:10])
    assert len(gn.MLPRegressor(early_stopping=True, validation_fraction=0.1).fit(X[:20], Y[:20]).loss_curve_) > 1


def test_held_out_rows_are_those_of_scikit_learn():
    draw = np.random.default_rng(0)
    for seed in range(40):
        n, share, fraction = int(draw.integers(30, 400)), draw.uniform(0.2, 0.8), draw.uniform(0.1, 0.5)
        y = np.r_[0, 0, 0, 1, 1, 1, draw.random(n) < share].astype(int)
        model = gn.MLPClassifier((2,), early_stopping=True, validation_fraction=fraction).initialize(y[:, None], y)
        rows, labels = np.arange(len(y))[:, None], y[:, None].astype(bool)
        train, _, _, held_out = split(model, rows, labels, None, np.random.RandomState(seed))
        # as scikit-learn's MLPClassifier calls it
        expected = train_test_split(rows, random_state=np.random.RandomState(seed), test_size=fraction, stratify=labels)
        assert [train.tolist(), held_out.X.tolist()] == [part.tolist() for part in expected]


def test_weights_are_held_out_with_their_rows():
    # rows of weight 0 count neither in training nor in the score, wherever the split puts them
    weight = (Y != 2).astype(float)
    model = gn.MLPClassifier((5,), early_stopping=True, max_iter=60, learning_rate_init=0.05, random_state=0)
    model.fit(X, Y, weight)
    assert model.best_validation_score_ == 1.0


@pytest.mark.parametrize("classes", [2, 3])
def test_sparse_validation_rows_and_weights_count_as_dense_ones(classes):
    rows = classes > Y
    A, y = np.where(np.abs(X[rows]) > 0.4, X[rows], 0), Y[rows]
    weight = np.arange(len(y)) % 3 + 0.5
    curves = []
    for container in (np.asarray, sparse.csr_array):
        model = gn.MLPClassifier((5,), max_iter=3, random_state=0)
        model.fit(A, y, X_val=container(A), y_val=y, sample_weight_val=weight)
        curves.append(model.validation_loss_curve_)
    assert curves[0] == curves[1]
    assert curves[0][-1] == pytest.approx(model.network_.loss(A, y, sample_weight=weight), rel=1e-12)
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        gn.MLPClassifier((5,)).fit(A, y, X_val=A, y_val=y, sample_weight_val=weight - 1)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_sparse_rows_are_never_made_dense(solver, early_stopping, monkeypatch):
    A = np.where(np.abs(X) > 0.4, X, 0)
    dense = gn.MLPClassifier((5,), max_iter=5, random_state=0, solver=solver, early_stopping=early_stopping).fit(A, Y)
    rows, own = sparse.csr_array(A), clone(dense)
    toarray = sparse.csr_array.toarray

    def refuse_inputs(self, *arguments, **options):
        assert self.shape[1] != A.shape[1]
        return toarray(self, *arguments, **options)

    monkeypatch.setattr(sparse.csr_array, "toarray", refuse_inputs)
    own.fit(rows, Y)
    for ours, theirs in zip(own.coefs_, dense.coefs_, strict=True):
        assert_allclose(ours, theirs, rtol=0, atol=1e-9)
    assert_allclose(own.predict_proba(rows), dense.predict_proba(A), rtol=0, atol=1e-9)
    assert own.score(rows, Y) == dense.score(A, Y)
    assert_allclose(own.hidden_activations(rows)[0], dense.hidden_activations(A)[0], rtol=0, atol=1e-9)
    if solver != "lbfgs" and not early_stopping:
        own.partial_fit(rows, Y)
        assert_allclose(own.predict_proba(rows), dense.partial_fit(A, Y).predict_proba(A), rtol=0, atol=1e-9)


def test_gradients_by_sparse_inputs_are_dense():
    A = np.where(np.abs(X) > 0.4, X, 0)
    model = gn.MLPClassifier((5,), max_iter=3, random_state=0).fit(A, Y)
    assert_allclose(model.input_gradients(sparse.csr_array(A)), model.input_gradients(A))


def test_the_rate_of_inverse_scaling_falls_by_the_rows_seen():
    options = {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3, "learning_rate_init": 0.2}
    model = gn.MLPClassifier((5,), max_iter=4, random_state=0, **options).fit(X, Y)
    assert model._optimizer.learning_rate == pytest.approx(0.2 / (4 * 150 + 1) ** 0.3, rel=1e-14)


def test_adaptive_divides_the_rate_by_five_down_to_a_millionth():
    options = {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "n_iter_no_change": 1, "tol": 9}
    model = gn.MLPClassifier((5,), max_iter=100, random_state=0, **options).fit(X, Y)
    # 2 epochs without progress lower the rate; the first below 1e-6 is 0.1/5⁸, at which the run ends
    assert model._optimizer.learning_rate == pytest.approx(0.1 / 5**8, rel=1e-12)
    assert model.n_iter_ < 100
    other = gn.MLPClassifier((5,), max_iter=100, random_state=0, **{**options, "solver": "adam"}).fit(X, Y)
    assert other._optimizer.learning_rate == 0.1


@pytest.mark.parametrize(("sizes", "hidden_scale", "output_scale"), [((5,), 2, 2), ((), 6, 6)])
def test_the_initial_weights_of_the_sigmoid_are_smaller(sizes, hidden_scale, output_scale):
    model = gn.MLPClassifier(sizes, activation="logistic", random_state=4).initialize(X, Y)
    rng = np.random.RandomState(4)
    for W, b, scale_ in zip(model.coefs_, model.intercepts_, (hidden_scale, output_scale), strict=False):
        bound = np.sqrt(scale_ / sum(W.shape))
        assert (rng.uniform(-bound, bound, W.shape) == W).all()
        assert (b == rng.uniform(-bound, bound, b.shape)).all()


def test_partial_fit_is_for_stochastic_solvers_without_early_stopping():
    assert not hasattr(gn.MLPClassifier(solver="lbfgs"), "partial_fit")
    assert hasattr(gn.MLPClassifier(solver="adamw"), "partial_fit")
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping"):
        gn.MLPRegressor(early_stopping=True).partial_fit(X, Y)
    with pytest.raises(ValueError, match="classes"):
        gn.MLPClassifier((3,)).partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y + 5)
    with pytest.raises(ValueError, match="warm_start"):
        gn.MLPClassifier((3,), warm_start=True, max_iter=2).fit(X, Y).fit(X, Y % 2)


def test_two_classes_by_their_probabilities():
    model = gn.MLPClassifier((3,), max_iter=3, random_state=0).fit(X, Y == 2)
    p = model.predict_proba(X)
    assert p.shape == (150, 2)
    assert_allclose(p.sum(axis=1), 1, rtol=1e-15)
    assert (model.predict(X) == (p[:, 1] > 0.5)).all()
    assert_allclose(np.exp(model.predict_log_proba(X)), p, rtol=1e-14)
