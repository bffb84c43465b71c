"""How the gates of one step make its states: products that are added up, unit by unit. The picture of a cell."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Factor:
    """A gate or a state that is multiplied, by its name in a step.

    is_before: the state of the step before. is_complement: 1 − it. is_squashed: tanh of it.
    """

    name: str
    is_before: bool = False
    is_complement: bool = False
    is_squashed: bool = False

    def of(self, step: Any, before: dict[str, Tensor]) -> Tensor:
        """Its value in a step, (B, H). before: the states of the step before, by name."""
        value = before[self.name] if self.is_before else getattr(step, self.name)
        if self.is_squashed:
            value = torch.tanh(value)
        return 1 - value if self.is_complement else value

    def slope(self, step: Any, before: dict[str, Tensor]) -> Tensor:
        """The derivative of that value by the gate or state itself, (B, H)."""
        value = self.of(step, before)
        if self.is_squashed:
            return 1 - value**2
        return torch.full_like(value, -1.0 if self.is_complement else 1.0)


@dataclass(frozen=True, slots=True)
class Wires:
    """One equation of a cell, unit by unit: a state is the sum of some products.

    state: what comes out. terms: the products; none where the state is the activation of a sum over all units.
    """

    state: str
    terms: tuple[tuple[Factor, ...], ...] = ()

    def of(self, step: Any, before: dict[str, Tensor]) -> Tensor:
        """What comes out in a step, (B, H)."""
        products = [torch.stack([factor.of(step, before) for factor in term]).prod(0) for term in self.terms]
        return torch.stack(products).sum(0)


def described(wires: Sequence[Wires]) -> list[dict[str, Any]]:
    """As the stage is told."""
    return [asdict(each) for each in wires]
