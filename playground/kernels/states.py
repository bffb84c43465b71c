"""States between two timesteps, in compiled loops: taken over, or zero where they are reset; and back."""

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED
from playground.kernels.memory import copy, fill, matrix
from playground.kernels.products import NEXT, add_product, add_row_product

_FLAG = np.uint8(0)


@njit(**COMPILED)
def flags(reset, rows):
    """Where states are reset, one flag for each row; nothing where the address is 0."""
    return matrix(reset, 1, rows if reset else 0, _FLAG)[0]


@njit(**COMPILED)
def take_over(after, before, is_reset, row, batch):
    """Write the states before a timestep from those after the one before, which are one level of rows behind."""
    for b in range(row, row + batch):
        if is_reset[b]:
            fill(before[b], 0)
        else:
            copy(after[b], before[b])


@njit(**COMPILED)
def give_back(grad_h, level, grad, first, is_reset, row, batch, weight):
    """∂L/∂h of the timestep before, a level of rows behind, += grad weight, unless h was reset."""
    if len(is_reset):
        for b in range(row, row + batch):
            if not is_reset[b]:
                add_row_product(grad_h[b - level], grad[b], first, weight)
    else:
        add_product(grad_h, row - level, grad, row, first, NEXT, batch, weight)
