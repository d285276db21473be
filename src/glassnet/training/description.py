"""Describes by name all that the bits of a run depend on: settings as they are, data as their SHA-256."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation
from glassnet.equations.loss import Loss
from glassnet.training.job import Job, Snapshot
from glassnet.training.optimizers import LBFGS
from glassnet.training.schedules import Adaptive, Constant, InverseScaling, StepDecay
from glassnet.training.windows import is_source

_ENDLESS = (Constant, StepDecay, InverseScaling, Adaptive)  # schedules that do not depend on the number of epochs
Array = NDArray[Any]
Digests = dict[tuple[int, ...], tuple[Any, str]]  # by the ids of arrays: the arrays, and their SHA-256


class Described(Protocol):
    """A run, as far as its description needs it."""

    job: Job
    snapshots: list[Snapshot]
    optimizer: Any
    engine: Any


def describe(run: Described, digests: Digests) -> dict[str, Any]:
    """Return what the bits of a run depend on, by name."""
    start, lbfgs = run.snapshots[0], isinstance(run.optimizer, LBFGS)
    return describe_job(run.job, digests) | {
        "initial weights": digest(start.theta),
        "optimizer's memory": digest(start.state.slots if start.state.step else None),
        "optimizer": repr(run.optimizer),
        "engine": "scipy" if lbfgs else run.engine.name,
        "divide_penalty": run.job.divide_penalty,
    }


def describe_job(job: Job, digests: Digests) -> dict[str, Any]:
    """Return what the bits of a job's run depend on, by name: settings as they are, data as their SHA-256.

    `digests` holds those of the data that are known, and takes the others.
    """

    def known(*arrays: Any) -> str:
        key = tuple(map(id, arrays))
        if key not in digests:
            digests[key] = (arrays, digest(*arrays))
        return digests[key][1]

    network = job.network
    described = {
        "network": f"{'-'.join(map(str, network.sizes))} {network.dtype}",
        "activations": ", ".join(map(_with_constants, network.activations.values())),
        "loss": _with_constants(network.loss_function),
        "X": known(job.X),
        "y": known(job.Y),
        "sample_weight": known(job.sample_weight),
        "rows": known(job.rows),
        "validation": known(*(job.validation or (None,))),
        "schedule": repr(job.schedule),
        "epochs": "any" if isinstance(job.schedule, _ENDLESS) else job.epochs,
        "early_stopping": repr(job.early_stopping),
    }
    plain = ("batch_size", "shuffle", "l1", "l2", "dropout", "clip_norm", "seed", "watch")
    return described | {name: getattr(job, name) for name in plain}


def digest(*arrays: Any) -> str:
    """Return the SHA-256 of arrays with their shapes and dtypes, dense or CSR; "none" for None alone."""
    if all(each is None for each in arrays):
        return "none"
    found = hashlib.sha256()
    for each in arrays:
        if is_source(each):  # whose rows are not read for it
            found.update(f"{each.fingerprint} {each.memory}".encode())
            continue
        for part in [each.data, each.indices, each.indptr] if hasattr(each, "indptr") else [each]:
            array = None if part is None else np.asarray(part)
            found.update(repr(None if array is None else (array.shape, array.dtype.str)).encode())
            if array is not None and array.size:
                found.update(np.ascontiguousarray(array).data.cast("B"))
    return found.hexdigest()


def _with_constants(equation: Activation | Loss) -> str:
    constants = ", ".join(f"{name}={value}" for name, value in equation.parameters.items())
    return f"{equation.name}({constants})" if constants else equation.name
