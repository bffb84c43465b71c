"""What arrives at one step of a reading on the way back: from above, and from the step after."""

import torch
from torch import Tensor

from playground.analysis.sheet import Arriving
from playground.passes.unroll import Unrolled


def arriving_at(unrolled: Unrolled, layer: int, t: int, *, reduction: str) -> Arriving:
    """∂L/∂ of the states at timestep t of a layer, (H,) each, L the mean or sum of the losses as in training.

    unrolled: one sequence, read forwards, nothing held, read out at each step.

    Raises ValueError for another reading.
    """
    several = unrolled.outputs.shape[1] > 1 or unrolled.config.bidirectional
    if several or unrolled.is_held or unrolled.model.signature.readout != "each":
        raise ValueError(
            "what arrives is told of one sequence, read forwards, nothing held, read out at each step"
        )
    scale = max(unrolled.predictions, 1) if reduction == "mean" else 1
    above = unrolled.grad_outputs[:, 0] @ unrolled.model.readout[0] / scale  # (T, H)
    for upper in reversed(range(layer + 1, len(unrolled.steps))):
        above, _later = _back(unrolled, upper, above, 0)
    _below, later = _back(unrolled, layer, above, t + 1)
    return Arriving(above[t], dict(zip(unrolled.model.spec.states, later, strict=True)))


def _back(unrolled: Unrolled, layer: int, above: Tensor, first: int) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Back through a layer down to timestep `first`: ∂L/∂x at each, (T, E), and ∂L/∂ of the states before it, (H,)."""
    cell, steps = unrolled.cells[layer], unrolled.steps[layer]
    carried = tuple(torch.zeros_like(above[:1]) for _ in unrolled.model.spec.states)
    below = above.new_zeros(len(steps), steps[0].x.shape[-1])
    for t in reversed(range(first, len(steps))):
        h, *rest = carried
        grads = cell.step_backward(steps[t], h + above[t], *rest)
        below[t], carried = grads.x[0], grads.before
    return below, tuple(each[0] for each in carried)
