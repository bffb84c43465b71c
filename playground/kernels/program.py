"""A pass as a list of instructions for compiled loops: what is to be done, with sizes and addresses.

An instruction is a row of whole numbers: the address of a function of `playground.kernels.orders`, then what that
function takes, sizes first, then the addresses of tensors. Torch keeps the tensors; compiled loops work in place on
their memory. A program keeps the tensors that its addresses belong to.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor


def is_order(name: str) -> bool:
    """Whether an instruction may have this name; only to be asked where there are compiled loops."""
    from playground.kernels.orders import ORDERS

    return name in ORDERS


class Instruction:
    """One function with what it takes; called, it is carried out at once.

    order: the name of the function. sizes: whole numbers. tensors: None where there is nothing, address 0.
    """

    def __init__(self, order: str, sizes: Sequence[int], tensors: Sequence[Tensor | None]) -> None:
        self.order = order
        self.numbers = [*sizes, *(0 if each is None else each.data_ptr() for each in tensors)]
        self.tensors = tuple(tensors)
        self.dtype = next(each.dtype for each in tensors if each is not None and each.is_floating_point())

    def __call__(self) -> None:
        Program([self])()


class Program:
    """Several instructions, carried out by one call."""

    def __init__(self, instructions: Iterable[Instruction]) -> None:
        from playground.kernels.order import WIDTH, run
        from playground.kernels.orders import ORDERS

        instructions = list(instructions)
        self._run, self._like = run, _LIKE[instructions[0].dtype]
        self._rows = np.zeros((len(instructions), WIDTH), np.int64)
        for row, each in zip(self._rows, instructions, strict=True):
            row[0] = ORDERS[each.order].address(self._like.dtype.name)
            row[1 : 1 + len(each.numbers)] = each.numbers
        self._kept = [each.tensors for each in instructions]

    def __call__(self) -> None:
        self._run(self._rows, self._like)


_LIKE = {torch.float32: np.float32(0), torch.float64: np.float64(0)}


def as_programs(calls: Iterable[object]) -> list:
    """The same calls, with neighbouring instructions as one."""
    joined: list = []
    waiting: list[Instruction] = []
    for call in calls:
        if isinstance(call, Instruction):
            waiting.append(call)
            continue
        if waiting:
            joined.append(Program(waiting))
            waiting = []
        joined.append(call)
    if waiting:
        joined.append(Program(waiting))
    return joined
