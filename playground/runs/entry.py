"""What a server knows of one run besides the run itself: who watches it, and what it costs."""

from dataclasses import dataclass, field

from playground.runs.run import Run
from playground.runs.size import Cost

PLAYED_SECONDS = 20.0  # who plays may wait as long for the next turn, where large networks train beside it


@dataclass(slots=True)
class Entry:
    """A run, what it costs and who holds it; times are those of `time.monotonic`.

    Attributes:
        watched: viewer → when it last asked for the run. asked: when anybody did.
        played: when somebody last trained it.
    """

    run: Run
    cost: Cost
    watched: dict[str, float] = field(default_factory=dict[str, float])
    asked: float = 0.0
    played: float = -float("inf")

    def is_at_work(self, lately: float) -> bool:
        """Whether somebody plays this run or has looked at it since then."""
        return bool(self.watched) and max(self.asked, self.played + PLAYED_SECONDS) >= lately

    def trains(self, lately: float) -> bool:
        """Whether it is at work and has its trainer."""
        return self.is_at_work(lately) and not self.run.is_parked

    def claim(self, lately: float) -> int:
        """Bytes that nobody else may have."""
        own = self.cost.at_work if self.trains(lately) else self.cost.at_rest
        return own + self.run.walking_bytes
