"""A learner's own backpropagation in plain NumPy, written apart from the package, with room for mistakes."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


FORWARD = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": softmax,
    "identity": lambda z: z,
}
SLOPE = {  # of the pre-activation z
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "relu": lambda z: (z > 0).astype(float),
    "identity": np.ones_like,
}
SLOPE_OF_A = {"tanh": lambda a: 1 - a**2, "sigmoid": lambda a: a * (1 - a), "relu": lambda a: (a > 0).astype(float)}
OTHER = {"tanh": "sigmoid", "sigmoid": "tanh", "relu": "tanh"}


class Learner:
    """One step of training as a learner works it out, with `mistakes` (in layer `where`, or in all of them)."""

    def __init__(self, net, X, Y, *, weight=None, l1=0.0, l2=0.0, masks=None, stale=None, optimizer="sgd", rate=0.1,
                 memory=None, t=1, clip=None, mistakes=(), where=None, digits=None):  # fmt: skip
        self.net, self.X, self.Y, self.weight = net, X, Y, weight
        self.W, self.b, self.L, self.n, self.k = net.W, net.b, net.n_layers, len(X), Y.shape[1]
        self.l1, self.l2, self.masks, self.stale = l1, l2, masks or {}, stale or {}
        self.optimizer, self.rate, self.memory, self.t, self.clip = optimizer, rate, memory, t, clip
        self.mistakes, self.where, self.digits = mistakes, where, digits
        self.name = {layer: net.activations[layer].name for layer in net.W}
        self.loss = net.loss_function.name
        self.out = {}

    def made(self, name, layer=None):
        return name in self.mistakes and (self.where is None or layer is None or layer == self.where)

    def written(self, values):
        """The numbers as the learner writes them down and goes on with them: with so many digits, or as they are."""
        if self.digits is None:
            return values
        return np.array([float(f"{v:.{self.digits - 1}e}") for v in np.ravel(values)]).reshape(np.shape(values))

    def terms(self):
        """All terms, by their names."""
        self.forward()
        self.losses()
        self.backward()
        if 1 in self.dW and all(
            self.dW[la].shape == self.W[la].shape and self.db[la].shape == self.b[la].shape for la in self.dW
        ):
            self.update()
        return self.out

    # --- forward ----------------------------------------------------------------------------------------------

    def forward(self):
        self.Z, self.A, self.into = {}, {0: self.X}, {}
        for la in range(1, self.L + 1):
            below = self.A[la - 1]
            if la - 1 in self.masks and not self.made("dropout_forgotten", la - 1):
                below = below * self.mask(la - 1)
            if la > 1 and la < self.L + 1 and self.made("wrong_input", la - 1):
                below = self.X
            self.into[la] = below
            W = self.W[la]
            if self.made("weights_transposed", la) and W.shape[0] == W.shape[1]:
                W = W.T
            b = self.b[la]
            if self.made("bias_forgotten", la) or self.made("bias_after_activation", la):
                b = 0 * b
            if self.made("bias_subtracted", la):
                b = -b
            self.Z[la] = self.written(below @ W + b)
            self.A[la] = self.written(self.activate(la, self.Z[la]))
            self.out[f"Z{la}"], self.out[f"A{la}"] = self.Z[la], self.A[la]
            if la < self.L and self.made("preactivation_fed_on", la):
                self.A[la] = self.Z[la]

    def activate(self, la, z):
        name = self.name[la]
        g = FORWARD[name]
        if la < self.L:
            if self.made("activation_forgotten", la):
                return z
            if self.made("wrong_activation", la):
                return FORWARD[OTHER[name]](z)
        if la == self.L and name == "softmax":
            if self.made("softmax_wrong_axis"):
                return np.exp(z) / np.exp(z).sum(axis=0)
            if self.made("softmax_unnormalised"):
                return np.exp(z)
            if self.made("sigmoid_for_softmax"):
                return sigmoid(z)
        if la == self.L and self.made("output_activated"):
            return np.tanh(z)
        if self.made("activation_twice", la):
            return g(g(z))
        if self.made("exponent_sign", la):
            return g(-z)
        if self.made("bias_after_activation", la):
            return g(z) + self.b[la]
        return g(z)

    def mask(self, la, back=False):
        mask = self.masks[la]
        if back and self.made("stale_mask", la):
            return self.stale[la]
        kept = (mask > 0).astype(float)
        if self.made("mask_unscaled", la):
            return kept
        if self.made("mask_scale", la):
            return kept / 0.4
        if self.made("mask_twice", la) and (back or self.where is None):
            return mask * mask
        if self.made("mask_reversed", la):
            return (1 - kept) / 0.6
        return mask

    # --- the loss ---------------------------------------------------------------------------------------------

    def losses(self):
        A, Y = self.A[self.L], self.Y
        with np.errstate(all="ignore"):
            if self.loss == "squared_error":
                terms = 0.5 * (A - Y) ** 2
                if self.made("square_forgotten"):
                    terms = 0.5 * (A - Y)
            elif self.loss == "binary_cross_entropy":
                inner = -1 if self.made("inner_sign") else 1
                rest = 0 if self.made("half_of_cross_entropy") else 1
                terms = -Y * np.log(A) - inner * rest * (1 - Y) * np.log(1 - A)
            else:
                terms = -Y * np.log(A)
        if self.made("log_base"):
            terms = terms / np.log(10)
        if self.made("loss_sign"):
            terms = -terms
        self.loss_of_outputs = terms
        w = self.sample_weights(of_the_loss=True)
        value = terms.sum(axis=1) @ w
        if self.made("broadcast_targets"):
            value = (0.5 * (A - Y.ravel()) ** 2).mean()
        if not self.made("penalty_forgotten"):
            penalty = sum(0.5 * self.l2 * (W**2).sum() + self.l1 * np.abs(W).sum() for W in self.W.values())
            value = value + (-penalty if self.made("penalty_sign") else penalty)
        self.out["loss"] = value

    def sample_weights(self, of_the_loss=False):
        if self.made("batch_mean_forgotten") and not of_the_loss:
            return np.ones(self.n) if self.weight is None else self.weight
        if self.weight is None or self.made("sample_weights_forgotten"):
            return np.full(self.n, 1 / (self.n - 1 if self.made("wrong_count") else self.n))
        return self.weight / self.weight.sum()

    def output_error(self):
        """dZ of the output, of single samples."""
        A, Y, Z = self.A[self.L], self.Y, self.Z[self.L]
        error = A - Y
        if self.made("sign"):
            error = Y - A
        if self.made("target_added"):
            error = A + Y
        if self.made("target_forgotten"):
            error = A
        if self.made("labels_not_one_hot"):
            error = A - Y.argmax(axis=1)[:, None]
        if self.made("broadcast_targets"):
            error = A - Y.ravel()
        if self.made("absolute_error_slope"):
            error = np.abs(error)
        if self.made("sign_of_error"):
            error = np.sign(error)
        if self.made("loss_for_slope"):
            error = self.loss_of_outputs
        if self.made("loss_factor"):
            error = 2 * error
        if self.made("outputs_averaged"):
            error = error / self.k
        if self.loss == "squared_error" and self.name[self.L] != "identity":
            if self.made("derivative_of_error"):
                return error * (1 - error) * error
            slope = A * (1 - A)
            if self.made("output_slope_forgotten"):
                slope = 1
            return error * slope
        if self.made("output_activated"):
            return error
        with np.errstate(all="ignore"):
            if self.made("inner_sign"):
                return -Y * (1 - A) - (1 - Y) * A
            if self.made("half_of_cross_entropy"):
                return -Y * (1 - A)
            if self.made("divided_by_output"):
                return error / (A * (1 - A))
            if self.made("output_derivative_twice"):
                return error * A * (1 - A)
            if self.made("softmax_elementwise"):
                return -Y / A * A * (1 - A)
            if self.made("softmax_at_logit"):
                return -Y / A * A * (1 - Z)
            if self.made("softmax_off_diagonal"):
                dA = -Y / A
                return np.stack([(np.diag(a) + np.outer(a, a)) @ d for a, d in zip(A, dA, strict=True)])
        return error

    # --- backward ---------------------------------------------------------------------------------------------

    def backward(self):
        self.dW, self.db, self.dZ, self.dA = {}, {}, {}, {}
        w = self.sample_weights()
        dZ = self.output_error() * w[:, None]
        for la in range(self.L, 0, -1):
            self.dZ[la] = self.out[f"dZ{la}"] = dZ = self.written(dZ)
            if dZ.shape != (self.n, self.net.sizes[la]):
                return
            self.gradients(la, dZ)
            if la == 1:
                break
            dA = self.written(self.below(la, dZ))
            self.dA[la - 1] = self.out[f"dA{la - 1}"] = dA
            if dA.shape != (self.n, self.net.sizes[la - 1]):
                return
            dZ = self.through(la - 1, dA)
        if self.made("layers_exchanged"):
            first, last = self.out["dW2"], self.out["dW3"]
            self.out["dW2"], self.out["dW3"] = self.dW[2], self.dW[3] = last, first

    def gradients(self, la, dZ):
        inputs, n = self.into[la], self.n
        if self.made("preactivation_fed_on", la - 1) and la > 1:
            inputs = FORWARD[self.name[la - 1]](self.Z[la - 1])
        if la > 1 and self.made("preactivation_in_dW", la - 1):
            inputs = self.Z[la - 1]
        if la > 1 and self.made("mask_forgotten", la - 1):
            inputs = self.A[la - 1]
        if self.made("input_forgotten", la):
            inputs = np.ones_like(inputs)
        if la > 1 and self.made("overwritten", la - 1):
            inputs = SLOPE[self.name[la - 1]](self.Z[la - 1])
        if la > 1 and self.made("wrong_activation_in_dW", la - 1):
            inputs = self.X
        error = dZ
        if la < self.L and self.made("derivative_left_out_of_dW", la):
            error = self.dA[la]
        if self.made("error_in_dW", la):
            error = self.A[la]
        dW, db = inputs.T @ error, error.sum(axis=0)
        if self.made("error_in_dW", la):
            db = dZ.sum(axis=0)
        if self.made("not_accumulated"):
            dW, db = np.outer(inputs[-1], error[-1]), error[-1]
        if self.made("wrong_axis", la):
            db = dZ.sum(axis=1)
        if self.made("bias_gradient_not_summed", la):
            db = dZ
        if self.made("batch_mean_twice"):
            dW, db = dW / n, db / n
        W = self.W[la]
        slope = self.l2 * W + self.l1 * np.sign(W)
        if self.made("penalty_factor"):
            slope = 2 * slope
        if self.made("penalty_sign"):
            slope = -slope
        if self.made("penalty_for_slope"):
            slope = 0.5 * self.l2 * W**2 + self.l1 * np.abs(W)
        if self.made("l1_slope"):
            slope = self.l2 * W + self.l1 * W
        if (self.l1 or self.l2) and not self.made("penalty_forgotten"):
            dW = dW + slope
        if self.l2 and self.made("penalty_on_biases"):
            db = db + self.l2 * self.b[la] + self.l1 * np.sign(self.b[la])
        if self.made("transpose", la):
            dW = dW.T
        if self.made("descent_direction"):
            dW, db = -dW, -db
        if self.made("rate_in_gradient"):
            dW, db = self.rate * dW, self.rate * db
        if self.made("integer_type"):
            dW = dW.astype(int)
        if self.made("never_filled", la):
            dW = np.zeros_like(dW)
        if self.made("namesake", la):
            dW = self.W[la]
        dW, db = self.written(dW), self.written(db)
        self.dW[la], self.db[la] = dW, db
        self.out[f"dW{la}"], self.out[f"db{la}"] = dW, db

    def below(self, la, dZ):
        W, error = self.W[la], dZ
        if self.made("updated_weights"):
            W = W - self.rate * self.dW[la]
        if self.made("gradient_for_weights", la - 1):
            W = self.dW[la]
        if self.made("activation_for_error", la - 1):
            error = self.A[la]
        if self.made("error_of_other_layer", la - 1) and la < self.L:
            error = self.dA[la]
        if self.made("weights_of_other_layer", la - 1):
            W = self.W[la - 1] if la < self.L else W
        if self.made("product_of_entries", la - 1):
            dA = dZ * W.T
        elif self.made("weights_forgotten", la - 1):
            dA = dZ.sum(axis=1, keepdims=True) * np.ones((1, len(W)))
        else:
            dA = error @ W.T
        if la - 1 in self.masks and not self.made("mask_forgotten", la - 1):
            dA = dA * self.mask(la - 1, back=True)
        return dA

    def through(self, la, dA):
        name, z, a = self.name[la], self.Z[la], self.A[la]
        if self.made("derivative_forgotten", la):
            return dA
        slope = SLOPE[name](z)
        if self.made("wrong_activation", la):
            slope = SLOPE[OTHER[name]](z)
        if (
            self.made("exponent_sign", la)
            or self.made("activation_twice", la)
            or self.made("bias_after_activation", la)
        ):
            slope = SLOPE_OF_A[name](a)
        if self.made("activation_forgotten", la) or self.made("preactivation_fed_on", la):
            slope = SLOPE[name](z)
        if self.made("derivative_misplaced", la):
            slope = SLOPE_OF_A[name](z)  # z where a belongs
        if self.made("slopes_exchanged", la):
            slope = SLOPE_OF_A[OTHER[name]](a)
        if self.made("derivative_incomplete", la):
            slope = 1 - a
        if self.made("activation_for_derivative", la):
            slope = a
        if self.made("derivative_sign", la):
            slope = -slope
        if self.made("derivative_reversed", la):
            slope = 1 - slope
        if self.made("derivative_twice", la):
            slope = slope**2
        if self.made("derivative_divides", la):
            return dA / slope
        if self.made("derivative_added", la):
            return dA + slope
        if self.made("product_of_matrices", la):
            return dA @ slope.T
        return dA * slope

    # --- the update -------------------------------------------------------------------------------------------

    def update(self):
        out, theta, rate, t = self.out, self.net.theta, self.rate, self.t
        layers = range(1, self.L + 1)
        flat = np.concatenate([np.concatenate([self.dW[la].ravel(), self.db[la]]) for la in layers])
        weights = np.concatenate([np.repeat([1.0, 0.0], [self.W[la].size, self.b[la].size]) for la in layers])
        if self.clip is not None and not self.made("clipping"):
            flat = flat * min(1, self.clip / np.linalg.norm(flat))
        if self.optimizer == "sgd":
            step = rate * flat
            if self.made("learning_rate"):
                step = flat
        elif self.optimizer == "nesterov":
            v = 0.9 * self.memory["v"] - rate * flat
            out["v"] = v
            step = -v if self.made("lookahead_forgotten") else -(0.9 * v - rate * flat)
        else:
            beta1, beta2 = (0.999, 0.9) if self.made("decay_rates_exchanged") else (0.9, 0.999)
            m = beta1 * self.memory["m"] + (1 - beta1) * flat
            v = beta2 * self.memory["v"] + (1 - beta2) * flat**2
            if self.made("memory"):
                m, v = (1 - beta1) * flat, (1 - beta2) * flat**2
            time = t - 1 if self.made("adam_off_by_one") else t
            m_hat, v_hat = m / (1 - beta1**time), v / (1 - beta2**time)
            if self.made("bias_correction_forgotten"):
                m_hat, v_hat = m, v
            root = v_hat if self.made("root_forgotten") else np.sqrt(v_hat)
            step = rate * m_hat / (root + 1e-8)
            out |= {"m": m, "v": v, "m_hat": m_hat, "v_hat": v_hat}
        if self.made("parameters_not_updated"):
            step = step * weights
        out["theta"] = theta + step if self.made("update_sign") else theta - step


def learner_step(net, X, Y, *, mistake=(), where=None, **options):
    """All terms of a step, as a dict, made with the mistakes (one name or several)."""
    mistakes = (mistake,) if isinstance(mistake, str) else mistake
    return Learner(net, X, Y, mistakes=mistakes, where=where, **options).terms()
