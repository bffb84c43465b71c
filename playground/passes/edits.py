"""What if: changes to one reading, as the unrolled network carries them out (`unroll`), and their text (`EditList`).

| text | edit |
|---|---|
| `l0.f@2-=1` | gate f of layer 0 is 1 from t = 2 to the end |
| `l0.f.3@2-5=1` | only its unit 3 is, from t = 2 to t = 5, both included |
| `l1.h@3=0` | the state h of layer 1 is 0 at t = 3 |
| `l0.h@3=0.5:-1:0.25` | it is this vector there, one number a unit |
| `h@2>3` | all states of all layers at t = 3 are what they were at t = 2 without edits: a transplant |
| `x@1=4` | the symbol read at t = 1 is the fifth of the vocabulary |
| `cut@3`, `cut@0-` | all states are zero before t = 3, or before every step |

Timesteps, units and symbols count from 0, and layers, gates and states have the names of a trace: `l0.f@2` is what
stands in trace["l0.f"][2].

What each does, and when:

- A symbol is replaced before it is looked up: only what the network reads is another one, not what it is to predict.
- A transplant holds all states at once, at what the same text gave without any edit, at another timestep. So one that
  was drawn from a timestep to itself changes nothing.
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
        """The value (B, H) that is used in place of the one computed; that one stays as it is.

        Where autograd follows, it finds the gradient of what is used, and nothing of what was computed.
        """
        held = torch.tensor(self.values, dtype=value.dtype, requires_grad=value.requires_grad)
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


@dataclass(frozen=True, slots=True)
class Transplant:
    """All states of all layers at t are what they were at `source` in the same reading without edits."""

    source: int
    t: int

    @property
    def span(self) -> Span:
        """The one timestep at which something is otherwise."""
        return Span(self.t, self.t)

    @property
    def target(self) -> str:
        """From where to where: `h@2>3`."""
        return f"h@{self.source}>{self.t}"

    def __str__(self) -> str:
        return self.target


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """A state of one layer that takes a value (B, H) from elsewhere: what a transplant comes to (`planted`)."""

    layer: str
    name: str
    span: Span
    value: Tensor

    def applied(self, value: Tensor) -> Tensor:
        """The value (B, H) that is used in place of the one computed."""
        return self.value.clone().requires_grad_(value.requires_grad)


Edit = Hold | Cut | Symbol | Transplant
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


def planted(
    edits: Edits, states: Iterable[tuple[str, str]], value: Callable[[str, str, int], Tensor | None]
) -> tuple[Edit | Planted, ...]:
    """The edits with every transplant as what it plants, in its place.

    states: each layer with the name of each of its states. value: what (B, H) it was at a timestep, without edits; None
    where that is not read.
    """
    pairs, made = tuple(states), list[Edit | Planted]()
    for edit in edits:
        if isinstance(edit, Transplant):
            found = [(layer, name, value(layer, name, edit.source)) for layer, name in pairs]
            made += [Planted(layer, name, edit.span, it) for layer, name, it in found if it is not None]
        else:
            made.append(edit)
    return tuple(made)


def holds_at(
    times: Iterable[int], layer: str, edits: Sequence[Edit | Planted]
) -> list[Callable[[str, Tensor], Tensor]]:
    """For each timestep what a readable cell asks for every gate and state of its step (`playground.cells.hold`)."""
    of_layer = [edit for edit in edits if isinstance(edit, Hold | Planted) and edit.layer == layer]
    return [_holding([edit for edit in of_layer if t in edit.span]) for t in times]


def _holding(holds: Sequence[Hold | Planted]) -> Callable[[str, Tensor], Tensor]:
    def hold(name: str, value: Tensor) -> Tensor:
        for edit in holds:
            if edit.name == name:
                value = edit.applied(value)
        return value

    return hold if holds else free
