"""Which engine computes, and that nothing about Numba, the settings or the disk is more than a line in the log."""

import logging
import os
import stat
import sys
from pathlib import Path

import pytest

from playground.kernels import engine

numba = pytest.importorskip("numba", reason="an extra: see requirements-fast.txt")

orders = pytest.importorskip("playground.kernels.orders")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where each load would have kept its machine code; nothing is compiled."""
    places: list[str] = []
    monkeypatch.setattr(orders, "compile_all", lambda: places.append(numba.config.CACHE_DIR))
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)  # as it was, afterwards
    return places


def line(caplog: pytest.LogCaptureFixture) -> str:
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and record.exc_info is None
    message = record.getMessage()
    assert "\n" not in message
    return message


@pytest.mark.parametrize("wanted", ["fast", "", "Torch", "x" * 10_000, "a\nb"])
def test_an_engine_that_is_none_is_torch_and_a_line(
    wanted: str, compiled: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not engine._load({engine.SETTING: wanted})
    said = line(caplog)
    assert "must be one of 'auto', 'torch'" in said and len(said) < 300
    assert not compiled


def test_torch_is_torch_without_a_word(compiled: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert not engine._load({engine.SETTING: "torch"})
    assert not compiled and not caplog.records


def test_without_numba_torch_computes_without_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert not engine._load({})
    assert not caplog.records


def test_a_numba_that_breaks_on_import_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "numba.py").write_text("raise RuntimeError('of another\\n  version')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "numba")
    assert not engine._load({})
    assert line(caplog).endswith("RuntimeError: of another version")


def test_a_numba_that_cannot_compile_is_a_line(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def broken() -> None:
        raise ValueError("LLVM:\n" + "x" * 5000)

    monkeypatch.setattr(orders, "compile_all", broken)
    (used(tmp_path) / "code").touch()
    assert not engine._load({"NUMBA_CACHE_DIR": str(tmp_path)})
    assert "ValueError: LLVM: xxx" in line(caplog) and len(line(caplog)) < 300


def test_loops_that_compute_something_else_are_not_used(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine.Instruction, "__call__", lambda self: None)
    (used(tmp_path) / "code").touch()
    assert not engine._load({"NUMBA_CACHE_DIR": str(tmp_path)})
    assert line(caplog).endswith("the squares of 1, 2, 3 must not be [0.0, 0.0, 0.0]")


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
