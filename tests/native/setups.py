"""Random set-ups of a training run that use everything the engines know."""

import numpy as np
from scipy.sparse import csr_array

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS

HIDDEN = [name for name, activation in ACTIVATIONS.items() if not activation.rowwise and name != "exponential"]
OUTPUTS = {
    "identity": ["squared_error", "absolute_error", "huber", "quantile"],
    "sigmoid": ["binary_cross_entropy", "squared_error"],
    "softmax": ["categorical_cross_entropy", "squared_error"],
    "exponential": ["poisson"],
    "tanh": ["squared_error", "huber"],
}
OPTIMIZERS = [gn.SGD, gn.Momentum, gn.Nesterov, gn.RMSprop, gn.Adam, gn.AdamEpsilonHat, gn.AdamW]
SCHEDULES = ["constant", "step", "inverse_scaling", "adaptive", "cosine", "one_cycle"]


def random_setup(seed, dtype="float64", wide=False, sparse=False):
    """(network, X, y, options for train), all drawn from `seed`; sparse rows are nine tenths zeros, but still an array."""
    rng = np.random.default_rng(seed)
    largest = 300 if wide else 40
    output = rng.choice(list(OUTPUTS))
    k = int(rng.integers(2, 12) if output == "softmax" else rng.integers(1, 6))
    sizes = [int(rng.integers(1, largest)), *(int(w) for w in rng.integers(1, largest, rng.integers(0, 5))), k]
    if wide:
        sizes[0] = int(rng.integers(129, 300))
    network = gn.Network(
        sizes,
        hidden=[str(name) for name in rng.choice(HIDDEN, len(sizes) - 2)],
        output=str(output),
        loss=str(rng.choice(OUTPUTS[output])),
        init="glorot_uniform",
        seed=seed,
        dtype=dtype,
    )
    network.theta += 0.05 * rng.standard_normal(network.n_parameters)
    n = int(rng.integers(1, 300))
    X, y = rng.standard_normal((n, sizes[0])), _targets(rng, n, k, output, network)
    options = {
        "optimizer": OPTIMIZERS[rng.integers(len(OPTIMIZERS))](learning_rate=0.005),
        "epochs": int(rng.integers(1, 4)),
        "batch_size": [None, 1 + int(rng.integers(n)), 32][rng.integers(3)],
        "shuffle": bool(rng.random() < 0.7),
        "l1": float(rng.choice([0, 1e-3])),
        "l2": float(rng.choice([0, 1e-2])),
        "dropout": float(rng.choice([0, 0, 0.3])),
        "clip_norm": [None, 0.5][rng.integers(2)],
        "schedule": SCHEDULES[rng.integers(len(SCHEDULES))],
        "seed": seed,
    }
    if rng.random() < 0.4:
        options["sample_weight"] = rng.integers(0, 3, n) + (np.arange(n) == 0)
    if rng.random() < 0.4:
        m = int(rng.integers(1, 50))
        options["validation"] = (rng.standard_normal((m, sizes[0])), _targets(rng, m, k, output, network))
        options["early_stopping"] = gn.EarlyStopping(patience=2)
    if hasattr(options["optimizer"], "epsilon") and rng.random() < 0.5:
        # with the default of 1e-8 a gradient of mere rounding still moves its parameter by a whole learning rate
        options["optimizer"] = type(options["optimizer"])(learning_rate=0.005, epsilon=1e-3)
    if sparse:
        thin(rng, X)
        if "validation" in options:
            thin(rng, options["validation"][0])
    return network, X, y, options


def thin(rng, X):
    """Set nine tenths of X to 0, and all of some rows and columns."""
    X[rng.random(X.shape) < 0.9] = 0
    X[rng.random(len(X)) < 0.1] = 0
    X[:, rng.random(X.shape[1]) < 0.1] = 0


def with_sparse_rows(X, options):
    """X and the options of a run with CSR arrays instead of arrays of rows."""
    if "validation" in options:
        X_val, *rest = options["validation"]
        options = {**options, "validation": (csr_array(X_val), *rest)}
    return csr_array(X), options


def _targets(rng, n, k, output, network):
    if network.loss_function.targets == "distribution":
        return rng.integers(0, k, n)
    if output == "sigmoid":
        return rng.integers(0, 2, (n, k))
    if output == "exponential":
        return rng.poisson(1.0, (n, k))
    return rng.standard_normal((n, k))
