"""Long computations in short pieces: as much at a time as there is time for, and others have their turns in between.

Such a computation is a generator. It yields after each piece how much of it is done, 0 … 1, and returns its result. A
piece is bounded by its amount of work, not by a clock: one pass, one timestep, one part of the networks.
"""

import math
import threading
import time
from collections.abc import Generator
from typing import Generic, TypeVar

import torch

Result = TypeVar("Result")
Pieces = Generator[float, None, Result]
SMALL_BYTES = 1_000_000  # of a computation that says nothing of its memory


class InPieces(Generic[Result]):
    """A computation that is gone on with by whoever has time. Any thread may use it.

    A generator must not hold a mode of torch's from one piece to the next: that would be the mode of everybody who
    computes in between. All pieces are computed in inference mode.

    needs: bytes of memory that it will hold on its way, at most, estimated before it starts.
    """

    def __init__(self, pieces: Pieces[Result], *, needs: int = SMALL_BYTES) -> None:
        self.needs = needs
        self._pieces: Pieces[Result] | None = pieces
        self._progress = 0.0
        self._longest = 0.0  # seconds of processor time that a piece has taken
        self._lock = threading.Lock()

    @property
    def progress(self) -> float:
        """How much is done, 0 … 1; exactly 1 when all of it is."""
        return self._progress

    @property
    def result(self) -> Result:
        """What came out. Raises RuntimeError before all is done."""
        if self._progress < 1:
            raise RuntimeError(
                f"only {self._progress:.0%} of this is computed; call advance until it is done"
            )
        return self._result

    def advance(self, budget: float = math.inf) -> bool:
        """Compute for at most `budget` seconds of this thread's processor time, but at least one piece.

        It stops where another piece as long as the longest so far would not fit; one that took more than half of the
        budget was the exception. What a piece raises ends it all, and is raised.

        Returns:
            Whether there is nothing left to compute: all is done, or it has ended before.
        """
        began = now = time.thread_time()
        with self._lock, torch.inference_mode():
            while self._pieces is not None:
                try:
                    done = next(self._pieces)
                except StopIteration as end:
                    self._result = end.value
                    self._progress, self._pieces = 1.0, None  # what it needed on the way may go
                    break
                except BaseException:
                    self._pieces = None
                    raise
                self._progress = min(done, math.nextafter(1, 0))
                before, now = now, time.thread_time()
                self._longest = max(self._longest, now - before)
                if now - began + min(self._longest, budget / 2) > budget:
                    return False
        return True

    def close(self) -> None:
        """End it as far as it is: what it needed on the way may go. Waits for a piece that is being computed."""
        with self._lock:
            self._pieces = None

    def pieces(self) -> Pieces[Result]:
        """The pieces that are left, as those of something longer."""
        while not self.advance(0.0):
            yield self.progress
        return self.result


def all_of(pieces: Pieces[Result]) -> Result:
    """What comes out when all pieces are computed at once."""
    whole = InPieces(pieces)
    whole.advance()
    return whole.result


def share(low: float, high: float, pieces: Pieces[Result]) -> Pieces[Result]:
    """The same pieces as the part from `low` to `high` of something longer."""
    while True:
        try:
            done = next(pieces)
        except StopIteration as end:
            return end.value
        yield low + (high - low) * done
