"""A learner's own backpropagation in plain NumPy, written apart from the package, with room for one mistake."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


FORWARD = {"tanh": np.tanh, "sigmoid": sigmoid, "relu": lambda z: np.maximum(z, 0)}
SLOPE = {  # of the pre-activation z
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "relu": lambda z: (z > 0).astype(float),
}
SLOPE_OF_A = {"tanh": lambda a: 1 - a**2, "sigmoid": lambda a: a * (1 - a)}


def learner_step(net, X, Y, *, weight=None, l2=0.0, masks=None, stale=None, optimizer="sgd", rate=0.1, memory=None,
                 t=1, clip=None, mistake="", where=None):  # fmt: skip
    """All terms of a step, as a dict, made with `mistake` (in layer `where`, or in all of them)."""
    W, b, L, n = net.W, net.b, net.n_layers, len(X)
    hidden = {layer: net.activations[layer].name for layer in range(1, L)}
    output, masks = net.activations[L].name, masks or {}
    w = np.full(n, 1 / n) if weight is None else weight / weight.sum()
    out, A, Z, into = {}, {0: X}, {}, {}

    def made(name, layer=None):
        return mistake == name and (where is None or layer is None or layer == where)

    for layer in range(1, L + 1):
        into[layer] = A[layer - 1]
        if layer - 1 in masks:
            mask = masks[layer - 1]
            into[layer] = A[layer - 1] * ((mask > 0) if made("mask_unscaled", layer - 1) else mask)
        Z[layer] = into[layer] @ W[layer] + (0 if made("bias_forgotten", layer) else b[layer])
        if layer < L:
            A[layer] = Z[layer] if made("activation_forgotten", layer) else FORWARD[hidden[layer]](Z[layer])
        elif output == "softmax":
            e = np.exp(Z[layer] - Z[layer].max(axis=1, keepdims=True))
            A[layer] = e / e.sum(axis=1, keepdims=True)
        else:
            A[layer] = sigmoid(Z[layer]) if output == "sigmoid" else Z[layer]
        out[f"Z{layer}"], out[f"A{layer}"] = Z[layer], A[layer]

    if output == "identity":
        terms = 0.5 * (A[L] - Y) ** 2
    elif output == "sigmoid":
        terms = -Y * np.log(A[L]) - (1 - Y) * np.log(1 - A[L])
    else:
        terms = -Y * np.log(A[L])
    if made("penalty_forgotten"):
        out["loss"] = terms.sum(axis=1) @ w
    else:
        out["loss"] = terms.sum(axis=1) @ w + sum(0.5 * l2 * (W[layer] ** 2).sum() for layer in W)

    error = Y - A[L] if made("sign") else A[L] - Y
    if made("loss_factor"):
        error = 2 * error
    if made("outputs_averaged"):
        error = error / Y.shape[1]
    if made("output_derivative_twice"):
        error = error * A[L] * (1 - A[L])
    if made("softmax_elementwise"):
        error = -Y / A[L] * A[L] * (1 - A[L])
    if made("sample_weights_forgotten"):
        w = np.full(n, 1 / n)
    if made("batch_mean_forgotten"):
        w = np.ones(n) if weight is None else weight
    dZ = error * w[:, None]
    g = {}
    for layer in range(L, 0, -1):
        out[f"dZ{layer}"] = dZ
        inputs = into[layer]
        if made("preactivation_in_dW", layer - 1) and layer > 1:
            inputs = Z[layer - 1]
        if made("mask_forgotten", layer - 1):
            inputs = A[layer - 1]
        dW, db = inputs.T @ dZ, dZ.sum(axis=0)
        if made("wrong_axis", layer):
            db = dZ.sum(axis=1)
        if made("batch_mean_twice"):
            dW, db = dW / n, db / n
        if l2 and not made("penalty_forgotten"):
            dW = dW + (2 * l2 if made("penalty_factor") else l2) * W[layer]
        if l2 and made("penalty_on_biases"):
            db = db + l2 * b[layer]
        if made("transpose", layer):
            dW = dW.T
        g[layer] = dW, db
        out[f"dW{layer}"], out[f"db{layer}"] = dW, db
        if layer == 1:
            break
        back = W[layer]
        if made("updated_weights"):
            back = W[layer] - rate * dW
        dA = dZ @ back.T
        if layer - 1 in masks and not made("mask_forgotten", layer - 1):
            mask = stale[layer - 1] if made("stale_mask", layer - 1) else masks[layer - 1]
            dA = dA * ((mask > 0) if made("mask_unscaled", layer - 1) else mask)
        out[f"dA{layer - 1}"] = dA
        name = hidden[layer - 1]
        if made("derivative_forgotten", layer - 1):
            dZ = dA
        elif made("derivative_misplaced", layer - 1):
            dZ = dA * SLOPE_OF_A[name](Z[layer - 1])  # z where a belongs
        else:
            dZ = dA * SLOPE[name](Z[layer - 1])

    if any(dW.shape != W[layer].shape or db.shape != b[layer].shape for layer, (dW, db) in g.items()):
        return out
    flat = np.concatenate([np.concatenate([g[layer][0].ravel(), g[layer][1]]) for layer in range(1, L + 1)])
    if clip is not None and not made("clipping"):
        flat = flat * min(1, clip / np.linalg.norm(flat))
    theta = net.theta
    if optimizer == "sgd":
        out["theta"] = theta + rate * flat if made("update_sign") else theta - rate * flat
        if made("learning_rate"):
            out["theta"] = theta - flat
        return out
    m, v = 0.9 * memory["m"] + 0.1 * flat, 0.999 * memory["v"] + 0.001 * flat**2
    if made("memory"):
        m, v = 0.1 * flat, 0.001 * flat**2
    time = t - 1 if made("adam_off_by_one") else t
    m_hat, v_hat = m / (1 - 0.9**time), v / (1 - 0.999**time)
    if made("bias_correction_forgotten"):
        m_hat, v_hat = m, v
    step = rate * m_hat / (np.sqrt(v_hat) + 1e-8)
    out |= {"m": m, "v": v, "m_hat": m_hat, "v_hat": v_hat}
    out["theta"] = theta + step if made("update_sign") else theta - step
    return out
