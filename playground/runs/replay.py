"""The weights of any step that a run has passed, trained again from a checkpoint: bit for bit as they were."""

import time

from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.runs.checkpoints import Checkpoints
from playground.training import Trainer


class Replay:
    """A second trainer that walks through the past of a run, at its own pace.

    Args:
        config, corpus: the run's.
        checkpoints: the run's, from which to start.
    """

    def __init__(self, config: ExperimentConfig, corpus: Corpus, checkpoints: Checkpoints) -> None:
        self.checkpoints = checkpoints
        self.trainer = Trainer(config, corpus)
        self.trainer.restore(checkpoints.latest(0))

    @property
    def step(self) -> int:
        return self.trainer.step

    def go_to(self, step: int, *, budget: float = float("inf")) -> bool:
        """Train up to `step`, for about `budget` seconds and by one update at least; whether it is there.

        The next call for the same step goes on where this one stopped. A training that stops being finite on the way
        ends there.
        """
        trainer = self.trainer
        kept = self.checkpoints.latest(step)
        if not kept.step <= trainer.step <= step:
            trainer.restore(kept)
        deadline = time.thread_time() + budget
        while trainer.step < step:
            if not trainer.update().finite:
                return True
            if trainer.step < step and time.thread_time() > deadline:
                return False
        return True

    @property
    def nbytes(self) -> int:
        return self.trainer.nbytes
