"""A job: one computation in pieces, shared by all who ask for the same, and what has become of it."""

import threading
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from playground.jobs.size import held_bytes
from playground.pieces import InPieces
from playground.refusal import Refusal

Work = TypeVar("Work", bound=InPieces[Any])
State = Literal["waiting", "running", "paused", "stopped", "done", "failed"]
Report = Callable[[Exception], Refusal]


class Job(Generic[Work]):
    """A computation that is gone on with by whoever looks. Any thread may use it.

    What a piece raises ends the job and goes no further: a `Refusal` is kept as it is; anything else is a mistake of
    ours, which `report` writes down, once, and puts into a sentence.

    Attributes:
        work: the computation, and what it has found so far.
        failure: why it has failed, if it has.
        nbytes: memory that is counted for it: what it needs on its way, and what it holds when it is over.
    """

    def __init__(self, work: Work, report: Report) -> None:
        self.work = work
        self.failure: Refusal | None = None
        self.nbytes = work.needs
        self._report = report
        self._is_stopped = False
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        """What has become of it; "paused" it is for a viewer only."""
        if self.failure is not None:
            return "failed"
        if self.work.progress == 1:
            return "done"
        if self._is_stopped:
            return "stopped"
        return "running" if self.has_begun else "waiting"

    @property
    def has_begun(self) -> bool:
        """Whether anything of it is computed."""
        return self.work.progress > 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to compute."""
        return self.state in ("stopped", "done", "failed")

    def advance(self, budget: float) -> bool:
        """Compute for about `budget` seconds, at least one piece; whether it is over."""
        with self._lock:
            if self.is_over:
                return True
            try:
                is_done = self.work.advance(budget)
            except Refusal as refusal:
                self.failure = refusal
            except Exception as error:
                self.failure = self._report(error)
            else:
                if not is_done:
                    return False
            self._end()
            return True

    def stop(self) -> None:
        """End it as far as it is. What it has found so far stays, what it needed to go on is let go of."""
        with self._lock:
            if not self.is_over:
                self._is_stopped = True
                self._end()

    def _end(self) -> None:
        self.work.close()
        self.nbytes = held_bytes(self.work)
