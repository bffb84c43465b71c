"""How far a model comes on a text while it learns, beside what others can reach."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number
from .lines import Line, add_line, level
from .look import Look


class Level(NamedTuple):
    """A perplexity that is drawn across: what it is called, where it is, and its colour by name."""

    name: str
    perplexity: float
    colour: str


def learning_curve(frame: pd.DataFrame, look: Look, *, colour: str, levels: Sequence[Level]) -> go.Figure:
    """Perplexity on the text while a model learns. frame: step, perplexity. colour: of the curve, by name."""
    look = look.with_height(320)
    if frame.empty:
        return look.notice("empty")
    values = floats(frame, "perplexity")
    axis = LogAxis.of([values, np.array([each.perplexity for each in levels])], start=1.0)
    figure = go.Figure()
    line = Line(look.words["on_perplexity"], look.colours[colour])
    hover = [
        f"{look.words['step'].format(step=step)}<br>{line.name}: {number(value)}"
        for step, value in zip(frame["step"], values, strict=True)
    ]
    add_line(figure, axis, line, frame["step"].tolist(), values, hover)
    for each in levels:
        level(figure, each.name, each.perplexity, look.colours[each.colour])
    look.styled(figure)
    axis.apply(figure, look, title=look.words["axis_text_perplexity"])
    figure.update_xaxes(title_text=look.words["axis_step"], rangemode="tozero")
    return figure.update_layout(margin={"t": 56}, showlegend=True)
