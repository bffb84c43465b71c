"""Where the sequences of a task come from: drawn without end from a seed, or drawn from a list.

Same seed, same step: the same batch. Kinds of tasks, seeds and blocks of steps have random numbers of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.config import check_fields
from playground.seeding import seeded
from playground.tasks.fields import TASK_FIELDS
from playground.tasks.packing import columns, joined, split
from playground.tasks.task import Measure, Shape, Shown, Success, judge, shown

BLOCK = 8192  # about as many timesteps of sequences are drawn at once: dispatch, not arithmetic, is what draws cost
MOST_STEPS = 64  # of training, for which one block is enough
KEPT = 128  # blocks, of all tasks together, some 20 MB: as many seeds can train side by side
HELD_OUT = 256  # sequences on which a task is judged, if it has as many
SHARE = 8  # one sequence in so many is held out
FEWEST = 10  # groups of a list of which some are held out
ROUNDS = 64  # of drawing, after which a task has no more sequences to hold out


@dataclass(frozen=True, kw_only=True)
class SequenceTask:
    """What `Drawn` and `Listed` have in common: batches by seed and step, and how they are judged and shown."""

    batch_size: int = 16

    name: ClassVar[str]
    title: ClassVar[str]
    tests: ClassVar[str]
    shape: ClassVar[Shape]
    measure: ClassVar[Measure] = "accuracy"
    goal: ClassVar[float] = 0.95
    named: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_fields(self, TASK_FIELDS)

    @property
    def signature(self) -> Signature:
        """What a network for this task reads and answers."""
        raise NotImplementedError

    def training(self, generator: torch.Generator, count: int) -> Batch:
        """`count` sequences to train on, (T, 1, count)."""
        raise NotImplementedError

    def held_out(self) -> Batch:
        """What it is judged on, (T, 1, B): the same for every seed."""
        raise NotImplementedError

    def symbol(self, read: int) -> str:
        """What a symbol that is read is called."""
        raise NotImplementedError

    def answer(self, target: int) -> str:
        """What a symbol or class that is answered is called."""
        return self.symbol(target)

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of training step `step` (from 0), (T, 1, batch_size)."""
        block, place = divmod(step, self._steps)
        return _block(self, seed, block, self._steps)[place]

    def success(self, outputs: Tensor, batch: Batch) -> Success:
        """Judge what the read-out gave, (T, R, B, O), on a batch (T, 1, B) that all replicas have read."""
        return judge(self.measure, outputs, batch)

    def show(self, batch: Batch, column: int, outputs: Tensor | None = None) -> Shown:
        """One column of a batch in words, with the answers of the first replica if there are outputs."""
        return shown(batch, column, outputs, self.symbol, self.answer)

    @cached_property
    def _steps(self) -> int:
        """How many batches are drawn at once."""
        time = len(self.held_out().mask)
        return min(MOST_STEPS, max(1, BLOCK // (time * self.batch_size)))


@dataclass(frozen=True, kw_only=True)
class Drawn(SequenceTask):
    """A task whose sequences are drawn without end.

    Whether a sequence is held out is decided by a hash of what is read, or of a part of it, so no sequence is on both
    sides.
    """

    @property
    def disjoint(self) -> bool:
        """No held-out sequence is ever trained on."""
        return True

    def draw(self, generator: torch.Generator, count: int) -> Batch:
        """`count` sequences as they come, (T, 1, count)."""
        raise NotImplementedError

    def is_held_out(self, batch: Batch) -> Tensor:
        """Which sequences of a batch are held out, (B,) bool."""
        return by_hash(batch.inputs)

    def training(self, generator: torch.Generator, count: int) -> Batch:
        """`count` sequences that are not held out."""
        return _on_one_side(self, generator, count, held_out=False)

    def held_out(self) -> Batch:
        """At most `HELD_OUT` different sequences, none of which is ever trained on."""
        return self._held_out

    @cached_property
    def _held_out(self) -> Batch:
        with torch.inference_mode(False):
            drawn = _on_one_side(self, seeded(self.name, "held out"), HELD_OUT, held_out=True)
            return columns(drawn, _first_of_each(drawn.inputs))


@dataclass(frozen=True, kw_only=True)
class Listed(SequenceTask):
    """A task that has a list of sequences, some of which are held out.

    They are held out in groups, one in five, so that what belongs together (the same words in another order) is on one
    side. One is drawn from every five or more whose answers are alike: on both sides each answer is about as frequent.
    Of fewer than `FEWEST` groups none is held out: all are learned, and all are judged.
    """

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """All sequences, (T, 1, N), and the group of each, counted from 0."""
        raise NotImplementedError

    @property
    def everything(self) -> Batch:
        """All sequences, (T, 1, N)."""
        return self._listed[0]

    @property
    def learned(self) -> Batch:
        """The sequences that are not held out, (T, 1, N)."""
        return self._training

    @property
    def disjoint(self) -> bool:
        """Whether there are groups enough."""
        return bool(self._is_held_out.any())

    def training(self, generator: torch.Generator, count: int) -> Batch:
        """`count` of the sequences that are not held out, drawn with repetition."""
        return columns(
            self._training, torch.randint(self._training.mask.shape[2], (count,), generator=generator)
        )

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of training step `step`; if all sequences fit into one batch, it is that, the same each time."""
        if self._training.mask.shape[2] <= self.batch_size:
            return self._training
        return super().batch(seed, step)

    def held_out(self) -> Batch:
        """The groups that are held out, or all where none is."""
        return self._held_out

    @cached_property
    def _listed(self) -> tuple[Batch, tuple[int, ...]]:
        with torch.inference_mode(False):
            return self.sequences()

    @cached_property
    def _is_held_out(self) -> Tensor:
        """(N,) bool: by an order of the groups that is drawn once and for all, then sorted by their answers."""
        everything, groups = self._listed
        answers = _answers(everything, groups)
        if len(answers) < FEWEST:
            return torch.zeros(len(groups), dtype=torch.bool)
        generator = seeded(self.name, "groups")
        order = torch.randperm(len(answers), generator=generator).tolist()
        alike = torch.tensor(sorted(order, key=answers.__getitem__)).tensor_split(len(answers) // 5)
        drawn = [some[torch.randint(len(some), (1,), generator=generator)] for some in alike]
        return torch.isin(torch.tensor(groups), torch.cat(drawn))

    @cached_property
    def _training(self) -> Batch:
        with torch.inference_mode(False):
            return columns(self.everything, (~self._is_held_out).nonzero()[:, 0])

    @cached_property
    def _held_out(self) -> Batch:
        with torch.inference_mode(False):
            judged = self._is_held_out if self.disjoint else torch.ones_like(self._is_held_out)
            return columns(self.everything, judged.nonzero()[:, 0])


@lru_cache(maxsize=KEPT)
def _block(task: SequenceTask, seed: int, block: int, steps: int) -> tuple[Batch, ...]:
    """The batches of `steps` training steps in a row."""
    with torch.inference_mode(False):  # or autograd could not read them
        generator = seeded(task.name, seed, block)
        return split(task.training(generator, steps * task.batch_size), task.batch_size)


def _on_one_side(task: Drawn, generator: torch.Generator, count: int, *, held_out: bool) -> Batch:
    """`count` sequences that are all held out, or all not; fewer if they do not come in many rounds."""
    found: list[Batch] = []
    missing, rounds = count, 0
    while missing > 0 and rounds < ROUNDS:
        drawn = task.draw(generator, count + count // 4)
        which = (task.is_held_out(drawn) == held_out).nonzero()[:missing, 0]
        found.append(columns(drawn, which))
        missing, rounds = missing - len(which), rounds + 1
    return joined(found)


def by_hash(sequences: Tensor) -> Tensor:
    """One in `SHARE` of the columns of (T, 1, B) or (T, 1, B, E), as (B,) bool: the same for the same numbers.

    Every row is mixed with a key of its own, and so is their sum: no symbol at one place, nor a pattern of them, says
    more than others of the side.
    """
    numbers = sequences.view(torch.int32).long() if sequences.is_floating_point() else sequences
    rows = numbers.transpose(2, -1).flatten(0, -2)  # (T or T · E, B)
    keys = torch.randint(-(2**63), 2**63 - 1, (len(rows), 1), generator=seeded("keys"))
    return _mixed(_mixed(rows ^ keys).sum(0)) % SHARE == 0


def _mixed(numbers: Tensor) -> Tensor:
    """Each int64 as another one, every bit of which depends on all of its bits; sums and products are modulo 2⁶⁴.

    This is the last step of SplitMix64. Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
    generators".
    """
    for bits, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ _without_low_bits(numbers, bits)) * (factor - 2**64)
    return numbers ^ _without_low_bits(numbers, 31)


def _without_low_bits(numbers: Tensor, bits: int) -> Tensor:
    """Each int64 shifted to the right, with zeros from the left, whatever its sign."""
    return (numbers >> bits) & (2 ** (64 - bits) - 1)


def _answers(batch: Batch, groups: Sequence[int]) -> list[list[list[int]]]:
    """What is asked in each group: the answers of all its sequences, sorted, as that can be compared."""
    of_group: list[list[list[int]]] = [[] for _ in range(max(groups) + 1)]
    for column, group in enumerate(groups):
        of_group[group].append(batch.targets[:, 0, column][batch.mask[:, 0, column]].tolist())
    return [sorted(answers) for answers in of_group]


def _first_of_each(inputs: Tensor) -> Tensor:
    """Where each different sequence stands for the first time, (N,), in this order."""
    places: dict[bytes, int] = {}
    for place, sequence in enumerate(inputs.transpose(0, 2).contiguous()):
        places.setdefault(sequence.numpy().tobytes(), place)
    return torch.tensor(list(places.values()))
