"""What memory is spoken for: by runs at work, by what is being made, and by the darkrooms that both need."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass

from playground.refusal import Refusal
from playground.runs.darkroom import Darkroom
from playground.runs.darkrooms import Darkrooms
from playground.runs.entry import Entry
from playground.runs.size import RECORD_BYTES, Cost

Counts = Callable[
    [str, Set[str]], bool
]  # whether a run, by its identifier and those who watch it, is to stay


@dataclass(frozen=True, slots=True)
class Coming:
    """What is being made: its bytes, and what its run costs, where that is known."""

    nbytes: int
    cost: Cost | None


@dataclass(frozen=True, slots=True)
class Shortage:
    """Something needs more memory than is free, both in bytes. fits: whether the run of another cost would do."""

    needed: int
    free: int
    fits: Callable[[Cost], bool]

    def refusal(self, hidden_size: int | None = None) -> Refusal:
        """What is said of it. hidden_size: one with which it would fit, where that is known."""
        if self.free < RECORD_BYTES:
            return Refusal(
                "batch_size",
                "This server has no memory left for one more run beside those who train just now; try again later.",
            )
        sizes = {"needed": -(-self.needed // 1_000_000), "free": self.free // 1_000_000}
        if hidden_size is not None:
            return Refusal(
                "batch_size",
                "These settings together need {needed} MB of memory, and this server has {free} left beside those "
                "who train just now; choose a hidden size of {hidden_size}, a smaller batch size or sequence "
                "length, or try again later.",
                hidden_size=hidden_size,
                **sizes,
            )
        return Refusal(
            "batch_size",
            "These settings together need {needed} MB of memory, and this server has {free} left beside those "
            "who train just now; choose a smaller batch size, sequence length, hidden size or number of "
            "layers, or try again later.",
            **sizes,
        )


class Claims:
    """Adds up what nobody else may have. To be asked with the registry's lock held.

    In all methods: counts says which runs stay. room: bytes that runs may take together, beside the darkrooms that are
    there. lately: since when what somebody has asked for is at work, on `time.monotonic`'s clock.

    Args:
        entries: the registry's, by identifier.
        coming: what is being made just now.
        darkrooms: those that develop the frames of all runs.
    """

    def __init__(
        self, entries: Mapping[str, Entry], coming: Mapping[object, Coming], darkrooms: Darkrooms[Darkroom]
    ) -> None:
        self._entries, self._coming, self._darkrooms = entries, coming, darkrooms

    def lacks(
        self, needed: int, cost: Cost | None, counts: Counts, room: int, lately: float
    ) -> Shortage | None:
        """What is short for something that does not fit beside what stays; None if it does fit.

        needed: its bytes. cost: of the run that it belongs to, where that is known.
        """
        others = self._need_darkrooms(counts, lately)
        free = self.free(counts, room, lately)

        def with_darkroom(nbytes: int, cost: Cost | None) -> int:
            return nbytes + self._developing([*others, cost]) - self._developing(others)

        if (all_of_it := with_darkroom(needed, cost)) <= free:
            return None
        return Shortage(all_of_it, free, lambda other: with_darkroom(other.at_work, other) <= free)

    def free(self, counts: Counts, room: int, lately: float) -> int:
        """Bytes beside what others use and what is coming, their darkrooms included; negative where some lack."""
        claimed = sum(entry.claim(lately) for entry in self._staying(counts))
        return room - claimed - self._coming_bytes - self._darkrooms_lacking(counts, lately)

    def to_come(self, lately: float) -> int:
        """Bytes of what is being made, and of darkrooms that are not there yet."""
        if not self._coming:
            return 0
        return self._coming_bytes + self._darkrooms_lacking(lambda _, watching: bool(watching), lately)

    def _staying(self, counts: Counts) -> list[Entry]:
        return [entry for name, entry in self._entries.items() if counts(name, entry.watched.keys())]

    @property
    def _coming_bytes(self) -> int:
        return sum(each.nbytes for each in self._coming.values())

    def _need_darkrooms(self, counts: Counts, lately: float) -> list[Cost | None]:
        """The costs of what trains and stays, and of what is coming."""
        at_work = [entry.cost for entry in self._staying(counts) if entry.trains(lately)]
        return [*at_work, *(each.cost for each in self._coming.values())]

    def _darkrooms_lacking(self, counts: Counts, lately: float) -> int:
        """Bytes of darkrooms that are needed and not there."""
        return max(0, self._developing(self._need_darkrooms(counts, lately)) - self._darkrooms.nbytes)

    def _developing(self, costs: Iterable[Cost | None]) -> int:
        """Bytes of the darkrooms for runs of such costs: equal ones share one."""
        sizes = {cost.darkroom: cost.developing for cost in costs if cost is not None}
        return self._darkrooms.most_of(sizes.values())
