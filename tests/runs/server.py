"""A server whose room for runs and whose clock are the test's."""

from collections.abc import Iterable
from dataclasses import replace

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.limits import Limits
from playground.runs.darkroom import Darkroom
from playground.runs.darkrooms import Darkrooms
from playground.runs.registry import Registry
from playground.runs.room import SPARE_SHARE
from playground.runs.run import Run
from playground.runs.size import run_bytes
from tests.runs.straight import Clock

HELLO = ExperimentConfig()
VERSE = "the cat sat on the mat\nthe dog ran off\na bird sang there\n" * 4
LARGE = ExperimentConfig(
    TextConfig(VERSE, sequence_length=20, batch_size=12), NetworkConfig(hidden_size=64, layers=2)
)
LIMIT = 300_000_000
USABLE = round((1 - SPARE_SHARE) * LIMIT)
PLENTY = 200_000_000


def seed(config: ExperimentConfig, number: int) -> ExperimentConfig:
    return replace(config, seed=number)


def needed(config: ExperimentConfig) -> int:
    """Bytes of its run."""
    return run_bytes(config, Corpus(config.text))


class Weightless(Darkrooms[Darkroom]):
    """Darkrooms that nobody has to leave room for: where only what runs take is tried."""

    def __init__(self) -> None:
        super().__init__(Darkroom)

    def most_of(self, sizes: Iterable[int]) -> int:
        return 0


class Server:
    """A registry whose room for runs and whose clock are the test's. darkrooms: `Weightless` if None."""

    def __init__(
        self, clock: Clock, room: int = PLENTY, *, darkrooms: Darkrooms[Darkroom] | None = None
    ) -> None:
        self.clock, self._others = clock, USABLE - room
        self.registry = Registry(
            Limits(memory_mb=LIMIT // 1_000_000),
            measured=self._measured,
            darkrooms=Weightless() if darkrooms is None else darkrooms,
        )

    def _measured(self) -> int:
        return self._others + self.registry.nbytes + self.registry._darkrooms.nbytes

    def set_room(self, room: int) -> None:
        """What runs may take together from now on."""
        self._others = USABLE - room
        self.registry._memory._besides.clear()  # what was measured a moment ago

    def sweep(self) -> None:
        self.registry.release("nobody", "nothing")

    def open(self, viewer: str, config: ExperimentConfig) -> Run:
        run = self.registry.get(viewer, self.registry.open(viewer, config))
        assert run is not None
        return run

    def run_of(self, config: ExperimentConfig) -> Run | None:
        """The run, without looking at it as a viewer does."""
        entry = self.registry._entries.get(self.registry._shared.get(config, ""))
        return None if entry is None else entry.run
