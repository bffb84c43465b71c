"""Ready-made lessons of the five shapes: a task with a network that learns it soon; and the visitor's own lines."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.studies.lesson_run import LessonRun
from playground.tasks.dates import Dates
from playground.tasks.many_to_one import Sentiment
from playground.tasks.names import Names
from playground.tasks.one_to_many import Naming
from playground.tasks.one_to_one import BloodPressure
from playground.tasks.own import OwnClasses, OwnPairs, OwnTags
from playground.tasks.tagging import Tagging
from playground.tasks.task import Shape, Task, TaskKind
from playground.tasks.translation import Translation

OWN = "own"  # the lesson of a visitor's lines
FEEDS = ("target", "itself", "nothing")  # what is read while writing


@dataclass(frozen=True)
class Ready:
    """A lesson as it is offered.

    kind: of task. network, learning_rate, updates: with which it is learned; Adam, clipping by norm at 1. batch_size:
    sequences an update. has_decoder: as in `LessonRun`. beside: updates when all its `variants` are learned side by
    side, if not as many.
    """

    kind: TaskKind
    network: NetworkConfig
    learning_rate: float
    updates: int
    batch_size: int = 16
    has_decoder: bool = False
    beside: int | None = None

    @property
    def shape(self) -> Shape:
        """Of its task."""
        return self.kind.shape

    def allows(self, name: str) -> bool:
        """Whether its task has a choice of this name."""
        return name in {each.name for each in fields(self.kind)}  # pyright: ignore[reportArgumentType]

    def task(self, **choices: Any) -> Task:
        """Its task with those of the choices that it has. Raises `Refusal` for one that is not allowed."""
        given = {name: value for name, value in choices.items() if self.allows(name)}
        return self.kind(batch_size=self.batch_size, **given)


# By the names that links have for them; those of a shape in the order in which they are offered.
LESSONS: Mapping[str, Ready] = MappingProxyType(
    {
        # A person in three numbers, two hidden units, three classes.
        "pressure": Ready(BloodPressure, NetworkConfig("rnn", 2), 0.02, 400, batch_size=32),
        "naming": Ready(Naming, NetworkConfig("gru", 16), 0.01, 300),
        "sentiment": Ready(Sentiment, NetworkConfig("gru", 16), 0.01, 300),
        "names": Ready(Names, NetworkConfig("gru", 32), 0.005, 300),
        "words": Ready(Translation, NetworkConfig("rnn", 64), 0.005, 400, batch_size=32),
        "dates": Ready(
            Dates, NetworkConfig("lstm", 64), 0.005, 2000, batch_size=64, has_decoder=True, beside=1200
        ),
        "tags": Ready(Tagging, NetworkConfig("rnn", 16), 0.01, 200),
    }
)
OWN_LESSONS: Mapping[Shape, Ready] = MappingProxyType(
    {
        "many-to-one": Ready(OwnClasses, NetworkConfig("gru", 32), 0.01, 300),
        "delayed": Ready(OwnPairs, NetworkConfig("gru", 48), 0.01, 600, has_decoder=True),
        "each step": Ready(OwnTags, NetworkConfig("gru", 16), 0.01, 300),
    }
)
# What a visitor's lines of a shape are called where they are chosen.
OWN_LINES: Mapping[Shape, str] = MappingProxyType(
    {"many-to-one": "classes", "delayed": "pairs", "each step": "tags"}
)
SHAPES: tuple[Shape, ...] = tuple(dict.fromkeys(lesson.shape for lesson in LESSONS.values()))


def offered(shape: Shape) -> dict[str, Ready]:
    """The lessons of a shape, by name."""
    ready = {name: lesson for name, lesson in LESSONS.items() if lesson.shape == shape}
    return ready | ({OWN: OWN_LESSONS[shape]} if shape in OWN_LESSONS else {})


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """All that a recorded training depends on; equal ones are the same, number for number. See `LessonRun`."""

    config: TaskConfig
    task: Task
    updates: int
    has_decoder: bool = False
    feeds_itself: bool = False

    def run(self) -> LessonRun:
        """The training, of which any held-out example can be watched. Raises `Refusal` if something is not allowed."""
        return LessonRun(
            self.config,
            self.task,
            updates=self.updates,
            has_decoder=self.has_decoder,
            feeds_itself=self.feeds_itself,
            keeps_weights=True,
        )


def lesson_of(
    ready: Ready,
    network: NetworkConfig,
    *,
    learning_rate: float,
    updates: int,
    seed: int,
    has_decoder: bool,
    feed: str,
    **choices: Any,
) -> Lesson:
    """A ready-made lesson with other choices. feed: one of `FEEDS`. choices: of the task, as far as it has them.

    Raises `Refusal` for one that is not allowed.
    """
    task = ready.task(feed="nothing" if feed == "nothing" else "target", **choices)
    training = TrainingConfig(learning_rate=learning_rate)
    return Lesson(
        config=TaskConfig(network, training, seed),
        task=task,
        updates=updates,
        has_decoder=has_decoder,
        feeds_itself=feed == "itself" and ready.allows("feed"),
    )


def variants(lesson: Lesson) -> dict[str, Lesson]:
    """The lesson as it is with every read-out or, where something is written, with everything that may be read.

    By "each" and "mean", or by `FEEDS`; empty where there is no such choice.
    """
    match lesson.task:
        case Sentiment() | Names():
            return {
                readout: replace(lesson, task=replace(lesson.task, readout=readout))
                for readout in ("each", "mean")
            }
        case Translation() | Dates() | OwnPairs():
            return {
                feed: replace(
                    lesson,
                    task=replace(lesson.task, feed="nothing" if feed == "nothing" else "target"),
                    feeds_itself=feed == "itself",
                )
                for feed in FEEDS
            }
        case _:
            return {}
