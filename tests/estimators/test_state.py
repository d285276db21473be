"""An estimator as plain values and objects of the core, and back."""

import copy

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_multilabel_classification

import glassnet as gn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X_LABELS, Y_LABELS = make_multilabel_classification(n_samples=40, random_state=0)
MODELS = {
    "classes": (gn.MLPClassifier((5,), max_iter=4, random_state=1), X, np.array(["a", "b", "c"])[Y]),
    "labels": (gn.MLPClassifier((5,), max_iter=4, random_state=1, early_stopping=True), X_LABELS, Y_LABELS),
    "two": (gn.MLPClassifier((5, 4), activation=["tanh", "relu"], max_iter=4, random_state=1), X, Y == 2),
    "number": (gn.MLPRegressor("huber", (5,), max_iter=4, init=gn.initializers.he_normal, random_state=1), X, Y),
    "lbfgs": (gn.MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=4, random_state=1), X, X[:, :2]),
}


def fitted(name):
    model, A, y = MODELS[name]
    return copy.deepcopy(model).fit(A, y), A, y


@pytest.mark.parametrize("name", MODELS)
def test_there_and_back(name):
    model, A, y = fitted(name)
    other = type(model)._from_state(copy.deepcopy(model._to_state()))
    assert type(other) is type(model)
    assert (other.predict(A) == model.predict(A)).all()
    figures = ("loss_curve_", "loss_", "best_loss_", "validation_scores_", "n_iter_", "t_", "n_features_in_")
    assert [getattr(other, name) for name in figures] == [getattr(model, name) for name in figures]
    for each in (model, other):
        if model.solver == "lbfgs" or model.early_stopping:
            each.set_params(warm_start=True, keep_optimizer=True).fit(A, y)
        else:
            each.partial_fit(A, y).partial_fit(A, y)
    assert (other.network_.theta == model.network_.theta).all()
    assert other.loss_curve_ == model.loss_curve_


def test_an_unfitted_estimator():
    model = gn.MLPRegressor(loss=gn.losses.HUBER, learning_rate=gn.Cosine())
    assert gn.MLPRegressor._from_state(model._to_state()).get_params() == model.get_params()


def test_a_built_in_initializer_is_kept_by_name():
    assert fitted("number")[0]._to_state()["parameters"]["init"] == "he_normal"


def change(part, name, value):
    def changed(state):
        if part is None:
            state[name] = value
        else:
            state[part][name] = value

    return changed


@pytest.mark.parametrize(
    "spoil",
    [
        change(None, "extra", 1),
        change("parameters", "unheard_of", 1),
        change("parameters", "alpha", -1.0),
        change("fitted", "loss_curve_", ["high"]),
        change("fitted", "n_iter_", -1),
        change("fitted", "n_iter_", True),
        change("fitted", "n_outputs_", 5),
        change("fitted", "_best_theta", np.zeros(3)),
        change("fitted", "classes_", np.array(["a", "b"])),
        change("fitted", "feature_names_in_", np.array(["a"], object)),
        change("fitted", "_private", 3),
        change("fitted", "network_", None),
        change("solver", "learning_rate", float("nan")),
        change("solver", "optimizer", gn.SGD()),
        change("solver", "optimizer", "adam"),
        change("solver", "state", {"step": 3}),
        change("labels", "kind", "binary"),
        change("labels", "sparse", 1),
        lambda state: state["fitted"].pop("t_"),
        lambda state: state["fitted"].pop("classes_"),
        lambda state: setattr(state["solver"]["state"], "slots", np.zeros((2, 3))),
        lambda state: setattr(state["solver"]["state"], "slots", state["solver"]["state"].slots.astype(np.float32)),
    ],
)
def test_what_does_not_fit_together_is_refused(spoil):
    state = copy.deepcopy(fitted("classes")[0]._to_state())
    spoil(state)
    with pytest.raises(gn.InputError, match="model: ") as caught:
        gn.MLPClassifier._from_state(state)
    assert "\n" not in str(caught.value)
