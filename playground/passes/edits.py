"""What if: changes to one reading, as the unrolled network carries them out (`unroll`), and their text (`EditList`).

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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.cells.hold import free


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
