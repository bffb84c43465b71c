"""Which form a pass takes: compiled loops or torch, of one replica or of several.

So a cell is written three times, each for a reason. The readable form, one step, is what is studied, and what the
others are held to. Compiled loops are the fast form of small batches, where a call into torch takes longer than what it
computes. The fast form in torch is for large batches, which it multiplies faster, and for servers without Numba, as
hosted sharing: there its prepared buffers and views make a small network learn up to ten times as fast as torch.nn.
"""

import torch

from playground.cells import CELLS
from playground.cells.fast import ManyReplicas, OneReplica, OverTime
from playground.kernels.engine import are_compiled
from playground.models.compiled import Compiled
from playground.models.compiled_layers import COMPILED

# Compiled loops save the calls into torch; where each call multiplies more rows than this at once there is nothing to
# save, whatever the number of units, and torch's products are the faster ones. Measured for 8 to 128 units; of several
# replicas, torch multiplies all at once (`python -m benchmarks.training` says what is gained).
MOST_SEQUENCES = 32  # side by side
MOST_OF_REPLICAS = 16  # of each of several replicas


def takes_loops(cell: str, batch: int, replicas: int = 1, dtype: torch.dtype = torch.float32) -> bool:
    """Whether passes of a cell over so many sequences side by side are compiled loops.

    It follows from what is given and the settings of the server alone: a run keeps to it, whatever is forgotten of
    it and computed again. A cell without a compiled form is computed by torch.
    """
    most = MOST_SEQUENCES if replicas == 1 else MOST_OF_REPLICAS
    return CELLS[cell].fast in COMPILED and batch <= most and are_compiled(dtype)


def over_time(cell: str, time: int, replicas: int, batch: int, dtype: torch.dtype) -> OverTime:
    """The cheapest form for passes of this shape through layers of a cell."""
    if takes_loops(cell, batch, replicas, dtype):
        return Compiled(time, replicas, batch, dtype)
    return (OneReplica if replicas == 1 else ManyReplicas)(time, replicas, batch, dtype)
