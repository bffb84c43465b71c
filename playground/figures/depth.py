"""Rows of states, one for every layer: as a network is used, as it is trained with dropout, or the difference."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import floats, headline, number, time_axis, time_hover
from .look import Look
from .text import plain
from .theme import SIGNED, scale

ROW = 13  # pixels of a unit in a heat map, where there is room
LOWEST, HIGHEST = 90, 190  # pixels of the heat map of one layer
BETWEEN = 34  # of the name of a layer
AROUND = 84  # of the axis


def rows_of_layers(frame: pd.DataFrame, column: str, look: Look) -> go.Figure:
    """A heat map of h (units against timesteps) for every layer, the highest on top.

    frame: `DepthReading.states`. column: "evaluated" or "trained", both on one scale, or "difference". In "trained" a
    cross marks a number that the layer above does not get.
    """
    layers = sorted(set(frame["layer"]), reverse=True)
    units = len(set(frame["unit"]))
    each = min(max(ROW * units, LOWEST), HIGHEST)
    height = len(layers) * (each + BETWEEN)
    look = look.with_height(AROUND + height)
    if frame.empty:
        return look.notice("empty")
    figure = make_subplots(
        rows=len(layers),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=BETWEEN / height if len(layers) > 1 else 0,
    )
    for row, layer in enumerate(layers, 1):
        of_layer = frame.loc[frame["layer"] == layer]
        figure.add_trace(_heat_map(of_layer, column, look), row=row, col=1)
        if column == "trained" and of_layer["left_out"].any():
            figure.add_trace(_crosses(of_layer, look), row=row, col=1)
        name = "layer_answers" if row == 1 else "layer"
        headline(figure, row, look.words[name].format(n=layer))
    look.styled(figure)
    time_axis(figure, frame, look)
    figure.update_yaxes(
        range=[units + 0.5, 0.5],
        tickvals=sorted({1, (units + 1) // 2, units}),
        showgrid=False,
        title_text=look.words["axis_unit"],
    )
    states = max(1.0, _largest(frame, ("evaluated", "trained")))
    limit = (_largest(frame, ("difference",)) or 1.0) if column == "difference" else states
    return figure.update_layout(margin={"t": 28}, coloraxis=_colours(look, limit))


def _heat_map(frame: pd.DataFrame, column: str, look: Look) -> go.Heatmap:
    """One layer in one reading, or the difference of both."""
    times = [str(t) for t in frame["t"].drop_duplicates()]
    shape = (len(times), len(frame) // len(times))
    values = floats(frame, column)
    texts = [
        f"{head}<br>{look.words['unit'].format(u=unit)}<br>{look.words[f'depth_{column}']}: {number(value)}"
        + (f"<br>{look.words['left_out']}" if is_left_out and column == "trained" else "")
        for head, unit, value, is_left_out in zip(
            time_hover(frame, look), frame["unit"], values, frame["left_out"], strict=True
        )
    ]
    return go.Heatmap(
        x=times,
        y=list(range(1, shape[1] + 1)),
        z=np.where(np.isfinite(values), values, np.nan).reshape(shape).T,
        text=np.array(texts, dtype=object).reshape(shape).T,
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=True,
        coloraxis="coloraxis",
    )


def _crosses(frame: pd.DataFrame, look: Look) -> go.Scatter:
    """Marks on the numbers that are left out."""
    left_out = frame.loc[frame["left_out"]]
    return go.Scatter(
        x=[str(t) for t in left_out["t"]],
        y=left_out["unit"].tolist(),
        mode="markers",
        marker={"symbol": "x-thin", "size": 8, "line": {"width": 2, "color": look.colours["text"]}},
        hoverinfo="skip",
        showlegend=False,
        name=plain(look.words["left_out"]),
    )


def _largest(frame: pd.DataFrame, columns: tuple[str, ...]) -> float:
    sizes = np.abs(np.concatenate([floats(frame, column) for column in columns]))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def _colours(look: Look, limit: float) -> dict[str, Any]:
    """A scale of signed numbers with its bar."""
    return {
        "colorscale": scale(SIGNED[look.mode]),
        "cmin": -limit,
        "cmax": limit,
        "colorbar": {
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": [-limit, 0, limit],
            "ticktext": [number(value, 3) for value in (-limit, 0.0, limit)],
            "tickfont": {"size": 11, "color": look.colours["muted"]},
        },
    }
