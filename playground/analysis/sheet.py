"""A step of a cell as a sheet of numbers: a few units of it, and what all the others do as one number.

Where a network is larger than a sheet, units and entries are chosen; what is left out is added up, "the others", so
that every sum that is shown comes out. Numbers are plain ones, None where they are not finite; of the others taken
together there are sums, but no weight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from playground.analysis.anatomy import Anatomy
from playground.cells import CellSpec
from playground.cells.nonlinearity import NONLINEARITIES
from playground.cells.wires import described

Number = float | None


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of [W_ih | W_hh] meets.

    part: "x" or "h". entry: which, from 0; None for the others. count: how many.
    """

    part: str
    entry: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the weights. squash: its activation. through, after: see `Gate`; is_gate: from 0 to 1."""

    name: str
    squash: str
    is_gate: bool
    through: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Arriving:
    """∂L/∂ of a step's states, as it comes from outside. above: of h, from the output or the layer above. later: from
    the step after, by state."""

    above: Tensor
    later: Mapping[str, Tensor]

    @property
    def added(self) -> dict[str, Tensor]:
        """What arrives in all: at the fork of h both are added up."""
        return {name: value + self.above if name == "h" else value for name, value in self.later.items()}


def sheet(
    spec: CellSpec,
    parts: Anatomy,
    arriving: Arriving,
    *,
    units: Sequence[int],
    entries: Sequence[int],
    nonlinearity: str = "tanh",
) -> dict[str, Any]:
    """All that is to be shown of a step, as JSON.

    units, entries: which units and which entries of x have rows and columns of their own, from 0.

    Per block k, unit u and column c, `None` where a column is "the others" and there is no single number:
    weight, met, products, biases, behind, pre, slope, pre_gradient, back, back_others (of all other units, by column),
    weight_share, bias_share. By the names of gates and states: values, before, above, later, gradients,
    before_gradient, and gate_shares with both factors of each. `ways` are the products on the way back, `read_gradient`
    is ∂L/∂x by column.
    """
    size = len(parts.before["h"])
    reads = parts.met.shape[1] - size
    groups = [*_groups("x", entries, range(reads)), *_groups("h", units, range(size), reads)]
    columns = [column for column, _ in groups]
    rows, others = list(units), [unit for unit in range(size) if unit not in set(units)]
    blocks = _blocks(spec, nonlinearity)
    slope = torch.stack([NONLINEARITIES[each.squash].slope(parts.values[each.name]) for each in blocks])

    def by_column(values: Tensor) -> list[Any]:
        """(…, E + H) with one number a column, None for the others."""
        return [None if column.entry is None else values[..., group].squeeze(-1) for column, group in groups]

    def summed(values: Tensor) -> list[Tensor]:
        return [values[..., group].sum(-1) for _, group in groups]

    def of_units(named: Mapping[str, Tensor]) -> dict[str, Any]:
        return {name: plain(value[rows]) for name, value in named.items()}

    return {
        "states": list(spec.states),
        "blocks": [asdict(block) for block in blocks],
        "columns": [asdict(column) for column in columns],
        "units": rows,
        "others": len(others),
        "wires": described(spec.wires),
        "lit": _one_hot(parts.met[0, :reads], columns),
        "weight": _turned(by_column(parts.weight[:, rows])),
        "met": _turned(by_column(parts.met)),
        "products": _turned(summed(parts.products[:, rows])),
        "biases": plain(parts.biases[:, rows]),
        "behind": plain(parts.behind[:, rows]),
        "pre": plain(parts.pre[:, rows]),
        "slope": plain(slope[:, rows]),
        "values": of_units(parts.values),
        "before": of_units(parts.before),
        "above": plain(arriving.above[rows]),
        "later": of_units(arriving.later),
        "gradients": of_units(parts.gradients),
        "gate_shares": {
            name: {
                "block": each.block,
                "is_behind": each.is_behind,
                **of_units({"arrived": each.arrived, "met": each.met}),
            }
            for name, each in parts.gate_shares.items()
        },
        "ways": [
            {
                "state": way.state,
                "factor": asdict(way.factor),
                "others": [asdict(other) for other in way.others],
                "share": plain(way.share[rows]),
            }
            for way in parts.ways
        ],
        "pre_gradient": plain(parts.pre_gradient[:, rows]),
        "back": _turned(by_column(parts.back[:, rows])),
        "back_others": _turned(by_column(parts.back[:, others].sum(1))),
        "read_gradient": [
            None if entry is None else plain(parts.read_gradient[entry])
            for entry in (column.entry for column in columns if column.part == "x")
        ],
        "before_gradient": of_units(parts.before_gradient),
        "weight_share": _turned(by_column(parts.weight_share[:, rows])),
        "bias_share": plain(parts.bias_share[:, rows]),
    }


def _groups(
    part: str, chosen: Sequence[int], all_of: range, first: int = 0
) -> list[tuple[Column, list[int]]]:
    """The columns of a part, each with the entries that it stands for."""
    left = [entry for entry in all_of if entry not in set(chosen)]
    found = [(Column(part, entry, 1), [first + entry]) for entry in chosen]
    return [*found, *([(Column(part, None, len(left)), [first + entry for entry in left])] if left else [])]


def _blocks(spec: CellSpec, nonlinearity: str) -> list[Block]:
    if not spec.gates:
        return [Block(name, nonlinearity, is_gate=False) for name in spec.block_names]
    return [
        Block(name, gate.squash, gate.range[0] == 0, gate.through, gate.after)
        for name, gate in spec.gates.items()
    ]


def _one_hot(x: Tensor, columns: Sequence[Column]) -> int | None:
    """The column of the only entry that is read as 1 while all others are 0; None if it is not so."""
    lit = x.nonzero()[:, 0].tolist()
    if len(lit) != 1 or x[lit[0]] != 1 or len(x) < 2:
        return None
    return next(
        (place for place, column in enumerate(columns) if column.part == "x" and column.entry == lit[0]), None
    )


def _turned(by_column: Sequence[Any]) -> Any:
    """From a list of columns, each (K, U) or (K,) or None, to nested lists with the column last."""
    known = next(column for column in by_column if column is not None)
    if known.dim() == 0:
        return [None if column is None else plain(column) for column in by_column]
    return [
        _turned([None if column is None else column[place] for column in by_column])
        for place in range(len(known))
    ]


def plain(values: Tensor) -> Any:
    """Nested lists of numbers, None for what is not finite."""
    if values.dim():
        return [plain(value) for value in values]
    number = values.item()
    return number if values.isfinite() else None
