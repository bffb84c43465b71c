"""How large the gradient still is at every timestep, in its own units on a logarithmic axis."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, holdable, number, panels, time_axis, time_hover
from .theme import COLOURS, DASHES, SYMBOLS, mode, notice, styled


def gradients_over_time(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 360
) -> go.Figure:
    """A line per layer and quantity. frame: `gradients_frame`.

    Exact zeros stand in a row of their own below the axis, ∞ and NaN in one above it.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    axis = LogAxis.of([frame["value"].to_numpy(dtype=float)])
    several = len(set(frame["layer"])) > 1
    figure = go.Figure()
    for layer, quantity in panels(frame):
        line = frame.loc[(frame["layer"] == layer) & (frame["quantity"] == quantity)]
        colour = COLOURS[mode(dark)][quantity.removeprefix("grad.")]
        turn = layer - 1
        name = labels[f"quantity_{quantity}"]
        if several:
            name = f"{labels['layer'].format(n=layer)} · {name}"
        x = [str(t) for t in line["t"]]
        hover = [
            f"{head}<br>{name}<br>{number(value)}"
            for head, value in zip(time_hover(line, labels), line["value"], strict=True)
        ]
        figure.add_scatter(
            x=x,
            y=holdable(line["value"].to_numpy()),
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": DASHES[turn % len(DASHES)]},
            marker={"size": 7, "symbol": SYMBOLS[turn % len(SYMBOLS)]},
            name=name,
            legendgroup=name,
            hovertext=hover,
            hoverinfo="text",
        )
        figure.add_traces(axis.marks(x, line["value"].to_numpy(), hover, colour=colour, group=name))
    figure.update_layout(showlegend=True)
    styled(figure, dark=dark, height=height)
    time_axis(figure, frame, labels=labels, dark=dark)
    axis.apply(figure, title=labels["axis_gradient"], labels=labels, dark=dark)
    return figure
