"""All orders as one piece of machine code, loaded without the compiler that made it.

Numba compiles them in a process of its own (`playground.kernels.build`), and what it made is kept on disk. LLVM alone
loads it: that takes a tenth of a second and 5 MB of the process's own memory, where Numba would take 54.
"""

# llvmlite has no types.
# pyright: reportMissingTypeStubs=false

import ctypes
import logging
import threading

from playground.kernels import kept
from playground.kernels.compiler import compiled

logger = logging.getLogger(__name__)
WIDTH = 20  # numbers in an instruction
PREFIX = "order_"  # of the name of an order in machine code; no function of C is called so
RUN = "run_program"
_libraries: dict[str, "Library"] = {}
_lock = threading.Lock()


class Library:
    """Machine code of all orders for numbers of one kind.

    code: what `playground.kernels.build` has made for a processor like this one. Anything else may end the process.
    run: carries out instructions, given where they begin and how many there are, as ctypes' c_void_p and c_int64. It
    lets other threads compute meanwhile.
    """

    def __init__(self, code: bytes) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self.run = ctypes.CFUNCTYPE(None)(self._engine.get_function_address(RUN))

    def has(self, order: str) -> bool:
        """Whether there is an order of that name."""
        return self._engine.get_function_address(PREFIX + order) != 0

    def address(self, order: str) -> int:
        """Where the machine code of an order begins. Raises KeyError if there is none of that name."""
        if not self.has(order):
            raise KeyError(order)
        return self._engine.get_function_address(PREFIX + order)


def library(kind: str) -> Library:
    """The orders for numbers of a kind, "float32" or "float64": as they were kept, or compiled now.

    The first who asks waits. It stays for the life of the process: programs keep addresses.

    Raises:
        NotCompiled: where it cannot be compiled. ToldToEnd: where this process is to end before it is.
        OSError: where no other process can be started.
    """
    with _lock:
        if kind not in _libraries:
            _libraries[kind] = Library(_code(kind))
        return _libraries[kind]


def _code(kind: str) -> bytes:
    """Machine code for this processor, from disk or compiled."""
    place = kept.place(kind)
    if place is not None and (code := kept.read(place)) is not None:
        return code
    how_often = "at every start" if place is None else "once"
    logger.warning("Compiling for this processor: some ten seconds, %s", how_often)
    code = compiled(kind)
    is_current = kept.place(kind) == place  # else a source was saved meanwhile: which one was compiled?
    if place is not None and is_current and (fault := kept.write(place, code)) is not None:
        logger.warning("Compiled code cannot be kept, so it is compiled at every start: %s", fault)
    return code
