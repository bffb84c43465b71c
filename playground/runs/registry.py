"""All runs of this server: equal experiments share one, memory stays bounded, everybody gets a turn."""

import itertools
import secrets
import threading
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

from playground.config import ExperimentConfig
from playground.runs.gate import FairGate
from playground.runs.run import Run

MAX_BYTES = 192_000_000  # all runs together
MAX_UNWATCHED_BYTES = 32_000_000  # those that nobody watches just now
LEASE_SECONDS = 600.0  # a run nobody asked for in this time is dropped
ACTIVE_SECONDS = 3.0  # a viewer that trained within this time counts as training now
SWEEP_SECONDS = 1.0  # between looks at leases and memory; tapes grow while they are watched
LONGEST_TURN = 0.08  # seconds of training in one turn when nobody waits
SHORTEST_TURN = 0.012
ROUND_SECONDS = 0.25  # training seconds in a round in which every run that is trained has had one turn


@dataclass(slots=True)
class _Entry:
    run: Run
    watched: dict[str, float] = field(default_factory=dict)  # viewer → when it last asked
    asked: float = 0.0


class Registry:
    """Runs by identifier, leased to viewers.

    Args:
        max_bytes: most bytes of all runs; the ones asked for longest ago go first.
        max_unwatched_bytes: the same for runs without a lease.
        lease_seconds: how long a lease lasts after the viewer last asked.
    """

    def __init__(
        self,
        max_bytes: int = MAX_BYTES,
        max_unwatched_bytes: int = MAX_UNWATCHED_BYTES,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_unwatched_bytes = max_unwatched_bytes
        self._lease_seconds = lease_seconds
        self._lock = threading.RLock()
        self._entries: dict[str, _Entry] = {}
        self._shared: dict[ExperimentConfig, str] = {}
        self._pinned: set[str] = set()
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(3)
        self._gate = FairGate()
        self._trained: dict[str, float] = {}
        self._swept = time.monotonic()

    def open(self, viewer: str, config: ExperimentConfig) -> str:
        """Lease the shared run of an experiment, made if there is none. Returns its identifier.

        Raises:
            Refusal: if the text cannot be trained on.
        """
        with self._lock:
            if (identifier := self._lease(viewer, config)) is not None:
                return identifier
        return self._lease_new(viewer, Run(config))  # made without the lock: others go on meanwhile

    def _lease(self, viewer: str, config: ExperimentConfig) -> str | None:
        """The run of an experiment, leased, if there is one."""
        identifier = self._shared.get(config)
        if identifier is not None:
            self.get(viewer, identifier)
        return identifier

    def _lease_new(self, viewer: str, run: Run) -> str:
        """Enter a run and lease it; or, where somebody was faster, theirs."""
        with self._lock:
            identifier = self._lease(viewer, run.config)
            if identifier is None:
                identifier = f"{self._prefix}-{next(self._numbers)}"
                self._entries[identifier] = _Entry(run)
                self._shared[run.config] = identifier
                self.get(viewer, identifier)
            self._evict(keep=identifier)
            return identifier

    def get(self, viewer: str, identifier: str) -> Run | None:
        """The run, its lease renewed; None if it has been dropped."""
        with self._lock:
            entry = self._entries.get(identifier)
            if entry is None:
                return None
            entry.watched[viewer] = entry.asked = time.monotonic()
            return entry.run

    def fork(self, viewer: str, identifier: str, config: ExperimentConfig, step: int) -> str:
        """Lease the run of `config`, which equals `identifier` up to `step`; the old lease ends.

        What the old run knows is taken over, where it is still there and the new one is not.
        """
        with self._lock:
            forked = self._lease(viewer, config)
            old = self._entries.get(identifier)
        if forked is None:
            forked = self._lease_new(viewer, Run(config) if old is None else old.run.fork(config, step))
        if forked != identifier:
            self.release(viewer, identifier)
        return forked

    def release(self, viewer: str, identifier: str) -> None:
        """End a viewer's lease; the run stays for a while in case somebody returns to it."""
        with self._lock:
            if entry := self._entries.get(identifier):
                entry.watched.pop(viewer, None)
            self._evict()

    def pin(self, identifier: str) -> None:
        """Never drop this run (the one a first visit shows)."""
        self._pinned.add(identifier)

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Wait for one's turn to compute. Yields the seconds it may last: the fewer, the more runs are trained."""
        with self._lock:
            active = max(1, self._active_runs())
            if time.monotonic() - self._swept >= SWEEP_SECONDS:
                self._evict()
        with self._gate.turn():
            yield max(SHORTEST_TURN, min(LONGEST_TURN, ROUND_SECONDS / active))

    def trains(self, viewer: str) -> None:
        """Count this viewer among those who are training, for the next few seconds."""
        with self._lock:
            self._trained[viewer] = time.monotonic()

    def others_training(self, viewer: str) -> int:
        """How many other viewers train on this server just now."""
        with self._lock:
            return len(self._active_viewers() - {viewer})

    def _active_viewers(self) -> Set[str]:
        recently = time.monotonic() - ACTIVE_SECONDS
        self._trained = {viewer: when for viewer, when in self._trained.items() if when >= recently}
        return self._trained.keys()

    def _active_runs(self) -> int:
        """How many runs are being trained: a class that watches one run together needs the turns of one."""
        viewers, runs = self._active_viewers(), 0
        homeless = set(viewers)  # whose run has been dropped: each is about to have another
        for entry in self._entries.values():
            if watching := entry.watched.keys() & viewers:
                runs += 1
                homeless -= watching
        return runs + len(homeless)

    @property
    def nbytes(self) -> int:
        """Bytes of all runs."""
        with self._lock:
            return sum(entry.run.nbytes for entry in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def _evict(self, keep: str | None = None) -> None:
        """Drop what is no longer leased or no longer fits, least recently asked for first."""
        self._swept = time.monotonic()
        expired = time.monotonic() - self._lease_seconds
        for entry in self._entries.values():
            entry.watched = {viewer: when for viewer, when in entry.watched.items() if when >= expired}
        oldest_first = sorted(self._entries, key=lambda identifier: self._entries[identifier].asked)
        sizes = {identifier: self._entries[identifier].run.nbytes for identifier in oldest_first}
        total = sum(sizes.values())
        unwatched = sum(size for identifier, size in sizes.items() if not self._entries[identifier].watched)
        for identifier in oldest_first:
            entry = self._entries[identifier]
            if identifier == keep or identifier in self._pinned:
                continue
            if entry.watched:
                is_spare = total > self._max_bytes
            else:
                is_spare = (
                    entry.asked < expired or unwatched > self._max_unwatched_bytes or total > self._max_bytes
                )
            if is_spare:
                total -= sizes[identifier]
                unwatched -= 0 if entry.watched else sizes[identifier]
                self._drop(identifier)

    def _drop(self, identifier: str) -> None:
        run = self._entries.pop(identifier).run
        del self._shared[run.config]
