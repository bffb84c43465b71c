"""Orders as machine code: compiled by another process when they have to be, kept, and loaded once."""

import ctypes
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from playground.kernels import compiler, kept, library
from playground.kernels.compiler import NotCompiled
from playground.kernels.engine import can_compile
from playground.kernels.library import Library

if not can_compile():
    pytest.skip("there are no compiled loops: see requirements-fast.txt", allow_module_level=True)

# As all orders are compiled, but for the time that it takes.
ONE_ORDER = """
from playground.kernels import build
build.ORDERS = {{"multiply": build.ORDERS["multiply"]}}
build.main({kind!r})
"""


@pytest.fixture(scope="module")
def code() -> bytes:
    """One order for numbers of 32 bits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "_BUILD", ONE_ORDER)
        return compiler.compiled("float32")


@pytest.fixture
def compilations(code: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The kinds that were compiled; nothing is loaded yet, and what is kept is kept in a folder of the test's own."""
    kinds: list[str] = []
    monkeypatch.setattr(library, "compiled", lambda kind: kinds.append(kind) or code)
    monkeypatch.setattr(library, "_libraries", {})
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return kinds


def squared(orders: Library, values: np.ndarray) -> list[float]:
    squares, rows = np.zeros_like(values), np.zeros((1, library.WIDTH), np.int64)
    rows[0, :5] = (
        orders.address("multiply"),
        values.size,
        *(each.ctypes.data for each in (values, values, squares)),
    )
    orders.run(ctypes.c_void_p(rows.ctypes.data), ctypes.c_int64(1))
    return squares.tolist()


def started_again(kind: str = "float32") -> Library:
    library._libraries.clear()
    return library.library(kind)


def test_the_second_start_reads_what_the_first_has_compiled(
    compilations: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert squared(started_again(), np.float32([1, 2, 3])) == [1, 4, 9]
    assert compilations == ["float32"]
    assert caplog.messages == ["Compiling for this processor: some ten seconds, once"]


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1], lambda content: b"", lambda content: bytes(len(content))]
)
def test_a_damaged_file_is_compiled_again(
    damage: Callable[[bytes], bytes], compilations: list[str], tmp_path: Path
) -> None:
    started_again()
    (file,) = tmp_path.rglob("*.code")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert squared(started_again(), np.float32([1, 2, 3])) == [1, 4, 9]
    assert compilations == ["float32"] * 2 and file.read_bytes() == whole


def test_without_a_place_it_is_compiled_at_every_start(
    compilations: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kept, "place", lambda kind: None)
    for _ in range(2):
        assert squared(started_again(), np.float32([1, 2, 3])) == [1, 4, 9]
    assert compilations == ["float32"] * 2
    assert caplog.messages == ["Compiling for this processor: some ten seconds, at every start"] * 2


def test_what_cannot_be_written_is_used_all_the_same(
    compilations: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kept, "write", lambda place, code: OSError(28, "No space left on device"))
    assert squared(started_again(), np.float32([1, 2, 3])) == [1, 4, 9]
    assert "cannot be kept" in caplog.messages[-1] and "No space left" in caplog.messages[-1]


def test_what_may_be_of_another_source_is_not_kept(
    compilations: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Somebody saved a file while it was compiled."""
    places = iter([tmp_path / "before.code", tmp_path / "after.code"])
    monkeypatch.setattr(kept, "place", lambda kind: next(places))
    assert squared(started_again(), np.float32([1, 2, 3])) == [1, 4, 9]
    assert not list(tmp_path.iterdir())


def test_orders_are_loaded_once_whoever_asks(compilations: list[str]) -> None:
    """Programs keep addresses: nothing may be loaded in the place of what another thread was given."""
    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(lambda _: library.library("float32"), range(4))
    assert all(other is first for other in others) and compilations == ["float32"]


def test_an_order_that_is_none_is_refused(code: bytes) -> None:
    orders = Library(code)
    assert orders.has("multiply") and not any(orders.has(name) for name in ("log", "other", ""))
    with pytest.raises(KeyError):
        orders.address("log")


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_every_order_is_there_for_both_kinds_of_numbers(kind: str) -> None:
    from playground.kernels.orders import ORDERS

    orders = library.library(kind)
    assert all(orders.has(name) for name in ORDERS)
    assert squared(orders, np.array([1, 2, 3], kind)) == [1, 4, 9]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("raise RuntimeError('of another version')", "RuntimeError: of another version"),
        ("raise ImportError('needs NumPy 2.4 or less')", "ImportError: needs NumPy 2.4 or less"),
        ("import no_llvmlite", "ModuleNotFoundError: No module named 'no_llvmlite'"),
        ("def njit(*given): pass", "cannot import name"),
    ],
)
def test_what_is_wrong_with_numba_is_said_in_its_last_words(
    broken: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numba.py").write_text(broken)
    # The project comes first on the path, and a Numba that was installed behind the broken one.
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(NotCompiled, match=said):
        compiler.compiled("float32")


@pytest.mark.parametrize(
    "settings",
    [
        {"NUMBA_OPT": "0"},
        {"NUMBA_DUMP_BYTECODE": "1"},
        {"NUMBA_NUM_THREADS": "1"},
        {"NUMBA_CACHE_DIR": "/dev/null"},
        {"NUMBA_CPU_NAME": "generic"},
    ],
    ids=str,
)
def test_however_numba_is_set_the_numbers_are_the_same(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it prints is no code."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(compiler, "_BUILD", ONE_ORDER)
    assert squared(Library(compiler.compiled("float32")), np.float32([1, 2, 3])) == [1, 4, 9]


def test_a_numba_that_may_not_compile_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NUMBA_DISABLE_JIT its functions would run as Python, if they could."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    with pytest.raises(NotCompiled, match="compiler is switched off"):
        compiler.compiled("float32")
