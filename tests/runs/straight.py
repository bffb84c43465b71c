"""What the tests of runs are held to: a training that goes straight on and keeps everything."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.records import Stretch
from playground.runs import move, pace, playhead, registry, replay
from playground.runs import run as run_module
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.training import Trainer, Update


class Straight:
    """A training of `config` by plain updates, each with the learning rate that the changes say, looked up here."""

    def __init__(self, config: ExperimentConfig) -> None:
        self.config = config
        self._trainer = Trainer(_constant(config, config.training.learning_rate), Corpus(config.text))
        self._weights: list[Tensor] = []
        self._updates: list[Update] = []
        self.exploded_at: int | None = None

    def _reach(self, step: int) -> None:
        trainer = self._trainer
        while len(self._updates) <= step and self.exploded_at is None:
            at = trainer.step
            rate = self.config.training.learning_rate
            for changed, learning_rate in self.config.training.rates:
                rate = learning_rate if changed <= at else rate
            if rate != trainer.learning_rate:
                self._trainer = Trainer(_constant(self.config, rate), trainer.source)
                self._trainer.restore(trainer.snapshot())
                trainer = self._trainer
            self._weights.append(trainer.network.parameters.clone())
            self._updates.append(trainer.update())
            if not self._updates[-1].finite:
                self.exploded_at = at

    def last(self, step: int) -> int:
        """`step`, or the step before it at which the training ended."""
        self._reach(step)
        return min(step, len(self._updates) - 1)

    def weights(self, step: int) -> Tensor:
        """(1, P) after `step` updates."""
        self._reach(step)
        return self._weights[step]

    def update(self, step: int) -> Update:
        """What the update that leaves `step` measures."""
        self._reach(step)
        return self._updates[step]

    def updates(self, last: int) -> list[Update]:
        """Those of the steps 0 … last."""
        self._reach(last)
        return self._updates[: last + 1]

    def clips(self, step: int) -> int:
        """How many of the updates up to `step` were clipped, by counting."""
        return sum(update.clipped[0] for update in self.updates(step))


@lru_cache(maxsize=64)
def straight(config: ExperimentConfig) -> Straight:
    return Straight(config)


class Alone:
    """A run of `config` that takes one update at a time, and is looked at after each."""

    def __init__(self, config: ExperimentConfig) -> None:
        self._run = Run(config)
        self._payloads: list[bytes] = [self._run.frame(0).payload]

    def payload(self, step: int) -> bytes:
        """The bytes of the frame of `step`."""
        while len(self._payloads) <= step:
            assert self._run.advance(1) == 1
            self._payloads.append(self._run.frame(self._run.step).payload)
        return self._payloads[step]


@lru_cache(maxsize=64)
def alone(config: ExperimentConfig) -> Alone:
    return Alone(config)


def calm_registry() -> Registry:
    """A registry that does not look at the memory of this process, which other tests use, too."""
    return Registry(measured=lambda: None)


def _constant(config: ExperimentConfig, rate: float) -> ExperimentConfig:
    return replace(config, training=replace(config.training, learning_rate=rate, rates=()))


def same_weights(run: Run, step: int) -> bool:
    """Whether a run has the weights of the straight training, bit for bit."""
    return torch.equal(run.snapshot_at(step).parameters, straight(run.config).weights(step))


class Clock:
    """Stands in for the module `time`: `monotonic` moves when a test says so, `thread_time` by 1 ms at each look.

    Of updates that are made by one call, each but the last takes 1 ms as well.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self._worked = 0.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        self._worked += 0.001
        return self._worked

    def replace_in(self, set_attribute: Callable[..., None], *modules: object) -> "Clock":
        """Give these modules this clock, by pytest's `monkeypatch.setattr`."""
        for module in modules:
            set_attribute(module, "time", self)
        return self

    def replace_for_viewers(self, set_attribute: Callable[..., None]) -> "Clock":
        """The same for all that a viewer's playing goes by: a turn has as many updates on every machine."""
        set_attribute(Trainer, "stretch", self._timed(Trainer.stretch))
        return self.replace_in(set_attribute, move, pace, playhead, registry, replay, run_module)

    def _timed(self, work: Callable[..., Stretch]) -> Callable[..., Stretch]:
        def stretch(*given: Any, **named: Any) -> Stretch:
            made = work(*given, **named)
            self._worked += 0.001 * max(0, len(made) - 1)
            return made

        return stretch
