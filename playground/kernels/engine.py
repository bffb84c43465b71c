"""Which engine computes: compiled loops where they can be had and are faster, else torch alone.

The setting PLAYGROUND_ENGINE: "auto", as when it is empty, or "torch" to do without compiled loops. With a Numba that
does not work, or with a setting that is none, a line in the log says so, and torch computes everything, as without
Numba.
"""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

import torch

from playground.kernels.compiler import NotCompiled, ToldToEnd
from playground.kernels.library import library
from playground.kernels.program import Instruction
from playground.refusal import shorten

logger = logging.getLogger(__name__)
SETTING = "PLAYGROUND_ENGINE"
ENGINES = ("auto", "torch")
LONGEST_FAULT = 200  # characters of what a broken Numba says

_lock = threading.Lock()
_loops: bool | None = None  # whether they can be had; None before anybody has asked
_kinds = frozenset({torch.float32})


def are_compiled(dtype: torch.dtype) -> bool:
    """Whether compiled loops compute numbers of this kind: of 64 bits only where `checking`."""
    return dtype in _kinds and can_compile()


def can_compile() -> bool:
    """Whether there are compiled loops; the first who asks waits until they are read from disk, or compiled."""
    global _loops
    if _loops is None:
        with _lock:
            if _loops is None:
                _loops = _load(os.environ)
    return _loops


@contextmanager
def using(*, loops: bool, checking: bool = False) -> Iterator[None]:
    """Networks that are made meanwhile compute like this; for tests and benchmarks.

    loops: whether there are compiled loops, if they can be had. checking: whether they compute numbers of 64 bits too.
    """
    global _loops, _kinds
    before = can_compile(), _kinds
    _loops = before[0] and loops
    _kinds = frozenset({torch.float32, torch.float64} if checking else {torch.float32})
    try:
        yield
    finally:
        _loops, _kinds = before


def _load(environment: Mapping[str, str]) -> bool:
    """Read from disk, or compile, what every program needs; whether it can be used."""
    wanted = environment.get(SETTING) or "auto"
    if wanted not in ENGINES:
        allowed = ", ".join(map(repr, ENGINES))
        logger.warning(
            "%s must be one of %s; got %s. Torch computes everything", SETTING, allowed, shorten(wanted)
        )
        return False
    if wanted == "torch" or find_spec("numba") is None:  # an extra, which a small server does without
        return False
    try:
        library("float32")
        _prove()
    except ToldToEnd:  # nobody will compute anything
        return False
    except Exception as error:
        fault = str(error) if isinstance(error, NotCompiled) else f"{type(error).__name__}: {error}"
        logger.warning(
            "Numba cannot be used, so torch computes everything: %s", " ".join(fault.split())[:LONGEST_FAULT]
        )
        return False
    return True


def _prove() -> None:
    """Carry out one instruction: what is wrong with Numba, no visitor should find out. Raises RuntimeError."""
    numbers = torch.tensor([1.0, 2.0, 3.0])
    squares = torch.zeros_like(numbers)
    Instruction("multiply", (3,), (numbers, numbers, squares))()
    if squares.tolist() != [1, 4, 9]:
        raise RuntimeError(f"the squares of 1, 2, 3 must not be {squares.tolist()}")
