"""What every task says of itself, and how an answer is judged.

A task is what is read, what is asked and how it is judged, apart from the network: a shape is a mask. Shapes as in
`playground.batch`: T time, R replicas, B batch, O output size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import torch
from torch import Tensor

from playground.batch import NOTHING, Batch, Signature
from playground.catalogue import N_

# Where inputs and losses stand: at one timestep; input first, then losses; inputs, then one loss; all inputs before
# the first loss; both at every timestep.
Shape = Literal["one-to-one", "one-to-many", "many-to-one", "delayed", "each step"]
# The share of single answers that are right; of whole sequences without a mistake; the mean squared error.
Measure = Literal["accuracy", "exact", "error"]

NOT_A_NUMBER = N_("not a number")  # what is said of an output that is infinite or NaN


@dataclass(frozen=True, slots=True)
class Success:
    """How well each replica answered: `values`, one per replica, are shares or means of `n` things judged.

    NaN for a replica one of whose outputs is infinite or NaN where something is asked: it has not answered.
    """

    measure: Measure
    values: tuple[float, ...]
    n: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One sequence as a person reads it, three strings a timestep; empty where nothing is read, asked or answered.

    `NOT_A_NUMBER`, a msgid in every task, is answered where the outputs are infinite or NaN.
    """

    read: tuple[str, ...]
    asked: tuple[str, ...]
    answered: tuple[str, ...]


class Task(Protocol):
    """What a network can be trained on and judged by. A frozen dataclass of its choices; equal tasks are the same.

    Attributes:
        name: its key in `TASKS`. title, tests: what it is called and what it tests, as msgids of the catalogue.
        shape: where inputs and losses stand. measure: how it is judged. goal: the value of it that counts as solved.
        named: whether its answers are words of ours, msgids too, not of the data.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    tests: ClassVar[str]
    shape: ClassVar[Shape]
    measure: ClassVar[Measure]
    goal: ClassVar[float]
    named: ClassVar[bool]

    @property
    def disjoint(self) -> bool:
        """Whether no held-out sequence is ever trained on."""
        ...

    @property
    def signature(self) -> Signature:
        """What a network for this task reads and answers."""
        ...

    @property
    def chance(self) -> float:
        """The success, on the whole, of always giving the best of all constant answers."""
        ...

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of training step `step` (from 0), (T, 1, B): always the same for the same seed and step."""
        ...

    def held_out(self) -> Batch:
        """What it is judged on, (T, 1, B): the same for every seed."""
        ...

    def success(self, outputs: Tensor, batch: Batch) -> Success:
        """Judge what the read-out gave, (T, R, B, O), on a batch (T, 1, B) that all replicas have read."""
        ...

    def show(self, batch: Batch, column: int, outputs: Tensor | None = None) -> Shown:
        """One column of a batch in words, with the answers of the first replica if there are outputs."""
        ...


class TaskKind(Protocol):
    """The class of a task: called with some of its choices, all of which have a default, it is one."""

    name: str
    title: str
    tests: str
    shape: Shape
    measure: Measure
    goal: float
    named: bool

    def __call__(self, *args: Any, **choices: Any) -> Task:
        """Raises `Refusal` for a choice that is not allowed."""
        ...


def is_solved(task: Task, success: Success) -> tuple[bool, ...]:
    """Whether each replica has reached the goal of a task: an error at most, a share at least."""
    below = success.measure == "error"
    return tuple(value <= task.goal if below else value >= task.goal for value in success.values)


def judge(measure: Measure, outputs: Tensor, batch: Batch) -> Success:
    """What `outputs`, (T, R, B, O), are worth where `batch`, (T, 1, B), has a loss.

    Raises ValueError if it has none.
    """
    mask = batch.mask
    if measure == "exact":
        mask = mask.any(0)  # (1, B): a sequence in which something is asked
    n = int(mask.sum())
    if not n:
        raise ValueError("there is nothing to judge: the mask is False everywhere")
    if measure == "error":
        worth = (outputs - batch.targets).square().sum(-1)
    else:
        worth = outputs.argmax(-1) == batch.targets
        if measure == "exact":
            worth = (worth | ~batch.mask).all(0)
    total = torch.where(mask, worth, 0).double().transpose(-1, -2).flatten(0, -2).sum(0)  # (R,)
    has_answered = (outputs.isfinite().all(-1) | ~batch.mask).transpose(-1, -2).flatten(0, -2).all(0)  # (R,)
    return Success(measure, tuple(torch.where(has_answered, total / n, torch.nan).tolist()), n)


def in_words(output: Tensor, say: Callable[[Tensor], str]) -> str:
    """What `say` calls one output (O,) of numbers; `NOT_A_NUMBER` if not all of them are finite."""
    return say(output) if output.isfinite().all() else NOT_A_NUMBER


def answered_by(output: Tensor, answer: Callable[[int], str]) -> str:
    """The same of the symbol or class with the largest logit, as `answer` calls it."""
    return in_words(output, lambda logits: answer(int(logits.argmax())))


def shown(
    batch: Batch,
    column: int,
    outputs: Tensor | None,
    symbol: Callable[[int], str],
    answer: Callable[[int], str],
) -> Shown:
    """One column of a batch of symbols and classes: `symbol` says what is read, `answer` what is asked and answered."""
    read, asked, mask = (part[:, 0, column].tolist() for part in (batch.inputs, batch.targets, batch.mask))
    silent = ("",) * len(mask)
    return Shown(
        tuple("" if each == NOTHING else symbol(each) for each in read),
        tuple(answer(each) if is_asked else "" for each, is_asked in zip(asked, mask, strict=True)),
        silent
        if outputs is None
        else tuple(
            answered_by(each, answer) if is_asked else ""
            for each, is_asked in zip(outputs[:, 0, column], mask, strict=True)
        ),
    )
