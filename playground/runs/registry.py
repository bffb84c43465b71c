"""All runs of this server: equal experiments share one, memory stays bounded, everybody gets a turn."""

import itertools
import secrets
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Sequence, Set
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.limits import Limits
from playground.named_locks import NamedLocks
from playground.refusal import Refusal
from playground.runs.beside import Beside, Nothing
from playground.runs.darkroom import darkroom
from playground.runs.gate import FairGate
from playground.runs.memory import give_back, keep_heap_small, private_bytes
from playground.runs.run import Run, run_name
from playground.runs.size import check_size, parked_bytes, run_bytes

BASE_BYTES = 260_000_000  # what the process takes besides runs, where that cannot be measured
UNWATCHED_SHARE = 0.04  # of all memory: runs that nobody watches may take as much
AT_WORK_SECONDS = 10.0  # what was asked for within this time is not put away
ACTIVE_SECONDS = 3.0  # a viewer that trained within this time counts as training now
SWEEP_SECONDS = 1.0  # between looks at leases and memory; tapes grow while they are watched
MEMORY_SECONDS = 60.0  # freed memory may take as long to be given back
LONGEST_TURN = 0.08  # seconds of training in one turn when nobody waits
SHORTEST_TURN = 0.012
SLOW_BYTES = 16_000_000  # a run as large as this is not built within half of a turn
NEAR_SHARE = (
    0.9  # of all memory: where the process takes more, what it has freed is given back at every sweep
)
ROUND_SECONDS = 0.25  # training seconds in a round in which every run that is trained has had one turn


@dataclass(slots=True)
class _Entry:
    run: Run
    at_work: int  # bytes that it takes while it trains, its recordings short; and …
    at_rest: int  # … while its trainer is put away
    watched: dict[str, float] = field(default_factory=dict[str, float])  # viewer → when it last asked
    asked: float = 0.0


class _Plan:
    """A run that is to be made, and the bytes that it will take while it trains, and while its trainer is put away."""

    def __init__(self, name: Hashable, config: ExperimentConfig, corpus: Corpus, replicas: int) -> None:
        self.name = name
        self.at_work = run_bytes(config, corpus, replicas=replicas)
        self.at_rest = parked_bytes(config, corpus, replicas=replicas)


def _is_watched(identifier: str, watching: Set[str]) -> bool:
    """Whether anybody watches a run."""
    del identifier
    return bool(watching)


class Registry:
    """Runs by identifier, leased to viewers. Any thread may use it.

    When memory becomes short, runs without a lease are dropped first, and large trainers of runs that nobody plays or
    has just looked at are put away; then tapes are thinned, then checkpoints; then the other runs at rest lose their
    trainers, oldest first. A run that is at work is never touched but
    for its recordings. What would not fit beside those at work is refused before it is made: a run, its trainer when
    it comes back, and any trainer that walks through its past.

    Args:
        limits: what the process may spend.
        measured: bytes that the process has for itself just now, or None.
        beside: what else is kept. When memory becomes short, what nobody looks at of it goes before anything of a run.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        measured: Callable[[], int | None] = private_bytes,
        beside: Beside | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._measured = measured
        self._beside = Nothing() if beside is None else beside  # one that is empty is false
        self._lock = threading.RLock()
        self._entries: dict[str, _Entry] = {}
        self._shared: dict[Hashable, str] = {}  # by names of runs
        self._making = NamedLocks()  # by names of runs; taken before `_lock`, and before that of a run
        self._coming: dict[object, int] = {}  # bytes set aside, one entry for everything that is being made
        self._pinned: set[str] = set()
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(3)
        self._gate = FairGate()
        self._slow_gate = FairGate()  # for runs of which one update takes longer than a turn
        self._trained: OrderedDict[str, tuple[float, frozenset[str]]] = OrderedDict()  # see `trains`
        self._being_trained: Counter[str] = Counter()  # how many of these viewers train each run
        self._others: deque[tuple[float, int]] = deque()  # when, and bytes of the process besides runs
        self._swept = time.monotonic()
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
        plan = _Plan(run_name(config, seeds), config, corpus, replicas)
        return self._make(
            viewer, plan, lambda: Run(config, corpus, self._admitted, seeds=seeds), beside, always=always
        )

    def _lease(self, viewer: str, name: Hashable) -> str | None:
        """The run of that name, leased, if there is one."""
        identifier = self._shared.get(name)
        if identifier is not None:
            self.get(viewer, identifier)
        return identifier

    def _make(
        self,
        viewer: str,
        plan: "_Plan",
        make: Callable[[], Run],
        beside: Collection[str],
        *,
        always: bool,
    ) -> str:
        """Make a run, of which the name is held and for which memory is set aside meanwhile, and lease it.

        Raises Refusal if there would be no room, unless `always`.
        """

        def counts(identifier: str, watching: Set[str]) -> bool:
            """What this viewer alone watches and gives up does not: the new run takes its place."""
            return identifier in beside or bool(watching - {viewer})

        with self._set_aside(plan.at_work, counts, always=always) as coming:
            with self._slow_gate.turn() if plan.at_work >= SLOW_BYTES else nullcontext():
                run = make()  # without the lock: others go on meanwhile
            return self._lease_new(viewer, run, plan, coming)

    @contextmanager
    def _admitted(self, name: Hashable, needed: int) -> Generator[None]:
        """Memory for one more trainer of a run that is here. Raises Refusal if there is none."""
        with self._lock:
            is_pinned = self._shared.get(name) in self._pinned
        with self._set_aside(needed, _is_watched, always=is_pinned):
            yield

    @contextmanager
    def _set_aside(
        self, needed: int, counts: Callable[[str, Set[str]], bool], *, always: bool
    ) -> Generator[object]:
        """Make room for something that is made meanwhile, or refuse it if there would be none beside what others use.

        Of a run at work its trainer belongs to that. counts: whether a run with an identifier and these viewers does.
        Gives what it is known by among what is coming.
        """
        coming = object()
        with self._lock:
            self._rest_what_is_unused()
            if needed > (free := self._free(counts)):
                self._beside.let_go(time.monotonic() - AT_WORK_SECONDS)
                free = self._free(counts)
            if needed > free and not always:
                raise Refusal(
                    "batch_size",
                    "These settings together need {needed} MB of memory, and this server has {free} left beside those "
                    "who train just now; choose a smaller batch size, sequence length, hidden size or number of "
                    "layers, or try again later.",
                    needed=-(-needed // 1_000_000),
                    free=max(0, free // 1_000_000),
                )
            self._coming[coming] = needed
            self._sweep()
        try:
            yield coming
        finally:
            with self._lock:
                self._coming.pop(coming, None)

    def make_free(self) -> int:
        """Make room where it is short; bytes that are free then beside all who use a run, negative where some lack."""
        with self._lock:
            self._sweep()
            return self._free(_is_watched)

    def _free(self, counts: Callable[[str, Set[str]], bool]) -> int:
        """Bytes beside what others use and what is coming. counts: whether a run with these viewers does."""
        others = [entry for name, entry in self._entries.items() if counts(name, entry.watched.keys())]
        return self._room() - sum(map(self._claim, others)) - sum(self._coming.values())

    def _claim(self, entry: _Entry) -> int:
        """Bytes of a run that nobody else may have."""
        has_trainer = self._is_at_work(entry) and not entry.run.is_parked
        return (entry.at_work if has_trainer else entry.at_rest) + entry.run.walking_bytes

    def _rest_what_is_unused(self) -> None:
        """Let go of what only saves time and was not used lately: trainers that walk through a past, and darkrooms."""
        lately = time.monotonic() - AT_WORK_SECONDS
        for entry in self._entries.values():
            entry.run.rest_walks(lately)
        darkroom.let_go(lately)

    def _lease_new(self, viewer: str, run: Run, plan: "_Plan", coming: object) -> str:
        """Enter a run, which is no longer coming, and lease it."""
        with self._lock:
            del self._coming[coming]
            identifier = f"{self._prefix}-{next(self._numbers)}"
            self._entries[identifier] = _Entry(run, plan.at_work, plan.at_rest)
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
                plan = _Plan(name, config, run.corpus, len(run.seeds))
                forked = self._make(
                    viewer, plan, lambda: run.fork(config, step), beside, always=leaves_a_trainer
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
        with self._lock:
            self._forget_who_rests()
            active = max(1, len(self._being_trained))
            if time.monotonic() - self._swept >= SWEEP_SECONDS:
                self._sweep()
        gate = self._slow_gate if run is not None and self.is_slow(run) else self._gate
        with gate.turn():
            yield max(SHORTEST_TURN, min(LONGEST_TURN, ROUND_SECONDS / active))

    @staticmethod
    def is_slow(run: Run) -> bool:
        """Whether two updates of this run do not fit into a turn."""
        return run.step_seconds > LONGEST_TURN / 2

    def trains(self, viewer: str, runs: Iterable[str]) -> None:
        """Count this viewer among those who are training, and these runs as being trained, for the next few seconds.

        A class that watches one run together needs the turns of one. One that has been dropped counts as well: whoever
        trained it is about to have another.
        """
        now, trained = time.monotonic(), frozenset(runs)
        with self._lock:
            if (before := self._trained.pop(viewer, None)) is None or before[1] != trained:
                self._being_trained.update(trained)
                self._no_longer_trains(before)
            self._trained[viewer] = now, trained  # the latest is the last

    def _no_longer_trains(self, before: tuple[float, frozenset[str]] | None) -> None:
        """Count what a viewer has trained no longer."""
        self._being_trained.subtract(() if before is None else before[1])
        self._being_trained += Counter()  # without those that nobody trains

    def others_training(self, viewer: str) -> int:
        """How many other viewers train on this server just now."""
        with self._lock:
            self._forget_who_rests()
            return len(self._trained) - (viewer in self._trained)

    def _forget_who_rests(self) -> None:
        """Count those no longer who have not trained for a while."""
        recently = time.monotonic() - ACTIVE_SECONDS
        while self._trained and next(iter(self._trained.values()))[0] < recently:
            self._no_longer_trains(self._trained.popitem(last=False)[1])

    @property
    def nbytes(self) -> int:
        """Bytes of all runs."""
        with self._lock:
            return sum(entry.run.nbytes for entry in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def _room(self) -> int:
        """Bytes that all runs together may take just now.

        What else the process takes is the least that was measured lately, because memory that was freed may still
        count; and darkrooms and what is kept beside, as they are.
        """
        now, measured, darkrooms = time.monotonic(), self._measured(), darkroom.nbytes
        if measured is not None:
            self._others.append((now, max(0, measured - self.nbytes - darkrooms - self._beside.held)))
        while self._others and self._others[0][0] < now - MEMORY_SECONDS:
            self._others.popleft()
        least = min((size for _, size in self._others), default=None)
        others = BASE_BYTES if least is None else least + darkrooms
        return self._limits.memory_mb * 1_000_000 - others - self._beside.nbytes

    def _is_at_work(self, entry: _Entry) -> bool:
        """Whether somebody plays this run or has just looked at it."""
        return bool(entry.watched) and entry.asked >= time.monotonic() - AT_WORK_SECONDS

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
        """Make runs lighter until all fit: tapes first, then checkpoints, then those that are not at work.

        Before anything that is recorded go trainers at rest that weigh more than the records of their run: one brings
        as much as the tapes of a class, and is built again in a moment.
        """
        held, room = self.nbytes + sum(self._coming.values()), self._room()
        if held > room:
            self._beside.let_go(time.monotonic() - AT_WORK_SECONDS)
            room = self._room()
        if held <= room:
            self._give_back_near_the_limit()
            return
        for identifier in oldest_first:
            if identifier in idle and identifier in self._entries and held > room:
                held -= self._drop(identifier)
        entries = [self._entries[identifier] for identifier in oldest_first if identifier in self._entries]
        resting = [entry for entry in entries if not self._is_at_work(entry)]
        heavy = [entry for entry in resting if entry.at_work > 2 * entry.at_rest]
        for runs, let_go in (
            (heavy, Run.park),
            (entries, Run.thin_tape),
            (entries, Run.thin_checkpoints),
            (resting, Run.park),
        ):
            bent = True
            while bent and held > room:
                bent = False
                for entry in runs:
                    before = entry.run.nbytes
                    if held > room and let_go(entry.run):
                        bent = True
                        held -= before - entry.run.nbytes
        give_back()

    def _give_back_near_the_limit(self) -> None:
        """Give freed memory back where the process takes nearly all that it may: freed, it still counts."""
        measured = self._measured()
        if measured is not None and measured > NEAR_SHARE * self._limits.memory_mb * 1_000_000:
            give_back()

    def _drop(self, identifier: str) -> int:
        """Forget a run; its bytes."""
        run = self._entries.pop(identifier).run
        del self._shared[run.name]
        return run.nbytes
