"""What if: changes to one reading, as the unrolled network carries them out and as a link holds them.

| text | edit |
|---|---|
| `l0.f@2-=1` | gate f of layer 0 is 1 from t = 2 to the end |
| `l0.f.3@2-5=1` | only its unit 3 is, from t = 2 to t = 5, both included |
| `l1.h@3=0` | the state h of layer 1 is 0 at t = 3 |
| `l0.h@3=0.5:-1:0.25` | it is this vector there: a state transplanted from elsewhere, one number a unit |
| `x@1=4` | the symbol read at t = 1 is the fifth of the vocabulary |
| `cut@3`, `cut@0-` | all states are zero before t = 3, or before every step |

Timesteps, units and symbols count from 0, and layers, gates and states have the names of a trace: `l0.f@2` is what
stands in trace["l0.f"][2].

What each does, and when:

- A symbol is replaced before it is looked up: only what the network reads is another one, not what it is to predict.
- A cut takes away what the step before has left: that step stays as it was, and so does what was read out there. No
  state passes it, so a layer that reads backwards begins anew behind it.
- A held gate or state is replaced inside the step, in its own equation. All that comes later in the step, or in later
  steps, meets the replacement: a held f decides what is kept, a held c is what h shows and what the next step meets,
  a held h is what is read out and what the next step meets. Pre-activations stay as they were computed.

Of two edits of one thing, the later in the list holds. Where nothing is read backwards, none of them changes anything
before its first timestep.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from playground.batch import Signature
from playground.cells import CELLS
from playground.cells.hold import free
from playground.config import NetworkConfig, Range
from playground.passes.replica import layer_names
from playground.refusal import Refusal

MAX_EDITS = 32
MAX_LENGTH = 4_096  # characters of all edits in a link: one vector of 128 float32 numbers, with every digit
VALUE = Range(-1e5, 1e5, float)

_NUMBER = "0|[1-9][0-9]{0,5}"
_SPAN = f"(?P<first>{_NUMBER})(?P<dash>-(?P<last>{_NUMBER})?)?"
_EDIT = re.compile(
    rf"cut@{_SPAN}"
    rf"|x@(?P<at>{_NUMBER})=(?P<symbol>{_NUMBER})"
    rf"|(?P<layer>l[0-9](_reverse)?)\.(?P<name>[a-z]{{1,8}})(\.(?P<unit>{_NUMBER}))?"
    rf"@{_SPAN.replace('P<', 'P<of_')}=(?P<values>[^=]+)"
)


@dataclass(frozen=True, slots=True)
class Span:
    """The timesteps from `first` to `last`, both included; None: to the end, however long the text is."""

    first: int
    last: int | None = None

    def __post_init__(self) -> None:
        if self.first < 0 or (self.last is not None and self.last < self.first):
            raise ValueError(f"a span must run from 0 or later to the same or later; got {self}")

    def __contains__(self, t: int) -> bool:
        return self.first <= t and (self.last is None or t <= self.last)

    def __str__(self) -> str:
        if self.last == self.first:
            return f"{self.first}"
        return f"{self.first}-{'' if self.last is None else self.last}"


@dataclass(frozen=True, slots=True)
class Hold:
    """A gate or state of one layer, "l0", that takes the given value.

    values: one number for all units, or one a unit. unit: the only one that is held, which then has one number.
    """

    layer: str
    name: str
    span: Span
    values: tuple[float, ...]
    unit: int | None = None

    def __post_init__(self) -> None:
        if not self.values or (self.unit is not None and len(self.values) > 1):
            raise ValueError(f"a hold needs one number, or one for every unit; got {self}")
        if not all(map(math.isfinite, self.values)):
            raise ValueError(f"what is held must be finite; got {self.values}")

    def applied(self, value: Tensor) -> Tensor:
        """The value (B, H) that is used in place of the one computed; that one stays as it is."""
        held = torch.tensor(self.values, dtype=value.dtype)
        if self.unit is None:
            return held.expand_as(value)
        replaced = value.clone()
        replaced[:, self.unit] = held
        return replaced

    @property
    def target(self) -> str:
        """What is held, and when: `l0.f.3@2-5`."""
        unit = "" if self.unit is None else f".{self.unit}"
        return f"{self.layer}.{self.name}{unit}@{self.span}"

    def __str__(self) -> str:
        return f"{self.target}={':'.join(map(_shown, self.values))}"


@dataclass(frozen=True, slots=True)
class Cut:
    """All states of all layers are zero before each of these timesteps."""

    span: Span

    @property
    def target(self) -> str:
        """When: `cut@3`."""
        return f"cut@{self.span}"

    def __str__(self) -> str:
        return self.target


@dataclass(frozen=True, slots=True)
class Symbol:
    """Another symbol is read at t."""

    t: int
    symbol: int

    @property
    def span(self) -> Span:
        """The one timestep."""
        return Span(self.t, self.t)

    @property
    def target(self) -> str:
        """When: `x@1`."""
        return f"x@{self.t}"

    def __str__(self) -> str:
        return f"{self.target}={self.symbol}"


Edit = Hold | Cut | Symbol
Edits = tuple[Edit, ...]


def _shown(value: float) -> str:
    """Every digit that a float needs, without the zero of a whole number."""
    return repr(value).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class EditList:
    """A list of at most `limit` edits as the choice of a page; `l0.f@2-=1,x@1=4,cut@3` in a URL."""

    limit: int = MAX_EDITS

    def check(self, name: str, value: object) -> Edits:
        """Return the edits if that is what they are, and not too many, else raise `Refusal`."""
        given = cast("Sequence[object]", value) if isinstance(value, tuple | list) else ()
        edits = tuple(each for each in given if isinstance(each, Hold | Cut | Symbol))
        if len(edits) != len(given) or not isinstance(value, tuple | list):
            raise self._refusal(name, value)
        if len(edits) > self.limit:
            raise Refusal(
                name, "{field} must be at most {limit}; got {count:,}.", limit=self.limit, count=len(edits)
            )
        return edits

    def parse(self, name: str, text: str) -> Edits:
        """Read the edits from a URL."""
        if len(text) > MAX_LENGTH:
            raise self._refusal(name, text)
        return self.check(name, tuple(self._edit(name, part) for part in text.split(",")) if text else ())

    def show(self, value: Edits) -> str:
        """Write the edits into a URL."""
        return ",".join(map(str, value))

    def _edit(self, field: str, text: str) -> Edit:
        found = _EDIT.fullmatch(text)
        if found is None:
            raise self._refusal(field, text)
        if found["at"]:
            return Symbol(int(found["at"]), int(found["symbol"]))
        prefix = "of_" if found["layer"] else ""
        first, dash, last = (found[prefix + part] for part in ("first", "dash", "last"))
        if last and int(last) < int(first):
            raise self._refusal(field, text)
        span = Span(int(first), None if dash == "-" else int(last or first))
        if not found["layer"]:
            return Cut(span)
        values = tuple(VALUE.parse(field, value) for value in found["values"].split(":"))
        if found["unit"] and len(values) > 1:
            raise self._refusal(field, text)
        unit = int(found["unit"]) if found["unit"] else None
        return Hold(found["layer"], found["name"], span, values, unit)

    def _refusal(self, field: str, value: object) -> Refusal:
        return Refusal(
            field, "{field} must be edits such as l0.f@2-5=1,x@1=4,cut@3; got {value}.", value=value
        )


EDITS = EditList()


def fits(field: str, edits: Edits, config: NetworkConfig, signature: Signature, length: int) -> None:
    """Raise `Refusal` for the first edit that speaks of what this network, or a text of `length` timesteps, has not."""
    fits_network(field, edits, config, signature)
    for edit in edits:
        if edit.span.first >= length or (edit.span.last or 0) >= length:
            raise Refusal(
                field,
                "{field}: the timesteps of {edit} must be from 0 to {last}.",
                edit=edit.target,
                last=length - 1,
            )


def fits_network(field: str, edits: Edits, config: NetworkConfig, signature: Signature) -> None:
    """The same, but for the timesteps."""
    for edit in edits:
        if isinstance(edit, Hold):
            _fits_cell(field, edit, config)
        elif isinstance(edit, Symbol):
            _fits_vocabulary(field, edit, signature)


def _fits_vocabulary(field: str, edit: Symbol, signature: Signature) -> None:
    if signature.reads != "symbols":
        raise Refusal(field, "{field}: {edit} needs a network that reads symbols.", edit=edit.target)
    if edit.symbol >= signature.input_size:
        raise Refusal(
            field,
            "{field}: the symbol of {edit} must be from 0 to {last}; got {value}.",
            edit=edit.target,
            last=signature.input_size - 1,
            value=edit.symbol,
        )


def _fits_cell(field: str, hold: Hold, config: NetworkConfig) -> None:
    """Whether the network has this layer, this gate or state and these units, and the gate can take these values."""
    cell, edit = CELLS[config.cell], hold.target
    if hold.layer not in (layers := layer_names(config)):
        raise Refusal(
            field,
            "{field}: the layer of {edit} must be one of {options}.",
            edit=edit,
            options=", ".join(layers),
        )
    if hold.name not in (names := (*cell.states, *cell.gates)):
        raise Refusal(
            field,
            "{field}: what {edit} holds must be one of {options}.",
            edit=edit,
            options=", ".join(names),
        )
    if hold.unit is not None and hold.unit >= config.hidden_size:
        raise Refusal(
            field,
            "{field}: the unit of {edit} must be from 0 to {last}.",
            edit=edit,
            last=config.hidden_size - 1,
        )
    if len(hold.values) not in (1, config.hidden_size):
        raise Refusal(
            field,
            "{field}: {edit} must have one number, or one for each of the {units} units; got {count:,}.",
            edit=edit,
            units=config.hidden_size,
            count=len(hold.values),
        )
    if hold.name in cell.gates:
        low, high = cell.gates[hold.name].range
        for value in hold.values:
            if not low <= value <= high:
                raise Refusal(
                    field,
                    "{field}: {edit} must be from {low} to {high}, as this gate is; got {value}.",
                    edit=edit,
                    low=f"{low:g}",
                    high=f"{high:g}",
                    value=value,
                )


def read_with(edits: Edits, inputs: Tensor, *, first: int = 0) -> Tensor:
    """The symbols (T, …) that are read where `inputs` are given; its first timestep is `first`."""
    others = [edit for edit in edits if isinstance(edit, Symbol) and 0 <= edit.t - first < len(inputs)]
    if others:
        inputs = inputs.clone()
    for edit in others:
        inputs[edit.t - first] = edit.symbol
    return inputs


def cuts_at(edits: Edits, t: int) -> bool:
    """Whether the states are cut before timestep t."""
    return any(isinstance(edit, Cut) and t in edit.span for edit in edits)


def holds_at(times: Iterable[int], layer: str, edits: Edits) -> list[Callable[[str, Tensor], Tensor]]:
    """For each timestep what a readable cell asks for every gate and state of its step (`playground.cells.hold`)."""
    of_layer = [edit for edit in edits if isinstance(edit, Hold) and edit.layer == layer]
    return [_holding([edit for edit in of_layer if t in edit.span]) for t in times]


def _holding(holds: Sequence[Hold]) -> Callable[[str, Tensor], Tensor]:
    def hold(name: str, value: Tensor) -> Tensor:
        for edit in holds:
            if edit.name == name:
                value = edit.applied(value)
        return value

    return hold if holds else free
