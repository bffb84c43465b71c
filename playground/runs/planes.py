"""States and gates of many networks as planes of bytes, all layers in a few calls: the calls are what costs.

Shapes: R replicas, L layers, P planes of a layer (its states, then its gates), U units drawn, T timesteps.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from playground.cells.nonlinearity import NONLINEARITIES
from playground.runs.layout import NOT_FINITE_GATE, NOT_FINITE_STATE, FrameLayout


class Planes:
    """Turns values v into whole numbers: (v / scale − low) · steps.

    A state spans −127 … 127, and 127 is the largest of its values, or 1 where all are smaller: so nothing flickers.
    A gate spans 0 … 254 over its range. What is not finite has a number of its own.

    Args:
        layout: which states and gates.
        buffers: (T, R, ·, H) by name; the first column is drawn. Every pass fills them again.
    """

    def __init__(self, layout: FrameLayout, buffers: Mapping[str, Tensor]) -> None:
        replicas, states = buffers["l0.h"].shape[1], len(layout.states)
        shape = (replicas, layout.layers, states + len(layout.gates), layout.units, layout.length)
        self._values, self._shares = torch.zeros(shape), torch.zeros(shape)
        self._numbers = torch.zeros(shape, dtype=torch.int16)
        self._scales = torch.zeros(*shape[:3], 1, 1)

        def of_planes(states_have: float, gates_have: list[float]) -> Tensor:
            return torch.tensor([states_have] * states + gates_have).view(-1, 1, 1)  # (P, 1, 1)

        gates = layout.gates
        self._low = of_planes(0.0, [gate.low for gate in gates])
        self._steps = of_planes(127.0, [(NOT_FINITE_GATE - 1) / (gate.high - gate.low) for gate in gates])
        self._not_finite = of_planes(NOT_FINITE_STATE, [NOT_FINITE_GATE for _ in gates]).short()
        self._fill = [fill for layer in range(layout.layers) for fill in self._fills(layout, buffers, layer)]

        self.numbers = self._numbers.numpy()  # (R, L, P, U, T), valid until the next pass
        self.scales = self._scales[:, :, :states, 0, 0].numpy()  # (R, L, states), what 127 stands for

    def _fills(
        self, layout: FrameLayout, buffers: Mapping[str, Tensor], layer: int
    ) -> list[Callable[[], object]]:
        """Calls that copy what one layer computed to its place in the planes."""

        def drawn(name: str) -> Tensor:
            return buffers[f"l{layer}.{name}"][:, :, 0, : layout.units].permute(1, 2, 0)  # (R, U, T)

        def fill(plane: int, name: str) -> Callable[[], object]:
            place = self._values[:, layer, plane]
            if f"l{layer}.{name}" in buffers:  # else it is the slope, and follows from h
                return partial(place.copy_, drawn(name))
            h, slope = drawn("h"), NONLINEARITIES[layout.nonlinearity].slope
            return lambda: place.copy_(slope(h))

        names = (*layout.states, *(gate.name for gate in layout.gates))
        return [fill(plane, name) for plane, name in enumerate(names)]

    def read(self) -> None:
        """Fill `numbers` and `scales` from the buffers."""
        for fill in self._fill:
            fill()
        self._measure()
        broken = None
        if not np.isfinite(self._scales.numpy()).all():
            broken = ~torch.isfinite(self._values)
            self._values.masked_fill_(broken, 0.0)
            self._measure()
        self._scales.clamp_(min=1.0)  # gates and slopes are no larger
        torch.div(self._values, self._scales, out=self._shares)
        self._numbers.copy_(self._shares.sub_(self._low).mul_(self._steps).round_())
        if broken is not None:
            torch.where(broken, self._not_finite, self._numbers, out=self._numbers)

    @property
    def nbytes(self) -> int:
        """Bytes of its buffers."""
        return sum(each.nbytes for each in (self._values, self._shares, self._numbers, self._scales))

    def _measure(self) -> None:
        """The largest |v| of every plane, not finite where one of them is not."""
        torch.amax(torch.abs(self._values, out=self._shares), (-2, -1), True, out=self._scales)
