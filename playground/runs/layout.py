"""What a frame is made of: which quantities of the watched sequence are drawn, and how many bytes each takes."""

from dataclasses import dataclass

from playground.cells import CELLS
from playground.config import NetworkConfig

PLANE_BYTES = 20_000  # all planes of one frame; wider or longer networks show their first units only
LIKELIEST = 5


@dataclass(frozen=True, slots=True)
class GatePlane:
    """A gate as drawn: its name and the range of values that its bytes 0 … 255 span."""

    name: str
    low: float
    high: float


SLOPE = GatePlane(
    "phi", 0.0, 1.0
)  # stands in for the gates of a cell that has none: φ′ at the pre-activation


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Sizes of a frame's parts: `length` timesteps, `units` of the hidden units, `likeliest` symbols per timestep."""

    cell: str
    nonlinearity: str
    layers: int
    length: int
    hidden_size: int
    units: int
    vocabulary_size: int
    likeliest: int
    states: tuple[str, ...]
    gates: tuple[GatePlane, ...]

    @classmethod
    def of(cls, config: NetworkConfig, vocabulary_size: int, length: int) -> "FrameLayout":
        """The layout for a network and a watched sequence of `length` timesteps."""
        cell = CELLS[config.cell]
        gates = tuple(GatePlane(name, *cell.ranges[name]) for name in cell.gates) or (SLOPE,)
        rows = length * config.layers * (len(cell.states) + len(gates))
        units = max(4, PLANE_BYTES // rows)
        return cls(
            cell=config.cell,
            nonlinearity=config.nonlinearity,
            layers=config.layers,
            length=length,
            hidden_size=config.hidden_size,
            units=min(config.hidden_size, units),
            vocabulary_size=vocabulary_size,
            likeliest=min(LIKELIEST, vocabulary_size),
            states=cell.states,
            gates=gates,
        )

    @property
    def nbytes(self) -> int:
        floats = 1 + self.length  # perplexity, loss
        floats += self.layers * len(self.states) * self.length  # gradient magnitudes
        floats += self.layers * (2 * self.length + 2)  # trajectory and shares of variance
        floats += self.layers * len(self.states)  # plane scales
        planes = self.layers * (len(self.states) + len(self.gates)) * self.units * self.length
        size = 4 + 4 * floats + 3 * self.length * self.likeliest + planes
        return -(-size // 4) * 4

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The columns of an exposure (T, ·) in order: the name of what is copied and how many columns it has."""
        parts = [("loss", 1), ("log_probabilities", self.vocabulary_size)]
        for layer in range(self.layers):
            parts += [(f"grad.l{layer}.{name}", self.hidden_size) for name in self.states]
            parts += [  # the trajectory needs all of h; of the rest, what is drawn
                (f"l{layer}.{name}", self.hidden_size if name == "h" else self.units) for name in self.states
            ]
            parts += [(f"l{layer}.{gate.name}", self.units) for gate in self.gates if gate != SLOPE]
        return tuple(parts)
