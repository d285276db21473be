"""The grading suite: mistakes planted in a learner's own backpropagation, and right answers that must not be accused.

`python tests/explain/grading.py 500` prints for each mistake how often the first wrong term and the mistake are named.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np

import glassnet as gn
from glassnet.explain.explain import explain

sys.path.insert(0, str(Path(__file__).parent))
from learner import learner_step

from glassnet.training.random import dropout_mask

MISTAKES = [
    *("sign", "loss_factor", "outputs_averaged", "output_derivative_twice", "softmax_elementwise"),
    *("batch_mean_forgotten", "batch_mean_twice", "sample_weights_forgotten", "wrong_axis"),
    *("derivative_forgotten", "derivative_misplaced", "activation_forgotten", "bias_forgotten"),
    *("transpose", "preactivation_in_dW", "updated_weights", "penalty_forgotten", "penalty_factor"),
    *("penalty_on_biases", "mask_forgotten", "stale_mask", "mask_unscaled", "clipping"),
    *("adam_off_by_one", "bias_correction_forgotten", "memory", "update_sign", "learning_rate"),
]


def setting(rng, mistake):
    """A random network, batch and options in which `mistake` can be made, and the layer it is made in (or None)."""
    depth = int(rng.integers(2, 5))
    kinds = ["tanh", "sigmoid"] if mistake == "derivative_misplaced" else ["tanh", "sigmoid", "relu"]
    hidden = [str(rng.choice(kinds)) for _ in range(depth - 1)]
    outputs = ["sigmoid", "softmax", "identity"]
    outputs = {
        "softmax_elementwise": ["softmax"],
        "outputs_averaged": ["softmax", "identity"],
        "output_derivative_twice": ["sigmoid", "softmax"],
        "loss_factor": ["identity"],
    }.get(mistake, outputs)
    output = str(rng.choice(outputs))
    k = int(rng.integers(2, 5)) if output == "softmax" or mistake == "outputs_averaged" else int(rng.integers(1, 4))
    sizes = [int(rng.integers(2, 6)), *(int(s) for s in rng.integers(3, 7, size=depth - 1)), k]
    net = gn.Network(sizes, hidden=hidden, output=output, seed=int(rng.integers(10**6)))
    for layer in net.b:
        net.b[layer][...] = rng.normal(scale=0.5, size=net.b[layer].shape)
    needs_batch = mistake in ("batch_mean_forgotten", "batch_mean_twice", "sample_weights_forgotten", "wrong_axis")
    n = int(rng.integers(5, 9)) if needs_batch else int(rng.choice([1, 3, 5, 7]))
    X = rng.normal(size=(n, sizes[0]))
    if output == "softmax":
        Y = np.eye(k)[rng.integers(0, k, size=n)]
    else:
        Y = rng.normal(size=(n, k)) if output == "identity" else rng.integers(0, 2, size=(n, k)).astype(float)
    options = {"optimizer": "sgd", "rate": 0.1}
    if mistake == "sample_weights_forgotten" or (n > 1 and rng.random() < 0.2):
        options["weight"] = rng.uniform(0.5, 3, size=n)
    if mistake.startswith("penalty") or rng.random() < 0.2:
        options["l2"] = float(rng.uniform(0.05, 0.3))
    if "mask" in mistake or rng.random() < 0.15:
        options["dropout"] = 0.4
    if mistake == "clipping":
        options["clip"] = 1e-2
    if mistake in ("adam_off_by_one", "bias_correction_forgotten", "memory") or rng.random() < 0.3:
        options |= {"optimizer": "adam", "t": int(rng.integers(2, 8)), "rate": 0.01}
        P = net.n_parameters
        options["memory"] = {"m": rng.normal(scale=0.1, size=P), "v": rng.uniform(0.01, 0.1, size=P)}
    if mistake in ("updated_weights", "learning_rate"):
        options.pop("memory", None)
        options |= {"optimizer": "sgd", "rate": 0.1}
    options["net"], options["X"], options["Y"] = net, X, Y
    return options, (int(rng.integers(1, depth)) if rng.random() < 0.5 else None)


def derive(options):
    """The package's own derivation of the same step."""
    step = options.get("t", 1) - 1
    learning_rate = options["rate"]
    return explain(
        options["net"],
        options["X"],
        options["Y"].argmax(axis=1) if options["net"].activations[options["net"].n_layers].rowwise else options["Y"],
        optimizer=options["optimizer"],
        learning_rate=learning_rate,
        sample_weight=options.get("weight"),
        l2=options.get("l2", 0.0),
        dropout=options.get("dropout", 0.0),
        clip_norm=options.get("clip"),
        step=step,
        memory=options.get("memory"),
        seed=5,
    )


def answers(options, mistake="", where=None):
    """All terms as the learner has them."""
    options = dict(options)
    net, n, step = options["net"], len(options["X"]), options.get("t", 1) - 1
    rate = options.pop("dropout", 0.0)
    if rate:
        for name, at in (("masks", step), ("stale", max(step - 1, 0) if step else 1)):
            options[name] = {
                layer: dropout_mask(5, at, layer, (n, net.sizes[layer]), rate, "float64")
                for layer in range(1, net.n_layers)
            }
    return learner_step(mistake=mistake, where=where, **options)


def differs(a, b, share):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape != b.shape or not np.allclose(a, b, rtol=2 * share, atol=share * np.abs(b).max())


def rounded(values, digits):
    return np.array([float(f"{v:.{digits - 1}e}") for v in np.ravel(values)]).reshape(np.shape(values))


def planted(rng, mistake):
    """(grade, first wrong term) of one planted mistake; None if its first difference does not show in the digits."""
    options, where = setting(rng, mistake)
    with np.errstate(all="ignore"):
        right, wrong = answers(options), answers(options, mistake, where)
    order = list(right)
    digits = int(rng.choice([3, 4, 17]))
    changed = [s for s in order if s in wrong and differs(wrong[s], right[s], 1e-5)]
    visible = [s for s in changed if digits == 17 or differs(wrong[s], right[s], 0.01)]
    if not visible or visible[0] != changed[0] or not all(np.isfinite(wrong[s]).all() for s in wrong):
        return None
    keep = {visible[0]} | {s for s in wrong if rng.random() < 0.6}
    if mistake == "batch_mean_forgotten":  # dZ alone may mean that the division comes in dW
        keep |= {s for s in wrong if s.startswith("dW")}
    given = {s: rounded(wrong[s], digits) if digits < 17 else wrong[s] for s in wrong if s in keep}
    given = dict(sorted(given.items(), key=lambda _: rng.random()))
    return derive(options).grade(**given), visible[0]


def main(networks):
    rng = np.random.default_rng(2024)
    total = Counter()
    for mistake in MISTAKES:
        tried = term = cause = 0
        others = Counter()
        while tried < networks:
            outcome = planted(rng, mistake)
            if outcome is None:
                continue
            grade, first = outcome
            tried += 1
            named = grade.first_wrong is not None and grade.first_wrong.symbol == first
            code = grade.misconception.code if grade.misconception else "none"
            term += named
            cause += code == mistake
            if code != mistake:
                others[code] += 1
        total.update(tried=tried, term=term, cause=cause)
        print(f"{mistake:28}{tried:6}{term / tried:9.1%}{cause / tried:9.1%}  {dict(others) or ''}", flush=True)
    print(f"{'all':28}{total['tried']:6}{total['term'] / total['tried']:9.1%}{total['cause'] / total['tried']:9.1%}")
    accused = sum(not right_answers(rng).ok for _ in range(networks))
    print(f"right answers to three digits: {accused} of {networks} accused")


def right_answers(rng):
    """The grade of a learner who makes no mistake and gives three digits."""
    options, _ = setting(rng, str(rng.choice(MISTAKES)))
    return derive(options).grade(**{s: rounded(v, 3) for s, v in answers(options).items()})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
