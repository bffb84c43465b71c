"""How large the gradient still is at every timestep, in its own units on a logarithmic axis."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number, panels, time_axis, time_hover
from .lines import Line, add_line
from .theme import COLOURS, SYMBOLS, mode, notice, styled


def gradients_over_time(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 360
) -> go.Figure:
    """A line per layer and quantity: solid of one loss alone, dashed of all together. frame: `gradients_frame`.

    Exact zeros stand in a row of their own below the axis, ∞ and NaN in one above it.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    axis = LogAxis.of([floats(frame, "value")])
    several = len(set(frame["layer"])) > 1
    figure = go.Figure()
    for layer, quantity in panels(frame):
        rows = frame.loc[(frame["layer"] == layer) & (frame["quantity"] == quantity)]
        kind, state = quantity.split(".")
        name = labels[f"quantity_{quantity}"]
        if kind == "loss":
            name = name.format(t=rows["loss_t"].iloc[0])
        if several:
            name = f"{labels['layer'].format(n=layer)} · {name}"
        line = Line(
            name,
            COLOURS[mode(dark)][state],
            "solid" if kind == "loss" else "dash",
            SYMBOLS[(layer - 1) % len(SYMBOLS)],
        )
        hover = [
            f"{head}<br>{name}<br>{number(value)}"
            for head, value in zip(time_hover(rows, labels), rows["value"], strict=True)
        ]
        add_line(figure, axis, line, [str(t) for t in rows["t"]], floats(rows, "value"), hover)
    figure.update_layout(showlegend=True)
    styled(figure, dark=dark, height=height)
    time_axis(figure, frame, labels=labels, dark=dark)
    axis.apply(figure, title=labels["axis_gradient"], labels=labels, dark=dark)
    return figure
