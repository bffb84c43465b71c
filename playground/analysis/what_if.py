"""What edits of a reading change, beside the same reading without them, as tidy tables.

Timesteps, layers and units count from 1, as on screen; the edits' own text counts from 0. Columns that hold numbers of
either reading are called `original` and `changed`; what was computed is neither rounded nor scaled, so where nothing
is otherwise the two are equal to the last bit.

Shapes: T timesteps, H units, V symbols.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch import Tensor

from playground.batch import Batch
from playground.passes.edits import Edits
from playground.passes.replica import Replica
from playground.passes.unroll import Unrolled, unroll
from playground.pieces import Pieces, all_of


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """One sequence, read by one network as it is, and once more with edits.

    original, changed: the two readings. labels: drawn form of every symbol of the vocabulary. step: of the network.
    """

    original: Unrolled
    changed: Unrolled
    labels: tuple[str, ...]
    step: int

    @property
    def quantities(self) -> tuple[str, ...]:
        """The states and gates that a layer has."""
        spec = self.original.model.spec
        return (*spec.states, *spec.gates)

    def values(self, layer: int, quantity: str) -> pd.DataFrame:
        """One state or gate of one layer: step, t, token, layer, quantity, unit, original, changed, difference."""
        name = f"l{layer - 1}.{quantity}"
        before, after = _column(self.original[name]), _column(self.changed[name])  # (T, H)
        times, units = before.shape
        t = np.repeat(np.arange(times), units)
        return pd.DataFrame(
            {
                "step": self.step,
                "t": t + 1,
                "token": self._tokens()[t],
                "layer": layer,
                "quantity": quantity,
                "unit": np.tile(np.arange(units), times) + 1,
                "original": before.ravel(),
                "changed": after.ravel(),
                "difference": (after - before).ravel(),
            }
        )

    def losses(self) -> pd.DataFrame:
        """A row per timestep that predicts something.

        Columns: step, t, token (as it is read with the edits), target, loss in nats, its probability and the likeliest
        symbol, each as loss_original, loss_changed and so on.
        """
        drawn = np.array(self.labels, dtype=object)
        table = {
            "step": self.step,
            "t": np.arange(1, self.original.length + 1),
            "token": self._tokens(),
            "target": drawn[_column(self.original["targets"])],
        }
        for name, reading in (("original", self.original), ("changed", self.changed)):
            loss = _column(reading.losses)
            table[f"loss_{name}"] = loss
            table[f"probability_{name}"] = np.exp(-loss)
            table[f"answer_{name}"] = drawn[_column(reading.outputs).argmax(1)]
        predicted = self.original.predicted[:, 0].numpy()
        return pd.DataFrame(table).loc[predicted].reset_index(drop=True)

    def odds(self, t: int) -> pd.DataFrame:
        """What may come after timestep t: step, t, token, symbol, is_target, original, changed; the likeliest first.

        They are sorted by the larger of the two probabilities.
        """
        before, after = (
            _column(reading["probabilities"])[t - 1] for reading in (self.original, self.changed)
        )  # (V,)
        order = np.argsort(-np.fmax(before, after), kind="stable")
        target = int(self.original["targets"][t - 1, 0])
        return pd.DataFrame(
            {
                "step": self.step,
                "t": t,
                "token": self._tokens()[t - 1],
                "symbol": np.array(self.labels, dtype=object)[order],
                "is_target": order == target,
                "original": before[order],
                "changed": after[order],
            }
        )

    def _tokens(self) -> np.ndarray:
        """What is read at each timestep, replaced symbols included, (T,)."""
        return np.array(self.labels, dtype=object)[_column(self.changed["inputs"])]


def what_if(model: Replica, batch: Batch, edits: Edits, *, labels: Sequence[str], step: int) -> WhatIf:
    """Read one sequence, (T, 1, 1), as it is and with the edits.

    Raises `Refusal` for edits of what the network has not.
    """
    return all_of(what_if_in_pieces(model, batch, edits, labels=labels, step=step))


def what_if_in_pieces(
    model: Replica, batch: Batch, edits: Edits, *, labels: Sequence[str], step: int
) -> Pieces[WhatIf]:
    """The same, one reading at a time."""
    original = unroll(model, batch)
    yield 0.5
    return WhatIf(original, unroll(model, batch, edits=edits), tuple(labels), step)


def _column(value: Tensor) -> np.ndarray:
    """The one sequence of (T, 1, …), as numpy."""
    return value[:, 0].numpy()
