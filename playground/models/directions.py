"""A level of a bidirectional network: one layer reads forwards, one backwards, and both are heard.

h_t = [h_t of the layer that has read x_1 … x_t,  h_t of the layer that has read x_T … x_t]
"""

from collections.abc import Callable

import torch
from torch import Tensor

from playground.cells.fast import FastLayer, OverTime, Product
from playground.models.parameters import REVERSE

# (which of the two, x, grad_x, rows, reset) ↦ a layer
Maker = Callable[[str, Tensor, Tensor | None, Tensor | None, Tensor | None], FastLayer]


class BothDirections:
    """Two layers side by side; the second reads everything in reverse order.

    A reset is a cut between two timesteps that no state passes in either direction: the layer that reads backwards
    begins anew after it. So what fills up a shorter sequence is not seen by it where a reset stands between them.

    Attributes:
        forwards, backwards: the layers; the buffers of the second are in the order in which it reads.
        h, grad_h: (T, R, B, 2H), what is read above, and where ∂L/∂ it goes.
    """

    def __init__(
        self,
        over_time: OverTime,
        make: Maker,
        x: Tensor,
        grad_x: Tensor | None,
        rows: Tensor | None,
        reset: Tensor | None,
    ) -> None:
        self._reversed: list[tuple[Tensor, Tensor]] = []  # a buffer, and the same in reverse order
        self._cuts = None if reset is None else (reset, torch.zeros_like(reset))
        self.forwards = make("", x, grad_x, rows, reset)
        self._grad_x = None if grad_x is None else (grad_x, torch.zeros_like(grad_x))
        self.backwards = make(
            REVERSE,
            self._in_reverse(x),
            self._grad_x and self._grad_x[1],
            None if rows is None else self._in_reverse(rows),
            self._cuts and self._cuts[1],
        )
        self.h, self.grad_h = (over_time.zeros(2 * self.forwards.size) for _ in range(2))

    def _in_reverse(self, buffer: Tensor) -> Tensor:
        """A buffer that every pass fills with another's timesteps in reverse order."""
        self._reversed.append((buffer, torch.zeros_like(buffer)))
        return self._reversed[-1][1]

    def calls(self) -> tuple[list[Product], list[Product]]:
        """The calls of a pass: those that fill `h`; those from `grad_h` to the gradients of both layers, and to the sum
        of what they read."""
        (ahead, go_back), (behind, come_back) = self.forwards.calls(), self.backwards.calls()
        forward = [self._turn, *ahead, *behind, self._join]
        return forward, [self._part, *go_back, *come_back, self._add]

    def _turn(self) -> None:
        for buffer, in_reverse in self._reversed:
            in_reverse.copy_(buffer.flip(0))
        if self._cuts is not None:
            cuts, in_reverse = self._cuts
            in_reverse[1:].copy_(cuts[1:].flip(0))  # what lies before a timestep lies after the one before it

    def _join(self) -> None:
        ahead, back = self.h.chunk(2, -1)
        ahead.copy_(self.forwards.h)
        back.copy_(self.backwards.h.flip(0))

    def _part(self) -> None:
        ahead, back = self.grad_h.chunk(2, -1)
        self.forwards.grad_h.copy_(ahead)
        self.backwards.grad_h.copy_(back.flip(0))

    def _add(self) -> None:
        if self._grad_x is not None:
            grad_x, in_reverse = self._grad_x
            grad_x.add_(in_reverse.flip(0))

    def buffers(self) -> list[Tensor]:
        """What neither layer holds itself, for counting bytes."""
        pairs = [*self._reversed, *filter(None, (self._cuts, self._grad_x))]
        return [self.h, self.grad_h, *(in_reverse for _, in_reverse in pairs)]
