"""The Network: sizes, activations and one flat parameter vector; it computes and never trains itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation, as_activation
from glassnet.equations.initializers import Initializer, RandomSource, as_initializer, default_initializer
from glassnet.equations.loss import Loss
from glassnet.equations.losses import LOSSES, as_loss, default_loss
from glassnet.errors import InputError, check_number
from glassnet.network import passes
from glassnet.network.arguments import check_dtype, check_parts, check_sizes, one_a_layer, random_source
from glassnet.network.engines import ENGINES, choose_engine
from glassnet.network.inputs import check_sample_weight, check_X, encode_targets
from glassnet.network.parameters import Layout
from glassnet.network.passes import Gradient, Trace
from glassnet.network.printing import argument, table_of_layers
from glassnet.network.probe import probe_activation, probe_initializer, probe_loss

Array = NDArray[Any]
Seed = int | RandomSource


class Network:
    """A feed-forward network: Z[l] = A[l-1] W[l] + b[l], A[l] = g(Z[l]), with A[0] = X and layers l = 1 … L.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden widths, outputs: [2, 10, 1]. Two numbers make a linear model.
    hidden : name, Activation, or a list of them
        One for all hidden layers, or one a layer.
    output : name or Activation
        "sigmoid" for two classes (or many labels), "softmax" for many classes, "identity" for regression,
        "exponential" for counts.
    loss : name or Loss, optional
        Default: the one that belongs to the output; squared_error if none does.
    init : name, function, or a list of them, optional
        Initial weights, for all layers or one a layer. Default: He for rectifiers, Glorot otherwise.
    seed : int or random source
        The initial weights are drawn from it, layer by layer, in float64. An int stands for numpy's RandomState,
        whose stream is frozen: the same weights on every machine and with every version of numpy.
    dtype : "float64" or "float32"
        What everything is computed in.

    Attributes
    ----------
    theta : (n_parameters,) array
        All parameters: W1, b1, W2, b2, … Assigning copies into it, so the views stay attached.
    W, b : dict of arrays
        W[l] is (sizes[l-1], sizes[l]) and b[l] is (sizes[l],): views into theta.

    Raises
    ------
    InputError
        If an argument is not one of the above, or a function of your own fails, or returns another shape than it should.

    Examples
    --------
    >>> net = Network([2, 10, 1], hidden="relu", output="sigmoid", seed=42)
    >>> net
    Network([2, 10, 1], hidden='relu', output='sigmoid', seed=42)  # 41 parameters
    >>> net.W[1].shape, net.b[1].shape
    ((2, 10), (10,))
    >>> net.predict_proba([[0.0, 0.0]])
    array([[0.5, 0.5]])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        hidden: str | Activation | Sequence[str | Activation] = "relu",
        output: str | Activation = "identity",
        *,
        loss: str | Loss | None = None,
        init: str | Initializer | Sequence[str | Initializer] | None = None,
        seed: Seed = 0,
        dtype: Any = "float64",
    ) -> None:
        self.sizes = check_sizes(sizes)
        self.layout = Layout(self.sizes)
        self.hidden, self.output, self.init, self.seed = hidden, output, init, seed
        self.dtype = check_dtype(dtype)
        per_layer = one_a_layer("hidden", hidden, self.n_layers - 1)
        self.activations = {layer: as_activation(given) for layer, given in enumerate([*per_layer, output], start=1)}
        last = self.activations[self.n_layers]
        self.loss_function = default_loss(last.builtin) if loss is None else as_loss(loss)
        check_parts(self.activations, self.loss_function, self.sizes)
        try:
            self._theta = np.zeros(self.layout.size, dtype=self.dtype)
        except (MemoryError, ValueError):
            raise InputError(
                f"sizes: expected a network that fits in memory; got {self.layout.size:,} parameters; use fewer units."
            ) from None
        for layer, activation in self.activations.items():
            probe_activation(activation, self.sizes[layer], self.dtype)
        probe_loss(self.loss_function, last, self.sizes[-1], self.dtype)
        self.W, self.b = self.layout.views(self._theta)
        self.initialize(seed)

    # --- what it is -------------------------------------------------------------------------------------------

    @property
    def n_layers(self) -> int:
        """L: the layers that have weights."""
        return len(self.sizes) - 1

    @property
    def n_parameters(self) -> int:
        """The number of weights and biases."""
        return self.layout.size

    @property
    def theta(self) -> Array:
        """All parameters, (n_parameters,): W1, b1, W2, b2, … Assigning copies into it."""
        return self._theta

    @theta.setter
    def theta(self, values: Any) -> None:
        array = np.asarray(values)
        if array.shape != self._theta.shape or array.dtype.kind not in "biuf":
            raise InputError(
                f"theta: expected {self.n_parameters} numbers; got {array.dtype} of shape {array.shape}; "
                "see net.layout.offsets() for the order."
            )
        self._theta[...] = array

    def __repr__(self) -> str:
        shown = [repr(list(self.sizes)), f"hidden={argument(self.hidden)}", f"output={argument(self.output)}"]
        if self.loss_function != default_loss(self.activations[self.n_layers].builtin):
            standard = LOSSES.get(self.loss_function.name) == self.loss_function
            shown.append(f"loss={self.loss_function.name!r}" if standard else f"loss={self.loss_function!r}")
        if self.init is not None:
            shown.append(f"init={getattr(self.init, '__name__', repr(self.init))}")
        shown.append(f"seed={self.seed!r}")
        if self.dtype != np.float64:
            shown.append(f"dtype={self.dtype.name!r}")
        return f"Network({', '.join(shown)})  # {self.n_parameters:,} parameters"

    def summary(self) -> str:
        """Return a table of the layers with their shapes and parameter counts, as text."""
        return table_of_layers(self.W, self.b, self.activations, self.loss_function)

    # --- its parameters ---------------------------------------------------------------------------------------

    def initialize(self, seed: Seed) -> Network:
        """Draw new initial weights in place, biases 0; return the network.

        Parameters
        ----------
        seed : int or random source, as in the constructor

        Returns
        -------
        Network
        """
        rng = random_source(seed)
        chosen = (
            self.init
            if self.init is not None
            else default_initializer([self.activations[layer].builtin for layer in range(1, self.n_layers)])
        )
        initializers = [as_initializer(given) for given in one_a_layer("init", chosen, self.n_layers)]
        drawn = {
            layer: initializer(rng, *self.W[layer].shape) for layer, initializer in enumerate(initializers, start=1)
        }
        for layer, initializer in enumerate(initializers, start=1):
            probe_initializer(initializer, drawn[layer], *self.W[layer].shape)
        for layer in self.W:
            self.W[layer][...] = drawn[layer]
            self.b[layer][...] = 0
        self.seed = seed
        return self

    def copy(self) -> Network:
        """Return an equal network with parameters of its own."""
        return self.with_theta(self._theta.copy())

    def with_theta(self, theta: Array) -> Network:
        """Return the same network around another parameter vector.

        Parameters
        ----------
        theta : (n_parameters,) array
            The parameters, which are not copied and may be complex.

        Returns
        -------
        Network

        Raises
        ------
        InputError
            If theta has another shape.
        """
        if theta.shape != self._theta.shape:
            raise InputError(f"theta: expected {self.n_parameters} numbers; got shape {theta.shape}; see net.layout.")
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._theta = theta
        other.W, other.b = self.layout.views(theta)
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Without W and b, which are views into theta."""
        return {name: value for name, value in vars(self).items() if name not in ("W", "b")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled or deep-copied network: W and b become views into theta again."""
        self.__dict__.update(state)
        self.W, self.b = self.layout.views(self._theta)

    # --- what it computes -------------------------------------------------------------------------------------

    def forward(self, X: Any) -> Trace:
        """Compute every Z[l] = A[l-1] W[l] + b[l] and A[l] = g(Z[l]).

        Parameters
        ----------
        X : (n, d) array or sparse matrix
            A row for each sample, with d = sizes[0] inputs.

        Returns
        -------
        Trace
            All Z and A, each (n, width).

        Raises
        ------
        InputError
            If X is not (n, d) or holds a number that is not finite.

        Examples
        --------
        >>> trace = Network([2, 3, 1], seed=0).forward([[1.0, 2.0]])
        >>> trace.Z[1].shape, trace.A[1].shape, trace.output.shape
        ((1, 3), (1, 3), (1, 1))
        """
        return passes.forward(self.activations, self.W, self.b, check_X(X, self.sizes[0], self.dtype))

    def backward(
        self, trace: Trace, y: Any, sample_weight: Any = None, *, l1: float = 0.0, l2: float = 0.0
    ) -> Gradient:
        """Compute the gradient of `loss` with respect to all parameters and to X, in one pass back.

        dZ[L] = ∂ℓ/∂z · wᵢ/Σw, then for l = L … 1: dW = A[l-1]ᵀ dZ, db = Σᵢ dZᵢ, dA[l-1] = dZ Wᵀ, dZ[l-1] = dA ⊙ g'(Z)
        (Rumelhart, Hinton & Williams 1986).

        Parameters
        ----------
        trace : Trace
            What `forward` returned for the rows.
        y : (n,) or (n, k) array
            The targets, as `train` takes them.
        sample_weight : (n,) array, optional
            The weights of the samples in the mean loss; all alike by default.
        l1, l2 : float
            The penalties, as in `loss`.

        Returns
        -------
        Gradient

        Raises
        ------
        InputError
            If y or sample_weight does not fit the rows of the trace.

        Examples
        --------
        >>> net = Network([2, 3, 1], seed=0)
        >>> gradient = net.backward(net.forward([[1.0, 2.0]]), [0.5])
        >>> gradient.W[1].shape, gradient.flat.shape, gradient.X.shape
        ((2, 3), (13,), (1, 2))
        """
        n = len(trace.output)
        l1, l2 = check_number("l1", l1, 0), check_number("l2", l2, 0)
        Y = self.encode(y, n)
        weights = check_sample_weight(sample_weight, n, self.dtype)
        return passes.backward(
            self.activations, self.loss_function, self.layout, self._theta, trace, Y, weights, l1, l2
        )

    def loss(self, X: Any, y: Any, sample_weight: Any = None, *, l1: float = 0.0, l2: float = 0.0) -> float:
        """Compute the mean loss over the rows, Σ wᵢ ℓᵢ / Σ wᵢ, plus the penalties l1·Σ|w| + ½·l2·Σw².

        Parameters
        ----------
        X : (n, d) array or sparse matrix
            The rows.
        y : (n,) or (n, k) array
            The targets, as `train` takes them.
        sample_weight : (n,) array, optional
            The weights wᵢ; all alike by default.
        l1, l2 : float
            The strengths of the penalties on weights; biases have none.

        Returns
        -------
        float
            In nats for the cross-entropies, in the square of the target's unit for the squared error.

        Raises
        ------
        InputError
            If X, y or sample_weight does not fit the network.
        """
        l1, l2 = check_number("l1", l1, 0), check_number("l2", l2, 0)
        trace = self.forward(X)
        Y = self.encode(y, len(trace.output))
        weights = check_sample_weight(sample_weight, len(Y), self.dtype)
        return float(passes.objective(self.activations, self.loss_function, self.W, trace, Y, weights, l1, l2))

    def predict(self, X: Any, *, engine: str = "auto") -> Array:
        """Predict classes or numbers.

        Parameters
        ----------
        X : (n, d) array or sparse matrix
            The rows.
        engine : str
            "auto" takes the compiled engine where it can; "native", "numpy".

        Returns
        -------
        array
            Classes (n,) for softmax and one sigmoid (threshold ½), 0/1 labels (n, k) for several sigmoids; otherwise
            numbers, (n,) for one output and (n, k) for more.

        Raises
        ------
        InputError
            If X does not fit the network, or the engine cannot run it.
        """
        output = self._output(X, engine)
        name = self.activations[self.n_layers].builtin
        if name == "softmax":
            return np.argmax(output, axis=1)
        if name == "sigmoid":
            output = (output > 0.5).astype(np.intp)
        return output[:, 0] if self.sizes[-1] == 1 else output

    def predict_proba(self, X: Any, *, engine: str = "auto") -> Array:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : (n, d) array or sparse matrix
        engine : str, as in `predict`

        Returns
        -------
        (n, classes) array
            Each row sums to 1; for several sigmoids the probability of each label, (n, k).

        Raises
        ------
        InputError
            If the output is neither a sigmoid nor a softmax, or X does not fit the network.
        """
        last = self.activations[self.n_layers]
        if last.builtin not in ("softmax", "sigmoid"):
            own = "" if last.is_builtin else " of your own"
            raise InputError(
                f"predict_proba: expected output 'sigmoid' or 'softmax'; got {last.name!r}{own}; use predict."
            )
        output = self._output(X, engine)
        return np.hstack([1 - output, output]) if output.shape[1] == 1 else output

    def _output(self, X: Any, engine: str) -> Array:
        X = check_X(X, self.sizes[0], self.dtype)
        return ENGINES[choose_engine(engine, {name: ENGINES[name].refuses(self) for name in ENGINES})].output(self, X)

    def encode(self, y: Any, n: int, name: str = "y") -> Array:
        """Return y as the (n, n_outputs) targets of the loss; class numbers become one-hot rows for a softmax.

        Parameters
        ----------
        y : (n,) or (n, k) array
            Classes or numbers.
        n : int
            The number of rows that y must have.
        name : str
            The name of y in an error.

        Returns
        -------
        (n, k) array

        Raises
        ------
        InputError
            If y has another shape, or values that the loss does not take.
        """
        return encode_targets(y, n, self.sizes[-1], self.loss_function, self.dtype, name)
