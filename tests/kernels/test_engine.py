"""Which engine computes, and that nothing about Numba, the settings or the disk is more than a line in the log."""

import logging
import os
import pickle
import stat
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from playground.kernels import engine

numba = pytest.importorskip("numba", reason="an extra: see requirements-fast.txt")

order = pytest.importorskip("playground.kernels.order")
orders = pytest.importorskip("playground.kernels.orders")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where each load would have kept its machine code; nothing is compiled, nor imported anew."""
    places: list[str] = []
    monkeypatch.setattr(orders, "compile_all", lambda: places.append(numba.config.CACHE_DIR))
    monkeypatch.setattr(engine, "_forget", lambda: places.append("forgotten"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)  # as it was, afterwards
    return places


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert all(record.levelno == logging.WARNING and record.exc_info is None for record in caplog.records)
    messages = [record.getMessage() for record in caplog.records]
    assert not any("\n" in message or len(message) > 300 for message in messages)
    return messages


def line(caplog: pytest.LogCaptureFixture) -> str:
    (message,) = lines(caplog)
    return message


@pytest.mark.parametrize("wanted", ["fast", " ", "Torch", "x" * 10_000, "a\nb"])
def test_an_engine_that_is_none_is_torch_and_a_line(
    wanted: str, compiled: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not engine._load({engine.SETTING: wanted})
    said = line(caplog)
    assert "must be one of 'auto', 'torch'" in said
    assert not compiled


def test_an_empty_setting_is_none_at_all(compiled: list[str], tmp_path: Path) -> None:
    assert engine._load({engine.SETTING: "", "NUMBA_CACHE_DIR": str(tmp_path)})
    assert len(compiled) == 1


def test_torch_is_torch_without_a_word(compiled: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert not engine._load({engine.SETTING: "torch"})
    assert not compiled and not caplog.records


def test_without_numba_torch_computes_without_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert not engine._load({})
    assert not caplog.records


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('of another\\n  version')", "RuntimeError: of another version"),
        ("raise ImportError('needs NumPy 2.4 or less')", "ImportError: needs NumPy 2.4 or less"),
        ("import no_llvmlite", "ModuleNotFoundError: No module named 'no_llvmlite'"),
    ],
)
def test_a_numba_that_breaks_on_import_is_a_line(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "numba.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "numba")
    assert not engine._load({})
    assert line(caplog).endswith(said)


def test_a_numba_that_cannot_compile_is_a_line(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def broken() -> None:
        raise ValueError("LLVM:\n" + "x" * 5000)

    monkeypatch.setattr(orders, "compile_all", broken)
    monkeypatch.setattr(engine, "_cache", lambda environment: None)
    assert not engine._load({})
    _, said = lines(caplog)
    assert said.startswith("Numba cannot be used") and "ValueError: LLVM: xxx" in said


def test_loops_that_compute_something_else_are_not_used(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine.Instruction, "__call__", lambda self: None)
    assert not engine._load({"NUMBA_CACHE_DIR": str(tmp_path)})
    assert lines(caplog)[-1].endswith("the squares of 1, 2, 3 must not be [0.0, 0.0, 0.0]")
    first, *others = compiled
    assert first and others == ["forgotten", ""]  # what was kept might have been to blame


@pytest.mark.parametrize(
    "fault", [EOFError("Ran out of input"), pickle.UnpicklingError("truncated"), OSError(28, "No space left")]
)
def test_a_cache_that_fails_is_done_without(
    fault: Exception,
    compiled: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """A file was cut off, or the disk is full: loops are compiled once more, and what is kept is removed."""

    def compile_all() -> None:
        compiled.append(numba.config.CACHE_DIR)
        if numba.config.CACHE_DIR:
            raise fault

    monkeypatch.setattr(orders, "compile_all", compile_all)
    place = used(tmp_path)
    (place / "deep").mkdir()
    (place / "deep" / "code").touch()
    assert engine._load({"NUMBA_CACHE_DIR": str(tmp_path)})
    assert compiled == [str(place), "forgotten", ""]
    assert not place.exists() and tmp_path.exists()
    assert line(caplog).endswith(f"without a cache this time, because of {type(fault).__name__}: {fault}")


def test_what_is_forgotten_is_imported_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but what others hold: the engine, and programs, which ask for orders when they are made."""
    package = sys.modules["playground.kernels"]
    before = {name: module for name, module in sys.modules.items() if name.startswith("playground.kernels.")}
    assert {f"playground.kernels.{name}" for name in ("engine", "program", "orders", "gru", "order")} <= set(
        before
    )
    with monkeypatch.context() as patch:
        for name, module in before.items():  # and have them back afterwards
            patch.setitem(sys.modules, name, module)
            patch.setattr(package, name.rpartition(".")[2], module)
        engine._forget()
        left = {name for name in before if name in sys.modules}
        assert left == {"playground.kernels.engine", "playground.kernels.program"}
        assert {name for name in before if hasattr(package, name.rpartition(".")[2])} == left
    assert {name: sys.modules[name] for name in before} == before and package.orders is orders


def test_an_order_is_compiled_once_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program keeps an address: what is there must not be freed because another thread has asked as well."""
    made = []

    def cfunc(signature: object, **options: object) -> Callable[[object], SimpleNamespace]:
        with suppress(threading.BrokenBarrierError):
            another.wait(0.2)  # for a second thread, which must not come
        return lambda function: made.append(SimpleNamespace(address=len(made))) or made[-1]

    another = threading.Barrier(2)
    monkeypatch.setattr(order, "cfunc", cfunc)
    asked = order.Order(print)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: asked.address("float32"), range(4))) == [0] * 4
    assert len(made) == 1 and asked.address("float64") == 1


def used(base: Path) -> Path:
    """Where machine code of these sources is kept under a folder."""
    place = engine._cache({"NUMBA_CACHE_DIR": str(base)})
    assert place is not None
    return place


def test_machine_code_is_kept_where_it_is_told_to(
    compiled: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"NUMBA_CACHE_DIR": str(tmp_path / "deep" / "er")}
    assert engine._load(settings)
    (place,) = compiled
    assert Path(place).parent == tmp_path / "deep" / "er"
    assert stat.S_IMODE(Path(place).stat().st_mode) == 0o700
    assert line(caplog).endswith("some ten seconds, once")
    (Path(place) / "code").touch()
    assert engine._load(settings) and len(caplog.records) == 1  # nothing to say: it is there


def test_machine_code_is_kept_with_what_the_user_can_make_again(
    compiled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert engine._load({"XDG_CACHE_HOME": str(tmp_path / "xdg")}) and engine._load({})
    assert [Path(place).parent for place in compiled] == [
        tmp_path / "xdg" / "rnn-playground",
        tmp_path / "home" / ".cache" / "rnn-playground",
    ]


@pytest.mark.parametrize(
    "trouble", ["no home", "a file in the way", "another's folder", "a folder for reading"]
)
def test_without_a_place_it_is_compiled_at_every_start(
    trouble: str,
    compiled: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = {"NUMBA_CACHE_DIR": str(tmp_path)}
    if trouble == "no home":
        settings = {}

        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", homeless)
    elif trouble == "a file in the way":
        (tmp_path / "file").touch()
        settings = {"NUMBA_CACHE_DIR": str(tmp_path / "file")}
    elif trouble == "another's folder":
        monkeypatch.setattr(os, "getuid", lambda: -2)
    else:
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert engine._load(settings)
    assert compiled == [""]
    assert line(caplog).endswith("some ten seconds, at every start")


def test_another_source_has_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = used(tmp_path)
    kernels = tmp_path / "kernels"
    kernels.mkdir()
    for source in Path(engine.__file__).parent.glob("*.py"):
        (kernels / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(engine, "__file__", str(kernels / "engine.py"))
    assert used(tmp_path) == first
    with (kernels / "products.py").open("a") as file:
        file.write("\n# another\n")
    assert used(tmp_path) != first


def test_a_numba_that_may_not_compile_is_a_line(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With NUMBA_DISABLE_JIT its functions would run as Python, if they could."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert not engine._load({})
    assert line(caplog).endswith("its compiler is switched off") and not compiled
