"""Lines on a logarithmic axis: the form that every chart of gradient sizes shares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from .axes import LogAxis, holdable

CROWD = 60  # points from which on the markers shrink, so that the line stays visible


@dataclass(frozen=True, slots=True)
class Line:
    """How a line is named and drawn."""

    name: str
    colour: str
    dash: str = "solid"
    symbol: str = "circle"
    width: float = 2


def add_line(
    figure: go.Figure,
    axis: LogAxis,
    line: Line,
    x: Sequence[object],
    values: np.ndarray,
    hover: Sequence[str],
    *,
    markers: bool = True,
    in_legend: bool = True,
) -> None:
    """A line through the values that the axis can hold; a mark in a row of its own for each other one.

    x, values, hover: one each per point. markers: one on every point; a lonely point has one anyway.
    """
    there = np.isfinite(values) & (values > 0)
    lonely = there & ~np.r_[False, there[:-1]] & ~np.r_[there[1:], False]
    size = 7 if len(values) <= CROWD else 3
    figure.add_scatter(
        x=list(x),
        y=holdable(values),
        mode="lines+markers" if markers or lonely.any() else "lines",
        line={"color": line.colour, "width": line.width, "dash": line.dash},
        marker={"size": size if markers else np.where(lonely, size, 0), "symbol": line.symbol},
        name=line.name,
        legendgroup=line.name,
        showlegend=in_legend,
        hovertext=list(hover),
        hoverinfo="text",
    )
    figure.add_traces(axis.marks(x, values, hover, colour=line.colour, group=line.name))


def add_band(
    figure: go.Figure,
    axis: LogAxis,
    line: Line,
    x: Sequence[float],
    low: np.ndarray,
    high: np.ndarray,
) -> None:
    """The area between two curves, with no border. Down to the row of zeros, up to that of ∞; gaps for NaN."""
    edges = [
        np.select([values == 0, np.isposinf(values)], [axis.zero_row, axis.other_row], values)
        for values in (low, high)
    ]
    places = np.asarray(x, dtype=np.float64)
    there = np.isfinite(edges[0]) & np.isfinite(edges[1])
    pieces = np.split(np.arange(len(places)), np.flatnonzero(np.diff(there)) + 1)
    for piece in pieces:
        if len(piece) and there[piece[0]]:
            figure.add_scatter(
                x=np.concatenate([places[piece], places[piece][::-1]]),
                y=np.concatenate([edges[0][piece], edges[1][piece][::-1]]),
                mode="lines",
                line={"width": 0, "color": line.colour},
                fill="toself",
                fillcolor=faint(line.colour),
                legendgroup=line.name,
                showlegend=False,
                hoverinfo="skip",
                name=line.name,
            )


def level(figure: go.Figure, name: str, value: float, colour: str, *, upright: bool = False) -> None:
    """A line across the chart at a value of the y axis, or of the x axis; its name stands in the legend."""
    line = {"color": colour, "width": 1.5, "dash": "dash"}
    if upright:
        figure.add_vline(x=value, line=line, name=name, showlegend=True)
    else:
        figure.add_hline(y=value, line=line, name=name, showlegend=True)


def key(figure: go.Figure, name: str, **drawn: object) -> None:
    """A legend entry that explains a form that several lines share."""
    figure.add_scatter(x=[None], y=[None], name=name, hoverinfo="skip", **drawn)


def faint(colour: str, opacity: float = 0.18) -> str:
    """The colour as a see-through fill."""
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgba({red},{green},{blue},{opacity})"
