"""What a frame is made of: the one description of its bytes, from which Python writes and the browser reads."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from playground.cells import CELLS
from playground.config import NetworkConfig
from playground.corpus import Corpus
from playground.pairs import Pair, default_loss, pairs

PLANE_BYTES = 20_000  # all planes of one frame; wider or longer networks show their first units only
LIKELIEST = 5
NOT_FINITE_STATE = -128  # of a signed plane, whose finite values are −127 … 127
NOT_FINITE_GATE = 255  # of a gate's plane, whose finite values are 0 … 254


@dataclass(frozen=True, slots=True)
class GatePlane:
    """A gate as drawn: its name and the range of values that its bytes 0 … 254 span."""

    name: str
    low: float
    high: float


# stands in for the gates of a cell that has none: φ′ at the pre-activation
SLOPE = GatePlane("phi", 0.0, 1.0)


@dataclass(frozen=True)
class FrameLayout:
    """Sizes of a frame's parts: `length` timesteps, `units` of the hidden units, `likeliest` symbols per timestep.

    Attributes:
        loss_at: the timestep, from 0, whose loss alone is taken back as well as all of them together.
        pairs: timesteps between whose hidden states the distance is measured.
    """

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
    loss_at: int
    pairs: tuple[Pair, ...]

    @classmethod
    def of(cls, config: NetworkConfig, corpus: Corpus) -> "FrameLayout":
        """The layout for a network that reads the watched sequence of a text, its first window."""
        length = len(corpus.windows[0]) - 1
        cell = CELLS[config.cell]
        gates = tuple(GatePlane(name, *gate.range) for name, gate in cell.gates.items()) or (SLOPE,)
        rows = length * config.layers * (len(cell.states) + len(gates))
        units = max(4, PLANE_BYTES // rows)
        return cls(
            cell=config.cell,
            nonlinearity=config.nonlinearity,
            layers=config.layers,
            length=length,
            hidden_size=config.hidden_size,
            units=min(config.hidden_size, units),
            vocabulary_size=len(corpus.vocabulary),
            likeliest=min(LIKELIEST, len(corpus.vocabulary)),
            states=cell.states,
            gates=gates,
            loss_at=default_loss(corpus),
            pairs=pairs(corpus),
        )

    @cached_property
    def fields(self) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
        """Name, type ("f8", "f4", "u4", "u2", "i1" or "u1", little-endian) and shape of every part, in order.

        T timesteps, U units drawn, K likeliest symbols, P pairs, ℓ the layer from 0, s a state, g a gate, A the
        timestep `loss_at`. Where training leaves something out (`playground.models.dropout`), all of it is of a pass
        that leaves out the same:

        | name | shape | what |
        |---|---|---|
        | step | | how many updates the weights have seen |
        | loss | | mean nats per predicted symbol of the batch of this step |
        | gradient_norm, clipped_norm, learning_rate | | of the update that this step's weights get next |
        | losses | (T,) | nats at every timestep of the watched sequence |
        | lℓ.sum.s | (T,) | ‖∂total/∂s_t‖₂, total the sequence's mean or sum of losses, as is trained |
        | lℓ.one.s | (T,) | ‖∂L_A/∂s_t‖₂ of the loss at timestep A alone; 0 after it |
        | lℓ.xy | (T, 2) | the path of h, seen along two axes |
        | lℓ.share | | the part of its variance that these show |
        | lℓ.apart | (P,) | ‖h_b − h_a‖₂ of every pair |
        | lℓ.scale.s | | the value of byte 127 |
        | odds, likeliest | (T, K) | probabilities of the next symbol in 1/65535, and of which symbol |
        | lℓ.s, lℓ.g | (U, T) | states and gates as bytes |
        | clipped | | 1 if clipping changes the gradient of this step |

        Larger types come first, so every part starts at a multiple of its own size.
        """
        time, units, layers = self.length, self.units, range(self.layers)
        parts: list[tuple[str, str, tuple[int, ...]]] = [
            (name, "f8", ()) for name in ("step", "loss", "gradient_norm", "clipped_norm", "learning_rate")
        ]
        parts.append(("losses", "f4", (time,)))
        for layer in layers:
            for state in self.states:
                parts += [(f"l{layer}.{which}.{state}", "f4", (time,)) for which in ("sum", "one")]
                parts.append((f"l{layer}.scale.{state}", "f4", ()))
            parts += [(f"l{layer}.xy", "f4", (time, 2)), (f"l{layer}.share", "f4", ())]
            parts.append((f"l{layer}.apart", "f4", (len(self.pairs),)))
        parts += [("odds", "u2", (time, self.likeliest)), ("likeliest", "u1", (time, self.likeliest))]
        for layer in layers:
            parts += [(f"l{layer}.{state}", "i1", (units, time)) for state in self.states]
            parts += [(f"l{layer}.{gate.name}", "u1", (units, time)) for gate in self.gates]
        return (*parts, ("clipped", "u1", ()))

    @cached_property
    def dtype(self) -> np.dtype:
        """A frame as one record of NumPy's: the same bytes, with neighbours of one kind in one array.

        measured: step, loss, gradient_norm, clipped_norm, learning_rate. norms: "sum" and "one". planes: states, then
        gates, of every layer, as bytes whatever their sign.
        """
        time, planes = self.length, len(self.states) + len(self.gates)
        state = np.dtype([("norms", "<f4", (2, time)), ("scale", "<f4")])
        layer = np.dtype(
            [
                ("states", state, (len(self.states),)),
                ("xy", "<f4", (time, 2)),
                ("share", "<f4"),
                ("apart", "<f4", (len(self.pairs),)),
            ]
        )
        parts = [
            ("measured", "<f8", (5,)),
            ("losses", "<f4", (time,)),
            ("layers", layer, (self.layers,)),
            ("odds", "<u2", (time, self.likeliest)),
            ("likeliest", "u1", (time, self.likeliest)),
            ("planes", "u1", (self.layers, planes, self.units, time)),
            ("clipped", "u1"),
        ]
        return np.dtype([*parts, ("padding", "u1", (-np.dtype(parts).itemsize % 8,))])

    @property
    def nbytes(self) -> int:
        """Bytes of a frame."""
        return self.dtype.itemsize
