"""One order: what a compiled program can be told to do. Compiled when it is first asked for, or read from disk.

An order is a function of the address of its instruction, a row of whole numbers: its own address, then sizes, then the
addresses of tensors; and of a number of the kind that these hold. Programs call orders by their addresses, so that each
is compiled by itself.
"""

# Numba says little of its types, and gives an intrinsic its first argument by itself.
# pyright: reportCallIssue=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

import threading
from collections.abc import Callable

from llvmlite import ir
from numba import cfunc, njit, types
from numba.extending import intrinsic

from playground.kernels.elementary import CALLED, COMPILED
from playground.kernels.memory import matrix

WIDTH = 20  # numbers in an instruction

_KINDS = {"float32": types.float32, "float64": types.float64}
_OPTIONS = {key: value for key, value in CALLED.items() if key != "nogil"}


class Order:
    """A function of (address of the instruction, number of the kind of its tensors)."""

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function
        self._compiled: dict[str, object] = {}
        self._lock = threading.Lock()

    def address(self, kind: str) -> int:
        """Where its machine code for numbers of a kind, "float32" or "float64", begins.

        It stays there: programs that were made keep the address.
        """
        with self._lock:  # whoever compiled it a second time would free what the first was given
            if kind not in self._compiled:
                signature = types.void(types.int64, _KINDS[kind])
                self._compiled[kind] = cfunc(signature, **_OPTIONS)(self._function)
            return self._compiled[kind].address


@njit(**COMPILED)
def numbers(instruction):
    """The numbers of an instruction."""
    return matrix(instruction, 1, WIDTH, instruction)[0]


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


@njit(**CALLED)
def run(program, like):
    """Carry out the instructions, rows of whole numbers, one after the other, on numbers of the kind of `like`."""
    first = program.ctypes.data
    for row in range(len(program)):
        _call(program[row, 0], first + row * (8 * WIDTH), like)
