"""Back-propagation through one sequence as tidy tables, one number a row.

t is the timestep of a loss, k that of a state, i that of a use of W_hh; all count from 1, as layers do. `target` is
the drawn label of the symbol to predict at t, `token` that of the symbol read at k or i. `step` is the number of
updates made before. Values are float64, neither scaled nor clipped; zeros, infinities and NaN stand as they are.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from playground.analysis.backpropagation import Backpropagation
from playground.analysis.jacobians import CarryShares, JacobianSizes
from playground.batch import Batch

NOTHING = None  # what stands where a column does not apply
TEXTS = ("quantity", "part", "target", "token")  # the columns of words and symbols; all others hold numbers


class Reading:
    """The symbols of one sequence beside its timesteps.

    batch: (T, 1, 1), what was read. labels: drawn form of every symbol of the vocabulary.
    """

    def __init__(self, batch: Batch, labels: Sequence[str], *, step: int) -> None:
        drawn = np.array(labels, dtype=object)
        self.step = step
        self.tokens = drawn[batch.inputs[:, 0, 0].numpy()]
        self.targets = drawn[batch.targets[:, 0, 0].numpy()]

    @property
    def length(self) -> int:
        """T."""
        return len(self.tokens)

    def influence(self, done: Backpropagation) -> pd.DataFrame:
        """‖∂L_t/∂h_k‖ and, of an LSTM, ‖∂L_t/∂c_k‖: step, layer, quantity, t, target, k, token, value."""
        t, k = self._pairs(done)
        return self._table(
            ("step", "layer", "quantity", "t", "target", "k", "token", "value"),
            [
                {
                    "layer": layer,
                    "quantity": quantity,
                    "t": t + 1,
                    "target": self.targets[t],
                    "k": k + 1,
                    "token": self.tokens[k],
                    "value": values.numpy()[t, k],
                }
                for layer, shares in enumerate(done.layers, 1)
                for quantity, values in shares.influence.items()
            ],
        )

    def contributions(self, done: Backpropagation, *, scale: float) -> pd.DataFrame:
        """Norms of the terms of ∂L/∂W_hh and of their sums: step, layer, part, t, target, i, token, value.

        part: "cell" (loss t through use i), "row" (loss t), "column" (use i), "total". scale: 1 for the sum over
        time, 1 / predictions for the mean.
        """
        t, i = self._pairs(done)
        losses, uses = done.unrolled.predicted[:, 0].numpy().nonzero()[0], np.arange(self.length)
        parts = []
        for layer, shares in enumerate(done.layers, 1):
            both = {"t": t + 1, "target": self.targets[t], "i": i + 1, "token": self.tokens[i]}
            row = {"t": losses + 1, "target": self.targets[losses], "i": NOTHING, "token": NOTHING}
            column = {"t": NOTHING, "target": NOTHING, "i": uses + 1, "token": self.tokens}
            total = {"t": NOTHING, "target": NOTHING, "i": NOTHING, "token": NOTHING}
            parts += [
                {"layer": layer, "part": "cell", **both, "value": shares.cells.numpy()[t, i] * scale},
                {"layer": layer, "part": "row", **row, "value": shares.rows.numpy()[losses] * scale},
                {"layer": layer, "part": "column", **column, "value": shares.columns.numpy() * scale},
                {"layer": layer, "part": "total", **total, "value": shares.gathered[:1].numpy() * scale},
            ]
        return self._table(("step", "layer", "part", "t", "target", "i", "token", "value"), parts)

    def buildup(self, done: Backpropagation, *, t: int, scale: float) -> pd.DataFrame:
        """Two readings of "the gradient towards t = 0": step, layer, quantity, t, i, token, value.

        quantity: "single" is the term of loss t through use i; "accumulated" the norm of what all losses have
        gathered in all uses from the last one down to i.
        """
        parts = []
        for layer, shares in enumerate(done.layers, 1):
            for quantity, values, last in (
                ("single", shares.cells[t - 1], t),
                ("accumulated", shares.gathered, self.length),
            ):
                parts.append(
                    {
                        "layer": layer,
                        "quantity": quantity,
                        "t": t if quantity == "single" else NOTHING,
                        "i": np.arange(1, last + 1),
                        "token": self.tokens[:last],
                        "value": values.numpy()[:last] * scale,
                    }
                )
        return self._table(("step", "layer", "quantity", "t", "i", "token", "value"), parts)

    def lengths(self, done: Backpropagation) -> pd.DataFrame:
        """‖∂L/∂W_hh‖ if the text ended after prediction t: step, layer, quantity ("sum", "mean"), t, token, value."""
        losses = done.unrolled.predicted[:, 0].numpy().nonzero()[0]
        counts = np.arange(1, len(losses) + 1)
        return self._table(
            ("step", "layer", "quantity", "t", "token", "value"),
            [
                {
                    "layer": layer,
                    "quantity": quantity,
                    "t": losses + 1,
                    "token": self.tokens[losses],
                    "value": shares.lengths.numpy()[losses] / divisor,
                }
                for layer, shares in enumerate(done.layers, 1)
                for quantity, divisor in (("sum", 1), ("mean", counts))
            ],
        )

    def decay(
        self, done: Backpropagation, sizes: Sequence[JacobianSizes], *, layer: int, t: int
    ) -> pd.DataFrame:
        """One row of the influence matrix against the distance t − k, and what W_hh alone would predict.

        Columns step, layer, quantity, t, k, token, distance, value; k from t down to 1. quantity: "h" and "c" as
        measured; "radius" and "singular", for a vanilla RNN: ‖∂L_t/∂h_t‖ times the spectral radius or the
        largest singular value of W_hh to the power of the distance. sizes: one per layer.
        """
        shares, of_weight = done.layers[layer - 1], sizes[layer - 1]
        distance = np.arange(t)
        lines = {name: values.numpy()[t - 1, :t][::-1] for name, values in shares.influence.items()}
        if not math.isnan(of_weight.radius):
            with np.errstate(over="ignore", invalid="ignore"):
                lines["radius"] = lines["h"][0] * of_weight.radius**distance
                lines["singular"] = lines["h"][0] * of_weight.weight**distance
        return self._backwards(lines, layer=layer, t=t)

    def carry(self, shares: CarryShares, *, layer: int, t: int) -> pd.DataFrame:
        """`CarryShares` against the distance t − k: the columns of `decay`, a quantity per field."""
        lines = {name: values.numpy()[::-1] for name, values in shares._asdict().items()}
        return self._backwards(lines, layer=layer, t=t)

    def jacobians(self, sizes: Sequence[JacobianSizes], *, has_carry: bool) -> pd.DataFrame:
        """`JacobianSizes` of every layer: step, layer, quantity, k, token, value; k from 2.

        has_carry: whether ∂h_k/∂h_{k−1} has a part that meets no weight (a GRU's).
        """
        parts = []
        for layer, of_layer in enumerate(sizes, 1):
            for quantity, value in of_layer._asdict().items():
                absent = quantity == "carry" and not has_carry
                if absent or (quantity == "radius" and value != value):
                    continue
                numbers = value.numpy() if isinstance(value, Tensor) else np.full(self.length - 1, value)
                places = {"k": np.arange(2, self.length + 1), "token": self.tokens[1:]}
                parts.append({"layer": layer, "quantity": quantity, **places, "value": numbers})
        return self._table(("step", "layer", "quantity", "k", "token", "value"), parts)

    def _backwards(self, lines: dict[str, np.ndarray], *, layer: int, t: int) -> pd.DataFrame:
        distance = np.arange(t)
        return self._table(
            ("step", "layer", "quantity", "t", "k", "token", "distance", "value"),
            [
                {
                    "layer": layer,
                    "quantity": quantity,
                    "t": t,
                    "k": t - distance,
                    "token": self.tokens[:t][::-1],
                    "distance": distance,
                    "value": values,
                }
                for quantity, values in lines.items()
            ],
        )

    def _pairs(self, done: Backpropagation) -> tuple[np.ndarray, np.ndarray]:
        """All pairs of a loss and a timestep that is not later, from 0."""
        there = np.tril(np.ones((self.length, self.length), dtype=bool))
        t, k = np.nonzero(there & done.unrolled.predicted[:, 0].numpy()[:, None])
        return t, k

    def _table(self, columns: Sequence[str], parts: Sequence[dict[str, Any]]) -> pd.DataFrame:
        """The parts below one another; numbers of timesteps and layers as integers that may be missing.

        A part has an array of values, and in each other column an array of that length or one thing for all rows.
        """
        rows = [len(part["value"]) for part in parts]

        def stacked(values: Sequence[Any], kind: type) -> np.ndarray:
            return np.concatenate([np.full(n, value, kind) for n, value in zip(rows, values, strict=True)])

        table: dict[str, Any] = {"step": np.full(sum(rows), self.step)}
        for name in columns[1:]:
            values = [part[name] for part in parts]
            if name == "value":
                table[name] = stacked(values, np.float64)
            elif name in TEXTS:
                table[name] = pd.Series(stacked(values, object), dtype=object)
            else:
                numbers = stacked([0 if value is NOTHING else value for value in values], np.int64)
                is_missing = stacked([value is NOTHING for value in values], np.bool_)
                table[name] = pd.arrays.IntegerArray(numbers, is_missing)
        return pd.DataFrame(table)
