"""How long the gradients of R replicas are, in torch; for compiled loops it stands in `playground.kernels.updates`."""

# torch does not say what its linear algebra and `tolist` return.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable

import torch
from torch import Tensor

SQUARES = 1e-15, 1e15  # norms between these have squares that 32 bits hold without loss


def norms_of(gradients: Tensor) -> Callable[[], tuple[float, ...]]:
    """What gives the L2 norm of each row of (R, P) as it is then, whatever the size of its entries.

    It is not finite only where an entry is not.
    """
    low, high = SQUARES

    def norms() -> tuple[float, ...]:
        found: list[float] = torch.linalg.vector_norm(gradients, 2, 1).tolist()
        for replica, norm in enumerate(found):  # each as alone, to the last bit
            if not low < norm < high:
                found[replica] = _scaled(gradients[replica])
        return tuple(found)

    return norms


def _scaled(gradient: Tensor) -> float:
    """L2 norm in 64 bits, of numbers divided by the largest of them."""
    largest = gradient.abs().max().double()
    if largest == 0 or not torch.isfinite(largest):
        return largest.item()
    return (torch.linalg.vector_norm(gradient.double() / largest) * largest).item()
