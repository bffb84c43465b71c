"""Several lessons learned side by side: from one seed, an update of each in turn."""

from collections.abc import Iterator, Mapping

from playground.pieces import InPieces, Pieces
from playground.studies.lesson_run import LessonRun


class SideBySide(InPieces[None]):
    """Lessons by name, as one piece of work; one that ends early, because it has exploded, lets the others go on."""

    def __init__(self, runs: Mapping[str, LessonRun]) -> None:
        self.runs = dict(runs)
        super().__init__(_in_turn(self.runs), needs=sum(run.needs for run in self.runs.values()))

    def close(self) -> None:
        """End all of them as far as they are."""
        super().close()
        for run in self.runs.values():
            run.close()


def _in_turn(runs: Mapping[str, LessonRun]) -> Pieces[None]:
    """A piece of each that is not over; how much is done is the mean of all."""
    left: dict[str, Iterator[float]] = {name: run.pieces() for name, run in runs.items()}
    while left:
        for name in tuple(left):
            if next(left[name], None) is None:
                del left[name]
            yield sum(run.progress for run in runs.values()) / len(runs)
