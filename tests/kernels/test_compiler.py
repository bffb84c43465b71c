"""The process that compiles ends in good time, whatever becomes of it, or of the one that waits for it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from playground.kernels import compiler
from playground.kernels.compiler import NotCompiled, ToldToEnd

HANGS = "import time; time.sleep(20)"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (f"import os; os.kill(os.getpid(), {int(signal.SIGILL)})", f"ended with -{int(signal.SIGILL)}"),
        ("pass", "ended with 0, without a word"),
        ("import sys; print('code'); sys.exit('wrong squares')", "wrong squares"),
        (HANGS, "did not end within 1 seconds"),
    ],
)
def test_a_compiler_that_does_not_end_well_is_a_fault(
    program: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where code is for another processor: it is tried out where nobody is hurt."""
    monkeypatch.setattr(compiler, "_BUILD", program)
    monkeypatch.setattr(compiler, "_LONGEST_SECONDS", 1 if program == HANGS else 60)
    with pytest.raises(NotCompiled, match=said):
        compiler.compiled("float32")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_only_takes_note_of_a_signal_does_not_wait(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of Streamlit does, whose own handlers are told and are there again."""
    told: list[int] = []

    def take_note(number: int, frame: object) -> None:
        told.append(number)

    went_on = tmp_path / "went on"
    program = f"import os; os.kill(os.getppid(), {int(number)}); {HANGS}; open({str(went_on)!r}, 'w')"
    monkeypatch.setattr(compiler, "_BUILD", program)
    before = signal.signal(number, take_note)
    try:
        with pytest.raises(ToldToEnd):
            compiler.compiled("float32")
        assert signal.getsignal(number) is take_note
    finally:
        signal.signal(number, before)
    assert told == [number] and not went_on.exists()


def test_a_thread_that_no_signal_reaches_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_BUILD", "print('code', end='')")
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(compiler.compiled("float32")))
    thread.start()
    thread.join()
    assert got == [b"code"]


@pytest.mark.skipif(os.name == "nt", reason="its processes end in another way")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nobody_compiles_for_a_server_that_is_gone(number: signal.Signals, tmp_path: Path) -> None:
    """Its compiler hangs, and holds a pipe open as long as it lives."""
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    hangs = f"import os; file = open({str(pipe)!r}, 'w'); file.write('hangs'); file.flush(); {HANGS}; file.write(' on')"
    server = f"""
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # started by nohup it would be deaf to it
from playground.kernels import compiler
compiler._BUILD = {hangs!r}
compiler.compiled("float32")
"""
    with subprocess.Popen([sys.executable, "-c", server]) as process, pipe.open() as alive:
        assert alive.read(5) == "hangs"
        process.send_signal(number)
        assert process.wait() == -number
        assert alive.read() == "", "comes when nobody holds it any more"


def test_modules_are_found_where_this_process_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "순환 신경망's {here}"
    folder.mkdir()
    (folder / "what_is_here.py").write_text("print('code', end='')")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setattr(compiler, "_BUILD", "import what_is_here")
    assert compiler.compiled("float32") == b"code"
