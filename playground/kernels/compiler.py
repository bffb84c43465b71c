"""Has a process of its own compile all orders; it ends, too, when nobody waits for them any more."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_LONGEST_SECONDS = 300
_ROOT = Path(__file__).parents[2]
_BUILD = "from playground.kernels.build import main; main({kind!r})"
# What comes first there. Nothing is ever written to its standard input, which is closed when this process ends, however
# it does.
_BEGIN = """
import sys
sys.path[:] = {path!r}
import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
"""


class NotCompiled(Exception):
    """What the compiler said last."""


class ToldToEnd(Exception):
    """A signal has come meanwhile at which this process is to end."""


def compiled(kind: str) -> bytes:
    """Machine code that another process has compiled, and found to work.

    Raises:
        NotCompiled: with the last that it said. ToldToEnd: where it was stopped, for this process is to end.
        OSError: where it cannot be started.
    """
    program = _BEGIN.format(path=[str(_ROOT), *sys.path]) + _BUILD.format(kind=kind)
    ended = _carried_out([sys.executable, "-c", program])
    if ended.returncode == 0 and ended.stdout:
        return ended.stdout
    said = ended.stderr.decode(errors="replace").strip().splitlines()
    raise NotCompiled(said[-1] if said else f"the compiler ended with {ended.returncode}, without a word")


def _carried_out(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """A command that has ended, in a session of its own: what Ctrl-C means is for this process to say.

    Raises what `compiled` raises.
    """
    theirs, ours = os.pipe()
    try:
        with subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            try:
                with _stopped_by_signals(process):
                    output, errors = process.communicate(timeout=_LONGEST_SECONDS)
            finally:
                process.kill()
    except subprocess.TimeoutExpired:
        raise NotCompiled(f"the compiler did not end within {_LONGEST_SECONDS} seconds") from None
    finally:
        os.close(theirs)
        os.close(ours)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


@contextmanager
def _stopped_by_signals(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A signal at which this process only takes note that it is to end, as servers do, ends the other one.

    Raises ToldToEnd where there was one. Signals come to the main thread only; another one waits for its process.
    """
    came: list[int] = []
    handlers = {}

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        process.kill()
        handlers[number](number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(handler := signal.getsignal(number)):
                handlers[number] = handler
                signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if came:
        raise ToldToEnd
