"""Makes the points, the network and the options of a run from a State."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.initializers import default_initializer
from glassnet.errors import InputError, unknown_name
from glassnet.network.network import Network
from glassnet.playground.datasets import DATASETS
from glassnet.playground.drawn import read_drawn
from glassnet.playground.features import FEATURES, ONE_INPUT, inputs
from glassnet.playground.state import State
from glassnet.playground.uploads import Uploads
from glassnet.training.optimizers import OPTIMIZERS
from glassnet.training.run import Run

Array = NDArray[Any]

LOSSES = {
    "sigmoid": ("binary_cross_entropy", "squared_error"),
    "softmax": ("categorical_cross_entropy", "squared_error"),
    "identity": ("squared_error", "absolute_error", "huber"),
}  # the losses for each output, the default first
SECONDS = 0.8  # approximate bound for the work of one request
MOST_STEPS = 50_000
MOST_STRETCH = 3  # of one axis against the other, until which both have one scale


@dataclass(frozen=True, eq=False)
class Data:
    """Points of the plane, split into training and test; uploaded data are standardised by the training part."""

    train: Array  # (n, 2)
    y_train: Array
    test: Array
    y_test: Array
    classes: tuple[str, ...] | None  # None for a regression
    names: tuple[str, str, str]  # of x, y and the target
    title: str
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of x, y and the target before they were standardised
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    columns: tuple[tuple[str, bool, bool], ...] = ()  # of an upload, to choose from
    graph: bool = False  # True for numbers over one input: y of a point is its target, and no feature may take it
    drawn: bool = False
    # of data that a notebook gave: the activation of the output, and options of training without a control of the page
    output_given: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    own_units: bool = False  # True if the axes may have scales of their own

    @property
    def output(self) -> str:
        if self.output_given:
            return self.output_given
        if self.classes is None:
            return "identity"
        return "sigmoid" if len(self.classes) == 2 else "softmax"

    @property
    def domain(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ranges of x and y that a picture shows: a square around all points, with a margin.

        In their own units, ranges that differ much fill the picture each.
        """
        points = np.concatenate([self.train, self.test])
        low, high = points.min(axis=0), points.max(axis=0)
        if self.drawn:  # steady while points are added
            low, high = np.floor(2 * low - 0.2) / 2, np.ceil(2 * high + 0.2) / 2
            half = 0.5 * float((high - low).max())
        else:
            spans = high - low
            if self.own_units and spans.max() > MOST_STRETCH * spans.min() > 0:
                half = 0.55 * spans
            else:
                half = 0.55 * (float(spans.max()) or 1.0)
        middle = (low + high) / 2
        x, y = zip((middle - half).tolist(), (middle + half).tolist(), strict=True)
        return x, y


def load_data(state: State, uploads: Uploads) -> Data:
    """Load the points of a state and split them at random by `data_seed`."""
    from sklearn.model_selection import train_test_split

    if state.drawn:
        return _drawn(state.data)
    if state.data.startswith("csv:"):
        upload = uploads[state.data]
        own = upload.choose(state.x, state.y, state.target)
        parts = train_test_split(own.X, own.y, test_size=state.test, random_state=state.data_seed)
        train, test, y_train, y_test = parts
        names = (*own.names, own.target)
        data = Data(
            *(train, y_train, test, y_test, own.classes, names, "own data"), columns=upload.columns, graph=own.graph
        )
        return _scaled(data)
    made = DATASETS[state.data]
    k = state.classes if made.classes == 0 else made.classes
    X, y = made.make(state.n, state.noise, state.data_seed, *([k] if made.classes == 0 else []))
    classes = None if k is None else tuple(map(str, range(k)))
    names = ("x₁", "x₂", "class" if classes else "target")
    train, test, y_train, y_test = train_test_split(X, y, test_size=state.test, random_state=state.data_seed)
    return Data(train, y_train, test, y_test, classes, names, made.title)


def _drawn(text: str) -> Data:
    """Return the points of an address, split as they were drawn."""
    points, y, test = read_drawn(text)
    graph = text.startswith("curve:")
    classes = None if graph else tuple(map(str, range(max(2, int(y.max()) + 1))))
    targets = points[:, 1] if graph else y
    names = ("x", "y", "y") if graph else ("x₁", "x₂", "class")
    parts = (points[~test], targets[~test], points[test], targets[test])
    return Data(*parts, classes, names, "points by hand", graph=graph, drawn=True)


def _scaled(data: Data) -> Data:
    columns = [data.train[:, 0], data.train[:, 1], *([data.y_train] if data.classes is None else [])]
    mean = [float(column.mean()) for column in columns]
    scale = [float(column.std()) or 1.0 for column in columns]
    train, test = ((points - mean[:2]) / scale[:2] for points in (data.train, data.test))
    y_train, y_test = data.y_train, data.y_test
    if data.classes is None:
        y_train, y_test = ((y - mean[2]) / scale[2] for y in (y_train, y_test))
    x, y, t = (*zip(mean, scale, strict=True), (0.0, 1.0))[:3]
    return Data(
        *(train, y_train, test, y_test, data.classes, data.names, data.title),
        mean=(x[0], y[0], t[0]),
        scale=(x[1], y[1], t[1]),
        columns=data.columns,
        graph=data.graph,
    )


@dataclass(frozen=True, eq=False)
class Setup:
    """The set-up of a run of the playground: data, network and options."""

    state: State
    data: Data
    weights: Network | None = field(default=None, kw_only=True)  # a network whose weights are the initial ones
    _grids: dict[int, Array] = field(default_factory=dict, repr=False)

    @property
    def sizes(self) -> list[int]:
        classes = self.data.classes
        outputs = len(classes) if classes and self.data.output == "softmax" else 1
        return [len(self.features), *self.state.hidden, outputs]

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the network takes: those of one input where the data have one."""
        if not self.data.graph:
            return self.state.features
        return tuple(name for name in self.state.features if name in ONE_INPUT)

    @property
    def loss(self) -> str:
        return self.state.loss or LOSSES[self.data.output][0]

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses for this kind of data, the default first."""
        return LOSSES[self.data.output]

    @property
    def initializer(self) -> str:
        if self.weights is not None:
            return "given"
        return self.state.init or default_initializer([*self.state.activations, self.data.output])

    @property
    def batch_size(self) -> int | None:
        n = len(self.data.train)
        return None if not 0 < self.state.batch < n else self.state.batch

    @property
    def steps_per_epoch(self) -> int:
        n = len(self.data.train)
        return -(-n // (self.batch_size or n))

    @property
    def step_cost(self) -> float:
        """Approximate duration of a step in microseconds."""
        rows = self.batch_size or len(self.data.train)
        parameters = sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))
        return (1.5 + rows * parameters / 4000 + parameters / 200) * (2 if self.state.dropout else 1)

    @cached_property
    def max_step(self) -> int:
        """The last step that a request may ask for: it can be reached from step 0 within SECONDS."""
        return min(MOST_STEPS, int(SECONDS * 1e6 / self.step_cost), self.options()["epochs"] * self.steps_per_epoch)

    def network(self) -> Network:
        """Make the network with its initial weights."""
        state = self.state
        hidden = list(state.activations) if len(state.activation) > 1 else state.activation[0]
        given = self.weights
        if given is None:
            return Network(
                self.sizes, hidden, self.data.output, loss=self.loss, init=state.init or None, seed=state.seed
            )
        network = Network(self.sizes, hidden, self.data.output, loss=self.loss, init=given.init, dtype=given.dtype)
        network.theta, network.seed = given.theta, given.seed
        return network

    def inputs(self, points: Array) -> Array:
        """Return the features of points (n, 2)."""
        dtype = np.float64 if self.weights is None else self.weights.dtype
        return inputs(points, self.features).astype(dtype, copy=False)

    def grid(self, size: int) -> Array:
        """Return the features (size², features) at the centres of a size × size grid over the domain, from the top."""
        if size not in self._grids:
            (left, right), (bottom, top) = self.data.domain
            middles = (np.arange(size) + 0.5) / size
            x, y = np.meshgrid(left + (right - left) * middles, top - (top - bottom) * middles)
            self._grids[size] = self.inputs(np.column_stack([x.ravel(), y.ravel()]))
        return self._grids[size]

    def options(self) -> dict[str, Any]:
        """Return the arguments of Run after X and y."""
        state, given = self.state, self.data.options
        kind = OPTIMIZERS[state.optimizer]
        optimizer = given.get("optimizer")
        usual = optimizer if type(optimizer) is kind else kind()  # the constants besides the learning rate
        return {
            "epochs": MOST_STEPS // self.steps_per_epoch + 1,
            **given,
            "optimizer": replace(usual, learning_rate=state.learning_rate),  # type: ignore[arg-type]
            "batch_size": self.batch_size,
            "l1": state.l1,
            "l2": state.l2,
            "dropout": state.dropout,
            "seed": state.seed,
        }

    def start(self) -> Run:
        """Return the run before its first step."""
        return Run(self.network(), self.inputs(self.data.train), self.data.y_train, **self.options())

    def feature_names(self) -> list[str]:
        """Return the printed names of the features; own data have their columns' names in them."""
        printed = [FEATURES[name][0] for name in self.features]
        x, y, _ = self.data.names
        if (x, y) == ("x₁", "x₂"):
            return printed
        return [name.replace("x₁x₂", f"{x}·{y}").replace("x₁", x).replace("x₂", y) for name in printed]


def check_setup(state: State, data: Data, weights: Network | None = None) -> Setup:
    """Return the Setup of a state and its data, and of a network whose weights are the initial ones.

    Raises
    ------
    InputError
        If the loss does not fit the data, the weights do not fit the network, or an edit names a parameter that it does
        not have.
    """
    setup = Setup(state, data, weights=weights)
    if state.loss and state.loss not in LOSSES[data.output]:
        raise unknown_name("loss", state.loss, LOSSES[data.output])
    if not setup.features:
        raise InputError(
            f"features: expected some of {', '.join(ONE_INPUT)} where the data have one input; "
            f"got {','.join(state.features)}; add x."
        )
    if weights is not None and list(weights.sizes) != setup.sizes:
        shapes = ["-".join(map(str, sizes)) for sizes in (weights.sizes, setup.sizes)]
        raise InputError(
            f"init: expected a network of {shapes[0]} for the given weights; got {shapes[1]}; choose other initial weights."
        )
    for edit in state.edits:
        if not 1 <= edit.layer < len(setup.sizes):
            raise InputError(f"edits: expected a layer from 1 to {len(setup.sizes) - 1}; got {edit}; correct it.")
        rows, columns = setup.sizes[edit.layer - 1], setup.sizes[edit.layer]
        if edit.row >= rows or edit.column >= columns:
            raise InputError(
                f"edits: expected an entry of W{edit.layer}, {rows} × {columns}, or of b{edit.layer}, {columns}; "
                f"got {edit}; correct it."
            )
    return setup
