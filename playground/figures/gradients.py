"""How large the gradient still is at every timestep, in its own units on a logarithmic axis."""

import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number, panels, time_axis, time_hover
from .lines import Line, add_line
from .look import Look
from .theme import SYMBOLS


def gradients_over_time(frame: pd.DataFrame, look: Look) -> go.Figure:
    """A line per layer and quantity: solid of one loss alone, dashed of all together. frame: `gradients_frame`.

    Exact zeros stand in a row of their own below the axis, ∞ and NaN in one above it.
    """
    look = look.with_height(360)
    if frame.empty:
        return look.notice("empty")
    axis = LogAxis.of([floats(frame, "value")])
    several = len(set(frame["layer"])) > 1
    figure = go.Figure()
    for layer, quantity in panels(frame):
        rows = frame.loc[(frame["layer"] == layer) & (frame["quantity"] == quantity)]
        kind, state = quantity.split(".")
        name = look.words[f"quantity_{quantity}"]
        if kind == "loss":
            name = name.format(t=rows["loss_t"].iloc[0])
        if several:
            name = f"{look.words['layer'].format(n=layer)} · {name}"
        line = Line(
            name,
            look.colours[state],
            "solid" if kind == "loss" else "dash",
            SYMBOLS[(layer - 1) % len(SYMBOLS)],
        )
        hover = [
            f"{head}<br>{name}<br>{number(value)}"
            for head, value in zip(time_hover(rows, look), rows["value"], strict=True)
        ]
        add_line(figure, axis, line, [str(t) for t in rows["t"]], floats(rows, "value"), hover)
    figure.update_layout(showlegend=True)
    look.styled(figure)
    time_axis(figure, frame, look)
    axis.apply(figure, look, title=look.words["axis_gradient"])
    return figure
