"""Small steps with numbers to work through by hand, one or more for each kind of cell.

All numbers of an example stand in one table, by names that a link can hold, counted from 1:

| name | number |
|---|---|
| x.2 | the second entry of what is read |
| c.1 | the first unit of a state before the step |
| w.f.1.4 | [W_ih | W_hh] in the block of gate f, row 1, column 4 |
| b.f.1.2 | its biases: 1 is b_ih, 2 is b_hh |
| above.1 | ∂L/∂h that comes from above: from the output, or the layer above |
| later.c.1 | ∂L/∂c that comes from the step after |

A block without a gate has the name of its state. Source of the first two: "the 3–2–2×5 example" and the forget gate
[0.7, 0.4, 0.8] of a lecture on recurrent networks, with numbers of our own where it has none.
"""

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from playground.cells import CELLS
from playground.cells.spec import CellSpec
from playground.cells.weights import LayerWeights

LARGEST_SIZE = 4
Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Given:
    """One step with all its numbers.

    numbers: by the names above. reads, size: how many entries are read, how many units there are.
    """

    spec: CellSpec
    reads: int
    size: int
    numbers: Numbers

    @property
    def weights(self) -> LayerWeights:
        """The numbers as weights, float64."""
        blocks = self.spec.block_names
        rows = [(block, unit) for block in blocks for unit in range(1, self.size + 1)]
        columns = range(1, self.reads + self.size + 1)
        weight = self._tensor([f"w.{block}.{unit}.{column}" for block, unit in rows for column in columns])
        weight = weight.view(len(rows), -1)
        ih, hh = (self._tensor([f"b.{block}.{unit}.{which}" for block, unit in rows]) for which in (1, 2))
        return LayerWeights(weight[:, : self.reads], weight[:, self.reads :], ih, hh)

    @property
    def x(self) -> Tensor:
        """What is read, (E,)."""
        return self._tensor([f"x.{entry}" for entry in range(1, self.reads + 1)])

    @property
    def before(self) -> dict[str, Tensor]:
        """The states before, (H,)."""
        return {state: self._units(state) for state in self.spec.states}

    @property
    def above(self) -> Tensor:
        """∂L/∂h from above, (H,)."""
        return self._units("above")

    @property
    def later(self) -> dict[str, Tensor]:
        """∂L/∂ of the states from the step after, (H,)."""
        return {state: self._units(f"later.{state}") for state in self.spec.states}

    def _units(self, name: str) -> Tensor:
        return self._tensor([f"{name}.{unit}" for unit in range(1, self.size + 1)])

    def _tensor(self, names: Sequence[str]) -> Tensor:
        return torch.tensor([self.numbers[name] for name in names], dtype=torch.float64)


@dataclass(frozen=True, slots=True)
class Example:
    """How the numbers of an example are made.

    said: numbers by their names; all others are drawn by a rule of their place, as short decimals. opened: what gates
    are to come out as, unit by unit: their b_ih is chosen so.
    """

    cell: str
    reads: int
    size: int
    said: Numbers
    opened: Mapping[str, tuple[float, ...]]

    def given(self, reads: int | None = None, size: int | None = None) -> Given:
        """The example, or the same with other sizes: what both have keeps its numbers."""
        spec, reads, size = CELLS[self.cell], reads or self.reads, size or self.size
        names = list(_names(spec, reads, size))
        own = {name: _in_own(name, self, reads) or name for name in names}
        numbers = {name: self.said.get(own[name], _drawn(own[name])) for name in names}
        for gate, values in self.opened.items():
            for unit, value in enumerate(values[:size], 1):
                products = (numbers[f"w.{gate}.{unit}.{e}"] * numbers[f"x.{e}"] for e in range(1, reads + 1))
                past = (
                    numbers[f"w.{gate}.{unit}.{reads + j}"] * numbers[f"h.{j}"] for j in range(1, size + 1)
                )
                other = numbers[f"b.{gate}.{unit}.2"]
                numbers[f"b.{gate}.{unit}.1"] = (
                    math.log(value / (1 - value)) - sum(products) - sum(past) - other
                )
        return Given(spec, reads, size, numbers)


def _names(spec: CellSpec, reads: int, size: int) -> Iterator[str]:
    """Of all numbers of a step."""
    units = range(1, size + 1)
    yield from (f"x.{entry}" for entry in range(1, reads + 1))
    yield from (f"{state}.{unit}" for state in spec.states for unit in units)
    for block in spec.block_names:
        for unit in units:
            yield from (f"w.{block}.{unit}.{column}" for column in range(1, reads + size + 1))
            yield from (f"b.{block}.{unit}.{which}" for which in (1, 2))
    yield from (f"above.{unit}" for unit in units)
    yield from (f"later.{state}.{unit}" for state in spec.states for unit in units)


def _in_own(name: str, example: Example, reads: int) -> str:
    """What a number is called in an example that reads another count of entries; "" if it has none such."""
    kind, *place = name.split(".")
    if kind != "w":
        return name
    block, unit, column = place
    own = int(column)
    if own > reads:
        own += example.reads - reads
    elif own > example.reads:
        return ""
    return f"w.{block}.{unit}.{own}"


def _drawn(name: str) -> float:
    """A short decimal from −0.9 to 0.9, the same for the same name."""
    number = zlib.crc32(name.encode())
    return (number % 19 - 9) / 10


def _said(**rows: Sequence[float] | Sequence[Sequence[float]]) -> dict[str, float]:
    """Numbers by name from rows: `x=(1, 0.5)` is x.1 and x.2; dots in a name are written as underscores."""
    found: dict[str, float] = {}
    for name, values in rows.items():
        dotted = name.replace("_", ".")
        for place, value in enumerate(values, 1):
            if isinstance(value, Sequence):
                found |= {f"{dotted}.{place}.{column}": float(each) for column, each in enumerate(value, 1)}
            else:
                found[f"{dotted}.{place}"] = float(value)
    return found


EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        # W is 2 × 5: three of its columns meet x, two meet h.
        "entries": Example(
            "rnn",
            3,
            2,
            _said(
                x=(1, 0.5, -0.25),
                h=(0.5, -1),
                w_h=((0.5, -1, 2, 0.1, 0.2), (1, 0, -0.5, -0.3, 0.4)),
                b_h=((0.1, 0), (0, -0.2)),
                above=(1, 0.5),
                later_h=(0.2, -0.1),
            ),
            {},
        ),
        # The forget gate keeps 70 % of the first entry of c, 40 % of the second, 80 % of the third.
        "keeps": Example(
            "lstm",
            3,
            3,
            _said(
                x=(1, 0, -0.5),
                h=(0.2, -0.4, 0.1),
                c=(1, -0.5, 2),
                above=(1, 0.5, -0.2),
                later_c=(0.5, 0, 0.1),
            ),
            {"f": (0.7, 0.4, 0.8)},
        ),
        # z = 0.75 keeps three quarters of the first entry of h.
        "blends": Example(
            "gru",
            3,
            2,
            _said(x=(1, 0.5, -0.25), h=(0.5, -1), above=(1, 0.5), later_h=(0.2, -0.1)),
            {"z": (0.75, 0.2)},
        ),
        # f = 0.25 keeps three quarters of it as well.
        "one_gate": Example(
            "mgu",
            3,
            2,
            _said(x=(1, 0.5, -0.25), h=(0.5, -1), above=(1, 0.5), later_h=(0.2, -0.1)),
            {"f": (0.25, 0.8)},
        ),
    }
)
