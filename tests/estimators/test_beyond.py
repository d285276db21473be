"""What the estimators have beyond scikit-learn's: layers, dropout, weights, losses, optimizers, validation, and more."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.callback import ScoringMonitor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.preprocessing import scale

import glassnet as gn
from glassnet.native.engine import load_module
from glassnet.network import engines

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)
X_CANCER, Y_CANCER = load_breast_cancer(return_X_y=True)
X_CANCER = scale(X_CANCER)
X_DIABETES, Y_DIABETES = load_diabetes(return_X_y=True)
FAST = {"hidden_layer_sizes": (8,), "max_iter": 30, "learning_rate_init": 0.01, "random_state": 0}


def classifier(**options):
    return gn.MLPClassifier(**{**FAST, **options})


def regressor(**options):
    return gn.MLPRegressor(**{**FAST, **options})


def test_an_activation_for_each_layer():
    square = gn.Activation("square", lambda z: z**2, lambda z, a: 2 * z)
    model = classifier(hidden_layer_sizes=(6, 5, 4), activation=["gelu", "logistic", square]).fit(X, Y)
    names = [activation.name for activation in model.network_.activations.values()]
    assert names == ["gelu", "sigmoid", "square", "softmax"]
    with pytest.raises(ValueError, match="expected one for all hidden layers or 2"):
        classifier(hidden_layer_sizes=(6, 5), activation=["relu"]).fit(X, Y)
    with pytest.raises(ValueError, match="activation"):
        classifier(activation=["softmax"]).fit(X, Y)


def test_dropout_and_clipping_change_the_steps():
    plain = classifier().fit(X, Y)
    dropped = classifier(dropout=0.5).fit(X, Y)
    assert dropped.loss_ > plain.loss_
    assert (dropped.network_.theta == classifier(dropout=0.5).fit(X, Y).network_.theta).all()
    one_step = {"solver": "sgd", "momentum": 0, "learning_rate_init": 1.0, "max_iter": 1, "alpha": 0}
    start, clipped = classifier(**one_step).initialize(X, Y), classifier(clip_norm=1e-3, **one_step).fit(X, Y)
    moved = np.linalg.norm(clipped.network_.theta - start.network_.theta)
    assert moved == pytest.approx(1e-3, rel=1e-9)


def test_class_weight_is_sample_weight_by_class():
    weights = {0: 1.0, 1: 5.0}
    a = classifier(class_weight=weights).fit(X_CANCER, Y_CANCER)
    b = classifier().fit(X_CANCER, Y_CANCER, sample_weight=np.where(Y_CANCER == 1, 5.0, 1.0))
    assert (a.network_.theta == b.network_.theta).all()
    counts = np.bincount(Y_CANCER)
    balanced = classifier(class_weight="balanced").fit(X_CANCER, Y_CANCER, np.full(len(Y_CANCER), 2.0))
    by_hand = classifier().fit(X_CANCER, Y_CANCER, sample_weight=2 * (len(Y_CANCER) / (2 * counts))[Y_CANCER])
    assert_allclose(balanced.network_.theta, by_hand.network_.theta, rtol=1e-9)
    with pytest.raises(ValueError, match="class_weight"):
        classifier(class_weight="balanced").partial_fit(X, Y, classes=[0, 1, 2])
    assert classifier(class_weight={0: 1, 1: 2, 2: 3}).partial_fit(X, Y, classes=[0, 1, 2]).t_ == len(X)


@pytest.mark.parametrize(
    ("options", "statistic"),
    [
        ({"loss": "absolute_error"}, np.median),
        ({"loss": "quantile", "quantile": 0.9}, lambda y: np.quantile(y, 0.9)),
        ({"loss": "squared_error"}, np.mean),
        ({"loss": gn.losses.QUANTILE.with_parameters(q=0.25)}, lambda y: np.quantile(y, 0.25)),
        ({"loss": "huber", "delta": 1e-3}, np.median),
        ({"loss": "poisson"}, np.mean),
    ],
    ids=lambda given: "" if callable(given) else str(given)[:40],
)
def test_what_a_loss_aims_at(options, statistic):
    # of inputs that tell nothing, the best prediction of each loss is a known statistic
    y = np.random.default_rng(0).exponential(1.0, 2000)
    constant = np.zeros((len(y), 1))
    settings = {"hidden_layer_sizes": (), "alpha": 0, "learning_rate": "cosine", "learning_rate_init": 0.05}
    model = gn.MLPRegressor(max_iter=60, n_iter_no_change=99, tol=0, random_state=0, **settings, **options)
    assert model.fit(constant, y).predict([[0.0]])[0] == pytest.approx(statistic(y), abs=0.03)


def test_poisson_refuses_negative_counts():
    with pytest.raises(gn.InputError, match="counts ≥ 0"):
        regressor(loss="poisson").fit(X, -Y)


def test_adamw_and_optimizers_of_the_core():
    model = classifier(solver="adamw", weight_decay=0.1, alpha=0, shuffle=False, batch_size=150).fit(X, Y)
    net = classifier().initialize(X, Y).network_
    gn.train(net, X, Y, optimizer=gn.AdamW(0.01, weight_decay=0.1), epochs=30, shuffle=False)
    assert_allclose(model.network_.theta, net.theta, rtol=1e-9)
    net = classifier().initialize(X, Y).network_
    model = classifier(solver=gn.RMSprop(0.01), alpha=0, shuffle=False, batch_size=150).fit(X, Y)
    gn.train(net, X, Y, optimizer=gn.RMSprop(0.01), epochs=30, shuffle=False)
    assert_allclose(model.network_.theta, net.theta, rtol=1e-9)
    assert model.partial_fit(X, Y).n_iter_ == 1


def test_a_schedule_lowers_the_rate_over_max_iter():
    options = {"solver": "sgd", "momentum": 0, "shuffle": False, "batch_size": 75, "alpha": 0, "tol": 0}
    model = classifier(learning_rate=gn.StepDecay(decay=0.1, every=10), **options).fit(X, Y)
    net = classifier().initialize(X, Y).network_
    schedule = gn.StepDecay(decay=0.1, every=10)
    gn.train(net, X, Y, optimizer=gn.SGD(0.01), epochs=30, batch_size=75, shuffle=False, schedule=schedule)
    assert_allclose(model.network_.theta, net.theta, rtol=1e-12)
    assert classifier(learning_rate="one_cycle").fit(X, Y).loss_ != classifier().fit(X, Y).loss_


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_the_optimizer_is_kept_on_a_warm_start(solver):
    options = {"solver": solver, "shuffle": False, "tol": 0, "n_iter_no_change": 999}
    whole = classifier(max_iter=30, **options).fit(X, Y)
    kept = classifier(max_iter=15, warm_start=True, keep_optimizer=True, **options).fit(X, Y).fit(X, Y)
    anew = classifier(max_iter=15, warm_start=True, **options).fit(X, Y).fit(X, Y)
    assert (kept.network_.theta == whole.network_.theta).all()
    assert np.abs(anew.network_.theta - whole.network_.theta).max() > 1e-4
    assert len(kept.loss_curve_) == 30
    # with another solver its memory is of no use
    other = "sgd" if solver == "adam" else "adam"
    assert kept.set_params(solver=other).fit(X, Y)._optimizer.state.step == 15


def test_initial_weights():
    he = classifier(init="he_normal").initialize(X, Y)
    expected = gn.initializers.he_normal(np.random.RandomState(0), 4, 8)
    assert (he.coefs_[0] == expected).all()
    assert (he.intercepts_[0] == 0).all()
    ones = classifier(init=lambda rng, fan_in, fan_out: np.ones((fan_in, fan_out))).initialize(X, Y)
    assert (ones.coefs_[1] == 1).all()


def test_initialize_predicts_and_training_goes_on_from_there():
    model = classifier(shuffle=False, warm_start=True).initialize(X, Y)
    assert model.predict_proba(X).shape == (150, 3)
    assert model.n_iter_ == 0
    assert model.fit(X, Y).loss_ == classifier(shuffle=False).fit(X, Y).loss_
    start = classifier(solver="sgd", max_iter=1, warm_start=True, learning_rate_init=1e-12).initialize(X, Y)
    start.coefs_[0] = np.full((4, 8), 0.25)  # an array of one's own in place of the view
    start.intercepts_[1][:] = [3.0, 0, 0]
    assert (start.predict(X) == 0).all()
    assert_allclose(start.fit(X, Y).coefs_[0], 0.25, atol=1e-9)
    with pytest.raises(NotFittedError):
        classifier().predict(X)


def test_validation_data_of_ones_own():
    train, held = np.arange(0, 150, 2), np.arange(1, 150, 2)
    model = classifier().fit(X[train], Y[train], X_val=X[held], y_val=Y[held])
    assert len(model.validation_loss_curve_) == 30
    assert model.validation_loss_curve_[-1] == pytest.approx(model.network_.loss(X[held], Y[held]), rel=1e-12)
    assert model.validation_scores_ is None
    assert (model.network_.theta == classifier().fit(X[train], Y[train]).network_.theta).all()  # it is only looked at

    few = {"max_iter": 200, "n_iter_no_change": 3, "tol": 0.01}
    looked_at = classifier(**few).fit(X[train], Y[train], X_val=-X[held], y_val=Y[held])  # a loss that rises
    assert looked_at.n_iter_ == classifier(**few).fit(X[train], Y[train]).n_iter_

    stopping = classifier(early_stopping=True, **few)
    stopping.fit(X[train], Y[train], X_val=X[held], y_val=Y[held])
    assert stopping.n_iter_ < 200
    assert stopping.score(X[held], Y[held]) == stopping.best_validation_score_ == max(stopping.validation_scores_)
    weighted = classifier(early_stopping=True, max_iter=3)
    weight = np.where(Y[held] == 0, 1.0, 1e-9)
    weighted.fit(X[train], Y[train], X_val=X[held], y_val=Y[held], sample_weight_val=weight)
    rows = Y[held] == 0
    assert weighted.best_validation_score_ == pytest.approx(weighted.score(X[held][rows], Y[held][rows]), abs=1e-6)

    lbfgs = regressor(solver="lbfgs").fit(
        X_DIABETES[:300], Y_DIABETES[:300], X_val=X_DIABETES[300:], y_val=Y_DIABETES[300:]
    )
    assert len(lbfgs.validation_loss_curve_) == lbfgs.n_iter_ == len(lbfgs.loss_curve_)


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_runs_in_the_engine(engine, monkeypatch, capsys):
    calls = []
    kind = type(engines.ENGINES[engine])
    run = kind.run

    def counted(self, job, state, record, epochs, *rest, **named):
        run(self, job, state, record, epochs, *rest, **named)
        calls.append(len(record.loss))

    monkeypatch.setattr(kind, "run", counted)
    model, options = classifier(engine=engine, early_stopping=True, n_iter_no_change=4, max_iter=300), {}
    for verbose in (False, True):
        calls.clear()
        model.set_params(verbose=verbose).fit(X, Y)
        assert sum(calls) == model.n_iter_
        assert (len(calls) < 0.3 * model.n_iter_) == (not verbose)
        options[verbose] = [model.validation_scores_, model.validation_loss_curve_, model.network_.theta.tolist()]
    assert options[False] == options[True]  # an epoch at a time, with its lines printed
    assert capsys.readouterr().out.count("Validation score: ") == model.n_iter_


def test_validation_data_is_checked():
    with pytest.raises(gn.InputError, match="above 0 among the held-out rows"):
        classifier(early_stopping=True).fit(X, Y, np.arange(150.0) == 75)
    with pytest.raises(gn.InputError, match="y_val: expected the other half"):
        classifier().fit(X, Y, X_val=X)
    with pytest.raises(gn.InputError, match="y_val: expected 150 entries"):
        classifier().fit(X, Y, X_val=X, y_val=Y[:3])
    with pytest.raises(gn.InputError, match="sample_weight_val"):
        classifier().fit(X, Y, sample_weight_val=Y)
    with pytest.raises(ValueError, match="features"):
        classifier().fit(X, Y, X_val=X[:, :2], y_val=Y)


def test_hidden_activations():
    model = classifier(hidden_layer_sizes=(6, 5), activation="tanh").fit(X, Y)
    first, second = model.hidden_activations(X)
    assert_allclose(first, np.tanh(X @ model.coefs_[0] + model.intercepts_[0]), rtol=1e-12)
    assert_allclose(second, np.tanh(first @ model.coefs_[1] + model.intercepts_[1]), rtol=1e-12)


@pytest.mark.parametrize("kind", ["two", "three", "numbers"])
def test_input_gradients(kind):
    if kind == "numbers":
        model, A = regressor(activation="tanh", solver="lbfgs").fit(X, np.stack([Y, X[:, 0] * X[:, 1]], axis=1)), X
    else:
        A, y = (X, Y) if kind == "three" else (X, (Y == 1).astype(int))
        model = classifier(activation="tanh").fit(A, y)

    def output(at):
        return (
            model.predict(at)
            if kind == "numbers"
            else model.predict_proba(at)[:, 1:]
            if kind == "two"
            else model.predict_proba(at)
        )

    gradients, h = model.input_gradients(A), 1e-5
    for column in range(A.shape[1]):
        step = np.zeros(A.shape[1])
        step[column] = h
        numeric = (output(A + step) - output(A - step)) / (2 * h)
        analytic = gradients[:, None, column] if kind == "two" else gradients[:, :, column]
        assert_allclose(analytic, numeric, atol=1e-7)


def test_input_gradients_of_the_loss():
    model = classifier(activation="tanh").fit(X, Y)
    step = 1e-6 * np.eye(4)[2]
    row, target = X[:1], Y[:1]
    numeric = (model.network_.loss(row + step, target) - model.network_.loss(row - step, target)) / 2e-6
    assert model.input_gradients(X, Y)[0, 2] == pytest.approx(numeric, rel=1e-5)


def test_lbfgs_says_how_it_goes(capsys):
    model = regressor(solver="lbfgs", verbose=True, max_iter=4)
    with pytest.warns(ConvergenceWarning, match="lbfgs did not converge after 4 iterations: max_iter=4"):
        model.fit(X_DIABETES, Y_DIABETES)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"Iteration {i}" for i in range(1, 5)]
    assert float(lines[-1].split("=")[1]) == pytest.approx(model.loss_, rel=1e-6)
    with pytest.warns(ConvergenceWarning, match="evaluations done"):
        regressor(solver="lbfgs", max_fun=3).fit(X_DIABETES, Y_DIABETES)


def test_engines():
    native = classifier(engine="auto").fit(X, Y)
    numpy = classifier(engine="numpy").fit(X, Y)
    assert_allclose(numpy.network_.theta, native.network_.theta, atol=1e-10)
    wide = [classifier(hidden_layer_sizes=(200,), max_iter=2, n_threads=n).fit(X, Y).network_.theta for n in (1, 3)]
    assert (wide[0] == wide[1]).all()
    with pytest.raises(ValueError, match="engine"):
        classifier(engine="gpu").fit(X, Y)


class Watcher:
    """A callback that keeps what it is told, and stops after some epochs."""

    def __init__(self, stop_after=None):
        self.seen, self.scores, self.stop_after = [], [], stop_after

    def setup(self, estimator, context):
        self.seen.append("setup")
        self.most_epochs = context.max_subtasks

    def teardown(self, estimator, context):
        self.seen.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.seen.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        self.seen.append(("end", context.task_name, context.task_id))
        if context.task_name == "epoch" and fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(X, y))
        return self.stop_after is not None and len(self.scores) == self.stop_after


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks(solver):
    watcher = Watcher(stop_after=6)
    model = classifier(solver=solver).set_callbacks(watcher).fit(X, np.array(["a", "b", "c"])[Y])
    assert model.n_iter_ == 6
    assert watcher.most_epochs == 31  # max_iter, and the one that lbfgs begins and never ends
    assert watcher.seen[:3] == ["setup", ("begin", "fit", 0), ("begin", "epoch", 0)]
    assert watcher.seen[-2:] == [("end", "fit", 0), "teardown"]
    begun = [event[2] for event in watcher.seen if event[:2] == ("begin", "epoch")]
    ended = [event[2] for event in watcher.seen if event[:2] == ("end", "epoch")]
    assert begun == ended
    assert watcher.scores[-1] == model.score(X, np.array(["a", "b", "c"])[Y])
    assert watcher.scores[0] < watcher.scores[-1]


def test_watching_changes_nothing():
    watched = classifier().set_callbacks(Watcher()).fit(X, Y)
    assert (watched.network_.theta == classifier().fit(X, Y).network_.theta).all()
    monitor = ScoringMonitor(scoring="accuracy")
    model = classifier(max_iter=5).set_callbacks(monitor).fit(X, Y)
    assert model.n_iter_ == 5


@pytest.mark.parametrize("way", ["pickle", "joblib", "deepcopy"])
def test_a_copy_goes_on_as_the_original(way, tmp_path):
    Xm, Ym = make_multilabel_classification(n_samples=60, random_state=0)
    for model, A, y in ((classifier(solver="sgd"), X, Y), (regressor(dropout=0.3), X, Y), (classifier(), Xm, Ym)):
        model.fit(A, y)
        if way == "pickle":
            other = pickle.loads(pickle.dumps(model))
        elif way == "joblib":
            joblib.dump(model, tmp_path / "model")
            other = joblib.load(tmp_path / "model")
        else:
            other = copy.deepcopy(model)
        for _ in range(3):
            model.partial_fit(A, y)
            other.partial_fit(A, y)
        assert (other.network_.theta == model.network_.theta).all()
        assert other.coefs_[0].base is not None
        assert np.shares_memory(other.coefs_[0], other.network_.theta)


def test_a_copy_has_the_arrays_that_a_user_put_in_the_place_of_the_parameters():
    model = classifier(max_iter=2).fit(X, Y)
    model.coefs_[0] = np.full((4, 8), 0.25)
    model.intercepts_[1] = np.array([1.0, 2, 3])
    other = pickle.loads(pickle.dumps(model))
    assert (other.coefs_[0] == 0.25).all()
    assert (other.network_.W[1] == 0.25).all()
    assert (other.intercepts_[1] == [1, 2, 3]).all()
    assert (other.predict_proba(X) == model.predict_proba(X)).all()
    svg = model._repr_html_()
    assert svg.count('stroke-width="2.00"') >= 32  # of equal weights all lines are the strongest


def test_a_pickle_keeps_the_parameters_once():
    model = classifier(hidden_layer_sizes=(300,), max_iter=1).fit(X_CANCER, Y_CANCER)
    theta = model.network_.theta.nbytes
    assert len(pickle.dumps(model)) < 3 * theta + 10_000  # theta and Adam's two


def test_a_loss_that_diverges_is_named():
    options = {"solver": "sgd", "learning_rate_init": 1e200, "activation": "identity"}
    with pytest.raises(ValueError, match=r"non-finite parameter weights.*layer"):
        regressor(**options).fit(X_DIABETES, Y_DIABETES)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        kept = regressor(early_stopping=True, **options).fit(X_DIABETES, Y_DIABETES)
    assert np.isfinite(kept.network_.theta).all()
    assert np.isnan(kept.validation_scores_[-1])


def test_ctrl_c_keeps_what_was_learned(monkeypatch):
    model, calls = classifier(verbose=True), []

    def interrupted(*words):
        calls.append(words)
        if len(calls) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("builtins.print", interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, Y)
    assert model.n_iter_ == 4
    assert (model.network_.theta == classifier(max_iter=4).fit(X, Y).network_.theta).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_too_small_to_compute_with_are_refused(engine):
    """The compiled engine takes subnormal numbers for 0: it would train nothing and report a loss of nan."""
    model = classifier(engine=engine, max_iter=2)
    with pytest.raises(gn.InputError, match="sample_weight: expected the largest"):
        model.fit(X.astype(np.float32), Y, sample_weight=np.full(len(X), 1e-40))
