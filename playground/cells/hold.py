"""What may stand in for an activation of a readable cell, by name."""

from collections.abc import Callable

from torch import Tensor

Hold = Callable[[str, Tensor], Tensor]  # (name of a gate or state, its value) ↦ the value that is used


def free(name: str, value: Tensor) -> Tensor:
    """Nothing is held: each activation is what the equations say."""
    return value
