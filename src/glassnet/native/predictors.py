"""The outputs of networks for rows: by a predictor that is kept with the parameters it packed, or by one for the call."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from glassnet.native import calls
from glassnet.native.inputs import inputs_of
from glassnet.native.objective import WIDEST_SMALL
from glassnet.network.inputs import is_sparse
from glassnet.network.network import Network

Array = NDArray[Any]

ROWS_AT_ONCE = 256  # their activations stay in the second-level cache
ROWS_KEPT = 64  # at most, of a call that takes a kept predictor: packing takes as long as some 40 rows
PARAMETERS_KEPT = 1_000_000  # at most, of a network whose predictor is kept: it holds them twice
MOST_KEPT = 8

# Maps each live network to what its predictor was made of and the predictor; a call takes the entry out while it uses it.
_kept: WeakKeyDictionary[Network, tuple[Any, Any]] = WeakKeyDictionary()


def output(native: Any, architecture: Any, network: Network, X: Any, threads: int) -> Array:
    """Return the outputs (n, n_outputs) of `network`, whose `architecture` is given, for checked rows X."""
    n = X.shape[0]
    out = np.empty((n, network.sizes[-1]), dtype=network.dtype)
    settings = native.Settings()
    wide = max(network.sizes) > WIDEST_SMALL  # packing narrower ones costs nothing
    if not wide or is_sparse(X) or n > ROWS_KEPT or network.n_parameters > PARAMETERS_KEPT:
        settings.batch_size, settings.threads = min(n, ROWS_AT_ONCE), threads
        with calls.call() as stop:
            native.predict(architecture, settings, network.theta, inputs_of(X), out, stop.byte, calls.in_main_thread())
    else:
        parts = network.sizes, list(network.activations.values()), network.loss_function, network.dtype
        made_of, predictor = _kept.pop(network, (None, None))
        if made_of != parts:
            settings.batch_size = ROWS_KEPT
            kind = native.Predictor32 if network.dtype == np.float32 else native.Predictor64
            predictor = kind(architecture, settings)
        with calls.call() as stop:
            predictor.predict(network.theta, X, out, stop.byte, calls.in_main_thread())
        if not stop:  # one that was interrupted is of no more use
            if len(_kept) >= MOST_KEPT:
                _kept.clear()
            _kept[network] = parts, predictor
    if stop:
        raise SystemExit  # the interpreter is about to end
    return out
