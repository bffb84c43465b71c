"""Chosen units over time: hidden and cell states, or gates, one small picture each."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import headline, number, panels, time_axis, time_hover
from .look import Look
from .theme import DASHES, SYMBOLS, UNITS

RANGES: Mapping[str, tuple[float, float]] = {
    "i": (0, 1),
    "f": (0, 1),
    "g": (-1, 1),
    "o": (0, 1),
    "r": (0, 1),
    "z": (0, 1),
    "n": (-1, 1),
    "phi": (0, 1),
}
DEFAULT_UNITS = 5
PANEL = 132  # pixels of one small picture
AROUND = 118  # pixels of axis, title and legend


def units_over_time(
    frame: pd.DataFrame,
    look: Look,
    *,
    units: Sequence[int] | None = None,
) -> go.Figure:
    """A line per chosen unit, in a small picture per quantity and layer, all over one time axis.

    frame: `states_frame` or `gates_frame`. units: numbers from 1; the first five when not given. A gate's
    picture spans the whole range the gate can take; a state's at least −1 to 1.
    """
    pictures = panels(frame)
    look = look.with_height(AROUND + PANEL * max(len(pictures), 1))
    chosen = list(units) if units is not None else sorted(frame["unit"].unique())[:DEFAULT_UNITS]
    frame = frame.loc[frame["unit"].isin(chosen)]
    if frame.empty:
        return look.notice("empty")
    figure = _stacked(pictures, frame, look)
    for row, (layer, quantity) in enumerate(pictures, 1):
        panel = frame.loc[(frame["layer"] == layer) & (frame["quantity"] == quantity)]
        for place, unit in enumerate(chosen):
            line = panel.loc[panel["unit"] == unit]
            name = look.words["unit"].format(u=unit)
            hue = place % len(UNITS["light"])
            turn = place // len(UNITS["light"])
            figure.add_scatter(
                x=[str(t) for t in line["t"]],
                y=line["value"],
                mode="lines+markers",
                line={"color": UNITS[look.mode][hue], "width": 2, "dash": DASHES[turn % len(DASHES)]},
                marker={"size": 6, "symbol": SYMBOLS[hue]},
                name=name,
                legendgroup=str(unit),
                showlegend=row == 1,
                hovertext=_hover(line, look),
                hoverinfo="text",
                row=row,
                col=1,
            )
        low, high = RANGES.get(quantity) or _at_least_one(panel["value"].to_numpy(dtype=np.float64))
        pad = 0.06 * (high - low)
        figure.update_yaxes(range=[low - pad, high + pad], nticks=5, zeroline=low < 0, row=row, col=1)
    look.styled(figure)
    time_axis(figure, frame, look)
    return figure.update_layout(legend={"y": 1 + 30 / figure.layout.height})


def _stacked(pictures: Sequence[tuple[int, str]], frame: pd.DataFrame, look: Look) -> go.Figure:
    """One row per panel over a shared time axis, each with its title on the left."""
    colours = look.colours
    several = len(set(frame["layer"])) > 1
    figure = make_subplots(
        rows=len(pictures), cols=1, shared_xaxes=True, vertical_spacing=0.36 / (len(pictures) + 1)
    )
    for row, (layer, quantity) in enumerate(pictures, 1):
        words = look.words[f"quantity_{quantity}"]
        if several:
            words = f"{look.words['layer'].format(n=layer)} · {words}"
        headline(figure, row, f'<span style="color:{colours[quantity]}">■</span> {words}')
    return figure


def _hover(rows: pd.DataFrame, look: Look) -> list[str]:
    return [
        f"{head}<br>{look.words['unit'].format(u=unit)}<br>{quantity} = {number(value)}"
        for head, unit, quantity, value in zip(
            time_hover(rows, look), rows["unit"], rows["quantity"], rows["value"], strict=True
        )
    ]


def _at_least_one(values: np.ndarray) -> tuple[float, float]:
    """A range around 0 that holds −1 to 1 and every finite value."""
    numbers = np.abs(values)
    limit = float(max(1.0, numbers[np.isfinite(numbers)].max(initial=0.0)))
    return -limit, limit
