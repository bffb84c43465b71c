"""Traces as tidy tables, one number a row.

Columns: step, t, token, layer, quantity, unit, value. `step` is the number of updates made before the pass.
`t`, `layer` and `unit` count from 1, as in the formulas and on screen; the trace's own names count from 0.
`token` is the drawn label of the input symbol at t. Values are float64, neither scaled nor clipped. A column
that does not apply to a row is <NA>: a norm over all units has no unit, a loss has no layer.

Shapes: T timesteps, R replicas, B sequences of a batch, H units, V vocabulary.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.analysis.backpropagation import norms
from playground.projection import principal_axes
from playground.runs.curve import CurvePoints
from playground.trace import Trace

COLUMNS = ("step", "t", "token", "layer", "quantity", "unit", "value")
STATES = ("h", "c")
GATES = ("i", "f", "g", "o", "r", "z", "n")


def states_frame(
    trace: Trace, labels: Sequence[str], *, step: int, replica: int = 0, sequence: int = 0
) -> pd.DataFrame:
    """Hidden and, for an LSTM, cell state of every layer, timestep and unit; quantities "h" and "c".

    labels: drawn form of every symbol of the vocabulary. replica, sequence: which of R and B to read.
    """
    reading = _Reading(trace, labels, step, replica, sequence)
    return reading.table(
        reading.rows(name, trace[f"l{layer}.{name}"], layer=layer)
        for layer in reading.layers
        for name in STATES
        if f"l{layer}.{name}" in trace
    )


def gates_frame(
    trace: Trace, labels: Sequence[str], *, step: int, replica: int = 0, sequence: int = 0
) -> pd.DataFrame:
    """Every gate of every layer, timestep and unit; quantities are the gates' letters.

    A vanilla RNN has no gates; the quantity "phi" stands in: φ′ at the pre-activation, the share of a
    gradient that the nonlinearity lets pass.
    """
    reading = _Reading(trace, labels, step, replica, sequence)
    parts = []
    for layer in reading.layers:
        gates = {name: trace[f"l{layer}.{name}"] for name in GATES if f"l{layer}.{name}" in trace}
        for name, values in (gates or {"phi": trace[f"l{layer}.slope"]}).items():
            parts.append(reading.rows(name, values, layer=layer))
    return reading.table(parts)


def gradients_frame(
    trace: Trace,
    labels: Sequence[str],
    *,
    step: int,
    alone: Trace,
    reduction: str,
    replica: int = 0,
    sequence: int = 0,
) -> pd.DataFrame:
    """Size of the gradient at every timestep, an L2 norm over the units: of all losses together, and of one alone.

    Quantity "mean.h" or "sum.h", as `reduction` says: ‖∂L/∂h_t‖ of the mean or the sum of all losses, which `trace`
    differentiated. "loss.h": ‖∂L_t/∂h_k‖ of one loss at the states k ≤ t, the pass `alone` of
    `backpropagation.trace_of_loss`. The column `loss_t` says which loss; it is <NA> for all. For an LSTM also of c.
    """
    tables = []
    for kind, traced in ((reduction, trace), ("loss", alone)):
        reading = _Reading(traced, labels, step, replica, sequence)
        parts = [
            reading.rows_of(
                f"{kind}.{name}",
                norms(reading.column(traced[f"grad.l{layer}.{name}"]))[:, None],
                layer=layer,
                by_unit=False,
            )
            for layer in reading.layers
            for name in STATES
            if f"l{layer}.{name}" in traced
        ]
        table = reading.table(parts)
        which = reading.length if kind == "loss" else pd.NA
        tables.append(table.assign(loss_t=pd.array([which] * len(table), dtype="Int64")))
    return pd.concat(tables, ignore_index=True)


def losses_frame(
    trace: Trace, labels: Sequence[str], *, step: int, replica: int = 0, sequence: int = 0
) -> pd.DataFrame:
    """A row per predicted symbol: step, t, token, target, probability p, and loss −ln p in nats."""
    reading = _Reading(trace, labels, step, replica, sequence)
    loss = reading.column(trace["loss"]).double()  # (length,)
    table = pd.DataFrame(
        {
            "step": step,
            "t": pd.array(range(1, reading.length + 1), dtype="Int64"),
            "token": reading.tokens,
            "target": reading.named(trace["targets"]),
            "probability": torch.exp(-loss).numpy(),
            "loss": loss.numpy(),
        }
    )
    return table.loc[reading.column(trace["mask"]).numpy()].reset_index(drop=True)


def trajectory_frame(
    trace: Trace,
    labels: Sequence[str],
    *,
    step: int,
    layer: int = 1,
    k: int = 2,
    plane: np.ndarray | None = None,
    replica: int = 0,
    sequence: int = 0,
) -> pd.DataFrame:
    """The path of one layer's h along k axes; `unit` is the axis.

    Quantity "position" has a row per timestep and axis; quantity "share" a row per axis and no t: its part
    of the variance. layer: counted from 1. plane: the first two axes, orthonormal (H, 2), as those of the stage; then
    come the axes of largest variance of what is left. Without it, those of the path itself.
    """
    reading = _Reading(trace, labels, step, replica, sequence)
    states = reading.column(trace[f"l{layer - 1}.h"]).double()  # (T, H)
    if plane is None:
        seen = principal_axes(states, k)
        points, parts = seen.points, seen.shares
    else:
        points, parts = _seen_from(torch.from_numpy(plane), states, k)
    positions = reading.rows_of("position", points, layer=layer - 1)
    shares = reading.rows_of("share", parts[None], layer=layer - 1)
    shares["t"] = pd.array([pd.NA] * len(shares), dtype="Int64")
    shares["token"] = pd.array([pd.NA] * len(shares), dtype=positions["token"].dtype)
    return reading.table([positions, shares])


def _seen_from(plane: Tensor, states: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """A path (T, H) along the axes of a plane (H, 2) and k − 2 more: points (T, k), and the share of each axis (k,)."""
    centred = states - states.mean(0)
    rest = principal_axes(centred - centred @ plane @ plane.T, k - 2).points if k > 2 else centred[:, :0]
    points = torch.cat([centred @ plane, rest], dim=1)
    total = centred.pow(2).sum()
    return points, points.pow(2).sum(0) / torch.where(total > 0, total, 1.0)


def updates_frame(curve: CurvePoints) -> pd.DataFrame:
    """The learning curve, a measured update a row: step, loss, perplexity, gradient_norm, clipped_norm, clipped,
    clipped_share, learning_rate.

    loss is what was measured, in mean nats per predicted symbol of the batch of that step; perplexity is exp(loss),
    ∞ where that is beyond 64 bits. clipped and learning_rate are the row's own; clipped_share is the part of the
    updates after the row before, up to this one, that were clipped: a long run keeps only some of its rows.
    """
    return pd.DataFrame(
        {
            "step": curve.step,
            "loss": curve.loss,
            "perplexity": curve.perplexity,
            "gradient_norm": curve.gradient_norm,
            "clipped_norm": curve.clipped_norm,
            "clipped": curve.clipped,
            "clipped_share": curve.clipped_share,
            "learning_rate": curve.learning_rate,
        }
    )


class _Reading:
    """One sequence of one replica of a trace, read out as rows."""

    def __init__(self, trace: Trace, labels: Sequence[str], step: int, replica: int, sequence: int) -> None:
        self.labels = np.array(labels, dtype=object)
        self.step, self.replica, self.sequence = step, replica, sequence
        self.length = len(trace["inputs"])
        if (
            trace["inputs"].shape[2] > 1
        ):  # shorter sequences of a batch are padded after their last prediction
            self.length = int(self.column(trace["mask"]).nonzero().max()) + 1
        self.tokens = self.named(trace["inputs"])
        self.layers = []
        while f"l{len(self.layers)}.h" in trace:
            self.layers.append(len(self.layers))

    def column(self, values: Tensor) -> Tensor:
        """(T, R or 1, B, …) → (length, …)"""
        replica = self.replica if values.shape[1] > 1 else 0
        return values[: self.length, replica, self.sequence].detach().cpu()

    def named(self, ids: Tensor) -> np.ndarray:
        """Ids (T, R or 1, B) → drawn labels (length,)"""
        return self.labels[self.column(ids).numpy()]

    def rows(
        self, quantity: str, values: Tensor, layer: int | None = None, by_unit: bool = True
    ) -> pd.DataFrame:
        """Values (T, R, B, U), every number a row."""
        return self.rows_of(quantity, self.column(values), layer, by_unit)

    def rows_of(
        self, quantity: str, values: Tensor, layer: int | None = None, by_unit: bool = True
    ) -> pd.DataFrame:
        """Values (length, U), every number a row, timestep by timestep."""
        times, units = values.shape
        unit = np.tile(np.arange(1, units + 1), times)
        return pd.DataFrame(
            {
                "step": self.step,
                "t": pd.array(np.repeat(np.arange(1, times + 1), units), dtype="Int64"),
                "token": np.repeat(self.tokens[:times], units),
                "layer": pd.array([pd.NA if layer is None else layer + 1] * len(unit), dtype="Int64"),
                "quantity": quantity,
                "unit": pd.array(unit if by_unit else [pd.NA] * len(unit), dtype="Int64"),
                "value": values.double().numpy().reshape(-1),
            }
        )

    def table(self, parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
        """The parts below one another."""
        parts = list(parts)
        return pd.concat(parts, ignore_index=True).loc[:, list(COLUMNS)]
