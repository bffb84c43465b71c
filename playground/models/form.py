"""Which form a pass takes: compiled loops or torch, of one replica or of several.

So a cell is written three times, each for a reason. The readable form, one step, is what is studied, and what the
others are held to. Compiled loops are the fast form: a call into torch takes longer than what it computes for a small
batch. The fast form in torch is for servers without Numba, as hosted sharing, and for cells whose loops nobody has
written: there its prepared buffers and views make a small network learn up to ten times as fast as torch.nn.

The rule has no sizes, as none divides them. In batches of 33 to 64 sequences, the largest, alone and as 16 replicas,
compiled loops are 1.3 to 3.4 times as fast as torch with AVX-512, and 1.05 to 1.9 times with AVX2, where 16 units over
hundreds of sequences side by side take about as long (0.8 to 1.3). Only on processors without AVX2 (before 2013) torch
is faster from 64 units and 33 sequences on, by a third at most.
"""

import torch

from playground.cells import CELLS
from playground.cells.fast import ManyReplicas, OneReplica, OverTime
from playground.kernels.engine import are_compiled
from playground.models.compiled import Compiled
from playground.models.compiled_layers import COMPILED


def takes_loops(cell: str, dtype: torch.dtype = torch.float32) -> bool:
    """Whether passes through layers of a cell are compiled loops: wherever there are some.

    It follows from the cell and the settings of the server alone: a run keeps to it, whatever is forgotten of it and
    computed again.
    """
    return CELLS[cell].fast in COMPILED and are_compiled(dtype)


def over_time(cell: str, time: int, replicas: int, batch: int, dtype: torch.dtype) -> OverTime:
    """The cheapest form for passes of this shape through layers of a cell."""
    if takes_loops(cell, dtype):
        return Compiled(time, replicas, batch, dtype)
    return (OneReplica if replicas == 1 else ManyReplicas)(time, replicas, batch, dtype)
