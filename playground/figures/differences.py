"""The gradient checked by finite differences: the error of the check against the size of its step."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number, ticks
from .lines import Line, add_line, level
from .look import Look


def error_over_epsilon(
    frame: pd.DataFrame,
    look: Look,
    *,
    chosen: float | None = None,
) -> go.Figure:
    """Relative error of the central difference against autograd, both axes logarithmic.

    frame: epsilon, difference, error. chosen: the ε that is marked.
    """
    look = look.with_height(360)
    if frame.empty:
        return look.notice("empty")
    frame = frame.sort_values("epsilon")
    colours = look.colours
    epsilons = floats(frame, "epsilon")
    axis = LogAxis.of([floats(frame, "error")])
    name = look.words["central_difference"]
    hover = [
        f"{look.words['epsilon'].format(value=number(epsilon))}<br>{name}: {number(difference)}<br>"
        f"{look.words['relative_error']}: {number(error)}"
        for epsilon, difference, error in zip(epsilons, frame["difference"], frame["error"], strict=True)
    ]
    figure = go.Figure()
    line = Line(look.words["relative_error"], colours["difference"])
    add_line(figure, axis, line, epsilons.tolist(), floats(frame, "error"), hover)
    if chosen is not None:
        level(
            figure,
            look.words["chosen_epsilon"].format(value=number(chosen)),
            chosen,
            colours["selected"],
            upright=True,
        )
    figure.update_layout(showlegend=True)
    look.styled(figure)
    ends = [*np.log10(epsilons), *([] if chosen is None else [np.log10(chosen)])]
    room = max(0.05 * (max(ends) - min(ends)), 0.2)
    figure.update_xaxes(
        type="log",
        range=[min(ends) - room, max(ends) + room],
        title_text=look.words["axis_epsilon"],
        **ticks(min(ends), max(ends)),
        showgrid=False,
    )
    axis.apply(figure, look, title=look.words["axis_relative_error"])
    return figure
