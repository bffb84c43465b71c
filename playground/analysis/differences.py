"""A gradient checked by nudging: one weight moved a little either way, the loss measured each time.

    ∂L/∂w ≈ (L(w + ε) − L(w − ε)) / 2ε

Too large an ε sees the third derivative of the loss (error ε²·L‴/6), too small a one only the rounding of float64
(error ~ 10⁻¹⁶/ε).
"""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import Tensor

from playground.batch import Batch
from playground.models.network import Network
from playground.passes.autograd import autograd_gradients_in_pieces
from playground.passes.replica import copy_of
from playground.pieces import Pieces, all_of, share

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


def weight_check(network: Network, batch: Batch, *, reduction: str = "mean") -> "WeightCheck":
    """Make ready to check the weights of one network on one batch: find all gradients, by hand and by autograd.

    network: of any precision; it is copied to float64 and stays as it is. batch: (T, 1, 1).
    """
    return all_of(weight_check_in_pieces(network, batch, reduction=reduction))


def weight_check_in_pieces(
    network: Network, batch: Batch, *, reduction: str = "mean"
) -> Pieces["WeightCheck"]:
    """The same: by hand first, then what autograd does at a time."""
    exact = Network(network.config, network.signature, seeds=network.seeds[:1], dtype=torch.float64)
    exact.load_state_dict(network.state_dict())
    exact.trace(batch, reduction=reduction)
    by_hand = {name: gradient[0].clone() for name, gradient in exact.named_gradients().items()}
    yield 0.2
    pieces = autograd_gradients_in_pieces(copy_of(exact), batch, reduction=reduction)
    return WeightCheck(exact, batch, reduction, by_hand, (yield from share(0.2, 1.0, pieces)))


@dataclass(frozen=True, slots=True, eq=False)
class WeightCheck:
    """Checks of the weights of one network, in float64, on one batch. Any thread may use it.

    by_hand, autograd: the gradients of all parameters, by torch.nn's names.
    """

    network: Network
    batch: Batch
    reduction: str
    by_hand: Mapping[str, Tensor]
    autograd: Mapping[str, Tensor]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)  # while a weight is not its own

    def at(self, name: str, index: Sequence[int], *, epsilon: float = EPSILON) -> GradientCheck:
        """The gradient of one entry of the parameter `name` (torch.nn's name), index from 0."""
        place = tuple(index)
        return GradientCheck(
            self.network.named_parameters()[name][0][place].item(),
            self.by_hand[name][place].item(),
            self.autograd[name][place].item(),
            self._difference(name, place, epsilon),
        )

    def step_sizes(
        self, name: str, index: Sequence[int], epsilons: Sequence[float] = EPSILONS
    ) -> pd.DataFrame:
        """Columns epsilon, difference, error (relative to autograd): one row per ε."""
        return all_of(self.step_sizes_in_pieces(name, index, epsilons))

    def step_sizes_in_pieces(
        self, name: str, index: Sequence[int], epsilons: Sequence[float] = EPSILONS
    ) -> Pieces[pd.DataFrame]:
        """The same, an ε at a time."""
        place = tuple(index)
        truth = self.autograd[name][place].item()
        found = []
        for epsilon in epsilons:
            found.append(self._difference(name, place, epsilon))
            yield len(found) / len(epsilons)
        errors = [relative_error(value, truth) for value in found]
        return pd.DataFrame({"epsilon": list(epsilons), "difference": found, "error": errors})

    @torch.inference_mode()
    def _difference(self, name: str, place: tuple[int, ...], epsilon: float) -> float:
        weights = self.network.named_parameters()[name][0]
        losses = []
        with self._lock:
            kept = weights[place].item()
            for moved in (kept + epsilon, kept - epsilon):
                weights[place] = moved
                trace = self.network.trace(self.batch, reduction=self.reduction, backward=False)
                losses.append(trace["total"].item())
            weights[place] = kept
        return (losses[0] - losses[1]) / (2 * epsilon)
