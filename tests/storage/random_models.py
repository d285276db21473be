"""Random models of every kind that a file can hold, and the comparison of two, bit for bit."""

import dataclasses
import warnings

import numpy as np

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.initializers import INITIALIZERS
from glassnet.equations.losses import LOSSES
from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation.category_encoders import OneHot, TargetMean
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.number_encoders import Bins, Periodic, Rank, Standard, Values
from glassnet.tables.preparation.preparation import Preparation
from glassnet.training.optimizers import OPTIMIZERS
from glassnet.training.schedules import SCHEDULES

HIDDEN = sorted(set(ACTIVATIONS) - {"softmax", "exponential"})
WORDS = ["Bern", "Zürich", "a b", "", "\n", '"', "\\", "日本", "😀", "NA", "0", "x" * 200, "$type", "W1", "a.b"]


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def random_activation(rng, name):
    parameters = {key: rng.uniform(0.01, 2) for key in ACTIVATIONS[name].parameters}
    return ACTIVATIONS[name].with_parameters(**parameters) if rng.random() < 0.5 else name


def random_seed(rng):
    seed = int(rng.integers(2**32))
    return pick(rng, seed, np.random.RandomState(seed), np.random.default_rng(seed))


def random_network(rng, sizes=None, output=None):
    sizes = sizes or [int(size) for size in rng.integers(1, 9, rng.integers(2, 6))]
    output = output or pick(rng, *ACTIVATIONS)
    if output == "softmax":
        sizes[-1] = max(sizes[-1], 2)
    fitting = [loss for loss in LOSSES.values() if loss.link in ("identity", output)]
    loss = pick(rng, *fitting)
    if loss.parameters:
        loss = loss.with_parameters(**{key: rng.uniform(0.1, 0.9) for key in loss.parameters})
    per_layer = [random_activation(rng, pick(rng, *HIDDEN)) for _ in sizes[1:-1]]
    init = [pick(rng, *INITIALIZERS) for _ in sizes[1:]]
    net = gn.Network(
        sizes,
        hidden=pick(rng, per_layer, tuple(per_layer)) if len(per_layer) != 1 else per_layer[0],
        output=random_activation(rng, output),
        loss=pick(rng, None, loss),
        init=pick(rng, None, init, init[0], INITIALIZERS["he_normal"]),
        seed=random_seed(rng),
        dtype=pick(rng, "float32", "float64"),
    )
    if rng.random() < 0.5:
        scale = 10.0 ** rng.integers(-40, 30)  # subnormal in float32 at the small end
        net.theta = rng.normal(size=net.n_parameters) * scale
    if rng.random() < 0.2:
        net.theta[:] = pick(rng, -0.0, np.finfo(net.dtype).max, np.finfo(net.dtype).smallest_subnormal)
    return net


def random_targets(rng, net, n):
    k = net.sizes[-1]
    if net.loss_function.targets == "distribution":
        return rng.integers(k, size=n)
    return rng.integers(0, 2, (n, k))


def random_pair(rng):
    net = random_network(rng, output=pick(rng, "identity", "sigmoid", "softmax", "tanh"))
    net.initialize(3)
    X = rng.normal(size=(12, net.sizes[0]))
    y = random_targets(rng, net, 12)
    optimizer = pick(rng, *OPTIMIZERS.values())()
    options = {}
    if not isinstance(optimizer, gn.LBFGS):
        options = {"schedule": pick(rng, *SCHEDULES), "batch_size": pick(rng, None, 5), "dropout": pick(rng, 0, 0.2)}
    history = gn.train(
        net,
        X,
        y,
        optimizer=optimizer,
        epochs=int(rng.integers(1, 8)),
        validation=pick(rng, None, (X[:3], y[:3])),
        early_stopping=pick(rng, None, gn.EarlyStopping(patience=2)),
        **options,
    )
    return net, history


def rising(rng, count):
    return tuple(np.cumsum(rng.uniform(0.01, 2, count)).tolist())


def random_number_encoders(rng):
    """At least one encoder of numbers, some with more numbers than a description holds as text."""
    long = int(pick(rng, 2, 5, 40))
    mean, scale = float(rng.normal()), float(rng.uniform(0.1, 9))
    every = [
        Standard(mean, scale, pick(rng, 0.0, 3.0)),
        Rank(rising(rng, long), tuple(rng.normal(size=long).tolist())),
        Bins(rising(rng, long)),
        Values(rising(rng, long)),
        Periodic(mean, scale, tuple(rng.normal(size=long).tolist())),
    ]
    return tuple(each for each in every if rng.random() < 0.4) or (every[0],)


def random_category_encoders(rng, count):
    own = rng.random(count) < 0.8
    features = tuple(np.where(own, np.cumsum(own) - 1, -1).tolist())
    m, every = int(pick(rng, 1, 3)), [OneHot(features, other=bool(rng.random() < 0.5))]
    if count:
        means = tuple(tuple(rng.normal(size=count).tolist()) for _ in range(m))
        scale = tuple(rng.uniform(0.1, 2, m).tolist())
        every.append(TargetMean(means, tuple(rng.normal(size=m).tolist()), scale, 20.0))
    return tuple(each for each in every if rng.random() < 0.7) or (every[-1],)


def random_columns(rng):
    """A function that makes columns of the same names, kinds and categories with encoders of their own."""
    names = rng.permutation(WORDS)[: rng.integers(1, 6)].tolist()
    categories = {}
    for name in names:
        count = int(rng.integers(0, 12))
        words = tuple(rng.permutation(WORDS)[:count].tolist()) if rng.random() < 0.7 else tuple(range(-1, count - 1))
        categories[name] = pick(rng, None, words)

    def make():
        columns = []
        for name, words in categories.items():
            gap, median = bool(rng.random() < 0.5) or words == (), float(rng.normal())
            if words is None:
                columns.append(Column(name, "", ColumnType("numeric"), gap, median, random_number_encoders(rng)))
            else:
                encoders = random_category_encoders(rng, len(words))
                columns.append(Column(name, "", ColumnType("categorical"), gap, 0.0, encoders, words))
        if not any(column.width for column in columns):
            columns[0] = dataclasses.replace(columns[0], missing=True)
        return tuple(columns)

    return make


def random_table_model(rng):
    columns = random_columns(rng)
    kind = pick(rng, "two", "many", "number")
    count = int(rng.integers(2, 5))
    classes = {
        "words": rng.permutation(WORDS)[: 2 if kind == "two" else count].tolist(),
        "whole": list(range(2 if kind == "two" else count)),
        "numbers": [0.1, 1e300, 2.5, 3.5][: 2 if kind == "two" else count],
    }[pick(rng, "words", "whole", "numbers")]
    outputs = {"two": 1, "many": len(classes), "number": 1}[kind]
    output = {"two": "sigmoid", "many": "softmax", "number": "identity"}[kind]
    number = kind == "number"
    preparations = [Preparation(columns()) for _ in range(rng.integers(1, 4))]
    members = [
        Member(
            preparation,
            random_network(rng, [preparation.n_features, 3, outputs], output),
            target_mean=float(rng.normal()) if number else 0.0,
            target_scale=float(rng.uniform(0.1, 9)) if number else 1.0,
            baseline=pick(rng, None, rng.normal(size=preparation.n_features)),
        )
        for preparation in [*preparations, *preparations[: rng.integers(0, 2)]]
    ]
    return TableModel(
        members,
        "regression" if kind == "number" else "classification",
        pick(rng, *WORDS),
        None if kind == "number" else classes,
        settings={"missing": ["?"], "epochs": 5, "sizes": [3, [4.5, None, {"a b": True, "": -0.0}]]},
        training={"loss": rng.normal(size=4).tolist(), "best": float("inf"), "none": float("nan")},
    )


def random_estimator(rng):
    """A classifier or regressor, fitted for a few epochs or not at all."""
    depth = int(rng.integers(0, 3))
    options = {
        "hidden_layer_sizes": tuple(rng.integers(1, 6, depth).tolist()),
        "activation": pick(rng, "logistic", "tanh", [random_activation(rng, pick(rng, *HIDDEN)) for _ in range(depth)]),
        "solver": pick(rng, "sgd", "adam", "adamw", "lbfgs", gn.RMSprop(0.01)),
        "learning_rate": pick(rng, "constant", "adaptive", "cosine", gn.StepDecay(every=2)),
        "random_state": pick(rng, None, 3, np.random.RandomState(3)),
        "early_stopping": bool(rng.random() < 0.3),
        "alpha": float(rng.uniform(0, 0.1)),
        "max_iter": int(rng.integers(1, 5)),
        "n_iter_no_change": pick(rng, 2, np.inf),
        "init": pick(rng, "auto", "he_normal"),
        "dropout": pick(rng, 0.0, 0.3),
    }
    X = rng.normal(size=(30, int(rng.integers(1, 5)))).astype(pick(rng, "float32", "float64"))
    if rng.random() < 0.5:
        estimator = gn.MLPRegressor(loss=pick(rng, "squared_error", "huber", "poisson"), delta=0.5, **options)
        y = rng.poisson(3, pick(rng, 30, (30, 2))).astype(float)
    else:
        estimator = gn.MLPClassifier(class_weight=pick(rng, None, "balanced"), **options)
        words, count = np.array(["no", "perhaps", "yes"], dtype=pick(rng, "U9", object)), int(rng.integers(2, 4))
        index = np.arange(30) % count
        y = pick(rng, words[index], index, index == 1, index * 4.0, np.eye(count, dtype=int)[index])
        if y.ndim == 2:
            estimator.set_params(class_weight=None)
    if rng.random() < 0.1:
        return estimator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(X, y)


def random_model(rng):
    """A network, a network with its history, a table model, or an estimator."""
    return pick(rng, random_network, random_pair, random_table_model, random_estimator)(rng)


def same(one, other):
    """Whether two objects are equal in type and in every bit that a file keeps."""
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and (one.dtype, one.shape) == (other.dtype, other.shape)
            and (one.tolist() == other.tolist() if one.dtype.hasobject else one.tobytes() == other.tobytes())
        )
    if isinstance(one, gn.Network):
        return (
            one.sizes == other.sizes
            and one.activations == other.activations
            and one.loss_function == other.loss_function
            and repr((one.hidden, one.output)) == repr((other.hidden, other.output))
            and same(one.theta, other.theta)
            and all(np.shares_memory(other.theta, view) for view in (*other.W.values(), *other.b.values()))
            and same(one.seed, other.seed)
            and _names(one.init) == _names(other.init)
        )
    if isinstance(one, np.random.RandomState | np.random.Generator):
        return type(one) is type(other) and one.standard_normal() == other.standard_normal()
    if dataclasses.is_dataclass(one):
        kept = [field.name for field in dataclasses.fields(one) if field.name not in ("rescue", "run")]
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in kept)
    if isinstance(one, gn.MLPClassifier | gn.MLPRegressor):
        return type(one) is type(other) and same(one._to_state(), other._to_state())
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


def _names(init):
    return [_names(one) for one in init] if isinstance(init, list) else getattr(init, "__name__", init)
