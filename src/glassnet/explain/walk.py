"""Walks one training step as the NumPy engine takes it, and writes down each quantity as a Step."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation
from glassnet.equations.jacobian import softmax_jacobian, through_jacobian
from glassnet.equations.penalties import d_penalty, penalty
from glassnet.explain import formulas
from glassnet.explain.graph import Graph, Step
from glassnet.explain.recorder import Recorder
from glassnet.network import passes
from glassnet.network.passes import Gradient, Trace
from glassnet.printers.statements import Source, rename, source_of
from glassnet.training import reference
from glassnet.training.job import Job, State
from glassnet.training.reference import Batch

Array = NDArray[Any]


class Walk(Recorder):
    """Writes down one training step as the NumPy engine takes it; `graph` returns the steps."""

    def __init__(self, job: Job, state: State, batch: Batch, with_loss: bool) -> None:
        super().__init__()
        self.job, self.state, self.batch = job, state, batch
        self.net = job.network
        self.last = self.net.n_layers
        self.loss = self.net.loss_function
        self.output = self.net.activations[self.last]
        self.trace: Trace = passes.forward(self.net.activations, self.net.W, self.net.b, batch.X, batch.masks)
        self.with_loss = with_loss
        self.l1, self.l2 = job.penalties(batch.weight_sum)
        self.given()
        self.forward()
        if with_loss:
            self.losses()
            self.gradient: Gradient = reference.backward(job, batch, self.trace)
            self.output_slope()
            self.backward()

    def graph(self, digits: int, names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())) -> Graph:
        """The steps written down so far; `names` are those of the inputs and of the outputs."""
        penalties = (self.l1, self.l2)
        return Graph(self.steps, self.environment, self.job, self.state, self.batch, penalties, digits, names)

    # --- the stages -------------------------------------------------------------------------------------------

    def given(self) -> None:
        batch, net = self.batch, self.net
        self.give("A0", "the inputs X, a row for each sample", batch.X, 0)
        for layer in net.W:
            self.give(f"W{layer}", f"the weights of layer {layer}", net.W[layer].copy(), layer)
            self.give(f"b{layer}", f"the biases of layer {layer}", net.b[layer].copy(), layer)
        for layer, mask in batch.masks.items():
            what = f"the dropout mask of layer {layer}: 0, or 1/(1 − rate) where the unit is kept"
            self.give(f"D{layer}", what, mask, layer)
        if not self.with_loss:
            return
        self.give("Y", "the targets", batch.Y)
        self.give("n", "the number of samples", len(batch.X))
        if batch.sample_weight is not None:
            self.give("w", "the weight of each sample", batch.sample_weight)
        if self.l1 or self.l2:
            divided = ", divided by the batch's Σw" if self.job.divide_penalty else ""
            self.give("l1", f"the strength of the L1 penalty{divided}", self.l1)
            self.give("l2", f"the strength of the L2 penalty{divided}", self.l2)

    def into(self, layer: int) -> str:
        """The symbol of the input of `layer`: the activations below, masked if there is dropout."""
        return f"A{layer - 1}_dropped" if layer - 1 in self.trace.D else f"A{layer - 1}"

    def forward(self) -> None:
        for layer in self.net.W:
            if layer - 1 in self.trace.D:
                what = f"what dropout lets through of layer {layer - 1}"
                value, computed = self.trace.into(layer), formulas.DROPPED.read(layer=layer - 1)
                self.add(Step(self.into(layer), "forward", what, value, layer=layer - 1), computed)
            computed = formulas.PRE_ACTIVATION.read(layer=layer, into=self.into(layer))
            what = f"the pre-activations of layer {layer}"
            self.add(Step(f"Z{layer}", "forward", what, self.trace.Z[layer], layer=layer), computed)
            activation = self.net.activations[layer]
            what = f"the activations of layer {layer}" if layer < self.last else "the output ŷ"
            function = activation.f, f"Z{layer}", activation.parameters
            add: dict[str, Any] = {"layer": layer, "inputs": (f"Z{layer}",), "textbook": self.textbook(*function)}
            self.add(Step(f"A{layer}", "forward", what, self.trace.A[layer], **add), self.call(*function))

    @property
    def canonical(self) -> bool:
        """True if the loss contains the output activation and so takes Z, not A."""
        return self.loss.contains(self.output)

    @property
    def prediction(self) -> str:
        return f"{'Z' if self.canonical else 'A'}{self.last}"

    @property
    def averages(self) -> bool:
        """True if there is a mean over samples to take: several samples, or weights."""
        return len(self.batch.X) > 1 or self.batch.sample_weight is not None

    def losses(self) -> None:
        """Write down the loss: its terms, one for each output, their sum, the mean over samples, and the penalties."""
        batch, loss, penalised = self.batch, self.loss, bool(self.l1 or self.l2)
        P = loss.raw_prediction(self.output, self.trace.Z[self.last], self.trace.A[self.last])
        terms = loss.value(P, batch.Y, **loss.parameters)
        per_sample = loss.per_sample(P, batch.Y)
        chain: list[tuple[str, str, Any, Any]] = []
        function = loss.value, f"{self.prediction}, Y", loss.parameters
        called, textbook = self.call(*function), self.textbook(*function)
        chain.append(("loss_terms", f"the loss ({loss.name}) of each output", terms, called))
        if terms.shape[1] > 1:
            chain.append(("losses", "the loss of each sample", per_sample, formulas.SUM_OVER_OUTPUTS.read()))
        inner = self.net.activations, loss, self.net.W, self.trace, batch.Y, batch.sample_weight
        if self.averages:
            formula = formulas.MEAN if batch.sample_weight is None else formulas.WEIGHTED_MEAN
            mean = formula.read(losses="losses" if terms.shape[1] > 1 else "loss_terms[:, 0]")
            chain.append(("mean_loss", "the mean over the samples", passes.objective(*inner), mean))
            self.mean_weights()
        if penalised:
            chain[-1] = ("mean_loss", "the loss without penalties", passes.objective(*inner), chain[-1][3])
            of_layer = ast.parse(formulas.PENALTY_OF_LAYER, mode="eval").body
            parts = " + ".join(ast.unparse(rename(of_layer, {"W[layer]": f"W{layer}"})) for layer in self.net.W)
            total = sum(penalty(self.net.W[layer], self.l1, self.l2).sum() for layer in self.net.W)
            self._chain(chain, called, textbook)
            self.environment["penalty"] = penalty
            expression = ast.parse(parts, mode="eval").body
            self.add(Step("penalty_sum", "loss", "the penalty on the weights", total), (expression, source_of(penalty)))
            chain = [("loss", "", passes.objective(*inner, self.l1, self.l2), formulas.PENALISED.read())]
        self._loss_of_output()
        symbol, _, _, computed = chain.pop()
        value = passes.objective(*inner, self.l1, self.l2)
        self._chain(chain, called, textbook)
        what = "the objective that training lowers" if penalised else "the loss"
        what += f" ({loss.name})" if symbol == "loss_terms" else ""
        self._chain([("loss", what, value, computed)], called, textbook)

    def _chain(self, chain: list[tuple[str, str, Any, Any]], called: Any, textbook: ast.expr | None) -> None:
        for symbol, what, value, computed in chain:
            add: dict[str, Any] = {"inputs": (self.prediction, "Y")} | (
                {"textbook": textbook} if computed is called else {}
            )
            self.add(Step(symbol, "loss", what, value, **add), computed)

    def _loss_of_output(self) -> None:
        """Write down the loss in terms of ŷ, as textbooks do; training uses the form in z, which cannot overflow."""
        value, A = self.loss.value_of_output, self.trace.A[self.last]
        if value is None or not self.canonical:
            return
        with np.errstate(all="ignore"):
            terms = value(A, self.batch.Y, **self.loss.parameters)
        note = "" if np.isfinite(terms).all() else "the logarithm of 0: why the loss is computed from z"
        what = f"the loss ({self.loss.name}) in terms of ŷ, of each output"
        computed = self.call(value, f"A{self.last}, Y", self.loss.parameters)
        self.add(Step("loss_of_output", "loss", what, terms, aside=True, note=note), computed)

    def mean_weights(self) -> None:
        batch = self.batch
        value = passes.mean_weights(batch.sample_weight, len(batch.X), self.trace.output.dtype)
        formula = formulas.EQUAL_WEIGHTS if batch.sample_weight is None else formulas.SAMPLE_WEIGHTS
        self.add(Step("mean_weights", "loss", "what each sample counts in the mean", value), formula.read())

    def output_slope(self) -> None:
        """Write down ∂L/∂Z of the output: the long way through ∂L/∂ŷ if there is one, and the way the code takes."""
        last, batch, loss, output = self.last, self.batch, self.loss, self.output
        Z, A, Y = self.trace.Z[last], self.trace.A[last], batch.Y
        weights = passes.mean_weights(batch.sample_weight, len(Z), A.dtype)[:, None]
        if self.canonical:
            self._long_way(Z, A, Y, weights)
            slope = passes.output_slope(output, loss, Z, A, Y)
            called = self.call(loss.slope, f"Z{last}, Y", loss.parameters)
        else:
            slope_A = loss.slopes(A, Y)
            called = self.call(loss.slope, f"A{last}, Y", loss.parameters)
            symbol, what = (f"slope_A{last}", "∂ℓ/∂ŷ of each sample") if self.averages else (f"dA{last}", "∂L/∂ŷ")
            self.add(Step(symbol, "backward", what, slope_A, layer=last, inputs=(f"A{last}", "Y")), called)
            if self.averages:
                product = formulas.OUTPUT_SLOPE.read(slope=f"slope_A{last}")
                what = "∂L/∂ŷ; the code multiplies by the weights of the mean one step later"
                dA = slope_A * weights
                self.add(Step(f"dA{last}", "backward", what, dA, layer=last, aside=True), product)
            slope = passes.output_slope(output, loss, Z, A, Y)
            called = self.through(output, last, symbol)
        if not self.averages:
            self._dZ_output(called)
            return
        what = "∂ℓ/∂z of each sample"
        before = () if called[0] is not None else (self.prediction, "Y")
        self.add(Step(f"slope_Z{last}", "backward", what, slope, layer=last, inputs=before), called)
        self._dZ_output(formulas.OUTPUT_SLOPE.read(slope=f"slope_Z{last}"))

    def _dZ_output(self, computed: Any) -> None:
        last = self.last
        what = "∂L/∂Z of the output"
        if f"dZ{last}_long" in self.steps:
            what += ": the long way collapses to this"
        value = self.gradient.Z[last]
        self.add(Step(f"dZ{last}", "backward", what, value, layer=last, inputs=(self.prediction, "Y")), computed)

    def _long_way(self, Z: Array, A: Array, Y: Array, weights: Array) -> None:
        last, output, slope = self.last, self.output, self.loss.slope_of_output
        if slope is None or (output.rowwise and output.builtin != "softmax"):  # whose Jacobian is not known
            return
        with np.errstate(all="ignore"):
            dA = slope(A, Y, **self.loss.parameters) * (weights if self.averages else 1)
            if output.rowwise:
                product = through_jacobian(dA, softmax_jacobian(A))
            else:
                factor = np.asarray(output.df(Z, A, **output.parameters), dtype=A.dtype)
                product = dA * factor
        note = "" if np.isfinite(product).all() else "divides by 0 here, which is why the code takes the short way"
        expression, source = self.call(slope, f"A{last}, Y", self.loss.parameters)
        if self.averages:
            expression = ast.BinOp(expression, ast.Mult(), ast.parse("mean_weights[:, None]", mode="eval").body)
        add: dict[str, Any] = {"layer": last, "aside": True}
        self.add(Step(f"dA{last}", "backward", "∂L/∂ŷ, the long way", dA, note=note, **add), (expression, source))
        if output.rowwise:
            self._jacobian()
            called = formulas.THROUGH_JACOBIAN.read(layer=last)
        else:
            called = self.call(output.df, f"Z{last}, A{last}", output.parameters)
            self.add(Step(f"g_prime{last}", "backward", "∂ŷ/∂z, the activation's slope", factor, **add), called)
            called = self._elementwise_product(f"dA{last}", f"g_prime{last}")
        note = f"undefined where dA{last} divides by 0" if note else ""
        what = "∂L/∂Z, the long way: (∂L/∂ŷ)·(∂ŷ/∂z)"
        self.add(Step(f"dZ{last}_long", "backward", what, product, note=note, **add), called)

    def _jacobian(self) -> None:
        last, A = self.last, self.trace.A[self.last]
        computed = formulas.JACOBIAN.read(layer=last, width=A.shape[1])
        what, value = "∂ŷ/∂z of each row: the Jacobian", softmax_jacobian(A)
        self.add(Step(f"J{last}", "backward", what, value, layer=last, aside=True), computed)

    def backward(self) -> None:
        """Write down the backward pass from dZ of the output to the inputs."""
        gradient, net = self.gradient, self.net
        for layer in range(self.last, 0, -1):
            self._weights(layer)
            computed = formulas.BIAS_GRADIENT.read(layer=layer)
            self.add(Step(f"db{layer}", "backward", f"∂L/∂b{layer}", gradient.b[layer], layer=layer), computed)
            below, to_inputs = f"dA{layer - 1}", layer == 1
            computed = formulas.BELOW.read(layer=layer)
            what = "∂L/∂X: how the loss changes with the inputs" if to_inputs else f"∂L/∂A{layer - 1}"
            if layer - 1 in self.trace.D:
                dropped = gradient.Z[layer] @ net.W[layer].T
                symbol = f"{below}_dropped"
                self.add(
                    Step(symbol, "backward", f"∂L/∂A{layer - 1} before its mask", dropped, layer=layer - 1), computed
                )
                computed = formulas.BELOW_MASKED.read(layer=layer - 1)
            self.add(Step(below, "backward", what, gradient.A[layer - 1], layer=layer - 1, aside=to_inputs), computed)
            if not to_inputs:
                called = self.through(net.activations[layer - 1], layer - 1, below)
                inputs = (below, f"Z{layer - 1}")
                what, value = f"∂L/∂Z{layer - 1}", gradient.Z[layer - 1]
                self.add(Step(f"dZ{layer - 1}", "backward", what, value, layer=layer - 1, inputs=inputs), called)

    def _weights(self, layer: int) -> None:
        computed = formulas.WEIGHT_GRADIENT.read(layer=layer, into=self.into(layer))
        value, what = self.gradient.W[layer], f"∂L/∂W{layer}"
        if not (self.l1 or self.l2):
            self.add(Step(f"dW{layer}", "backward", what, value, layer=layer), computed)
            return
        data = self.trace.into(layer).T @ self.gradient.Z[layer]
        self.add(Step(f"dW{layer}_data", "backward", f"{what} of the mean loss", data, layer=layer), computed)
        slope = d_penalty(self.net.W[layer], self.l1, self.l2)
        called = self.call(d_penalty, f"W{layer}, l1, l2")
        self.add(Step(f"dW{layer}_penalty", "backward", f"{what} of the penalty", slope, layer=layer), called)
        self.add(
            Step(f"dW{layer}", "backward", what, value, layer=layer), formulas.PENALISED_GRADIENT.read(layer=layer)
        )

    def through(self, activation: Activation, layer: int, dA: str) -> Any:
        """The formula that carries `dA` through the activation; an elementwise one gets a step for its slope."""
        Z, A = self.trace.Z[layer], self.trace.A[layer]
        if activation.rowwise:
            if activation.builtin == "softmax" and f"J{layer}" not in self.steps:
                self._jacobian()
            return self.call(activation.df, f"Z{layer}, A{layer}, {dA}", activation.parameters)
        slope = np.asarray(activation.df(Z, A, **activation.parameters), dtype=A.dtype)
        function = activation.df, f"Z{layer}, A{layer}", activation.parameters
        what = f"g′(Z{layer}), the slope of the activation"
        add: dict[str, Any] = {"inputs": (f"Z{layer}", f"A{layer}"), "textbook": self.textbook(*function)}
        self.add(Step(f"g_prime{layer}", "backward", what, slope, layer=layer, **add), self.call(*function))
        return self._elementwise_product(dA, f"g_prime{layer}")

    def _elementwise_product(self, dA: str, slope: str) -> tuple[ast.expr, Source]:
        """The product that np.multiply takes, without its dtype."""
        product, source = formulas.THROUGH_ACTIVATION.read(dA=dA, slope=slope)
        assert isinstance(product, ast.Call)
        return ast.BinOp(product.args[0], ast.Mult(), product.args[1]), source
