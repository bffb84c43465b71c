"""What a recurrent cell says of itself, so that nobody else has to ask which one it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from playground.cells.fast import FastLayer
from playground.cells.weights import LayerWeights
from playground.cells.wires import Wires

Role = Literal["keep", "write", "read", "show", "candidate"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One block of a cell's weights, and what its activation does.

    role:

    | role | what it says |
    |---|---|
    | keep | how much of the old state stays: 1 keeps all of it |
    | write | how much of the candidate is taken in: 1 takes all of it |
    | read | how much of the past the candidate sees |
    | show | how much of the state is shown as h |
    | candidate | no gate, but what could be written |

    through: the gate that h′ passes before this block of W_hh meets it; None where the block meets h′ itself.
    after: the gate that what the block has met, W_hh h′ + b_hh, passes on its way into the sum; None if there is none.
    """

    role: Role
    through: str | None = None
    after: str | None = None

    @property
    def squash(self) -> str:
        """The nonlinearity, by its name in `NONLINEARITIES`."""
        return "tanh" if self.role == "candidate" else "sigmoid"

    @property
    def range(self) -> tuple[float, float]:
        """The values that the activation can take."""
        return (-1.0, 1.0) if self.role == "candidate" else (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Carry:
    """The way round the matrix: the state that takes it, and the gate that lets it pass."""

    state: str
    gate: str


class Readable(Protocol):
    """The readable twin: one step of a cell, forward and back.

    `step(x, *states, hold)` returns a named tuple of all it computed; its `state` are the next step's states. What
    `hold` replaces by name, a gate or a state, is what the equations go on with.
    `step_backward(step, *grads)` takes ∂L/∂ of these states and returns a named tuple too: for each state s the whole
    ∂L/∂s as `s`, `before` for the states before, `pre`, `recurrent` (of W_hh's product) and `weights`.
    """

    weights: LayerWeights
    step: Callable[..., Any]
    step_backward: Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class CellSpec:
    """One kind of recurrent cell: what it is called, what it is made of and who computes it.

    name: as in links and settings.
    states: what is carried from one timestep to the next, h first.
    gates: by name, in the order in which torch.nn stacks their weights; none for the vanilla RNN.
    wires: its states as products of gates and states, in the order in which they are computed.
    readable, fast: its two forms, of the same numbers; of the fast one there is another, for compiled loops.
    planes: buffers as wide as h that the fast form has of each layer.
    shared_planes: the same shared by all layers, in torch and in compiled loops.
    views: tensors that the fast form keeps of each timestep, without numbers of their own.
    carry: the way round the matrix, if there is one.
    has_nonlinearity: whether φ is to be chosen; `readable` then takes its name as well.
    biases: the gate to whose b_ih a setting is added before training, by the name of the setting.
    """

    name: str
    states: tuple[str, ...]
    gates: Mapping[str, Gate]
    wires: tuple[Wires, ...]
    readable: Callable[..., Readable]
    fast: type[FastLayer]
    planes: int
    shared_planes: tuple[int, int]
    views: int
    carry: Carry | None = None
    has_nonlinearity: bool = False
    biases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def blocks(self) -> int:
        """K: how many blocks of H rows the weights have."""
        return self.fast.blocks

    @property
    def meets_h(self) -> bool:
        """Whether every block of W_hh meets h′ itself."""
        return all(gate.through is None for gate in self.gates.values())

    @property
    def block_names(self) -> tuple[str, ...]:
        """What the blocks of the weights are called: by their gates, or by the state where there is none."""
        return tuple(self.gates) or self.states

    def place(self, gate: str) -> int:
        """Which block of H rows is this gate's, from 0."""
        return list(self.gates).index(gate)

    def one_step(self, weights: LayerWeights, nonlinearity: str) -> Readable:
        """The readable cell with these weights; `nonlinearity` counts where there is one to choose."""
        return self.readable(weights, nonlinearity) if self.has_nonlinearity else self.readable(weights)

    def carries(self, state: str) -> bool:
        """Whether this state has a way round the matrix."""
        return self.carry is not None and self.carry.state == state

    def kept(self, step: Any) -> Tensor:
        """What one step multiplies the carried state by on its way round the matrix, (B, H).

        Raises KeyError for a cell without such a way.
        """
        if self.carry is None:
            raise KeyError(f"{self.name} has no carry")
        gate = getattr(step, self.carry.gate)
        return gate if self.gates[self.carry.gate].role == "keep" else 1 - gate

    def lets_in(self, step: Any) -> Tensor:
        """What h′ is multiplied by before each block of W_hh meets it, (B, K, H): 1, or a gate."""
        whole = torch.ones_like(step.h_before)
        names = [gate.through for gate in self.gates.values()] or [None]
        return torch.stack([whole if name is None else getattr(step, name) for name in names], dim=-2)

    def met(self, step: Any) -> Tensor:
        """What each block of W_hh met in a step, (B, K, H)."""
        if self.meets_h:
            return step.h_before.unsqueeze(-2).expand(-1, self.blocks, -1)
        return self.lets_in(step) * step.h_before.unsqueeze(-2)
