"""A number for every pair of two names: rows down, columns across."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import floats, number
from .look import Look
from .text import plain, upright
from .theme import MAGNITUDE, SIGNED, scale

ROW = 26  # pixels of a row
AROUND = 100  # pixels of axis and titles
WRITTEN = 12  # columns up to which each cell has its number in it: in half a page more of them leave no room


@dataclass(frozen=True, slots=True)
class Grid:
    """What stands where in the table of a grid: columns, which are also the words `axis_<column>` of its axes.

    value: "probability", from 0 to 1, or "weight", with a sign, 0 in the middle of the colours.
    """

    down: str
    across: str
    value: str


def grid(frame: pd.DataFrame, look: Look, places: Grid) -> go.Figure:
    """A heat map of a table with a row for each pair; what has no row is left blank."""
    rows, columns = (list(dict.fromkeys(frame[name])) for name in (places.down, places.across))
    look = look.with_height(AROUND + ROW * max(len(rows), 4))
    if frame.empty:
        return look.notice("empty")
    z = np.full((len(rows), len(columns)), np.nan)
    at = (
        [rows.index(name) for name in frame[places.down]],
        [columns.index(name) for name in frame[places.across]],
    )
    z[at] = floats(frame, places.value)
    names = [[plain(name, longest=16) for name in side] for side in (rows, columns)]
    hover = [
        [
            f"{look.words[f'axis_{places.down}']}: {down}<br>{look.words[f'axis_{places.across}']}: {across}<br>"
            f"{look.words[f'axis_{places.value}']}: {number(value)}"
            for across, value in zip(names[1], row, strict=True)
        ]
        for down, row in zip(names[0], z.tolist(), strict=True)
    ]
    is_signed = places.value == "weight"
    limit = float(np.nanmax(np.abs(z), initial=0.0)) or 1.0
    figure = go.Figure()
    figure.add_heatmap(
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        z=z,
        text=[[_written(value) for value in row] for row in z.tolist()],
        texttemplate="%{text}" if len(columns) <= WRITTEN else None,
        hovertext=hover,
        hoverinfo="text",
        hoverongaps=False,
        xgap=1,
        ygap=1,
        zmin=-limit if is_signed else 0,
        zmax=limit if is_signed else 1,
        colorscale=scale((SIGNED if is_signed else MAGNITUDE)[look.mode]),
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"size": 12, "color": look.colours["muted"]},
            "title": {"text": look.words[f"axis_{places.value}"], "side": "right", "font": {"size": 13}},
        },
    )
    look.styled(figure)
    shared = {"showgrid": False, "zeroline": False}
    labels = upright(columns) if places.across == "token" else {"ticktext": names[1]}
    figure.update_xaxes(
        tickvals=list(range(len(columns))),
        **labels,
        title_text=look.words[f"axis_{places.across}"],
        **shared,
    )
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=names[0],
        title_text=look.words[f"axis_{places.down}"],
        autorange="reversed",
        **shared,
    )
    return figure


def _written(value: float) -> str:
    """A number in its cell, to the nearest hundredth; its hover text has all of it."""
    return "" if np.isnan(value) else number(round(value, 2), 2)
