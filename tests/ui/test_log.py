"""The log under a flood: one line per kind and minute, each a line of its own."""

import io
import logging

import pytest

from playground.refusal import Refusal
from playground.ui import log
from playground.ui.log import OncePerMinute


class Log:
    """A log with the limit, and a clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._written = io.StringIO()
        self.logger = logging.Logger("streamlit.tested")
        self.logger.addHandler(logging.StreamHandler(self._written))
        self.logger.addFilter(OncePerMinute(lambda: self.now))

    @property
    def lines(self) -> list[str]:
        return self._written.getvalue().splitlines()


def forged(written: Log, text: str = "a") -> None:
    """One line of code that warns of what a visitor has sent."""
    written.logger.warning("Nobody knows %s", text)


def broken(written: Log, text: str, divide: bool = True) -> None:
    """One line of code that tells of two bugs."""
    try:
        if divide:
            _ = 1 / 0
        raise ValueError(text)
    except (ArithmeticError, ValueError):
        written.logger.error("Broken", exc_info=True)


def test_a_flood_is_one_line_a_minute_that_says_how_much_it_stands_for() -> None:
    written = Log()
    for number in range(100):
        forged(written, f"{number}")
        written.now += 0.5
    assert written.lines == ["Nobody knows 0"]
    written.now += 10
    forged(written, "x")
    forged(written, "y")
    assert written.lines[1:] == ["Nobody knows x (and 99 more like it that were not written)"]
    written.now += 60
    forged(written, "z")
    assert written.lines[2:] == ["Nobody knows z (and 1 more like it that were not written)"]


def test_what_is_no_warning_and_another_kind_are_written() -> None:
    written = Log()
    written.logger.setLevel(logging.INFO)
    for _ in range(3):
        written.logger.info("hello")
        forged(written)
    written.logger.warning("Nobody knows %s", "a")  # the same words from another place
    assert written.lines == ["hello", "Nobody knows a", "hello", "hello", "Nobody knows a"]


def test_a_refusal_is_one_line_without_a_traceback() -> None:
    """Streamlit takes what a page refuses to draw, for want of memory, for an uncaught error."""
    written = Log()
    try:
        raise Refusal("batch_size", "needs {needed} MB", needed=91)
    except Refusal:
        written.logger.error("Uncaught app execution", exc_info=True)
    assert written.lines == ["Uncaught app execution: Refusal: needs 91 MB"]


def test_a_warning_is_one_line_without_a_traceback() -> None:
    written = Log()
    try:
        int("x\n2026 Everything is fine\x1b[2J")
    except ValueError as error:
        written.logger.warning("Cannot read it", exc_info=error)
    (line,) = written.lines
    assert line.startswith("Cannot read it: ValueError: invalid literal") and "\x1b" not in line


@pytest.mark.parametrize(
    "text", ["a\nERROR it is broken", "a\r\nERROR", "\x1b[31m", "a\u2028b", "ab" * 5_000_000]
)
def test_a_visitor_cannot_write_a_line_of_his_own(text: str) -> None:
    written = Log()
    forged(written, text)
    (line,) = written.lines
    assert line.startswith("Nobody knows ") and line.isprintable()
    assert len(line) <= log.LONGEST_LINE + 10


def test_errors_keep_their_traceback_once_for_each_bug() -> None:
    written = Log()
    for text in ("secret\nERROR forged", "other"):
        broken(written, text)
        broken(written, text, divide=False)
    assert [line for line in written.lines if not line.startswith(" ")] == ["Broken", "Broken"]
    assert "  ERROR forged" in written.lines  # part of an error's message, and it looks like that
    assert sum("Traceback (most recent call last)" in line for line in written.lines) == 2


def test_a_traceback_is_bounded() -> None:
    written = Log()
    broken(written, "x" * 1_000_000, divide=False)
    assert sum(map(len, written.lines)) < 1.1 * log.LONGEST_TRACEBACK


def test_many_kinds_in_a_minute_are_bounded_too() -> None:
    written = Log()
    for number in range(2 * log.MOST_KINDS):
        written.logger.error("Broken", extra={"kind": str(number)})
    assert len(written.lines) == log.MOST_KINDS
    written.now += 60
    written.logger.error("Broken", extra={"kind": "another"})
    assert len(written.lines) == log.MOST_KINDS + 1


def test_the_servers_loggers_are_limited_and_no_others() -> None:
    names = ("streamlit.made_for_a_test", "uvicorn.made_for_a_test", "of_somebody_else")
    loggers = [logging.getLogger(name) for name in names]
    before = {name: list(each.filters) for name, each in _all_loggers()}
    log.keep_log_short()
    try:
        assert [len(each.filters) for each in loggers] == [1, 1, 0]
    finally:
        for name, each in _all_loggers():
            each.filters = before.get(name, [])


def _all_loggers() -> list[tuple[str, logging.Logger]]:
    known = logging.root.manager.loggerDict
    return [(name, each) for name, each in known.items() if isinstance(each, logging.Logger)]
