"""Random training steps with kinks, huge logits, large targets, float32 and functions of one's own; right, or with one fault."""

import numpy as np

import glassnet as gn
from glassnet.equations.activations import d_gelu, gelu, softmax

RIGHT = {
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "gelu": (gelu, d_gelu),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: 1.0 * (z > 0)),
    "leaky": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z, a: np.where(z > 0, 1, 0.1)),
    "halfway": (lambda z: np.maximum(z, 0), lambda z, a: 0.5 * (np.sign(z) + 1)),  # 1/2 at the kink
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z, a: 1 / (1 + np.abs(z)) ** 2),  # takes no complex numbers
    "absolute": (lambda z: np.abs(z) + 0.3 * z, lambda z, a: np.sign(z) + 0.3),
    "assigned": (lambda z: _rectified(z), lambda z, a: (z > 0).astype(float)),  # no equation
}
WRONG = {
    "0.05 % off": lambda df: lambda z, a: 1.0005 * df(z, a),
    "shifted": lambda df: lambda z, a: df(z, a) + 1e-3,
    "of z + 0.01": lambda df: lambda z, a: df(z, a) + 0.01 * np.cos(z),
    "1 - a": lambda df: lambda z, a: 1 - a,
    "forgotten": lambda df: lambda z, a: np.ones_like(z) * 1.2,
    "1 % off below 0": lambda df: lambda z, a: df(z, a) * np.where(z < 0, 1.01, 1),
}
LOSSES = {
    "quartic": (lambda z, y: 0.25 * (z - y) ** 4, lambda z, y: (z - y) ** 3),
    "squares": (lambda z, y: (z - y) ** 2, lambda z, y: 2 * (z - y)),
    "logcosh": (lambda z, y: np.logaddexp(0.1 * (z - y), 0.1 * (y - z)), lambda z, y: 0.1 * np.tanh(0.1 * (z - y))),
    "distance": (lambda z, y: np.abs(z - y), lambda z, y: np.sign(z - y)),
    "hinge": (lambda z, y: np.maximum(0, 1 - y * z), lambda z, y: -y * (y * z < 1)),
    "of rows": (lambda z, y: 0.5 * np.sum((z - y) ** 2, axis=-1, keepdims=True), lambda z, y: z - y),
}
FAULTS = ("activation", "activation", "loss", "softmax")


def _rectified(z):
    a = z.copy()
    a[z < 0] = 0
    return a


def jacobian(z, a, da):
    return a * (da - np.sum(da * a, axis=-1, keepdims=True))


SOFTMAX = {
    "elementwise": lambda z, a, da: da * a * (1 - a),
    "0.05 % off": lambda z, a, da: 1.0005 * jacobian(z, a, da),
    "right": jacobian,
}


def planted(seed, faulty):
    """A derivation of one random step, and the symbol in which a fault shows; "" if none was planted or none shows."""
    rng = np.random.default_rng([6, seed])
    fault = FAULTS[rng.integers(len(FAULTS))] if faulty else ""
    sizes = rng.integers(2, 5, rng.integers(3, 6)).tolist()
    place = int(rng.integers(len(sizes) - 2))
    names = rng.choice([*RIGHT, "relu", "elu", "silu"], len(sizes) - 2).tolist()
    hidden = [gn.Activation(f"own {name}", *RIGHT[name]) if name in RIGHT else name for name in names]
    output, loss = _output(rng, fault)
    right = None
    if fault == "activation":
        f, df = RIGHT[str(rng.choice(list(RIGHT)))]
        hidden[place] = gn.Activation("wrong", f, WRONG[str(rng.choice(list(WRONG)))](df))
    elif fault == "softmax":
        output = gn.Activation("own softmax", softmax, SOFTMAX[["elementwise", "0.05 % off"][place % 2]], rowwise=True)
    if loss in LOSSES:
        value, slope = LOSSES[loss]
        loss = gn.Loss(f"own {loss}", value, (lambda z, y: 1.0005 * slope(z, y)) if fault == "loss" else slope)
    dtype = str(rng.choice(["float64", "float32"]))
    net = gn.Network(sizes, hidden, output, loss=loss, seed=seed, dtype=dtype)
    net.theta += (0.3 * rng.standard_normal(net.n_parameters)).astype(dtype)
    derivation = _explained(rng, net)
    last = net.n_layers
    Z = {layer: derivation.value(f"Z{layer}") for layer in net.W}
    if fault == "activation":
        z = Z[place + 1]
        right, symbol = np.where(np.abs(z) > 1e-6, df(z, f(z)), np.nan), f"g_prime{place + 1}"
    elif fault == "softmax":
        dA = derivation.value(f"dA{last}")
        right, symbol = jacobian(Z[last], derivation.value(f"A{last}"), dA), f"dZ{last}"
    elif fault == "loss":
        right, symbol = derivation.value(f"dZ{last}") / 1.0005, f"dZ{last}"
    else:
        return derivation, ""
    size = np.abs(derivation.value(symbol)).max()
    if fault == "softmax":  # a saturated one leaves nothing but rounding
        size = max(size, 1e-9 * np.abs(dA).max())
    return derivation, symbol if (np.abs(derivation.value(symbol) - right) > 2e-4 * size).any() else ""


def _output(rng, fault):
    """A random output activation and loss; a fault of one of them needs one's own."""
    if fault == "softmax":
        return "softmax", "squared_error"
    if fault == "loss":
        return str(rng.choice(["identity", "identity", "tanh"])), str(rng.choice(list(LOSSES)))
    kind, loss = rng.random(), str(rng.choice(["squared_error", "absolute_error", "huber", "quantile", *LOSSES]))
    if kind < 0.4:
        return ("sigmoid", None) if kind < 0.2 else ("softmax", None)
    if kind > 0.9:
        return gn.Activation("own softmax", softmax, jacobian, rowwise=True), loss
    return str(rng.choice(["identity", "identity", "identity", "tanh", "relu"])), loss


def _explained(rng, net):
    n = int(rng.choice([1, 1, 3, 6]))
    X = 0.7 * rng.normal(size=(n, net.sizes[0]))
    if rng.random() < 0.2:
        X[0] = 0
    layer = int(rng.integers(1, net.n_layers))
    trouble = rng.choice(["none", "unit at a kink", "all units at a kink", "huge", "weights at 0"])
    if trouble == "unit at a kink":
        net.W[layer][:, 0] = net.b[layer][0] = 0
    elif trouble == "all units at a kink":
        X[0] = 0
        for each in net.b.values():
            each[...] = 0
    elif trouble == "huge":
        net.W[net.n_layers][...] *= float(rng.choice([30, 1e3]))
    elif trouble == "weights at 0":
        net.W[layer][0] = 0
    y = _targets(rng, net, n, X)
    options = {
        "l1": float(rng.choice([0, 0.01])),
        "l2": float(rng.choice([0, 0, 0.1])),
        "dropout": float(rng.choice([0, 0, 0.4])),
        "sample_weight": rng.random(n) + 0.1 if rng.random() < 0.3 else None,
        "optimizer": str(rng.choice(["sgd", "adam"])),
        "seed": int(rng.integers(1000)),
    }
    return gn.explain(net, X, y, **options)


def _targets(rng, net, n, X):
    kind, k = net.loss_function.targets, net.sizes[-1]
    if kind == "probabilities":
        return rng.integers(0, 2, (n, k)).astype(float)
    if kind == "distribution":
        return rng.integers(0, k, n)
    Y = rng.normal(size=(n, k)) * float(rng.choice([1, 1, 100, 1e7]))
    if rng.random() < 0.3:
        Y[0, 0] = net.forward(X.astype(net.dtype)).output[0, 0]  # the loss at its kink
    return Y
