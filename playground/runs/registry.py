"""All runs of this server: equal experiments share one, memory stays bounded, everybody gets a turn."""

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext

from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.limits import Limits
from playground.limits import limits as of_this_process
from playground.named_locks import NamedLocks
from playground.runs.bending import bend
from playground.runs.beside import Beside, Nothing
from playground.runs.claims import Claims, Coming, Counts, Shortage
from playground.runs.darkroom import Darkroom, darkroom
from playground.runs.darkrooms import Darkrooms
from playground.runs.entry import Entry
from playground.runs.memory import keep_heap_small, private_bytes
from playground.runs.room import Room
from playground.runs.run import Run, run_name
from playground.runs.size import Cost, check_size, hidden_size_that_fits
from playground.runs.turns import Turns

UNWATCHED_SHARE = 0.04  # of all memory: runs that nobody watches may take as much
AT_WORK_SECONDS = 10.0  # what was asked for within this time is not put away
SWEEP_SECONDS = 1.0  # between looks at leases and memory; tapes grow while they are watched
SLOW_BYTES = 16_000_000  # a run as large is not built within half of a turn, nor beside the one it replaces

Advise = Callable[[Callable[[Cost], bool]], int | None]  # a hidden size with which a run fits, by what does


def no_advice(fits: Callable[[Cost], bool]) -> None:
    """Where another hidden size is not what is asked for."""
    del fits


def _is_watched(identifier: str, watching: Set[str]) -> bool:
    """Whether anybody watches a run."""
    del identifier
    return bool(watching)


class Registry:
    """Runs by identifier, leased to viewers. Any thread may use it.

    When memory becomes short, runs without a lease are dropped first, then others bend (`playground.runs.bending`); a
    run that is at work is never touched but for its recordings. What would not fit beside those at work is refused
    before it is made: a run, its trainer when it comes back, and any trainer that walks through its past, each with the
    darkroom that its frames need (`playground.runs.claims`).

    Args:
        limits: what the process may spend; None: what its environment says.
        measured: bytes that the process has for itself just now, or None.
        beside: what else is kept. When memory becomes short, what nobody looks at of it goes before anything of a run.
        darkrooms: those that develop the frames of all runs; the process's own if None.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        measured: Callable[[], int | None] = private_bytes,
        beside: Beside | None = None,
        darkrooms: Darkrooms[Darkroom] | None = None,
    ) -> None:
        self._limits = limits or of_this_process()
        self._memory = Room(self._limits.memory_mb * 1_000_000, measured)
        self._darkrooms = darkroom if darkrooms is None else darkrooms
        self._beside = Nothing() if beside is None else beside  # one that is empty is false
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._shared: dict[Hashable, str] = {}  # by names of runs
        self._making = NamedLocks()  # by names of runs; taken before `_lock`, and before that of a run
        self._coming: dict[object, Coming] = {}  # one entry for everything that is being made
        self._claims = Claims(self._entries, self._coming, self._darkrooms)
        self._pinned: set[str] = set()
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(3)
        self._turns = Turns()
        self._swept = time.monotonic()
        self._has_let_go = False  # since freed memory was last looked for
        keep_heap_small()

    def open(
        self,
        viewer: str,
        config: ExperimentConfig,
        *,
        seeds: Sequence[int] | None = None,
        beside: Collection[str] = (),
        always: bool = False,
    ) -> str:
        """Lease the shared run of an experiment, made if there is none. Returns its identifier.

        seeds: of its replicas, the experiment's alone if None. beside: runs that this viewer goes on to watch; the new
        one takes the place of others. always: also when memory is short.

        Raises:
            Refusal: if the text cannot be trained on, or there is no memory for the run.
        """
        name = run_name(config, seeds)
        with self._making.held(name):
            with self._lock:
                identifier = self._lease(viewer, name)
            return identifier or self._begin(viewer, config, seeds, beside, always=always)

    def _begin(
        self,
        viewer: str,
        config: ExperimentConfig,
        seeds: Sequence[int] | None,
        beside: Collection[str],
        *,
        always: bool = False,
    ) -> str:
        """Make and lease the run of an experiment, of which the name is held."""
        corpus = Corpus(config.text)
        replicas = 1 if seeds is None else len(seeds)
        check_size(config, corpus, replicas=replicas, most=self._limits.run_mb * 1_000_000)
        cost = Cost.of(config, corpus, replicas=replicas)

        def make() -> Run:
            return Run(config, corpus, self._admitted, seeds=seeds)

        def advise(fits: Callable[[Cost], bool]) -> int | None:
            return hidden_size_that_fits(config, corpus, fits, replicas=replicas)

        return self._make(viewer, cost, make, beside, always=always, advise=advise)

    def _lease(self, viewer: str, name: Hashable) -> str | None:
        """The run of that name, leased, if there is one."""
        identifier = self._shared.get(name)
        if identifier is not None:
            self.get(viewer, identifier)
        return identifier

    def _make(
        self,
        viewer: str,
        cost: Cost,
        make: Callable[[], Run],
        beside: Collection[str],
        *,
        always: bool,
        advise: Advise,
    ) -> str:
        """Make a run, of which the name is held and for which memory is set aside meanwhile, and lease it.

        Raises Refusal if there would be no room, unless `always`.
        """

        def counts(identifier: str, watching: Set[str]) -> bool:
            """What this viewer alone watches and gives up does not: the new run takes its place."""
            return identifier in beside or bool(watching - {viewer})

        with self._set_aside(cost.at_work, cost, counts, always=always, advise=advise) as coming:
            with self._turns.slow.turn() if cost.at_work >= SLOW_BYTES else nullcontext():
                run = make()  # without the lock: others go on meanwhile
            return self._lease_new(viewer, run, cost, coming)

    @contextmanager
    def _admitted(self, name: Hashable, needed: int) -> Generator[None]:
        """Memory for one more trainer of a run that is here. Raises Refusal if there is none."""
        with self._lock:
            identifier = self._shared.get(name)
            entry = None if identifier is None else self._entries[identifier]
        cost = None if entry is None else entry.cost
        with self._set_aside(needed, cost, _is_watched, always=identifier in self._pinned):
            yield

    @contextmanager
    def _set_aside(
        self, needed: int, cost: Cost | None, counts: Counts, *, always: bool, advise: Advise = no_advice
    ) -> Generator[object]:
        """Make room for something that is made meanwhile, or refuse it if there would be none beside what others use.

        Of a run at work its trainer belongs to that, and so does the darkroom of its frames.

        needed: bytes of what is made. cost: of the run that it belongs to. counts: which runs stay.
        Gives what it is known by among what is coming.
        """
        coming = object()
        with self._lock:
            lacks = self._lacks(needed, cost, counts)
            if lacks is None or always:
                self._put_replaced_away(counts)
                self._coming[coming] = Coming(needed, cost)
                self._sweep()
        if lacks is not None and not always:
            raise lacks.refusal(advise(lacks.fits))  # without the lock: others go on meanwhile
        try:
            yield coming
        finally:
            with self._lock:
                self._coming.pop(coming, None)

    def _lacks(self, needed: int, cost: Cost | None, counts: Counts) -> Shortage | None:
        """What is short for something, whatever nobody uses let go of; None if it fits."""
        lately = self._lately()
        self._rest_what_is_unused()
        lacks = self._claims.lacks(needed, cost, counts, self._room(), lately)
        if lacks is not None:
            self._beside.let_go(lately)
            self._memory.give_back(time.monotonic(), is_short=True)
            lacks = self._claims.lacks(needed, cost, counts, self._room(), lately)
        return lacks

    def _put_replaced_away(self, counts: Counts) -> None:
        """Put away the trainers of large runs that do not stay: one that takes their place is not made beside them."""
        for identifier, entry in self._entries.items():
            if entry.cost.at_work >= SLOW_BYTES and not counts(identifier, entry.watched.keys()):
                entry.run.park()

    def make_free(self) -> int:
        """Make room where it is short; bytes that are free then beside all who use a run, negative where some lack."""
        with self._lock:
            self._sweep()
            return self._claims.free(_is_watched, self._room(), self._lately())

    def _rest_what_is_unused(self) -> None:
        """Let go of what only saves time and was not used lately: trainers that walk through a past, and darkrooms."""
        lately = self._lately()
        for entry in self._entries.values():
            entry.run.rest_walks(lately)
        self._darkrooms.let_go(lately)

    def _lease_new(self, viewer: str, run: Run, cost: Cost, coming: object) -> str:
        """Enter a run, which is no longer coming, and lease it."""
        with self._lock:
            del self._coming[coming]
            identifier = f"{self._prefix}-{next(self._numbers)}"
            self._entries[identifier] = Entry(run, cost)
            self._shared[run.name] = identifier
            self.get(viewer, identifier)
            self._sweep()
            return identifier

    def get(self, viewer: str, identifier: str) -> Run | None:
        """The run, its lease renewed; None if it has been dropped."""
        with self._lock:
            entry = self._entries.get(identifier)
            if entry is None:
                return None
            entry.watched[viewer] = entry.asked = time.monotonic()
            return entry.run

    def fork(
        self,
        viewer: str,
        identifier: str,
        config: ExperimentConfig,
        step: int,
        *,
        seeds: Sequence[int] | None = None,
        beside: Collection[str] = (),
    ) -> str:
        """Lease the run of `config`, which equals `identifier` up to `step`; the old lease is still to be released.

        What the old run knows is taken over, where it is still there and the new one is not. seeds: of the replicas of
        both. beside: runs that this viewer goes on to watch; the new one takes the place of others, as of the old one.

        Raises:
            Refusal: if there is no memory for one trainer more, because others keep the old run or its is put away.
        """
        name = run_name(config, seeds)
        with self._making.held(name):
            with self._lock:
                old = self._entries.get(identifier)
                forked = self._lease(viewer, name)
                leaves_a_trainer = old is not None and not (
                    old.watched.keys() - {viewer} or old.run.is_parked or identifier in beside
                )
            if forked is None and old is None:
                forked = self._begin(viewer, config, seeds, beside)
            elif forked is None and old is not None:
                run = old.run
                cost = Cost.of(config, run.corpus, replicas=len(run.seeds))
                forked = self._make(
                    viewer,
                    cost,
                    lambda: run.fork(config, step),
                    beside,
                    always=leaves_a_trainer,
                    advise=no_advice,
                )
        assert forked is not None
        return forked

    def release(self, viewer: str, identifier: str) -> None:
        """End a viewer's lease; the run stays for a while in case somebody returns to it."""
        with self._lock:
            if entry := self._entries.get(identifier):
                entry.watched.pop(viewer, None)
            self._sweep()

    def pin(self, identifier: str) -> None:
        """Never drop this run (the one a first visit shows)."""
        self._pinned.add(identifier)

    @contextmanager
    def turn(self, run: Run | None = None) -> Generator[float]:
        """Wait for one's turn to compute. Yields the seconds it may last: the fewer, the more runs are trained.

        run: what is to be trained. A slow one waits in a line of its own, so that small networks do not wait for it.
        """
        now = time.monotonic()
        with self._lock:
            if is_due := now >= self._swept + SWEEP_SECONDS:
                self._sweep()
            has_let_go = self._has_let_go
            self._has_let_go = has_let_go and not is_due
        if is_due:  # not while anybody waits for the lock: it takes longer than a turn in a large class
            self._memory.give_back(now, is_short=has_let_go)
        is_slow = run is not None and self.is_slow(run)
        with self._turns.turn(is_slow=is_slow):
            yield self._turns.seconds(now)

    def asking(self) -> AbstractContextManager[None]:
        """From a question of somebody with a quick run to the answer: slow ones give way to those who wait."""
        return self._turns.asking()

    def is_slow(self, run: Run) -> bool:
        """Whether two updates of this run do not fit into a turn."""
        return self._turns.are_slow(run.step_seconds)

    def trains(self, viewer: str, runs: Iterable[str]) -> None:
        """Count this viewer among those who are training, and these runs as being trained, for the next few seconds.

        A class that watches one run together needs the turns of one. One that has been dropped counts as well: whoever
        trained it is about to have another.
        """
        now, trained = time.monotonic(), frozenset(runs)
        with self._lock:
            for identifier in trained & self._entries.keys():
                self._entries[identifier].played = now
        self._turns.trains(viewer, trained, now)

    def others_training(self, viewer: str) -> int:
        """How many other viewers train on this server just now."""
        return self._turns.others(viewer, time.monotonic())

    @property
    def nbytes(self) -> int:
        """Bytes of all runs."""
        with self._lock:
            return sum(entry.run.nbytes for entry in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def _room(self) -> int:
        """Bytes that all runs together may take just now, beside the darkrooms that are there and what else is kept."""
        darkrooms = self._darkrooms.nbytes
        counted = self.nbytes + darkrooms + self._beside.held
        return self._memory.for_counted(counted, time.monotonic()) - darkrooms - self._beside.nbytes

    @staticmethod
    def _lately() -> float:
        """Since when what somebody has asked for is at work."""
        return time.monotonic() - AT_WORK_SECONDS

    def _sweep(self) -> None:
        """Drop what is no longer leased, and make room where it is short."""
        self._swept = time.monotonic()
        self._rest_what_is_unused()
        expired = self._swept - self._limits.lease_seconds
        for entry in self._entries.values():
            entry.watched = {viewer: when for viewer, when in entry.watched.items() if when >= expired}
        oldest_first = sorted(self._entries, key=lambda identifier: self._entries[identifier].asked)
        idle = [
            identifier
            for identifier in oldest_first
            if not self._entries[identifier].watched and identifier not in self._pinned
        ]
        unwatched = sum(self._entries[identifier].run.nbytes for identifier in idle)
        for identifier in idle:
            if self._entries[identifier].asked < expired or unwatched > self._most_unwatched:
                unwatched -= self._drop(identifier)
        self._make_room([identifier for identifier in oldest_first if identifier in self._entries], set(idle))

    @property
    def _most_unwatched(self) -> float:
        return UNWATCHED_SHARE * self._limits.memory_mb * 1_000_000

    def _make_room(self, oldest_first: list[str], idle: set[str]) -> None:
        """Let go of what nobody holds, and make runs lighter, until all fit that is there and that is coming."""
        held, room = self.nbytes + self._claims.to_come(self._lately()), self._room()
        if held > room:
            self._beside.let_go(self._lately())
            room = self._room()
        if held <= room:
            return
        for identifier in oldest_first:
            if identifier in idle and held > room:
                held -= self._drop(identifier)
        bend(
            held - room,
            [self._entries[name] for name in oldest_first if name in self._entries],
            self._lately(),
        )
        self._has_let_go = True

    def _drop(self, identifier: str) -> int:
        """Forget a run; its bytes."""
        run = self._entries.pop(identifier).run
        del self._shared[run.name]
        return run.nbytes
