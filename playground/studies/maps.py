"""The lines of a task as a map that moves while a network learns them: at some steps, where every line ends."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.analysis.embedding import Embedding, last_states
from playground.batch import Batch
from playground.models.network import Network
from playground.pieces import InPieces, Pieces
from playground.studies.lesson_run import LessonRun
from playground.studies.lessons import Lesson
from playground.tasks.drawing import Listed
from playground.tasks.many_to_one import Sentiment
from playground.tasks.names import Names
from playground.tasks.own import OwnClasses
from playground.tasks.packing import COLUMNS, columns, stretch
from playground.tasks.typed import numbers
from playground.tokens import TOKENIZERS

MOST_LINES = 600
MOST_MAPS = 24
POSITIONS = 4096  # timesteps of all lines that one pass reads
PASS_BYTES = 40 * 4  # of a hidden unit at a timestep: states, gates and what comes before them


@dataclass(frozen=True, slots=True)
class Line:
    """A line on the map: what a person reads, the class that is asked for (a msgid where the task says so), and whether
    it is held out."""

    text: str
    asked: str
    is_held_out: bool


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """One more line: its states at every map, (F, H), the odds of the classes there, (F, O), and their names."""

    states: np.ndarray
    odds: np.ndarray
    classes: tuple[str, ...]


class SentenceMaps(InPieces[None]):
    """A lesson, and the states in which its lines end at some of its recorded steps.

    Attributes:
        run: the lesson. lines: at most `MOST_LINES` of the task's, evenly. count: how many the task has.
    """

    def __init__(self, lesson: Lesson) -> None:
        assert isinstance(lesson.task, Listed)
        self.task = lesson.task
        self.run = lesson.run()
        everything, held_out = self.task.everything, self.task.held_out()
        self.count = everything.mask.shape[COLUMNS]
        most = min(self.count, MOST_LINES)
        which = np.unique(np.linspace(0, self.count - 1, most).round().astype(int))
        self._batch = columns(everything, torch.from_numpy(which))
        held = _keys(held_out) if self.task.disjoint else set[bytes]()
        self.lines = tuple(
            Line(line_text(self.task, self._batch, column), self._asked(column), key in held)
            for column, key in enumerate(_each_key(self._batch))
        )
        self._states: list[np.ndarray] = []
        self._answers: list[np.ndarray] = []
        self._places: list[int] = []  # of the frames
        hidden = lesson.config.network.hidden_size
        states = MOST_MAPS * len(self.lines) * hidden * 4
        needs = self.run.needs + 2 * states + POSITIONS * hidden * PASS_BYTES
        super().__init__(self._compute(), needs=needs)

    @property
    def steps(self) -> tuple[int, ...]:
        """Of which there are maps so far."""
        frames = self.run.frames
        return tuple(frames[place].step for place in list(self._places))

    def embedding(self) -> Embedding:
        """The maps so far. Raises ValueError where there is none."""
        count = len(self._places)
        if not count:
            raise ValueError("no step has been recorded yet")
        return Embedding.of(self.steps[:count], self._states[:count])

    def right(self, at: int) -> np.ndarray:
        """Which of the lines are answered right at map number `at`, from 0: (N,) bool."""
        asked = self._batch.targets[:, 0].masked_fill(~self._batch.mask[:, 0], 0).sum(0).numpy()
        return self._answers[at] == asked

    def read(self, text: str, field: str) -> Typed:
        """One more line, read by the networks of all maps.

        Raises `Refusal` for `field` if it is empty, too long, or has symbols that the network does not know.
        """
        ids = numbers(text, field, *alphabet(self.task))
        inputs = torch.tensor(ids).view(-1, 1, 1)
        mask = torch.zeros(inputs.shape, dtype=torch.bool)
        mask[-1] = True
        batch = Batch(inputs, torch.zeros_like(inputs), mask)
        states, odds = [], []
        for place in list(self._places):
            trace = _network(self.run, place).trace(batch, backward=False)
            states.append(trace["l0.h"][-1, 0, 0].numpy().copy())
            odds.append(trace["probabilities"][-1, 0, 0].numpy().copy())
        classes = tuple(self.task.answer(number) for number in range(self.task.signature.output_size))
        return Typed(np.stack(states), np.stack(odds), classes)

    def _compute(self) -> Pieces[None]:
        frames = 0
        for done in self.run.pieces():
            if len(self.run.frames) > frames:
                frames = len(self.run.frames)
                yield from self._read(frames - 1, done)
            yield done
        if len(self.run.frames) > frames or self._places[-1] != len(self.run.frames) - 1:
            yield from self._read(len(self.run.frames) - 1, 1.0, always=True)

    def _read(self, place: int, done: float, *, always: bool = False) -> Pieces[None]:
        """Take the map of a frame, if it is one of those of which there are maps."""
        if not always and len(self._places) >= (place / 60) * MOST_MAPS + 1:
            return
        network = _network(self.run, place)
        states, answers = [], []
        for part in _parts(self._batch):
            h, answered = last_states(network, part)
            states.append(h)
            answers.append(answered)
            yield done
        self._states.append(np.concatenate(states))
        self._answers.append(np.concatenate(answers))
        self._places.append(place)

    def _asked(self, column: int) -> str:
        asked = self.task.show(self._batch, column).asked
        return next(each for each in reversed(asked) if each)


def alphabet(task: Listed) -> tuple[tuple[str, ...], str]:
    """The symbols that a task of classes reads, and what counts as one, a key of `TOKENIZERS`."""
    match task:
        case OwnClasses():
            return task.vocabulary, task.tokens
        case Sentiment():
            return task.vocabulary, "word"
        case Names():
            return task.vocabulary, "character"
        case _:
            raise ValueError(f"lines of {task.name!r} are not classified")


def line_text(task: Listed, batch: Batch, column: int) -> str:
    """A line of a batch as it would be typed."""
    vocabulary, tokens = alphabet(task)
    read = batch.inputs[:, 0, column]
    return TOKENIZERS[tokens].decode(vocabulary[symbol] for symbol in read[read >= 0].tolist())


def _network(run: LessonRun, place: int) -> Network:
    network = run.network_at(place)
    assert isinstance(network, Network)  # what is classified has no decoder
    return network


def _each_key(batch: Batch) -> list[bytes]:
    """What is read in every column, as bytes that can be compared."""
    read: Tensor = batch.inputs[:, 0].T.contiguous()
    return [column[column >= 0].numpy().tobytes() for column in read]


def _keys(batch: Batch) -> set[bytes]:
    return set(_each_key(batch))


def _parts(batch: Batch) -> list[Batch]:
    """The columns in as many batches as keep a pass small."""
    time, _, count = batch.mask.shape
    size = max(1, POSITIONS // time)
    return [stretch(batch, COLUMNS, start, min(size, count - start)) for start in range(0, count, size)]
