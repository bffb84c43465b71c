"""What the log keeps. Whoever sends nonsense again and again must not fill a disk, nor write lines of his own into it.

A warning or error is written once a minute for each kind, the next one with how many were left out. What tells kinds
apart is where in the code a message comes from, never what it says, so a visitor cannot make new ones.
"""

import logging
import textwrap
import threading
import time
import traceback
from collections.abc import Callable

from playground.refusal import Refusal
from playground.ui.failure import fingerprint

SPEAKERS = ("streamlit", "uvicorn", "playground", "asyncio")  # the first parts of the loggers' names
MINUTE = 60.0
LONGEST_LINE = 300  # characters; part of it may come from a visitor
LONGEST_TRACEBACK = 12_000
MOST_KINDS = 200  # in a minute


class OncePerMinute(logging.Filter):
    """Lets one record of a kind through in a minute, and everything below a warning.

    A warning becomes one line: Streamlit warns of what browsers send, and a traceback of that finds no fault of ours.
    So does a refusal, of which the visitor is told what to do. Any other error keeps its traceback, within bounds.

    Args:
        clock: what the time is, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, ...], tuple[float, int]] = {}  # when written last, left out since

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written; it is made shorter on the way."""
        if record.levelno < logging.WARNING:
            return True
        left_out = self._count(_kind(record))
        if left_out is None:
            return False
        _shorten(record, left_out)
        return True

    def _count(self, kind: tuple[str, ...]) -> int | None:
        """How many of a kind were left out before this one, which is to be written; None if it is left out too."""
        with self._lock:
            now = self._clock()
            if kind in self._kinds:
                written, left_out = self._kinds[kind]
                if now - written < MINUTE:
                    self._kinds[kind] = written, left_out + 1
                    return None
            else:
                left_out = 0
                if len(self._kinds) >= MOST_KINDS:
                    self._kinds = {each: seen for each, seen in self._kinds.items() if now - seen[0] < MINUTE}
                if len(self._kinds) >= MOST_KINDS:
                    return None
            self._kinds[kind] = now, 0
            return left_out


def _kind(record: logging.LogRecord) -> tuple[str, ...]:
    """The place of the message, and of the error that it tells of."""
    error = _error(record)
    what = getattr(record, "kind", "") if error is None else fingerprint(error)
    return record.name, f"{record.pathname}:{record.lineno}", what


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _shorten(record: logging.LogRecord, left_out: int) -> None:
    """One line that says how many were left out, and of an error its traceback."""
    error = _error(record)
    line = record.getMessage()
    if error is not None and (record.levelno < logging.ERROR or isinstance(error, Refusal)):
        line = f"{line}: {type(error).__name__}: {error}"
        record.exc_info = None
    line = _printable(_cut(" ".join(line.split()), LONGEST_LINE))
    if left_out:
        line += f" (and {left_out} more like it that were not written)"
    record.msg, record.args = line, ()
    if error is not None and record.exc_info is not None:
        lines = _cut("".join(traceback.format_exception(error)), LONGEST_TRACEBACK).splitlines()
        # An error's message may be of several lines, and none of them may look like one of the log's own.
        record.exc_text = textwrap.indent("\n".join(map(_printable, lines)), "  ", lambda _: True)


def _printable(line: str) -> str:
    """A line without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]} …"


def keep_log_short() -> None:
    """Limit what is written by the server's loggers. Call it when all of them are there."""
    limit = OncePerMinute()
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in SPEAKERS:
            logging.getLogger(name).addFilter(limit)
