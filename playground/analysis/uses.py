"""Every use of a shared weight in one training pass, and what it adds to the gradient.

A weight is used at every timestep of every sequence. Each use adds one product to its gradient, what comes back to it
times what it met:

    ∂L/∂W[r, c] = Σ_t Σ_b  left[t, b, r] · right[t, b, c]

For W_ih, left is ∂L/∂a and right is x; for W_hh, left is ∂L/∂(W_hh h′ + b_hh) and right is h′, or what a gate lets
through of it; a bias meets 1; the read-out meets h; row v of an embedding is met by ∂L/∂x where symbol v is read.

Shapes: T time, B sequences, K blocks of H rows, E entries. All in 64 bits, from what the pass itself left.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from playground.cells import CELLS
from playground.models.network import Network
from playground.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """Of one parameter. left: (T, B, G, m), right: (T, B, G, n): G groups of m rows, each of which met the same."""

    left: Tensor
    right: Tensor

    def at(self, t: int, column: int) -> Tensor:
        """What one use adds, (G·m, n)."""
        return (self.left[t, column, :, :, None] * self.right[t, column, :, None, :]).flatten(0, 1)

    def factors(self, row: int, column: int) -> tuple[Tensor, Tensor]:
        """Both factors of the uses of one weight, (T, B) each."""
        group, place = divmod(row, self.left.shape[-1])
        return self.left[:, :, group, place], self.right[:, :, group, column]

    def total(self) -> Tensor:
        """The sum over all uses, (G·m, n)."""
        return torch.einsum("tbgm,tbgn->gmn", self.left, self.right).flatten(0, 1)


class Pass:
    """What a pass there and back of one replica left, read by the layer: it has to be read before the next pass.

    columns: which of the sequences side by side; all of them at once may take much memory in 64 bits.

    Raises ValueError for a network that reads backwards, and where states are reset within a sequence.
    """

    def __init__(
        self, network: Network, trace: Trace, columns: slice = slice(None), *, has_resets: bool = False
    ) -> None:
        if network.config.bidirectional or has_resets or network.replicas != 1:
            raise ValueError("uses are counted in one network that reads forwards, without resets")
        self.config, self.trace, self._columns = network.config, trace, columns
        self.spec = CELLS[network.config.cell]
        self.parameters = {name: value[0].double() for name, value in network.named_parameters().items()}
        self._layers: dict[int, Layer] = {}

    def of(self, name: str) -> Tensor:
        """A tensor of the trace, (T, B, ·)."""
        value = self.trace[name][:, 0, self._columns]
        return value.double() if value.is_floating_point() else value

    def layer(self, number: int) -> "Layer":
        """A layer, from 0, the lowest."""
        if number not in self._layers:
            self._layers[number] = Layer(self, number)
        return self._layers[number]

    def layer_of(self, parameter: str) -> int:
        """The layer at which a parameter is at home: an embedding below the lowest, the read-out above the highest."""
        if parameter.startswith("rnn."):
            return int(parameter.rpartition("_l")[2])
        return 0 if parameter.startswith("embedding.") else self.config.layers - 1

    def uses(self, parameter: str) -> Uses:
        """All uses of a parameter, by torch.nn's name; a bias is a matrix with one column."""
        kind, _, rest = parameter.partition(".")
        if kind == "embedding":
            size = len(self.parameters[parameter])
            return _one_group(one_hot(self.of("inputs"), size).double(), self.layer(0).grad_x)
        if kind == "readout":
            met = self.layer(self.config.layers - 1).h
            return _one_group(
                self.of("grad.logits"), met if rest == "weight" else torch.ones_like(met[..., :1])
            )
        layer = self.layer(self.layer_of(parameter))
        which = rest.rpartition("_l")[0]
        left = layer.grad_inside if which.endswith("_hh") else layer.grad_pre
        ones = torch.ones_like(left[..., :1])
        right = {
            "weight_ih": layer.x[:, :, None].expand(-1, -1, self.spec.blocks, -1),
            "weight_hh": layer.met,
        }
        return Uses(left, right.get(which, ones))


class Layer:
    """One layer of a pass.

    x: (T, B, E), what it read. h: (T, B, H). met: (T, B, K, H), what each block of W_hh met. grad_h: the whole ∂L/∂h.
    grad_pre, grad_inside: (T, B, K, H), ∂L/∂ pre-activations, and ∂L/∂(W_hh h′ + b_hh). grad_x: (T, B, E).
    to_before: ∂L/∂h′, what goes on to the timestep before.
    """

    def __init__(self, whole: Pass, number: int) -> None:
        spec, name = whole.spec, f"l{number}"
        self.states = {state: whole.of(f"grad.{name}.{state}") for state in spec.states}
        self.x, self.h = whole.of(f"{name}.x"), whole.of(f"{name}.h")
        self.grad_h = self.states["h"]
        weight_ih, weight_hh = (whole.parameters[f"rnn.weight_{each}_{name}"] for each in ("ih", "hh"))
        before = torch.cat([torch.zeros_like(self.h[:1]), self.h[:-1]])
        gates = {gate: whole.of(f"{name}.{gate}").flatten(0, 1) for gate in spec.gates}
        step = SimpleNamespace(h_before=before.flatten(0, 1), **gates)

        def over_time(each: Tensor) -> Tensor:
            return each.unflatten(0, self.h.shape[:2])

        self.grad_pre = torch.stack([whole.of(f"grad.{name}.pre.{a}") for a in spec.gates or spec.states], -2)
        self.met, lets_in = over_time(spec.met(step)), over_time(spec.lets_in(step))
        behind = [
            torch.ones_like(self.h) if gate.after is None else over_time(gates[gate.after])
            for gate in spec.gates.values()
        ] or [torch.ones_like(self.h)]
        self.grad_inside = self.grad_pre * torch.stack(behind, -2)
        self.grad_x = self.grad_pre.flatten(-2) @ weight_ih
        rows = weight_hh.unflatten(0, (spec.blocks, -1))  # (K, H, H)
        self.to_before = (torch.einsum("tbkh,khj->tbkj", self.grad_inside, rows) * lets_in).sum(-2)
        if spec.carries("h"):
            self.to_before = self.to_before + self.grad_h * over_time(spec.kept(step))
        self.dropout = whole.of(f"{name}.dropout") if f"{name}.dropout" in whole.trace else None

    @property
    def to_below(self) -> Tensor:
        """∂L/∂h of the layer below, as far as it comes through this one."""
        return self.grad_x if self.dropout is None else self.grad_x * self.dropout


def _one_group(left: Tensor, right: Tensor) -> Uses:
    return Uses(left[:, :, None], right[:, :, None])
