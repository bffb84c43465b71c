"""Turns to compute: who trains just now, how long a turn may last, and in which of two lines one waits for it."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable

from playground.runs.gate import FairGate

ACTIVE_SECONDS = 3.0  # a viewer that trained within this time counts as training now
LONGEST_TURN = 0.08  # seconds of training in one turn when nobody waits
SHORTEST_TURN = 0.012
ROUND_SECONDS = 0.25  # training seconds in a round in which every run that is trained has had one turn


class Turns:
    """How viewers share the processor. Any thread may use it; times are those of `time.monotonic`.

    Attributes:
        quick: the line of small networks.
        slow: the line of those of which two updates do not fit into a turn: small ones do not wait for them.
    """

    def __init__(self) -> None:
        self.quick, self.slow = FairGate(), FairGate()
        self._lock = threading.Lock()
        self._trained: OrderedDict[str, tuple[float, frozenset[str]]] = (
            OrderedDict()
        )  # by viewer; see `trains`
        self._being_trained: Counter[str] = Counter()  # how many of these viewers train each run

    def seconds(self, now: float) -> float:
        """How long a turn may last: the shorter, the more runs are trained."""
        with self._lock:
            self._forget_who_rests(now)
            active = max(1, len(self._being_trained))
        return max(SHORTEST_TURN, min(LONGEST_TURN, ROUND_SECONDS / active))

    @staticmethod
    def are_slow(step_seconds: float) -> bool:
        """Whether two updates that take so long do not fit into a turn."""
        return step_seconds > LONGEST_TURN / 2

    def trains(self, viewer: str, runs: Iterable[str], now: float) -> None:
        """Count this viewer among those who are training, and these runs as being trained, for the next few seconds."""
        trained = frozenset(runs)
        with self._lock:
            if (before := self._trained.pop(viewer, None)) is None or before[1] != trained:
                self._being_trained.update(trained)
                self._no_longer_trains(before)
            self._trained[viewer] = now, trained  # the latest is the last

    def others(self, viewer: str, now: float) -> int:
        """How many other viewers train just now."""
        with self._lock:
            self._forget_who_rests(now)
            return len(self._trained) - (viewer in self._trained)

    def _no_longer_trains(self, before: tuple[float, frozenset[str]] | None) -> None:
        """Count what a viewer has trained no longer."""
        self._being_trained.subtract(() if before is None else before[1])
        self._being_trained += Counter()  # without those that nobody trains

    def _forget_who_rests(self, now: float) -> None:
        """Count those no longer who have not trained for a while."""
        recently = now - ACTIVE_SECONDS
        while self._trained and next(iter(self._trained.values()))[0] < recently:
            self._no_longer_trains(self._trained.popitem(last=False)[1])
