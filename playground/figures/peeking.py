"""A language model that reads the answer: its perplexity as it is trained and as it writes, and each symbol's odds."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number, time_axis, time_hover
from .directions import STYLES as READERS
from .lines import Line, add_line, level
from .look import Look
from .text import plain

# The third is who reads both ways, where nothing comes next.
STYLES = {**READERS, "so_far": ("c", "dot", "diamond-open")}


def perplexities(frame: pd.DataFrame, look: Look, *, floor: float | None = None) -> go.Figure:
    """Perplexity against training step, a line a variant.

    frame: variant, step, perplexity. floor: the lowest that anybody reaches who reads forwards, if it is above 1.
    """
    look = look.with_height(330)
    if frame.empty:
        return look.notice("empty")
    axis = LogAxis.of([floats(frame, "perplexity")], start=1.0)
    figure = go.Figure()
    for variant, (colour, dash, symbol) in STYLES.items():
        rows = frame.loc[frame["variant"] == variant]
        name = look.words[f"variant_{variant}"]
        values = floats(rows, "perplexity")
        texts = [
            f"{look.words['step'].format(step=step)}<br>{name}: {number(value)}"
            for step, value in zip(rows["step"], values, strict=True)
        ]
        line = Line(name, look.colours[colour], dash, symbol)
        add_line(figure, axis, line, rows["step"].tolist(), values, texts, markers=variant == "so_far")
    if floor is not None:
        level(figure, look.words["lowest_forward"].format(value=number(floor)), floor, look.colours["floor"])
    look.styled(figure)
    figure.update_xaxes(title_text=look.words["axis_step"], rangemode="tozero")
    axis.apply(figure, look, title=look.words["axis_text_perplexity"])
    return figure.update_layout(margin={"t": 56}, showlegend=True)


def chances(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The probability of the right next symbol at every timestep, a bar a variant.

    frame: t, token, target, and a column a variant.
    """
    look = look.with_height(330)
    if frame.empty:
        return look.notice("empty")
    figure = go.Figure()
    heads = time_hover(frame, look)
    for variant, (colour, _dash, symbol) in STYLES.items():
        name = look.words[f"variant_{variant}"]
        values = floats(frame, variant)
        fill = look.colours[colour]
        figure.add_bar(
            x=[str(t) for t in frame["t"]],
            y=[value if np.isfinite(value) else None for value in values],
            name=name,
            marker={
                "color": fill if "open" not in symbol else "rgba(0,0,0,0)",
                "line": {"color": fill, "width": 1.5},
            },
            hovertext=[
                f"{head} → {plain(target)}<br>{name}: {number(value)}"
                for head, target, value in zip(heads, frame["target"], values, strict=True)
            ],
            hoverinfo="text",
        )
    look.styled(figure)
    time_axis(figure, frame, look)
    figure.update_yaxes(range=[0, 1.02], title_text=look.words["axis_next_probability"])
    return figure.update_layout(margin={"t": 56}, barmode="group", showlegend=True)
