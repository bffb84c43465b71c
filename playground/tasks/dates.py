"""Delayed: a date as people write it is read, then it is written as ISO 8601 has it: 2026-03-05."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import Batch
from playground.catalogue import N_
from playground.tasks.delayed import Delayed
from playground.tasks.drawing import Drawn, by_hash

FIRST, LAST = date(1950, 1, 1), date(2049, 12, 31)
DAYS = LAST.toordinal() - FIRST.toordinal() + 1
WRITTEN = "-0123456789"

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KOREAN_WEEKDAYS = "월화수목금토일"

UNWRITTEN = "\0"  # what stands before a text that is shorter than others

# The easiest first.
FORMATS: dict[str, tuple[Callable[[date], str], ...]] = {
    "en": (
        lambda day: f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
        lambda day: f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}, {day.year}",
        lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year}",
    ),
    "ko": (
        lambda day: f"{day.year}년 {day.month}월 {day.day}일",
        lambda day: f"{day.year}년 {day.month}월 {day.day}일 {KOREAN_WEEKDAYS[day.weekday()]}요일",
        lambda day: f"{day.year}. {day.month}. {day.day}.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Dates(Delayed, Drawn):
    """Days of 1950 to 2049, in the first `formats` ways of writing them in a language. One day in eight is held out."""

    language: str = "en"
    formats: int = 1

    name: ClassVar[str] = "dates"
    title: ClassVar[str] = N_("Delayed: dates")
    tests: ClassVar[str] = N_(
        "Reading a whole text before writing another: a date as people write it becomes year, month and day."
    )
    goal: ClassVar[float] = 0.95

    @cached_property
    def read_symbols(self) -> tuple[str, ...]:
        """Every character of a date, as the formats have them."""
        days = [FIRST.replace(month=month) for month in range(1, 13)]
        days += [FIRST.replace(day=day) for day in range(1, 8)]
        return tuple(sorted({*"0123456789", *"".join(write(day) for write in self._formats for day in days)}))

    @property
    def written_symbols(self) -> tuple[str, ...]:
        """Digits and the hyphen."""
        return tuple(WRITTEN)

    @cached_property
    def reading(self) -> int:
        """The length of the longest date."""
        days = [date(2000, month, day) for month in range(1, 13) for day in range(22, 29)]
        return max(len(write(day)) for write in self._formats for day in days)

    @property
    def chance(self) -> float:
        """Always the same day."""
        return 1 / DAYS

    def draw(self, generator: torch.Generator, count: int) -> Batch:
        """`count` days as they come, each in one of the formats."""
        numbers = torch.randint(DAYS, (count,), generator=generator) + FIRST.toordinal()
        days = [date.fromordinal(number) for number in numbers.tolist()]
        ways = torch.randint(self.formats, (count,), generator=generator).tolist()
        texts = [self._formats[way](day) for way, day in zip(ways, days, strict=True)]
        read = _numbers([text.rjust(self.reading, UNWRITTEN) for text in texts], self.read_symbols)
        written = _numbers([day.isoformat() for day in days], self.written_symbols)
        return self.pack(read, written, cut=True)

    def is_held_out(self, batch: Batch) -> Tensor:
        """Which days are held out, (B,) bool, in whatever format they are read."""
        return by_hash(batch.targets)

    @property
    def _formats(self) -> tuple[Callable[[date], str], ...]:
        return FORMATS[self.language][: self.formats]


def _numbers(texts: Sequence[str], symbols: Sequence[str]) -> Tensor:
    """Texts of equal length as (length, B), each character as its place among `symbols`, which are in order.

    `UNWRITTEN` is before all of them: NOTHING.
    """
    codes = torch.frombuffer(bytearray("".join(texts).encode("utf-32-le")), dtype=torch.int32)
    known = torch.tensor(list(map(ord, (UNWRITTEN, *symbols))), dtype=torch.int32)
    return (torch.searchsorted(known, codes) - 1).view(len(texts), -1).T
