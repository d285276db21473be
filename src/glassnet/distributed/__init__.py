"""Communicators: the ranks of MPI and of torch.distributed, by which several processes train one network."""

from glassnet.distributed.mpi import MPI
from glassnet.distributed.torch import Torch

__all__ = ["MPI", "Torch"]
