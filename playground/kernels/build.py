"""Compiles all orders to one piece of machine code: what a process of its own does, so that no server imports Numba.

Numba gives each order as a function of its own kind: int (void **result, void **fault, instruction, number), where what
is not 0 says that it has failed. No order does, and C functions around them, as short as can be, leave that out.
"""

# Numba and llvmlite say little of their types.
# pyright: reportMissingTypeStubs=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

import ctypes
import os
import sys
from collections.abc import Iterator

import llvmlite.binding as llvm
import numpy as np
from numba import config
from numba.core.registry import cpu_target

from playground.kernels.library import PREFIX, RUN, WIDTH, Library
from playground.kernels.order import Compiled, compiled_run
from playground.kernels.orders import ORDERS

# Arrays of Numba's own have a destructor; those of orders are of torch, and have none.
_NO_DESTRUCTOR = "define void @NRT_MemInfo_call_dtor(ptr %memory) {\n  ret void\n}"


def main(kind: str) -> None:
    """Write machine code for numbers of a kind, "float32" or "float64", to the standard output, and nothing else."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever Numba has to say is no machine code
    try:
        code = build(kind)
        _prove(Library(code), np.dtype(kind))
    except Exception as error:
        sys.exit(" ".join(f"{type(error).__name__}: {error}".split()))
    with output:
        output.write(code)


def build(kind: str) -> bytes:
    """An object file with all orders, and what runs a program of them."""
    if config.DISABLE_JIT:
        raise RuntimeError("Numba's compiler is switched off")
    functions = {PREFIX + name: order.compiled(kind) for name, order in ORDERS.items()}
    functions[RUN] = compiled_run(kind)
    _, processor, features = cpu_target.target_context.codegen().magic_tuple()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=processor, features=features, opt=3, codemodel="jitdefault", jit=True
    )
    whole = llvm.parse_assembly("\n".join([_NO_DESTRUCTOR, *_in_c(functions)]))
    whole.triple, whole.data_layout = machine.triple, str(machine.target_data)
    for each in functions.values():
        whole.link_in(llvm.parse_assembly(each.assembly))
    whole.verify()
    return machine.emit_object(whole)


def _in_c(functions: dict[str, Compiled]) -> Iterator[str]:
    """Each function under its name, as C would call it."""
    for name, each in functions.items():
        kinds = "".join(f", {kind}" for kind in each.kinds)
        takes = ", ".join(f"{kind} %a{n}" for n, kind in enumerate(each.kinds))
        given = "".join(f", {kind} %a{n}" for n, kind in enumerate(each.kinds))
        yield f"""
declare i32 @"{each.name}"(ptr, ptr{kinds})
define void @{name}({takes}) {{
  %result = alloca ptr
  %fault = alloca ptr
  %status = call i32 @"{each.name}"(ptr %result, ptr %fault{given})
  ret void
}}"""


def _prove(library: Library, dtype: np.dtype) -> None:
    """Carry out one instruction. Raises RuntimeError if it comes to something else."""
    numbers = np.arange(1, 20, dtype=dtype)
    squares, rows = np.zeros_like(numbers), np.zeros((1, WIDTH), np.int64)
    address = library.address("multiply")
    rows[0, :5] = address, numbers.size, numbers.ctypes.data, numbers.ctypes.data, squares.ctypes.data
    library.run(ctypes.c_void_p(rows.ctypes.data), ctypes.c_int64(len(rows)))
    if not np.array_equal(squares, numbers**2):
        raise RuntimeError(f"the squares of {numbers.tolist()} must not be {squares.tolist()}")
