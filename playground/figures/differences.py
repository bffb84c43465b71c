"""The gradient checked by finite differences: the error of the check against the size of its step."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number
from .lines import Line, add_line, level
from .theme import COLOURS, mode, notice, styled


def error_over_epsilon(
    frame: pd.DataFrame,
    *,
    chosen: float | None = None,
    labels: Mapping[str, str],
    dark: bool = False,
    height: int = 360,
) -> go.Figure:
    """Relative error of the central difference against autograd, both axes logarithmic.

    frame: epsilon, difference, error. chosen: the ε that is marked.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    frame = frame.sort_values("epsilon")
    colours = COLOURS[mode(dark)]
    epsilons = floats(frame, "epsilon")
    axis = LogAxis.of([floats(frame, "error")])
    name = labels["central_difference"]
    hover = [
        f"{labels['epsilon'].format(value=number(epsilon))}<br>{name}: {number(difference)}<br>"
        f"{labels['relative_error']}: {number(error)}"
        for epsilon, difference, error in zip(epsilons, frame["difference"], frame["error"], strict=True)
    ]
    figure = go.Figure()
    line = Line(labels["relative_error"], colours["difference"])
    add_line(figure, axis, line, epsilons.tolist(), floats(frame, "error"), hover)
    if chosen is not None:
        level(
            figure,
            labels["chosen_epsilon"].format(value=number(chosen)),
            chosen,
            colours["selected"],
            upright=True,
        )
    figure.update_layout(showlegend=True)
    styled(figure, dark=dark, height=height)
    ends = [*np.log10(epsilons), *([] if chosen is None else [np.log10(chosen)])]
    room = max(0.05 * (max(ends) - min(ends)), 0.2)
    figure.update_xaxes(
        type="log",
        range=[min(ends) - room, max(ends) + room],
        title_text=labels["axis_epsilon"],
        exponentformat="power",
        showgrid=False,
    )
    axis.apply(figure, title=labels["axis_relative_error"], labels=labels, dark=dark)
    return figure
