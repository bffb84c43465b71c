"""Knobs before training: how large the gradient still is at an early timestep of networks that learned nothing.

Each draw is one untrained network of H units and one sequence of T symbols out of six, read as one-hot
vectors from a zero state. A random unit gradient ∂L/∂h_T enters at the last step, and what is looked at is
how much of it arrives at every timestep k:

    ratio(k) = ‖∂L/∂h_k‖ / ‖∂L/∂h_T‖,   distance = T − k

and so of c, where a cell has it. Everything is float64: a vanilla RNN of spectral radius 0.5 is at
2e-17 for T = 50 already, and the squares of what float32 still holds would be lost.

Shapes: T timesteps, R draws, H units, V = 6 symbols, K blocks of H rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.cells import CELLS
from playground.cells.nonlinearity import NONLINEARITIES
from playground.cells.weights import ReplicatedWeights
from playground.config import Choice, Range, check_fields
from playground.models.initialization import spectral_radii
from playground.pieces import Pieces, all_of, share
from playground.studies.untrained import Backward, Untrained, pass_bytes

SYMBOLS = 6  # V
RADII = (0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0)
DRAWS = 300  # networks
DRAWN_AT_ONCE = Range(1, 1000)
DRAWN = 0.05  # about the share of all work that is done when the networks are there
Part = TypeVar("Part")
KNOBS: dict[str, Choice | Range] = {
    "knob_cell": Choice(tuple(CELLS)),
    "knob_nonlinearity": Choice(tuple(NONLINEARITIES)),
    "knob_initialization": Choice(("spectral", "orthogonal", "default")),
    "knob_radius": Range(0.3, 3, float),
    "knob_length": Range(2, 200),
    "knob_hidden_size": Range(2, 32),
    "knob_forget_bias": Range(-5, 5, float),
    "knob_update_bias": Range(-5, 5, float),
    "knob_seed": Range(0, 2**31 - 1),
}


@dataclass(frozen=True, slots=True)
class Knobs:
    """What an untrained network is made of; each field is checked by the entry "knob_<field>" of `KNOBS`.

    `nonlinearity` counts in a cell that has one to choose. `initialization` says what each H×H block of W_hh is:
    "spectral" a Gaussian matrix rescaled to the spectral radius `radius`, "orthogonal" a random orthogonal matrix; both
    with input weights N(0, 1/H) and biases 0. "default" is torch.nn's: everything uniform ±1/√H.
    `length` is T, the number of states: the longest distance is T − 1. A bias is added to the b_ih of the gate that
    the cell names for it (`CellSpec.biases`), and does nothing in a cell that names none.

    Raises `Refusal` for the first field that is not allowed; its `field` is the name in `KNOBS`.
    """

    cell: str = "rnn"
    nonlinearity: str = "tanh"
    initialization: str = "spectral"
    radius: float = 1.0
    length: int = 50
    hidden_size: int = 16
    forget_bias: float = 0.0
    update_bias: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self, KNOBS, "knob_")


def draw(knobs: Knobs, compare: Sequence[str] = (), draws: int = DRAWS) -> pd.DataFrame:
    """How much of the gradient is left at every distance: quantiles over many untrained networks.

    Columns: variant, quantity, distance, low, median, high, one. `variant` is the nonlinearity, where
    there is a choice of it, else the cell. `quantity` is the name of a state. `distance` runs from 0, where every ratio
    is 1, to T − 1. `low` and `high` are the 10 % and 90 % quantiles of the ratio, `one` is draw number one.

    compare: further nonlinearities, on the same matrices, inputs and gradients. A gated cell has no choice of
    nonlinearity, so there it adds nothing.
    Raises `Refusal` for a nonlinearity that does not exist or a number of draws outside 1 … 1000.
    """
    return all_of(draw_in_pieces(knobs, compare, draws))


def draw_in_pieces(knobs: Knobs, compare: Sequence[str] = (), draws: int = DRAWS) -> Pieces[pd.DataFrame]:
    """The same, a part of the networks at a time."""
    variants = _variants(knobs, compare)
    networks = untrained(knobs, draws)
    yield DRAWN
    tables = []
    for low, high, (variant, backward) in _shares(variants):
        ratios = yield from share(low, high, backward.ratios_in_pieces(networks))
        for quantity, of_quantity in ratios.items():
            of_quantity = of_quantity.flip(0)  # from the last timestep back
            names = {"variant": variant, "quantity": quantity, "distance": range(knobs.length)}
            tables.append(pd.DataFrame({**names, **quantiles(of_quantity), "one": of_quantity[:, 0].numpy()}))
    return pd.concat(tables, ignore_index=True)


def sweep(knobs: Knobs, radii: Sequence[float] = RADII, draws: int = DRAWS) -> pd.DataFrame:
    """How much of the gradient is left at the first timestep, for each spectral radius.

    Columns: variant, radius, low, median, high: quantiles of ‖∂L/∂h_1‖ / ‖∂L/∂h_T‖, as in `draw`. A vanilla
    RNN is measured with the nonlinearity of the knobs, tanh and linear; of an LSTM h is measured, not c. All
    radii and variants share the same Gaussian draws, rescaled: `radius` and `initialization` are not read.

    Raises `Refusal` for a radius or a number of draws out of range.
    """
    return all_of(sweep_in_pieces(knobs, radii, draws))


def sweep_in_pieces(knobs: Knobs, radii: Sequence[float] = RADII, draws: int = DRAWS) -> Pieces[pd.DataFrame]:
    """The same, a part of the networks of one radius at a time."""
    checked = [float(KNOBS["knob_radius"].check("knob_radius", radius)) for radius in radii]
    variants = _variants(knobs, ("tanh", "linear"))
    networks = untrained(replace(knobs, initialization="spectral", radius=1.0), draws)
    yield DRAWN
    first: dict[str, list[Tensor]] = {variant: [] for variant, _ in variants}
    pairs = [(variant, backward, radius) for variant, backward in variants for radius in checked]
    for low, high, (variant, backward, radius) in _shares(pairs):
        ratios = yield from share(low, high, backward.ratios_in_pieces(networks.scaled(radius)))
        first[variant].append(ratios["h"][0])
    tables = [
        pd.DataFrame({"variant": variant, "radius": checked, **quantiles(torch.stack(ratios))})
        for variant, ratios in first.items()
    ]
    return pd.concat(tables, ignore_index=True)


def needed_bytes(knobs: Knobs, draws: int = DRAWS) -> int:
    """Memory that `draw` and `sweep` take, one after the other: an estimate from above.

    The networks with what they are drawn from and a copy for each radius, and the buffers of a pass for each of three
    nonlinearities.
    """
    rows = CELLS[knobs.cell].blocks * knobs.hidden_size
    networks = 8 * draws * rows * (SYMBOLS + knobs.hidden_size + 2)
    return 4 * networks + 3 * pass_bytes(draws, knobs.length, rows)


def _shares(parts: Sequence[Part]) -> Iterator[tuple[float, float, Part]]:
    """Each part of the work that follows the drawing, with what is done before and after it, as shares of all."""
    ends = [DRAWN + (1 - DRAWN) * done / len(parts) for done in range(len(parts) + 1)]
    return zip(ends[:-1], ends[1:], parts, strict=True)


def untrained(knobs: Knobs, draws: int) -> Untrained:
    """Random networks, what they read and the gradients at their last step, from the knobs and their seed alone.

    The seed's Gaussian numbers do not depend on radius, biases or nonlinearity: turning such a knob changes
    the same networks, and a longer T lets them read on.

    Raises `Refusal` for a number of draws outside 1 … 1000.
    """
    DRAWN_AT_ONCE.check("draws", draws)
    generator = torch.Generator().manual_seed(knobs.seed)
    size, cell = knobs.hidden_size, CELLS[knobs.cell]
    rows = cell.blocks * size

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64).mul_(2).sub_(1).div_(size**0.5)

    if knobs.initialization == "default":
        shapes = (draws, rows, SYMBOLS), (draws, rows, size), (draws, 2, rows)
        weights = ReplicatedWeights(*(uniform(*shape) for shape in shapes))
    else:
        blocks = normal(draws, rows // size, size, size)
        if knobs.initialization == "orthogonal":
            blocks = orthogonal(blocks)
        else:
            blocks = blocks / spectral_radii(blocks)[..., None, None] * knobs.radius
        weights = ReplicatedWeights(
            normal(draws, rows, SYMBOLS) / size**0.5,
            blocks.flatten(1, 2),
            torch.zeros(draws, 2, rows, dtype=torch.float64),
        )
    for setting, gate in cell.biases.items():
        weights.biases[:, 0].unflatten(-1, (-1, size))[:, cell.place(gate)] += getattr(knobs, setting)

    gradient = normal(draws, 1, size)
    gradient /= torch.linalg.vector_norm(gradient, dim=-1, keepdim=True)
    symbols = torch.randint(SYMBOLS, (knobs.length, draws, 1), generator=generator)
    return Untrained(weights, symbols, gradient)


def orthogonal(gaussian: Tensor) -> Tensor:
    """Orthogonal matrices, uniformly distributed, from Gaussian ones (…, H, H).

    Q of the decomposition QR with a positive diagonal of R, as in torch.nn.init.orthogonal_.
    """
    q, r = torch.linalg.qr(gaussian)
    return q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)


def quantiles(ratios: Tensor) -> dict[str, np.ndarray]:
    """The 10 % quantile, the median and the 90 % quantile over the last dimension.

    The outer two are ratios that occurred (the smallest that at least that share of the draws does not
    exceed), since what lies between two ratios decades apart means little; the median is the mean of the two in
    the middle. What is not finite counts as largest, nan last, and is passed on where it falls.
    """
    count = ratios.shape[-1]
    ordered = ratios.sort(dim=-1).values
    low, high = (ordered[..., -(-percent * count // 100) - 1] for percent in (10, 90))
    median = (ordered[..., (count - 1) // 2] + ordered[..., count // 2]) / 2
    return {"low": low.numpy(), "median": median.numpy(), "high": high.numpy()}


def _variants(knobs: Knobs, compare: Sequence[str]) -> list[tuple[str, Backward]]:
    """What is measured one after the other: nonlinearities where there is a choice, otherwise the cell itself."""
    names = [str(KNOBS["knob_nonlinearity"].check("knob_nonlinearity", name)) for name in compare]
    if not CELLS[knobs.cell].has_nonlinearity:
        return [(knobs.cell, Backward(knobs.cell, knobs.nonlinearity))]
    return [(name, Backward(knobs.cell, name)) for name in dict.fromkeys((knobs.nonlinearity, *names))]
