"""Random training runs, stopped at a random step: every activation, loss, optimizer, penalty, mask and schedule."""

import numpy as np

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS

HIDDEN = [name for name, activation in ACTIVATIONS.items() if not activation.rowwise and name != "exponential"]
OUTPUTS = {
    "identity": ["squared_error", "absolute_error", "huber", "quantile"],
    "sigmoid": ["binary_cross_entropy", "squared_error", "huber"],
    "softmax": ["categorical_cross_entropy", "squared_error", "quantile"],
    "exponential": ["poisson", "huber"],
    "tanh": ["squared_error", "absolute_error"],
}
OPTIMIZERS = [gn.SGD, gn.Momentum, gn.Nesterov, gn.RMSprop, gn.Adam, gn.AdamEpsilonHat, gn.AdamW]
SCHEDULES = ["constant", "constant", gn.StepDecay(every=1), "inverse_scaling", "cosine", "one_cycle"]
SOFTSIGN = gn.Activation(
    "softsign", lambda z: z / (1 + np.maximum(z, -z)), lambda z, a: (1 - np.maximum(a, -a)) ** 2, kinks=(0.0,)
)
QUARTIC = gn.Loss("quartic", lambda z, y: 0.25 * (z - y) ** 4, lambda z, y: (z - y) ** 3)


def random_run(seed):
    """A Run on the NumPy engine before one of its steps."""
    rng = np.random.default_rng([5, seed])
    output = str(rng.choice(list(OUTPUTS)))
    loss = QUARTIC if output == "identity" and rng.random() < 0.2 else str(rng.choice(OUTPUTS[output]))
    sizes = rng.integers(1, 6, rng.integers(2, 5)).tolist()
    sizes[-1] = max(sizes[-1], 2) if output == "softmax" else sizes[-1]
    hidden = [SOFTSIGN if rng.random() < 0.1 else str(rng.choice(HIDDEN)) for _ in sizes[1:-1]]
    net = gn.Network(sizes, hidden, output, loss=loss, seed=seed)
    net.theta += 0.3 * rng.standard_normal(net.n_parameters)
    n = int(rng.integers(1, 9))
    X = 0.7 * rng.normal(size=(n, sizes[0]))
    options = {
        "optimizer": OPTIMIZERS[rng.integers(len(OPTIMIZERS))](learning_rate=0.001),
        "epochs": 3,
        "batch_size": [None, 1, 2, 4][rng.integers(4)],
        "l1": float(rng.choice([0, 0, 0.01])),
        "l2": float(rng.choice([0, 0, 0.1])),
        "dropout": float(rng.choice([0, 0, 0.4])),
        "clip_norm": [None, None, 0.1][rng.integers(3)],
        "schedule": SCHEDULES[rng.integers(len(SCHEDULES))],
        "sample_weight": rng.random(n) + 0.1 if rng.random() < 0.3 else None,
        "seed": seed,
    }
    run = gn.Run(net, X, _targets(rng, net, n), engine="numpy", **options)
    return run.advance(steps=int(rng.integers(0, 3 * run.job.steps_per_epoch)))


def _targets(rng, net, n):
    kind, k = net.loss_function.targets, net.sizes[-1]
    if kind == "counts":
        return rng.integers(0, 5, (n, k)).astype(float)
    if kind == "probabilities":
        return rng.integers(0, 2, (n, k)).astype(float)
    if kind == "distribution":
        return rng.integers(0, k, n)
    return rng.normal(size=(n, k))
