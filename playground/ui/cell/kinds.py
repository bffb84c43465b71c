"""Choices of the Cell page that are lists: numbers that were changed, and units that are shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from playground.config import FIELDS, Range
from playground.refusal import Refusal

VALUE = Range(-1000, 1000, float)  # of a number in a worked example
Changes = tuple[tuple[str, float], ...]

_NAME = re.compile(r"[a-z]{1,8}(\.[a-z]{1,8})?(\.[1-9]){1,2}")


@dataclass(frozen=True, slots=True)
class ChangedNumbers:
    """Numbers of a worked example that are not as it has them, each once: `x.1:0.5,w.h.1.2:-1` in a URL."""

    limit: int = 100

    def check(self, name: str, value: object) -> Changes:
        """Return the numbers with their names if that is what they are, and not too many, else raise `Refusal`."""
        if not isinstance(value, tuple | list):
            raise self._refusal(name, value)
        given = cast("Sequence[object]", value)
        if len(given) > self.limit:
            raise Refusal(
                name, "{field} must be at most {limit}; got {count:,}.", limit=self.limit, count=len(given)
            )
        changes: dict[str, float] = {}
        for each in given:
            match each:
                case (str(number), float() | int() as changed) if _NAME.fullmatch(number):
                    changes[number] = VALUE.check(name, changed) + 0.0  # which makes 0 of −0
                case _:
                    raise self._refusal(name, value)
        return tuple(changes.items())

    def parse(self, name: str, text: str) -> Changes:
        """Read the numbers from a URL."""
        found: list[tuple[str, float]] = []
        for part in text.split(",", self.limit) if text else ():
            number, colon, value = part.partition(":")
            if not colon or not _NAME.fullmatch(number):
                raise self._refusal(name, text)
            found.append((number, VALUE.parse(name, value)))
        return self.check(name, tuple(found))

    def show(self, value: Changes) -> str:
        """Write the numbers into a URL."""
        return ",".join(f"{number}:{changed!r}" for number, changed in value)

    def _refusal(self, name: str, value: object) -> Refusal:
        return Refusal(name, "{field} must be numbers such as x.1:0.5,w.h.1.2:-1; got {value}.", value=value)


@dataclass(frozen=True, slots=True)
class Units:
    """Up to `most` units of a network, counted from 1, each once and in order: `1,3,8` in a URL."""

    most: int = 4

    def check(self, name: str, value: object) -> tuple[int, ...]:
        """Return the units if they are such, else raise `Refusal`."""
        if not isinstance(value, tuple | list):
            raise self._refusal(name, value)
        given = cast("Sequence[object]", value)
        kind = FIELDS["hidden_size"]
        if len(given) > self.most or not isinstance(kind, Range):
            raise self._refusal(name, value)
        try:
            return tuple(sorted({int(kind.check(name, unit)) for unit in given}))
        except Refusal:
            raise self._refusal(name, value) from None

    def parse(self, name: str, text: str) -> tuple[int, ...]:
        """Read the units from a URL."""
        parts = text.split(",", self.most) if text else []
        if not all(re.fullmatch("[0-9]{1,4}", part) for part in parts):
            raise self._refusal(name, text)
        return self.check(name, tuple(map(int, parts)))

    def show(self, value: tuple[int, ...]) -> str:
        """Write the units into a URL."""
        return ",".join(map(str, value))

    def _refusal(self, name: str, value: object) -> Refusal:
        return Refusal(
            name,
            "{field} must be up to {most} units of the network, such as 1,3,8; got {value}.",
            most=self.most,
            value=value,
        )
