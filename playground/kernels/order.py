"""One order: what a compiled program can be told to do.

An order is a function of the address of its instruction, a row of whole numbers: its own address, then sizes, then the
addresses of tensors; and of a number of the kind that these hold. Programs call orders by their addresses, so that each
is compiled by itself.
"""

# Numba says little of its types, and gives an intrinsic its first argument by itself.
# pyright: reportCallIssue=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from playground.kernels.elementary import COMPILED
from playground.kernels.library import WIDTH
from playground.kernels.memory import matrix

_KINDS = {"float32": types.float32, "float64": types.float64}


@dataclass(frozen=True)
class Compiled:
    """What Numba makes of a function: its name there, the kinds of what it takes and the assembly, as LLVM calls them.

    All functions that it calls are in the assembly.
    """

    name: str
    kinds: tuple[str, ...]
    assembly: str


class Order:
    """A function of (address of the instruction, number of the kind of its tensors)."""

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function

    def compiled(self, kind: str) -> Compiled:
        """It for numbers of a kind, "float32" or "float64"."""
        return _compiled(self._function, types.int64, _KINDS[kind])


def compiled_run(kind: str) -> Compiled:
    """What carries out instructions, rows of whole numbers, one after the other; given their address, and how many."""
    number = np.dtype(kind).type(0)

    def run(program, count):
        carry_out(program, count, number)

    return _compiled(run, types.int64, types.int64)


def _compiled(function: Callable[..., None], *kinds: types.Type) -> Compiled:
    """A function that takes numbers of these kinds."""
    signature = types.void(*kinds)
    dispatcher = njit(signature, **COMPILED)(function)
    named = {types.int64: "i64", types.float32: "float", types.float64: "double"}
    name = dispatcher.get_compile_result(signature).fndesc.llvm_func_name
    return Compiled(name, tuple(named[kind] for kind in kinds), dispatcher.inspect_llvm(kinds))


@njit(**COMPILED)
def numbers(instruction):
    """The numbers of an instruction."""
    return matrix(instruction, 1, WIDTH, instruction)[0]


@njit(**COMPILED)
def carry_out(program, count, like):
    """Carry out so many instructions, which begin at an address, one after the other."""
    for row in range(count):
        instruction = program + row * (8 * WIDTH)
        _call(matrix(instruction, 1, 1, instruction)[0, 0], instruction, like)


@intrinsic
def _call(typingctx, address, instruction, like):
    """Call an order."""
    del typingctx, address, instruction

    def codegen(context, builder, signature, arguments):
        address, instruction, number = arguments
        kind = ir.FunctionType(ir.VoidType(), (instruction.type, number.type))
        builder.call(builder.inttoptr(address, kind.as_pointer()), (instruction, number))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, like), codegen
