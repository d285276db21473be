"""The grading suite: mistakes planted in a learner's own backpropagation, and right answers that must not be accused.

`python tests/explain/grading.py 200` prints for each mistake how often the first wrong term is found, how often the
mistake is named and how often another one is, for exact answers and for answers rounded to four digits.
`python tests/explain/grading.py 50 sign memory` does so for some.
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

SMOOTH, ADAM, SGD = ["tanh", "sigmoid"], {"optimizer": "adam"}, {"optimizer": "sgd"}
SOFTMAX, BINARY, REGRESSION = {"output": ["softmax"]}, {"output": ["sigmoid"]}, {"output": ["identity"]}
BATCH, DEEP, L1, L2 = {"batch": True}, {"depth": 3}, {"l1": True}, {"l2": True}
DROPOUT, SMALL = {"dropout": True, "batch": True}, {"output": ["sigmoid"], "loss": "squared_error"}
LINKED, HIDDEN_SMOOTH = {"output": ["sigmoid", "softmax"]}, {"hidden": SMOOTH}
SQUARE, LARGE = {"square": True}, {"output": ["identity"], "large": True}

MISTAKES = {  # mistake → what a setting needs so that it can be made
    "sign": {},
    "loss_factor": REGRESSION,
    "outputs_averaged": {"output": ["softmax", "identity"], "several_outputs": True},
    "output_derivative_twice": LINKED,
    "softmax_elementwise": SOFTMAX,
    "softmax_at_logit": SOFTMAX,
    "softmax_off_diagonal": SOFTMAX,
    "softmax_wrong_axis": SOFTMAX | BATCH,
    "softmax_unnormalised": SOFTMAX,
    "sigmoid_for_softmax": SOFTMAX,
    "output_activated": REGRESSION,
    "derivative_of_error": SMALL,
    "loss_sign": {},
    "inner_sign": BINARY,
    "half_of_cross_entropy": BINARY,
    "log_base": LINKED,
    "square_forgotten": REGRESSION,
    "loss_for_slope": {},
    "absolute_error_slope": {},
    "sign_of_error": REGRESSION,
    "target_forgotten": {},
    "target_added": {},
    "labels_not_one_hot": SOFTMAX | BATCH,
    "divided_by_output": BINARY,
    "broadcast_targets": REGRESSION | BATCH | {"one_output": True},
    "batch_mean_forgotten": BATCH,
    "batch_mean_twice": BATCH,
    "wrong_count": BATCH | {"weights": False},
    "sample_weights_forgotten": BATCH | {"weights": True},
    "wrong_axis": BATCH | {"several_outputs": True},
    "bias_gradient_not_summed": BATCH | {"several_outputs": True},
    "not_accumulated": BATCH,
    "derivative_forgotten": {},
    "derivative_misplaced": HIDDEN_SMOOTH,
    "slopes_exchanged": HIDDEN_SMOOTH,
    "derivative_incomplete": HIDDEN_SMOOTH,
    "activation_for_derivative": {},
    "derivative_sign": {},
    "derivative_reversed": {"hidden": ["relu"]},
    "derivative_twice": HIDDEN_SMOOTH,
    "derivative_divides": HIDDEN_SMOOTH,
    "derivative_added": {},
    "product_of_matrices": {},
    "product_of_entries": {"one_width": True},
    "weights_forgotten": {"output": ["sigmoid", "identity"]},
    "error_of_other_layer": DEEP,
    "activation_for_error": {},
    "gradient_for_weights": {},
    "updated_weights": SGD,
    "weights_of_other_layer": DEEP | SQUARE,
    "activation_forgotten": {},
    "bias_forgotten": {},
    "bias_subtracted": {},
    "bias_after_activation": HIDDEN_SMOOTH,
    "activation_twice": HIDDEN_SMOOTH | REGRESSION,
    "wrong_activation": {},
    "exponent_sign": {"hidden": ["sigmoid"]} | REGRESSION,
    "weights_transposed": SQUARE,
    "wrong_input": SQUARE,
    "transpose": {},
    "descent_direction": {},
    "rate_in_gradient": SGD,
    "preactivation_in_dW": {},
    "input_forgotten": {},
    "wrong_activation_in_dW": SQUARE,
    "derivative_left_out_of_dW": {},
    "overwritten": HIDDEN_SMOOTH,
    "error_in_dW": {},
    "integer_type": LARGE,
    "never_filled": LARGE,
    "layers_exchanged": DEEP | SQUARE,
    "namesake": {},
    "penalty_forgotten": L2,
    "penalty_factor": L2,
    "penalty_sign": L2,
    "penalty_for_slope": L2,
    "l1_slope": L1,
    "penalty_on_biases": L2,
    "mask_forgotten": DROPOUT,
    "stale_mask": DROPOUT,
    "mask_unscaled": DROPOUT,
    "mask_scale": DROPOUT,
    "mask_twice": DROPOUT,
    "mask_reversed": DROPOUT,
    "dropout_forgotten": DROPOUT,
    "clipping": {"clip": True},
    "adam_off_by_one": ADAM,
    "bias_correction_forgotten": ADAM,
    "memory": ADAM,
    "root_forgotten": ADAM,
    "decay_rates_exchanged": ADAM,
    "lookahead_forgotten": {"optimizer": "nesterov"},
    "parameters_not_updated": {},
    "update_sign": {},
    "learning_rate": SGD,
}
MODES = (("exact", 17, False), ("rounded to four digits", 4, False), ("each line to four digits", 4, True))
SAMPLE = tuple(MISTAKES)[::8]  # what the default tests plant


def setting(rng, needs):
    """A random network, batch and options that have what a mistake needs, and the layer it is made in (or None)."""
    depth = max(int(rng.integers(2, 5)), needs.get("depth", 2))
    hidden = [str(rng.choice(needs.get("hidden", [*SMOOTH, "relu"]))) for _ in range(depth - 1)]
    output = str(rng.choice(needs.get("output", ["sigmoid", "softmax", "identity"])))
    several = output == "softmax" or needs.get("several_outputs")
    k = (
        1
        if needs.get("one_output")
        else int(rng.integers(3 if needs.get("several_outputs") else 2, 5) if several else rng.integers(1, 4))
    )
    sizes = [int(rng.integers(2, 6)), *(int(s) for s in rng.integers(3, 7, size=depth - 1)), k]
    if needs.get("square"):
        sizes[:-1] = [sizes[1]] * depth
    n = int(rng.integers(5, 9)) if needs.get("batch") else int(rng.choice([1, 3, 5, 7]))
    if needs.get("one_width"):
        sizes, k, n = [sizes[1]] * (depth + 1), sizes[1], 1
    net = gn.Network(sizes, hidden, output, loss=needs.get("loss"), seed=int(rng.integers(10**6)))
    for layer in net.b:
        net.b[layer][...] = rng.normal(scale=0.5, size=net.b[layer].shape)
    X = rng.normal(size=(n, sizes[0]))
    if output == "softmax":
        Y = np.eye(k)[rng.integers(0, k, size=n)]
    else:
        Y = (
            rng.normal(size=(n, k)) * (90 if needs.get("large") else 1)
            if output == "identity"
            else rng.integers(0, 2, size=(n, k)).astype(float)
        )
    options = {"optimizer": "sgd", "rate": 0.1, "net": net, "X": X, "Y": Y}
    if needs.get("weights", n > 1 and rng.random() < 0.2):
        options["weight"] = rng.uniform(0.5, 3, size=n)
    if needs.get("l2") or rng.random() < 0.2:
        options["l2"] = float(rng.uniform(0.05, 0.3))
    if needs.get("l1"):
        options["l1"] = float(rng.uniform(0.05, 0.3))
    if needs.get("dropout") or rng.random() < 0.15:
        options["dropout"] = 0.4
    if needs.get("clip"):
        options["clip"] = 1e-2
    kind = needs.get("optimizer", "adam" if rng.random() < 0.3 else "sgd")
    if kind != "sgd":
        P = net.n_parameters
        memory = {"m": rng.normal(scale=0.1, size=P), "v": rng.uniform(0.01, 0.1, size=P)}
        options |= {"optimizer": kind, "t": int(rng.integers(2, 8)), "rate": 0.01, "memory": memory}
        if kind == "nesterov":
            options["memory"] = {"v": memory["m"]}
    return options, (int(rng.integers(1, depth)) if rng.random() < 0.5 else None)


def derive(options):
    """The package's own derivation of the same step."""
    net = options["net"]
    return explain(
        net,
        options["X"],
        options["Y"].argmax(axis=1) if net.activations[net.n_layers].rowwise else options["Y"],
        optimizer=options["optimizer"],
        learning_rate=options["rate"],
        sample_weight=options.get("weight"),
        l1=options.get("l1", 0.0),
        l2=options.get("l2", 0.0),
        dropout=options.get("dropout", 0.0),
        clip_norm=options.get("clip"),
        step=options.get("t", 1) - 1,
        memory=options.get("memory"),
        seed=5,
    )


def answers(options, mistake="", where=None, digits=None):
    """All terms as the learner has them, who writes each line with so many digits."""
    options = dict(options)
    net, n, step = options["net"], len(options["X"]), options.get("t", 1) - 1
    rate = options.pop("dropout", 0.0)
    if rate:
        for name, at in (("masks", step), ("stale", max(step - 1, 0) if step else 1)):
            options[name] = {
                layer: dropout_mask(5, at, layer, (n, net.sizes[layer]), rate, "float64")
                for layer in range(1, net.n_layers)
            }
    with np.errstate(all="ignore"):
        return learner_step(mistake=mistake, where=where, digits=digits, **options)


def differs(a, b, share):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape != b.shape or not np.allclose(a, b, rtol=2 * share, atol=share * np.abs(b).max(initial=0.0))


def rounded(values, digits):
    return np.array([float(f"{v:.{digits - 1}e}") for v in np.ravel(values)]).reshape(np.shape(values))


def planted(rng, mistake, digits=None, by_line=False):
    """(grade, first wrong term) of one planted mistake; None if its first difference does not show in the digits.

    Answers are rounded at the end, or `by_line`: the learner goes on with the rounded numbers.
    """
    options, where = setting(rng, MISTAKES[mistake])
    right, wrong = answers(options), answers(options, mistake, where)
    digits = digits or int(rng.choice([3, 4, 17]))
    changed = [s for s in right if s in wrong and differs(wrong[s], right[s], 1e-5)]
    visible = [s for s in changed if digits == 17 or differs(wrong[s], right[s], 0.01)]
    if not visible or visible[0] != changed[0] or not all(np.isfinite(wrong[s]).all() for s in wrong):
        return None
    if by_line:
        wrong = answers(options, mistake, where, digits)
    keep = {visible[0]} | {s for s in wrong if rng.random() < 0.6}
    if mistake == "descent_direction":  # without dZ it is the sign of the error as well
        keep |= {s for s in wrong if s.startswith("dZ")}
    if mistake == "batch_mean_forgotten":  # dZ alone may mean that the division comes in dW
        keep |= {s for s in wrong if s.startswith("dW")}
    given = {s: rounded(wrong[s], digits) if digits < 17 else wrong[s] for s in wrong if s in keep}
    given = dict(sorted(given.items(), key=lambda _: rng.random()))
    return derive(options).grade(**given), visible[0]


def tally(rng, mistake, networks, digits=None, by_line=False):
    """How often a planted mistake is tried, its first wrong term found, the mistake named, another named instead."""
    found = Counter()
    attempts = 0
    while found["tried"] < networks and attempts < 20 * networks + 100:
        attempts += 1
        outcome = planted(rng, mistake, digits, by_line)
        if outcome is None:
            continue
        grade, first = outcome
        code = grade.misconception.code if grade.misconception else "none"
        found["tried"] += 1
        found["term"] += grade.first_wrong is not None and grade.first_wrong.symbol == first
        found["cause"] += code == mistake
        found["other"] += code not in (mistake, "none")
        found["accused twice"] += grade.second is not None
        if code != mistake:
            found[f"as {code}"] += 1
    return found


def main(networks, mistakes):
    for title, digits, by_line in MODES:
        total = Counter()
        print(f"{title:28}{'tried':>6}{'term':>9}{'cause':>9}{'wrong':>9}")
        for mistake in mistakes or MISTAKES:
            found = tally(np.random.default_rng(2024), mistake, networks, digits, by_line)
            total.update(found)
            _line(mistake, found)
        _line(f"all {len(mistakes or MISTAKES)}", Counter({k: v for k, v in total.items() if not k.startswith("as ")}))
    rng = np.random.default_rng(2025)
    accused = sum(not right_answers(rng).ok for _ in range(networks))
    print(f"right answers to three digits: {accused} of {networks} accused")


def _line(name, found):
    tried = max(found["tried"], 1)
    others = {key[3:]: count for key, count in found.items() if key.startswith("as ")}
    shares = "".join(f"{found[key] / tried:9.1%}" for key in ("term", "cause", "other"))
    print(f"{name:28}{found['tried']:6}{shares}  {others or ''} {found['accused twice'] or ''}", flush=True)


def right_answers(rng):
    """The grade of a learner who makes no mistake and gives three digits."""
    options, _ = setting(rng, MISTAKES[str(rng.choice(list(MISTAKES)))])
    return derive(options).grade(**{s: rounded(v, 3) for s, v in answers(options).items()})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
