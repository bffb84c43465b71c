"""Jobs whose work is counting, on a clock and in a room that are the test's."""

import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch

from playground.jobs import registry as registry_module
from playground.jobs.registry import Jobs, Watch
from playground.limits import Limits
from playground.pieces import InPieces, Pieces
from playground.refusal import Refusal

MEGABYTE = 1_000_000


class Counting(InPieces[str]):
    """Counts its pieces, and holds a tensor meanwhile."""

    def __init__(
        self, pieces: int = 4, *, needs: int = 10 * MEGABYTE, breaks: Callable[[int], None] | None = None
    ) -> None:
        self.counted: list[int] = []  # the partial result
        self.held: weakref.ref[torch.Tensor] | None = None  # while it is computed
        self._breaks = breaks
        super().__init__(self._count(pieces), needs=needs)

    def _count(self, pieces: int) -> Pieces[str]:
        held = torch.zeros(1000)
        self.held = weakref.ref(held)
        for number in range(pieces):
            if self._breaks is not None:
                self._breaks(number)
            self.counted.append(number)
            yield (number + 1) / (pieces + 1)
        return f"counted to {len(held) - 1000 + pieces}"


class Server:
    """Jobs, with how much memory is free for them, and what was written down of mistakes."""

    def __init__(self, patch: pytest.MonkeyPatch, limits: Limits | None = None) -> None:
        self.now, self.room = 1000.0, 100 * MEGABYTE
        self.mistakes: list[Exception] = []
        self.made: list[Counting] = []
        self.asked_with_the_lock: list[bool] = []
        self.jobs = Jobs(limits or Limits(), free=self._free, report=self._report)
        clock = type(
            "Clock", (), {"monotonic": staticmethod(lambda: self.now), "thread_time": time.thread_time}
        )
        patch.setattr(registry_module, "time", clock)

    def _free(self) -> int:
        self.asked_with_the_lock.append(self.jobs._lock.locked())
        return self.room - self.jobs.nbytes

    def _report(self, error: Exception) -> Refusal:
        self.mistakes.append(error)
        return Refusal("job", "It broke.")

    def open(self, viewer: str, description: Any = "a", kind: str = "count", **work: Any) -> Watch[Counting]:
        def make() -> Counting:
            self.made.append(Counting(**work))
            return self.made[-1]

        return self.jobs.open(viewer, kind, description, make)
