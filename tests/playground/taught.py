"""A step of a lesson worked out again with glassnet's Python API alone: no frame, no address and no number of the page."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

import glassnet as gn
from glassnet.playground.datasets import DATASETS

DEFAULTS = {
    "data": "moons",
    "n": "400",
    "noise": "0.2",
    "test": "0.2",
    "features": "x,y",
    "hidden": "10",
    "activation": "relu",
    "init": "",
    "optimizer": "sgd",
    "rate": "0.1",
    "l2": "0",
    "edits": "",
    "step": "0",
}
OPTIMIZERS = {"sgd": gn.SGD, "momentum": gn.Momentum, "adam": gn.Adam}
FEATURES = {"x": lambda x, y: x, "y": lambda x, y: y, "xx": lambda x, y: x * x, "yy": lambda x, y: y * y}


class Taught:
    """The network of a lesson's step, trained by `gn.train` from its start, with its data."""

    def __init__(self, query: str) -> None:
        given = dict(parse_qsl(query, keep_blank_values=True))
        assert set(given) <= set(DEFAULTS)
        self.query = {**DEFAULTS, **given}
        points, y = DATASETS[self.query["data"]].make(int(self.query["n"]), float(self.query["noise"]), 42)
        train, test, self.y, self.y_test = train_test_split(
            points, y, test_size=float(self.query["test"]), random_state=42
        )
        self.X, self.X_test = self.inputs(train), self.inputs(test)
        self.steps = int(self.query["step"])
        self.edits = [self._edit(each) for each in self.query["edits"].split(";") if each]

    @staticmethod
    def _edit(text: str) -> tuple[int, int, int, float]:
        place, value = text.split("=")
        step, name = place.split(":b")
        layer, unit = name.split(",")
        return int(step), int(layer), int(unit), float(value)

    def inputs(self, points: Any) -> Any:
        """The features of points (n, 2)."""
        return np.column_stack([FEATURES[name](*points.T) for name in self.query["features"].split(",")])

    def start(self) -> gn.Network:
        """The network before any step and any change by hand."""
        hidden = [int(width) for width in self.query["hidden"].split(",") if width]
        sizes = [self.X.shape[1], *hidden, 1]
        return gn.Network(sizes, self.query["activation"], "sigmoid", init=self.query["init"] or None, seed=42)

    def train(self, net: gn.Network, steps: int) -> None:
        """Take `steps` steps, each on all training points."""
        optimizer = OPTIMIZERS[self.query["optimizer"]](learning_rate=float(self.query["rate"]))
        gn.train(net, self.X, self.y, optimizer=optimizer, epochs=steps, l2=float(self.query["l2"]), seed=42)

    def _by_hand(self, net: gn.Network, at: int) -> None:
        for step, layer, unit, value in self.edits:
            if step == at:
                net.b[layer][unit] = value

    @cached_property
    def net(self) -> gn.Network:
        """The network of the lesson's step."""
        net = self.start()
        self._by_hand(net, 0)
        if self.steps:
            self.train(net, self.steps)
            self._by_hand(net, self.steps)
        return net

    @cached_property
    def losses(self) -> Any:
        """Training and test loss before each step and at the end, (steps + 1, 2)."""
        net = self.start()
        self._by_hand(net, 0)
        optimizer = OPTIMIZERS[self.query["optimizer"]](learning_rate=float(self.query["rate"]))
        run = gn.Run(net, self.X, self.y, optimizer=optimizer, epochs=1001, l2=float(self.query["l2"]), seed=42)
        found = [(net.loss(self.X, self.y), net.loss(self.X_test, self.y_test))]
        for _ in range(self.steps):
            run.advance(steps=1)
            found.append((net.loss(self.X, self.y), net.loss(self.X_test, self.y_test)))
        return np.array(found)

    @property
    def train_loss(self) -> float:
        return self.net.loss(self.X, self.y)

    @property
    def test_loss(self) -> float:
        return self.net.loss(self.X_test, self.y_test)

    @property
    def train_accuracy(self) -> float:
        return float(accuracy_score(self.y, self._classes(self.X)))

    @property
    def test_accuracy(self) -> float:
        return float(accuracy_score(self.y_test, self._classes(self.X_test)))

    def _classes(self, X: Any) -> Any:
        return self.net.predict_proba(X)[:, 1] > 0.5

    def gradient(self, net: gn.Network | None = None) -> gn.Gradient:
        """The gradient of the next step on all training points."""
        net = self.net if net is None else net
        return net.backward(net.forward(self.X), self.y, l2=float(self.query["l2"]))

    def before(self, layer: int = 1, X: Any = None) -> Any:
        """The pre-activations of a layer on the training points, or on others."""
        return self.net.forward(self.X if X is None else X).Z[layer]

    def plane(self) -> Any:
        """The inputs at points all over the plane that the page shows, and far around it."""
        side = np.linspace(-4, 4, 81)
        return self.inputs(np.array(np.meshgrid(side, side)).reshape(2, -1).T)
