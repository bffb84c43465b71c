"""What a benchmark prints: measured values, with the target beside each and whether it was met."""

import json
import os
import platform
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a value has to keep: "≤" at most, "≥" at least."""

    sign: Literal["≤", "≥"]
    bound: float

    def is_met(self, value: float) -> bool:
        """Whether `value` keeps the bound."""
        return value <= self.bound if self.sign == "≤" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:,.5g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value; None if it could not be measured, which misses any target."""

    name: str
    value: float | None
    unit: str = ""
    target: Target | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`ok` or `missed`, empty without a target."""
        if self.target is None:
            return ""
        return "ok" if self.value is not None and self.target.is_met(self.value) else "missed"


@dataclass(slots=True)
class Table:
    """Rows under a title."""

    title: str
    rows: list[Row] = field(default_factory=list)

    def add(
        self, name: str, value: float | None, unit: str = "", target: Target | None = None, note: str = ""
    ) -> None:
        """Append a row."""
        self.rows.append(Row(name, value, unit, target, note))

    def __str__(self) -> str:
        cells = [("", "measured", "target", "", "")]
        for row in self.rows:
            target = f"{row.target} {row.unit}".strip() if row.target else ""
            cells.append((row.name, _quantity(row.value, row.unit), target, row.verdict, row.note))
        widths = [max(_width(line[column]) for line in cells) for column in range(5)]
        lines = [self.title]
        for name, value, target, verdict, note in cells:
            columns = (
                _padded(name, widths[0]),
                _padded(value, widths[1], right=True),
                _padded(target, widths[2]),
                _padded(verdict, widths[3]),
                note,
            )
            lines.append("  " + "   ".join(columns).rstrip())
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The table for machines."""
        return {
            "title": self.title,
            "rows": [
                {
                    "name": row.name,
                    "value": row.value,
                    "unit": row.unit,
                    "target": str(row.target) if row.target else None,
                    "verdict": row.verdict or None,
                    "note": row.note or None,
                }
                for row in self.rows
            ],
        }


def show(tables: Sequence[Table], *, as_json: bool) -> None:
    """Print tables for people, or as one JSON object."""
    if as_json:
        machine = {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version()}
        described = {"machine": machine, "tables": [table.as_dict() for table in tables]}
        print(json.dumps(described, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print("\n\n".join(str(table) for table in tables))


def _quantity(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    shown = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.3g}"
    return f"{shown} {unit}".strip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def ratio(value: float, base: float) -> float | None:
    """One value by another; None where there is nothing to divide by."""
    return value / base if base else None
