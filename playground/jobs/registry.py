"""All jobs of this server: equal ones are one, memory stays bounded, and each is computed only while somebody looks."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal

from playground.jobs.job import Job, Report, State, Work
from playground.limits import Limits
from playground.named_locks import NamedLocks
from playground.pieces import SMALL_BYTES
from playground.refusal import Refusal

MOST_JOBS = 256
UNWATCHED_SHARE = 0.04  # of all memory: jobs that nobody holds may take as much
LOOKED_AT_SECONDS = 10.0  # what was asked for within this time is looked at
Wish = Literal["go", "pause", "stop"]
Name = tuple[str, Hashable]  # what is computed, and of what


@dataclass(slots=True, eq=False)
class _Entry:
    """A job and who holds it."""

    job: Job[Any]
    watches: dict[str, "Watch[Any]"] = field(default_factory=dict[str, "Watch[Any]"])  # by viewer
    asked: float = 0.0
    is_to_begin_anew: bool = False


@dataclass(slots=True, eq=False)
class Watch(Generic[Work]):
    """One viewer's hold on a job.

    What a person does with it is for that person: others who look at the same job go on with it. Only when nobody else
    does is a job that is stopped ended, and one that is paused paused for whoever comes next: the same person, mostly,
    after a reload.
    """

    _entry: _Entry
    _wish: Wish = "go"
    asked: float = 0.0

    @property
    def _job(self) -> Job[Work]:
        return self._entry.job

    @property
    def work(self) -> Work:
        """The computation, and what it has found so far."""
        return self._job.work

    @property
    def progress(self) -> float:
        """Share that is done, 0 … 1; exactly 1 when all of it is."""
        return self.work.progress

    @property
    def failure(self) -> Refusal | None:
        """Why it has failed, if it has."""
        return self._job.failure

    @property
    def state(self) -> State:
        """What has become of it for this viewer."""
        job = self._job
        if job.is_over or self._wish == "go":
            return job.state
        return "paused" if self._wish == "pause" else "stopped"

    @property
    def goes_on(self) -> bool:
        """Whether this viewer wants it computed and it is not over."""
        return self._wish == "go" and not self._job.is_over

    def advance(self, budget: float) -> bool:
        """Compute for about `budget` seconds, at least one piece; whether this viewer has nothing to wait for."""
        self.asked = self._entry.asked = time.monotonic()
        return not self.goes_on or self._job.advance(budget)

    def pause(self) -> None:
        """Stand still for this viewer; it can go on from where it is."""
        self._wish = "pause"

    def stop(self) -> None:
        """Be content with what there is. If nobody else goes on with it, it is ended and lets go of its memory."""
        self._wish = "stop"
        if not _is_gone_on_with(self._entry):
            self._job.stop()

    def go_on(self) -> None:
        """Go on with it; one that was ended or has failed begins anew when it is next asked for."""
        self._wish = "go"
        self._entry.is_to_begin_anew = self._job.state in ("stopped", "failed")


def _is_gone_on_with(entry: _Entry) -> bool:
    """Whether somebody looks at a job and wants it to go on."""
    recently = time.monotonic() - LOOKED_AT_SECONDS
    return any(watch.goes_on and watch.asked >= recently for watch in tuple(entry.watches.values()))


class Jobs:
    """Jobs by what they compute, held by viewers, one of each kind a viewer. Any thread may use it.

    A job that nobody has asked for in the time of a lease is dropped, and before that what nobody holds where it takes
    too much, the one asked for longest ago first. When memory is short, whatever nobody looks at goes. All of it can be
    computed again.

    Args:
        limits: what the process may spend.
        free: bytes that are free beside those at work, all jobs counted. It may call `let_go`, hence is never asked
            with this registry's lock held.
        report: writes down a mistake of ours, and says it in a sentence.
    """

    def __init__(self, limits: Limits, *, free: Callable[[], int], report: Report) -> None:
        self._limits, self._free, self._report = limits, free, report
        self._entries: dict[Name, _Entry] = {}
        self._held: dict[tuple[str, str], Name] = {}  # by viewer and kind
        self._coming = 0  # bytes of the job that asks for memory just now
        self._making = NamedLocks()  # by names of jobs; taken before the other two
        self._admission = threading.Lock()  # one at a time; taken before `_lock`
        self._lock = threading.Lock()

    def open(self, viewer: str, kind: str, description: Hashable, make: Callable[[], Work]) -> Watch[Work]:
        """Hold the job of a kind that computes what `description` says, made if there is none.

        The job of this kind that the viewer held before, of another description, is let go of.

        kind: what is computed, by a name that nothing else on this server has: jobs of one kind and equal descriptions
            are one, whichever page asks and whatever it would make.
        description: all that the result depends on; frozen and hashable.
        make: the computation, not yet begun.

        Raises:
            Refusal: if `make` does, or there is no memory for what it needs.
        """
        name = kind, description
        with self._lock:
            self._let_go_of_another(viewer, name)
            if (watch := self._watch(viewer, name)) is not None:
                return watch
        with self._making.held(name):
            with self._lock:
                if (watch := self._watch(viewer, name)) is not None:  # somebody was faster
                    return watch
            work = make()
            with self._admission:
                with self._lock:
                    self._tidy()
                    self._coming = work.needs
                try:
                    self._check_memory(work.needs)
                finally:
                    self._coming = 0
                with self._lock:
                    self._enter(name, Job(work, self._report))
                    watch = self._watch(viewer, name)
        assert watch is not None  # just entered
        return watch

    def let_go(self, lately: float) -> None:
        """Drop what nobody has asked for since `lately`, on `time.monotonic`'s clock."""
        with self._lock:
            for name in [name for name, entry in self._entries.items() if entry.asked < lately]:
                self._drop(name)

    @property
    def nbytes(self) -> int:
        """Bytes that are counted for all jobs."""
        return self._coming + sum(entry.job.nbytes for entry in tuple(self._entries.values()))

    @property
    def held(self) -> int:
        """Bytes of those that have begun: those of the others are not yet in what the process takes."""
        entries = tuple(
            self._entries.values()
        )  # without the lock, so that whoever measures memory never waits
        return sum(entry.job.nbytes for entry in entries if entry.job.has_begun)

    def __len__(self) -> int:
        return len(self._entries)

    def _watch(self, viewer: str, name: Name) -> Watch[Any] | None:
        """This viewer's hold on a job, if there is that job and it is not to begin anew."""
        entry = self._entries.get(name)
        if entry is None or entry.is_to_begin_anew:
            return None
        if viewer not in entry.watches:
            entry.watches[viewer] = Watch(entry, _wish_of_before(entry))
        watch = entry.watches[viewer]
        watch.asked = entry.asked = time.monotonic()
        self._held[viewer, name[0]] = name
        return watch

    def _enter(self, name: Name, job: Job[Any]) -> None:
        """Have a job, in the place of one that is to begin anew."""
        if name in self._entries:
            entry = self._entries[name]
            entry.job, entry.is_to_begin_anew = job, False
        else:
            self._entries[name] = _Entry(job)

    def _let_go_of_another(self, viewer: str, name: Name) -> None:
        """End this viewer's hold on the job of the same kind that is not `name`."""
        before = self._held.get((viewer, name[0]), name)
        if before != name and before in self._entries:
            self._entries[before].watches.pop(viewer, None)

    def _check_memory(self, needed: int) -> None:
        """Refuse what there is no memory for; what is small is lost in what is measured anyway."""
        if needed > SMALL_BYTES and (free := self._free()) < 0:
            raise Refusal(
                "job",
                "This needs {needed} MB of memory, and this server has {free} left beside those who compute just now; "
                "choose smaller settings, or try again later.",
                needed=-(-needed // 1_000_000),
                free=max(0, (free + needed) // 1_000_000),
            )

    def _tidy(self) -> None:
        """End holds that were not renewed, and drop what is held no longer, or too much."""
        now = time.monotonic()
        expired = now - self._limits.lease_seconds
        for entry in self._entries.values():
            entry.watches = {
                viewer: watch for viewer, watch in entry.watches.items() if watch.asked >= expired
            }
        for name in self._oldest_first():
            if self._entries[name].asked < expired:
                self._drop(name)
        unwatched = [name for name in self._oldest_first() if not self._entries[name].watches]
        taken = sum(self._entries[name].job.nbytes for name in unwatched)
        for name in unwatched:
            if taken > UNWATCHED_SHARE * self._limits.memory_mb * 1_000_000:
                taken -= self._drop(name)
        for name in self._oldest_first()[: max(0, len(self) + 1 - MOST_JOBS)]:
            if self._entries[name].asked < now - LOOKED_AT_SECONDS:
                self._drop(name)

    def _oldest_first(self) -> list[Name]:
        return sorted(self._entries, key=lambda name: self._entries[name].asked)

    def _drop(self, name: Name) -> int:
        """Forget a job; its bytes."""
        entry = self._entries.pop(name)
        self._held = {holder: held for holder, held in self._held.items() if held != name}
        return entry.job.nbytes


def _wish_of_before(entry: _Entry) -> Wish:
    """How somebody finds a job that others hold: paused where the last of them paused it and nobody goes on."""
    if not entry.watches or _is_gone_on_with(entry):
        return "go"
    last = max(entry.watches.values(), key=lambda watch: watch.asked)
    return "pause" if last.state == "paused" else "go"
