"""Which engine computes: compiled loops where they can be had and are faster, else torch alone.

The setting PLAYGROUND_ENGINE: "auto", as when it is empty, or "torch" to do without compiled loops. With a Numba that
does not work, or with a setting that is none, a line in the log says so, and torch computes everything, as without
Numba. Where machine code cannot be kept, or what is kept cannot be read, it is compiled at the start.
"""

# Numba says little of its types, and gives an intrinsic its first argument by itself.
# pyright: reportCallIssue=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

import hashlib
import logging
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch

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
    """Compile what every program needs, or read it from disk; whether it can be used."""
    wanted = environment.get(SETTING) or "auto"
    if wanted not in ENGINES:
        allowed = ", ".join(map(repr, ENGINES))
        logger.warning(
            "%s must be one of %s; got %s. Torch computes everything", SETTING, allowed, shorten(wanted)
        )
        return False
    if wanted == "torch":
        return False
    try:
        import numba
    except ModuleNotFoundError as error:  # Numba is an extra, which a small server does without
        return False if error.name == "numba" else _without(error)
    except Exception as error:
        return _without(error)
    try:
        if numba.config.DISABLE_JIT:
            raise RuntimeError("its compiler is switched off")
        place = _cache(environment)
        if place is None:
            _say_how_long("at every start")
        elif _has_compiled(place):
            return True
        _compile("")
    except Exception as error:
        return _without(error)
    return True


def _has_compiled(place: Path) -> bool:
    """Compile what is not kept there yet, and keep it; False, and nothing is left of it, where that fails.

    A file of the cache may be damaged, or the disk full: Numba then raises whatever it meets.
    """
    try:
        if not any(place.iterdir()):
            _say_how_long("once")
        _compile(str(place))
    except Exception as error:
        _say_how_long(f"without a cache this time, because of {_fault(error)}")
        shutil.rmtree(place, ignore_errors=True)
        _forget()
        return False
    return True


def _compile(place: str) -> None:
    """Compile what every program needs, or read it from a folder ("" for none), and see that it works."""
    import numba

    numba.config.CACHE_DIR = place
    from playground.kernels.orders import compile_all

    compile_all()
    _prove()


def _forget() -> None:
    """Let compiled functions be made anew: each takes the cache that there is when its file is imported."""
    package = sys.modules[__name__.rpartition(".")[0]]
    for name, module in list(vars(package).items()):
        full = f"{package.__name__}.{name}"
        if sys.modules.get(full) is module and full not in (__name__, Instruction.__module__):
            del sys.modules[full]
            delattr(package, name)


def _prove() -> None:
    """Carry out one instruction: what is wrong with Numba, no visitor should find out. Raises RuntimeError."""
    numbers = torch.tensor([1.0, 2.0, 3.0])
    squares = torch.zeros_like(numbers)
    Instruction("multiply", (3,), (numbers, numbers, squares))()
    if squares.tolist() != [1, 4, 9]:
        raise RuntimeError(f"the squares of 1, 2, 3 must not be {squares.tolist()}")


def _say_how_long(how_often: str) -> None:
    """Say why the start takes its time."""
    logger.warning("Compiling for this processor: some ten seconds, %s", how_often)


def _without(error: Exception) -> bool:
    """Say in one line why there are no compiled loops."""
    logger.warning("Numba cannot be used, so torch computes everything: %s", _fault(error))
    return False


def _fault(error: Exception) -> str:
    """An error as part of a line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_FAULT]


def _cache(environment: Mapping[str, str]) -> Path | None:
    """Where machine code is kept, of these sources: a folder of this user's own; None where there can be none.

    Numba looks at the file of a function alone, not at what that calls; so another source has another folder.
    """
    sources = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        sources.update(source.read_bytes())
    try:
        given = environment.get("NUMBA_CACHE_DIR")
        base = Path(given) if given else _own_cache(environment)
        place = base / sources.hexdigest()[:16]
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_own = place.stat().st_uid == os.getuid() if hasattr(os, "getuid") else True
        return place if is_own and os.access(place, os.W_OK) else None
    except (OSError, RuntimeError):  # nowhere to write, or nobody's home
        return None


def _own_cache(environment: Mapping[str, str]) -> Path:
    """Where programs of this user keep what they can make again; raises RuntimeError where there is no home."""
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rnn-playground"
