"""A gradient checked by nudging: one weight moved a little either way, the loss measured each time.

    ∂L/∂w ≈ (L(w + ε) − L(w − ε)) / 2ε

Too large an ε sees the third derivative of the loss (error ε²·L‴/6), too small a one only the rounding of float64
(error ~ 10⁻¹⁶/ε).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch

from playground.analysis.unrolled import autograd_gradients
from playground.corpus import Batch
from playground.network import Network

EPSILON = 1e-5
EPSILONS = tuple(10.0**-power for power in range(1, 13))


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """∂L/∂w of one weight, found three ways in float64."""

    weight: float
    by_hand: float  # the backward pass of the cells
    autograd: float
    difference: float  # central difference

    @property
    def error_by_hand(self) -> float:
        """Relative to autograd."""
        return relative_error(self.by_hand, self.autograd)

    @property
    def error_difference(self) -> float:
        """Relative to autograd."""
        return relative_error(self.difference, self.autograd)


def relative_error(one: float, other: float) -> float:
    """|one − other| / max(|one|, |other|); 0 if they are equal, also where both are 0; NaN if one is not finite."""
    if one == other:
        return 0.0
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.nan
    return abs(one - other) / max(abs(one), abs(other))


class WeightCheck:
    """Checks of the weights of one network on one batch; the gradients are computed once.

    network: of any precision; it is copied to float64 and stays as it is. batch: (T, 1, 1).
    """

    def __init__(self, network: Network, batch: Batch, *, reduction: str = "mean") -> None:
        self._network = Network(
            network.config, network.vocabulary_size, seeds=network.seeds[:1], dtype=torch.float64
        )
        self._network.load_state_dict(network.state_dict())
        self._batch, self._reduction = batch, reduction
        self._network.trace(batch, reduction=reduction)
        self.by_hand = {name: g[0].clone() for name, g in self._network.named_gradients().items()}
        self.autograd = autograd_gradients(
            network.config, self._network.state_dict(), batch, reduction=reduction
        )

    def at(self, name: str, index: Sequence[int], *, epsilon: float = EPSILON) -> GradientCheck:
        """The gradient of one entry of the parameter `name` (torch.nn's name), index from 0."""
        place = tuple(index)
        return GradientCheck(
            self._network.named_parameters()[name][0][place].item(),
            self.by_hand[name][place].item(),
            self.autograd[name][place].item(),
            self._difference(name, place, epsilon),
        )

    def step_sizes(
        self, name: str, index: Sequence[int], epsilons: Sequence[float] = EPSILONS
    ) -> pd.DataFrame:
        """Columns epsilon, difference, error (relative to autograd): one row per ε."""
        place = tuple(index)
        truth = self.autograd[name][place].item()
        found = [self._difference(name, place, epsilon) for epsilon in epsilons]
        errors = [relative_error(value, truth) for value in found]
        return pd.DataFrame({"epsilon": list(epsilons), "difference": found, "error": errors})

    def _difference(self, name: str, place: tuple[int, ...], epsilon: float) -> float:
        weights = self._network.named_parameters()[name][0]
        kept = weights[place].item()
        losses = []
        for moved in (kept + epsilon, kept - epsilon):
            weights[place] = moved
            trace = self._network.trace(self._batch, reduction=self._reduction, backward=False)
            losses.append(trace["total"].item())
        weights[place] = kept
        return (losses[0] - losses[1]) / (2 * epsilon)
