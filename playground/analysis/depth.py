"""Several layers: what each of them has learned to hold, and what dropout between them takes away.

Layers, timesteps and units count from 1, as on screen.

Shapes: L layers, T timesteps, H units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.batch import NOTHING, Batch
from playground.config import NetworkConfig
from playground.models.dropout import Draw, fill, leaves_out
from playground.passes.replica import Replica
from playground.passes.unroll import Unrolled, unroll
from playground.tasks.packing import columns

DRAWS = 200  # of dropout, over which its losses are counted
Array = np.ndarray[Any, Any]


def one_sequence(batch: Batch, column: int) -> Batch:
    """One column of a batch, (T, 1, 1), without the timesteps that only fill it up."""
    one = columns(batch, torch.tensor([column]))
    happens = one.mask[:, 0, 0] | (one.inputs[:, 0, 0] != NOTHING)
    length = int(happens.nonzero().max()) + 1
    return Batch(*(part[:length] for part in (one.inputs, one.targets, one.mask)))


@dataclass(frozen=True, slots=True, eq=False)
class DepthReading:
    """One sequence, read as it is when a network is used, and as it is when a network is trained.

    evaluated, trained: both readings, of the same weights. factors: what each layer but the highest gives to the one
    above is multiplied by in training, (T, H) each: 0 where it is left out, otherwise 1 / (1 − p).
    """

    evaluated: Unrolled
    trained: Unrolled
    factors: tuple[Tensor, ...]

    def states(self, tokens: Sequence[str]) -> pd.DataFrame:
        """Columns t, token, layer, unit, evaluated, trained, difference, left_out; the lowest layer first.

        left_out: whether the layer above does not get this number in training. tokens: what is read, as it is drawn.
        """
        tables = []
        for number, layer in enumerate(self.evaluated.model.layers):
            evaluated, trained = (
                reading[f"{layer}.h"][:, 0].numpy() for reading in (self.evaluated, self.trained)
            )
            times, units = evaluated.shape
            left_out = np.zeros(evaluated.shape, dtype=bool)
            if number < len(self.factors):
                left_out = (self.factors[number] == 0).numpy()
            t = np.repeat(np.arange(times), units)
            tables.append(
                pd.DataFrame(
                    {
                        "t": t + 1,
                        "token": np.array(tokens, dtype=object)[t],
                        "layer": number + 1,
                        "unit": np.tile(np.arange(units), times) + 1,
                        "evaluated": evaluated.ravel(),
                        "trained": trained.ravel(),
                        "difference": (trained - evaluated).ravel(),
                        "left_out": left_out.ravel(),
                    }
                )
            )
        return pd.concat(tables, ignore_index=True)

    def losses(self) -> tuple[float, float]:
        """The mean loss of the sequence's answers, in nats: as it is used, and as it is trained."""
        return _mean_loss(self.evaluated), _mean_loss(self.trained)


def read_both_ways(model: Replica, batch: Batch, draw: Draw) -> DepthReading:
    """Read one sequence, (T, 1, 1), with nothing left out, and with what `draw` leaves out."""
    with torch.inference_mode():
        factors = drawn_factors(model.config, batch, draw, model.dtype)
        return DepthReading(
            unroll(model, batch),
            unroll(model, batch, factors=factors),
            tuple(each[:, 0] for each in factors),
        )


def drawn_factors(config: NetworkConfig, batch: Batch, draw: Draw, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """What the numbers between the layers are multiplied by, (T, B, W) for each gap; none where nothing is left out."""
    if not leaves_out(config):
        return ()
    time, _, count = batch.mask.shape
    width = config.hidden_size * (2 if config.bidirectional else 1)
    factors = tuple(torch.zeros(time, count, width, dtype=dtype) for _ in range(config.layers - 1))
    fill(factors, config.dropout, draw)
    return factors


def losses_of_draws(model: Replica, batch: Batch, *, seed: int, step: int, draws: int = DRAWS) -> Array:
    """The mean loss of one sequence, (T, 1, 1), in nats, for each of several draws of dropout: (draws,).

    All draws are read side by side; each leaves out what no other does.
    """
    with torch.inference_mode():
        many = Batch(*(part.expand(-1, -1, draws) for part in (batch.inputs, batch.targets, batch.mask)))
        factors = drawn_factors(model.config, many, Draw(seed, step), model.dtype)
        losses = unroll(model, many, factors=factors).losses  # (T, draws)
    return (losses.sum(0) / batch.mask.sum()).double().numpy()


def _mean_loss(reading: Unrolled) -> float:
    return float(reading.losses.sum() / max(1, reading.predictions))
