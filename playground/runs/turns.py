"""Turns to compute: who trains just now, how long a turn may last, and in which of two lines one waits for it."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

from playground.runs.gate import FairGate

ACTIVE_SECONDS = 3.0  # a viewer that trained within this time counts as training now
LONGEST_TURN = 0.08  # seconds of training in one turn when nobody waits
SHORTEST_TURN = 0.012
ROUND_SECONDS = 0.25  # training seconds in a round in which every run that is trained has had one turn
LONGEST_REST = 3.0  # seconds for which slow ones give way at most: a picture is to move
REST_STEP = 0.02  # seconds between two looks at whether anybody still waits


class Turns:
    """How viewers share the processor. Any thread may use it; times are those of `time.monotonic`.

    Slow ones compute beside quick ones where there is room for both. Where quick ones have to wait meanwhile, everybody
    gets as much time: after a turn of a slow one, the next slow one gives way until all quick ones could have had as
    much.

    Args:
        clock, rest: what time it is, and what lets so many seconds pass.

    Attributes:
        quick: the line of small networks.
        slow: the line of those of which two updates do not fit into a turn: small ones do not wait for them.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, rest: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._rest = clock, rest
        self._asking: set[object] = set()  # one for each quick question without an answer yet
        self._gives_way_until = -float("inf")  # the slow ones
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

    @contextmanager
    def turn(self, *, is_slow: bool) -> Generator[None]:
        """Wait for all who came earlier to the line, then compute within the `with`."""
        if not is_slow:
            with self.quick.turn():
                yield
            return
        with self.slow.turn():
            while self._clock() < self._gives_way_until and self._do_quick_ones_wait:
                self._rest(REST_STEP)
            began = self._clock()
            try:
                yield
            finally:
                now = self._clock()
                self._gives_way_until = now + self._owed(now - began)

    @contextmanager
    def asking(self) -> Generator[None]:
        """Somebody quick asks, from the question to the answer. Takes no lock: it is asked where all are served."""
        question = object()
        self._asking.add(question)
        try:
            yield
        finally:
            self._asking.discard(question)

    @property
    def _do_quick_ones_wait(self) -> bool:
        """Whether a quick one waits while another is answered."""
        return len(self._asking) > 1

    def _owed(self, seconds: float) -> float:
        """For how long slow ones give way after a turn that has taken so long."""
        slow = 1 + self.slow.waiting
        with self._lock:
            quick = max(0, len(self._being_trained) - slow)
        return min(LONGEST_REST, seconds * quick / slow)

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
