"""Says in one sentence why a step is taken: a table of sentences by the kind of step."""

from __future__ import annotations

import re
from collections.abc import Mapping

from glassnet.explain.graph import Graph, Step

ACTIVATIONS: Mapping[str, str] = {
    "identity": "The identity passes the sums on as they are.",
    "relu": "The rectifier passes positive sums on and turns the others into 0; without such a bend, layers together "
    "would be no more than one.",
    "leaky_relu": "Positive sums pass, of negative ones a little: a bend that still lets a derivative through.",
    "elu": "Positive sums pass, negative ones level off smoothly: a bend without which layers together would be one.",
    "gelu": "Large sums pass, small ones are turned down smoothly: a bend without which layers together would be one.",
    "silu": "Large sums pass, small ones are turned down smoothly: a bend without which layers together would be one.",
    "softplus": "A smooth rectifier: large sums pass, very negative ones become nearly 0.",
    "tanh": "The tanh squeezes every sum between −1 and 1; without such a bend, layers together would be no more than one.",
    "sigmoid": "The sigmoid squeezes every sum between 0 and 1; without such a bend, layers together would be no more "
    "than one.",
}
OUTPUTS: Mapping[str, str] = {
    "identity": "The prediction is the sum itself, so that it can be any number.",
    "sigmoid": "The sigmoid turns each sum into a number between 0 and 1, to be read as a probability.",
    "softmax": "The softmax turns the sums into probabilities that add up to 1: the larger a sum, the larger its share.",
    "exponential": "The exponential makes every prediction positive, as a rate must be.",
    "tanh": "The tanh keeps every prediction between −1 and 1.",
}
UPDATES: Mapping[str, str] = {
    "SGD": "Each parameter moves against its derivative, the way the loss falls, the further the steeper it is.",
    "Momentum": "Each parameter moves by its velocity.",
    "Nesterov": "Each parameter moves by what its velocity will be at the next step, which looks ahead.",
    "RMSprop": "Each parameter moves against its derivative, divided by the derivative's usual size.",
    "Adam": "Each parameter moves against the mean of its derivatives, divided by their usual size.",
    "AdamEpsilonHat": "Each parameter moves against the mean of its derivatives, divided by their usual size; the rate "
    "makes up for means that began at 0.",
    "AdamW": "Each parameter moves against the mean of its derivatives, divided by their usual size, and a little towards 0.",
}
MEANS = ("RMSprop", "Adam", "AdamEpsilonHat", "AdamW")  # the optimizers whose v is a mean of squares
VELOCITY = "The velocity keeps a part of the last step and adds the push of this gradient, so that steps in one direction add up."
MEAN_OF_SQUARES = "A running mean of the squared derivatives remembers how large each usually is."
STATE: Mapping[str, str] = {
    "m": "A running mean of the gradients evens out the noise of single batches.",
    "m_hat": "The mean began at 0 and is too small at first; dividing by 1 − βᵗ makes up for it.",
    "v_hat": "The mean of the squares began at 0 and is too small at first; dividing by 1 − βᵗ makes up for it.",
}
BEFORE_THE_OPTIMIZER = ("gradient", "norm", "g", "schedule_factor", "learning_rate")
OWN_OPTIMIZER = "The optimizer computes this from the gradient on the way to the new parameters."

# the first pattern that a symbol fits has its sentence; {layer} and {above} stand for the numbers of layers
SENTENCES: tuple[tuple[str, str], ...] = (
    (r"Z\d+", "Each unit adds up what comes in, every input times its weight, and its bias."),
    (
        r"A\d+_dropped",
        "Dropout sets some units to 0 at random and scales the others up, so that none is relied on alone.",
    ),
    (r"loss_of_output", "The loss as textbooks write it, in terms of the output ŷ."),
    (r"loss_terms", "Each output is compared with its target and gets one number for how wrong it is."),
    (r"losses", "A sample's loss is the sum over its outputs."),
    (r"mean_loss", "The mean over the samples is how wrong the network is on this batch."),
    (r"penalty_sum", "Large weights cost something, so that they stay small unless the data call for them."),
    (r"loss", "This is the one number that the step is to lower: every derivative below is a derivative of it."),
    (r"mean_weights", "The loss is a mean, so each sample counts by its share in it."),
    (r"slope_A\d+", "For each sample alone: how its loss changes if its output changes a little."),
    (r"slope_Z\d+", "For each sample alone: how its loss changes if the last sum changes a little."),
    (r"J\d+", "Every sum moves every share of a softmax, so the derivatives form a matrix, one for each sample."),
    (r"dZ\d+_long", "The chain rule: the loss's slope in ŷ times the slope of ŷ in z."),
    (
        r"dW\d+_data",
        (
            "A weight acts on the loss by what comes in through it and by the error of its unit: their product, "
            "added up over the samples."
        ),
    ),
    (r"dW\d+_penalty", "The penalty pulls every weight towards 0."),
    (r"dW\d+_both", "The derivatives of the mean loss and of the penalty add up."),
    (
        r"dW\d+",
        (
            "A weight acts on the loss by what comes in through it and by the error of its unit: their product, added "
            "up over the samples."
        ),
    ),
    (
        r"db\d+",
        "A bias acts on its unit's sum directly, so its derivative is the unit's error, added up over the samples.",
    ),
    (r"dA0", "One step further back, to the inputs: which of them the loss depends on. Training does not need it."),
    (r"dA\d+_output", "Backpropagation begins here: how the loss changes if the output changes a little."),
    (
        r"dA\d+_masked",
        "A dropped unit took no part, so no error comes back to it; the others are scaled as on the way forward.",
    ),
    (
        r"dA\d+(_dropped)?",
        (
            "Each unit acts on the loss through the units of layer {above}: their errors come back, each "
            "times the weight between."
        ),
    ),
    (
        r"g_prime\d+",
        "How strongly each unit of layer {layer} answers if its sum changes a little: the activation's slope.",
    ),
    (
        r"dZ\d+_output",
        "The error of the output: how the loss changes with the last sums. All that follows starts from it.",
    ),
    (
        r"dZ\d+",
        "The error passes back through the activation: it is multiplied by the slope there, and a flat one stops it.",
    ),
    (r"gradient|g_gathered", "All derivatives stand in one vector, in the order of the parameters."),
    (r"norm", "The length of the whole gradient decides whether it is clipped."),
    (r"g", "A gradient longer than the limit is shortened to it; its direction stays."),
    (r"schedule_factor", "The schedule says what part of the learning rate this step takes."),
    (r"learning_rate", "The learning rate says how far the step goes."),
)
STAGES: Mapping[str, str] = {
    "forward": "A quantity on the way from the inputs to the output.",
    "loss": "A quantity on the way from the output to the loss.",
    "backward": "A derivative on the way from the loss to the gradient.",
    "update": OWN_OPTIMIZER,
}


def why(graph: Graph, step: Step) -> str:
    """Return the sentence that says why `step` is taken.

    Examples
    --------
    >>> from glassnet import Network, explain
    >>> derivation = explain(Network([2, 3, 1], seed=0), [1.0, 2.0], 0.5)
    >>> why(derivation, derivation["Z1"])
    'Each unit adds up what comes in, every input times its weight, and its bias.'
    """
    if re.fullmatch(r"A\d+", step.symbol) and step.layer is not None:
        return _of_activation(graph, step.layer)
    if step.stage == "update" and step.symbol not in BEFORE_THE_OPTIMIZER:
        return _of_optimizer(type(graph.job.optimizer).__name__, step.symbol)
    kind = step.symbol + _suffix(graph, step)
    return next((each for pattern, each in SENTENCES if re.fullmatch(pattern, kind)), STAGES[step.stage]).format(
        layer=step.layer, above=(step.layer or 0) + 1
    )


def _of_activation(graph: Graph, layer: int) -> str:
    activation = graph.network.activations[layer]
    name = activation.builtin if activation.is_builtin else ""
    if layer == graph.network.n_layers:
        return OUTPUTS.get(name, "The activation turns the last sums into the prediction.")
    return ACTIVATIONS.get(
        name, "The activation bends the sums; without it, layers together would be no more than one."
    )


def _of_optimizer(optimizer: str, symbol: str) -> str:
    if optimizer not in UPDATES:
        return OWN_OPTIMIZER
    if symbol == "theta":
        return UPDATES[optimizer]
    if symbol == "v":
        return MEAN_OF_SQUARES if optimizer in MEANS else VELOCITY
    return STATE.get(symbol, OWN_OPTIMIZER)


def _suffix(graph: Graph, step: Step) -> str:
    """Return what tells the kinds of steps with one form of symbol apart: at the output, masked, with a penalty."""
    if re.fullmatch(r"d[ZA]\d+", step.symbol) and step.layer == graph.network.n_layers:
        return "_output"
    if step.symbol == "g" and "gradient" not in graph:
        return "_gathered"
    if f"{step.symbol}_dropped" in graph:
        return "_masked"
    return "_both" if f"{step.symbol}_data" in graph else ""
