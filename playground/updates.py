"""What updates do with what a pass has measured, for R replicas at once.

    ‖g‖ = √Σ g²                            over all parameters of a replica
    g ← g · threshold / (‖g‖ + 1e−6)       clipping by norm, where ‖g‖ is too large: the direction stays
    g ← g cut off at ±threshold            clipping by value: the direction changes
    p ← p − α …                            the rule of the optimiser (`playground.optimizers`)

A replica whose loss or gradient is not finite has exploded: it keeps its weights from then on. Torch makes one update
at a time. Compiled loops (`playground.kernels.updates`) make as many by one call as need nothing of Python.
"""

# torch does not say what its `tolist` returns.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import math
import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from playground.kernels.program import Instruction, Program
from playground.kernels.table import COLUMNS
from playground.models.bridge import Bridge
from playground.models.workspace import Workspace
from playground.norms import norms_of
from playground.optimizers import OPTIMIZERS, Optimizer, as_instruction

CLIP_EPSILON = 1e-6  # torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6
SMALLEST_SCALE = 1e-30  # by which a gradient of 32 bits is multiplied; smaller ones lose digits there
LINES = 64  # updates that one call makes at most

Pass = Workspace | Bridge


def inferring() -> AbstractContextManager[object]:
    """Inference mode, where it is not on already: to enter it again takes as long as an operation."""
    return nullcontext() if torch.is_inference_mode_enabled() else torch.inference_mode()


class Book:
    """By what updates are made, and what they write down: numbers in memory that torch and compiled loops share.

    Attributes:
        rates: (R,) learning rates. thresholds: (R,) for clipping, ∞ where nothing is clipped. goals: (R,) mean losses
            at which updates end, −∞ for none.
        exploded: (R,) bool, replicas that keep their weights. clips: (R,) how many updates were clipped so far.
        table: (LINES, R, 7), what each update of the last call measured, as `playground.kernels.table` says.
    """

    def __init__(self, replicas: int) -> None:
        self.rates, self.thresholds = np.zeros(replicas), np.full(replicas, math.inf)
        self.goals = np.full(replicas, -math.inf)
        self.exploded, self.clips = np.zeros(replicas, np.bool_), np.zeros(replicas, np.int64)
        self.table = np.zeros((LINES, replicas, COLUMNS))

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""
        return sum(array.nbytes for array in vars(self).values())


# How many updates are written down; how many of them have moved weights: all, or all but the last; and whether the last
# pass is that of the weights as they are now.
Made = tuple[int, int, bool]


class Updates(Protocol):
    """What makes updates, by the numbers of a book."""

    def make(self, of_pass: Pass, program: Program | None, most: int, *, moves: bool = True) -> Made:
        """Make at most `most` updates.

        They end after the first in which a replica explodes, and before the first that would leave a goal.

        of_pass: where the pass is, there and back. program: what carries it out; None: it was carried out, and one
        update is made. moves: whether weights move, once all is measured and clipped.
        """
        ...


def updates_for(
    name: str, clip: str, parameters: Tensor, gradients: Tensor, book: Book
) -> tuple[Updates, Optimizer]:
    """What makes updates by the optimiser of this name and this way of clipping, and the optimiser."""
    optimizer = OPTIMIZERS[name](parameters, gradients)
    rates, stays = torch.from_numpy(book.rates), torch.from_numpy(book.exploded)
    rule = as_instruction(name, optimizer, rates, stays)
    by_value = clip == "value"
    if rule is None:
        return InTorch(optimizer, book, by_value=by_value), optimizer
    return Compiled(rule, gradients, book, by_value=by_value), optimizer


class Compiled:
    """In compiled loops."""

    _MOST, _OF_RULE, _OF_PASS = 1, 2, slice(6, 10)  # places in the instruction

    def __init__(self, rule: Instruction, gradients: Tensor, book: Book, *, by_value: bool) -> None:
        self._rule = Program([rule])
        self._made = np.zeros(3, np.int64)
        arrays = (book.thresholds, book.goals, book.exploded, book.clips, book.table, self._made)
        nowhere = (None, None, None)  # the program of a pass, its `total` and `counts`
        tensors = (*nowhere, gradients, self._rule.rows, *map(torch.from_numpy, arrays))
        self._program = Program([Instruction("updates", (0, 1, by_value, *gradients.shape, 0), tensors)])
        self._numbers = self._program.rows[0].numpy()
        self._of: weakref.ref[Pass] | None = None
        self._has_program = False

    def make(self, of_pass: Pass, program: Program | None, most: int, *, moves: bool = True) -> Made:
        self._turn_to(of_pass, program)
        self._numbers[self._MOST] = 1 if program is None else most
        if moves:
            self._program()
        else:
            self._numbers[self._OF_RULE] = 0
            self._program()
            self._numbers[self._OF_RULE] = 1
        written, moved, is_measured = self._made.tolist()
        return written, moved, is_measured == 1

    def _turn_to(self, of_pass: Pass, program: Program | None) -> None:
        """Write into the instruction where the pass is."""
        has_program = program is not None
        if self._of is not None and self._of() is of_pass and self._has_program == has_program:
            return
        rows = (0, 0) if program is None else (len(program.rows), program.rows.data_ptr())
        self._numbers[self._OF_PASS] = (*rows, of_pass.total.data_ptr(), of_pass.counts.data_ptr())
        self._of, self._has_program = weakref.ref(of_pass), has_program


class InTorch:
    """In torch, one at a time."""

    def __init__(self, optimizer: Optimizer, book: Book, *, by_value: bool) -> None:
        self._optimizer, self._book, self._by_value = optimizer, book, by_value
        self._norms = norms_of(optimizer.gradients)

    def make(self, of_pass: Pass, program: Program | None, most: int, *, moves: bool = True) -> Made:
        del most
        with inferring():
            return self._make(of_pass, program, moves)

    def _make(self, of_pass: Pass, program: Program | None, moves: bool) -> Made:
        if program is not None:
            program()
        book, totals, norms = self._book, of_pass.total.tolist(), self._norms()
        pairs = zip(totals, of_pass.counts.tolist(), strict=True)
        nll = [total / count if count else math.nan for total, count in pairs]
        if any([each <= goal for each, goal in zip(nll, book.goals.tolist(), strict=True)]):
            return 0, 0, True
        numbers = zip(totals, norms, book.exploded.tolist(), strict=True)
        finite = [
            math.isfinite(total) and math.isfinite(norm) and not stays for total, norm, stays in numbers
        ]
        after, clipped = norms, [False] * len(norms)
        if any(finite):
            after, clipped = (self._clip_value if self._by_value else self._clip_norm)(norms, finite)
        book.exploded[:] = np.logical_not(finite)
        book.clips += clipped
        book.table[0] = np.array((nll, totals, norms, after, clipped, book.clips.tolist(), finite)).T
        if not (moves and any(finite)):
            return 1, 0, True
        self._move(finite)
        return 1, 1, False

    def _move(self, finite: Sequence[bool]) -> None:
        """Move the weights of all replicas, then put back those that have exploded."""
        optimizer, rates = self._optimizer, _common(self._book.rates, self._optimizer.parameters.dtype)
        if all(finite):
            optimizer.step(rates)
            return
        stays = [replica for replica, each in enumerate(finite) if not each]
        tensors = [tensor for tensor in (optimizer.parameters, *optimizer.state.values()) if tensor.dim()]
        kept = [tensor[stays].clone() for tensor in tensors]  # a step counter is shared by all
        optimizer.step(rates)
        for tensor, rows in zip(tensors, kept, strict=True):
            tensor[stays] = rows

    def _clip_norm(
        self, norms: Sequence[float], finite: Sequence[bool]
    ) -> tuple[Sequence[float], Sequence[bool]]:
        numbers = zip(self._book.thresholds.tolist(), norms, finite, strict=True)
        scales = [threshold / (norm + CLIP_EPSILON) if each else 1.0 for threshold, norm, each in numbers]
        clipped = [scale < 1 for scale in scales]
        if not any(clipped):
            return norms, clipped
        scales, gradients = [min(scale, 1.0) for scale in scales], self._optimizer.gradients
        if min(scales) < SMALLEST_SCALE:
            gradients.copy_(gradients.double() * _column(scales, torch.float64))
        elif len(scales) == 1:
            gradients.mul_(scales[0])
        else:
            gradients.mul_(_column(scales, gradients.dtype))
        return [norm * scale for norm, scale in zip(norms, scales, strict=True)], clipped

    def _clip_value(
        self, norms: Sequence[float], finite: Sequence[bool]
    ) -> tuple[Sequence[float], Sequence[bool]]:
        thresholds, gradients = self._book.thresholds, self._optimizer.gradients
        largest: list[float] = torch.linalg.vector_norm(gradients, math.inf, 1).tolist()
        numbers = zip(largest, thresholds.tolist(), finite, strict=True)
        clipped = [each > threshold and is_finite for each, threshold, is_finite in numbers]
        if not any(clipped):
            return norms, clipped
        bounds = _common(thresholds, gradients.dtype)
        gradients.clamp_(-bounds, bounds)  # pyright: ignore[reportCallIssue, reportArgumentType]
        after = zip(norms, self._norms(), clipped, strict=True)
        return [now if each else before for before, now, each in after], clipped


def _common(values: np.ndarray, dtype: torch.dtype) -> float | Tensor:
    """The number that all replicas share, or a column with one for each."""
    numbers = values.tolist()
    return numbers[0] if len(set(numbers)) == 1 else _column(numbers, dtype)


def _column(values: Sequence[float], dtype: torch.dtype) -> Tensor:
    """One number per replica as (R, 1), to go with rows of parameters."""
    return torch.tensor(values, dtype=dtype)[:, None]
