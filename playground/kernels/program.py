"""A pass as a list of instructions for compiled loops: what is to be done, with sizes and addresses.

An instruction is a row of whole numbers: the address of a function of `playground.kernels.orders`, then what that
function takes, sizes first, then the addresses of tensors. Torch keeps the tensors; compiled loops work in place on
their memory. A program keeps the tensors that its addresses belong to.
"""

import ctypes
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NoReturn

import torch
from torch import Tensor

from playground.kernels.library import WIDTH, library


def is_order(name: str) -> bool:
    """Whether an instruction may have this name; only to be asked where there are compiled loops."""
    return library("float32").has(name)


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
    """Several instructions, carried out by one call.

    Attributes:
        rows: (N, WIDTH), the instructions as whole numbers.
    """

    def __init__(self, instructions: Iterable[Instruction]) -> None:
        instructions = list(instructions)
        orders = library(str(instructions[0].dtype).removeprefix("torch."))
        self.rows = torch.zeros(len(instructions), WIDTH, dtype=torch.int64)
        for row, each in zip(self.rows.numpy(), instructions, strict=True):
            row[0] = orders.address(each.order)
            row[1 : 1 + len(each.numbers)] = each.numbers
        self._kept = [each.tensors for each in instructions]
        # A number that ctypes has made already costs the least to hand over.
        begin, count = ctypes.c_void_p(self.rows.data_ptr()), ctypes.c_int64(len(instructions))
        self._run = partial(orders.run, begin, count)

    def __call__(self) -> None:
        self._run()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a program cannot be copied: addresses in it are of tensors that stay where they are")


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
