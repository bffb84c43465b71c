"""Which engine computes, and that nothing about Numba or the settings is more than a line in the log."""

import logging
import subprocess
import sys

import pytest

from playground.kernels import engine
from playground.kernels.compiler import NotCompiled, ToldToEnd


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of numbers for which orders were asked; they work."""
    kinds: list[str] = []
    monkeypatch.setattr(engine, "library", kinds.append)
    monkeypatch.setattr(engine, "find_spec", lambda name: name)
    monkeypatch.setattr(engine, "_prove", lambda: kinds.append("proved"))
    return kinds


def line(caplog: pytest.LogCaptureFixture) -> str:
    """The only one that was said."""
    (record,) = caplog.records
    message = record.getMessage()
    assert record.levelno == logging.WARNING and record.exc_info is None
    assert "\n" not in message and len(message) <= 300
    return message


@pytest.mark.parametrize("wanted", ["fast", " ", "Torch", "x" * 10_000, "a\nb"])
def test_an_engine_that_is_none_is_torch_and_a_line(
    wanted: str, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not engine._load({engine.SETTING: wanted})
    assert "must be one of 'auto', 'torch'" in line(caplog)
    assert not asked


@pytest.mark.parametrize("settings", [{}, {engine.SETTING: ""}, {engine.SETTING: "auto"}])
def test_what_is_not_set_is_as_fast_as_can_be(
    settings: dict[str, str], asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert engine._load(settings)
    assert asked == ["float32", "proved"] and not caplog.records


def test_torch_is_torch_without_a_word(asked: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert not engine._load({engine.SETTING: "torch"})
    assert not asked and not caplog.records


def test_without_numba_torch_computes_without_a_word(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    assert not engine._load({})
    assert not asked and not caplog.records


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("of another\n  version"),
        NotCompiled("ImportError: no module"),
        ImportError("no llvmlite"),
        OSError(28, "No space left"),
        ValueError("x" * 5000),
    ],
)
def test_orders_that_cannot_be_had_are_torch_and_a_line(
    fault: Exception, asked: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def library(kind: str) -> None:
        raise fault

    monkeypatch.setattr(engine, "library", library)
    assert not engine._load({})
    said = line(caplog)
    assert said.startswith("Numba cannot be used, so torch computes everything: ")
    assert (type(fault).__name__ in said) != isinstance(fault, NotCompiled)
    assert " ".join(str(fault).split())[:100] in said


def test_a_server_that_is_told_to_end_meanwhile_has_no_fault(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def library(kind: str) -> None:
        raise ToldToEnd

    monkeypatch.setattr(engine, "library", library)
    assert not engine._load({}) and not caplog.records


@pytest.mark.skipif(not engine.can_compile(), reason="an extra: see requirements-fast.txt")
def test_loops_that_compute_something_else_are_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert engine._load({})
    monkeypatch.setattr(engine.Instruction, "__call__", lambda self: None)
    assert not engine._load({})
    assert line(caplog).endswith("the squares of 1, 2, 3 must not be [0.0, 0.0, 0.0]")


@pytest.mark.skipif(not engine.can_compile(), reason="an extra: see requirements-fast.txt")
def test_a_server_does_not_import_the_compiler() -> None:
    """It would take some 50 MB of each."""
    program = (
        "import sys, playground.training, playground.kernels.engine as engine; "
        "assert engine.can_compile(); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
