"""The weights of any step that a run has passed, trained again from a checkpoint: bit for bit as they were."""

import threading
import time
import weakref
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext

from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.runs.checkpoints import Checkpoints
from playground.runs.fitting import fitting
from playground.training import Trainer

# Asks for the memory of a trainer of the run with a name, in bytes. The trainer is built within the `with`.
# Raises Refusal if there is none.
Admission = Callable[[Hashable, int], AbstractContextManager[object]]


def anybody(name: Hashable, needed: int) -> AbstractContextManager[object]:
    """The admission where nobody counts memory."""
    del name, needed
    return nullcontext()


class Replay:
    """A second trainer that walks through the past of a run, at its own pace.

    It is built at the first walk, and anew after it was put away. Any thread may use it.

    Args:
        config, corpus: the run's.
        checkpoints: the run's, from which to start.
        seeds: of the run's replicas; the config's if None.
        trainer_bytes: what a trainer takes. admission: asked before one is built, by the run's name.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        corpus: Corpus,
        checkpoints: Checkpoints,
        *,
        seeds: Sequence[int] | None = None,
        trainer_bytes: int = 0,
        name: Hashable = None,
        admission: Admission = anybody,
    ) -> None:
        self.checkpoints = checkpoints
        self._config, self._corpus, self._seeds, self._name = config, corpus, seeds, name
        self._trainer_bytes, self._admission = trainer_bytes, admission
        self._trainer: Trainer | None = None
        self._used = time.monotonic()
        self._lock = threading.Lock()

    def go_to(self, step: int, *, budget: float = float("inf")) -> Trainer | None:
        """Train up to `step`, for about `budget` seconds and by one update at least.

        Returns:
            The trainer once it is there, or None: the next call for the same step goes on where this one stopped. A
            training that stops being finite on the way ends there.

        Raises:
            Refusal: if there is no memory for a trainer.
        """
        with self._lock:
            trainer = self._at_work()
            kept = self.checkpoints.latest(step)
            if not kept.step <= trainer.step <= step:
                trainer.restore(kept)
            began, start, most = time.thread_time(), trainer.step, 1
            while (at := trainer.step) < step:
                trainer.stretch(min(most, step - at))
                if trainer.step == at:  # all replicas have exploded
                    break
                elapsed = time.thread_time() - began
                if trainer.step < step and elapsed > budget:
                    return None
                most = fitting(budget - elapsed, elapsed / (trainer.step - start))
            return trainer

    def _at_work(self) -> Trainer:
        self._used = time.monotonic()
        if self._trainer is None:
            with self._admission(self._name, self._trainer_bytes):
                trainer = Trainer(self._config, self._corpus, seeds=self._seeds)
                trainer.restore(self.checkpoints.latest(0))
                self._trainer = trainer
        return self._trainer

    def rest(self, unused_since: float) -> bool:
        """Put the trainer away if nobody has walked since that time (`time.monotonic`); whether it did."""
        if self._used >= unused_since or not self._lock.acquire(blocking=False):  # somebody walks just now
            return False
        try:
            was_there, self._trainer = self._trainer is not None, None
            return was_there
        finally:
            self._lock.release()

    @property
    def nbytes(self) -> int:
        """Bytes of its trainer, as long as it has one."""
        return 0 if self._trainer is None else self._trainer_bytes


class Walks:
    """All replays of one run that somebody still holds."""

    def __init__(self) -> None:
        self._walks: list[weakref.ref[Replay]] = []
        self._lock = threading.Lock()

    def add(self, walk: Replay) -> None:
        """Count a replay from now on."""
        with self._lock:
            self._walks = [each for each in self._walks if each() is not None]
            self._walks.append(weakref.ref(walk))

    def rest(self, unused_since: float) -> bool:
        """Put away the trainers with which nobody has walked since that time; whether there was one."""
        return any([walk.rest(unused_since) for walk in self._alive()])

    @property
    def nbytes(self) -> int:
        """Bytes of their trainers."""
        return sum(walk.nbytes for walk in self._alive())

    def _alive(self) -> list[Replay]:
        with self._lock:
            return [walk for each in self._walks if (walk := each()) is not None]
