"""Fixed windows: how far each size comes, and the weights of one, position by position."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import LogAxis, floats, headline, number
from .lines import Line, add_line
from .look import Look
from .text import plain, upright
from .theme import SIGNED, scale

ROW = 9  # pixels of a unit, where there is room
LOWEST, HIGHEST = 60, 130  # pixels of one position
BETWEEN = 30  # pixels between two positions, for the name of the lower one
AROUND = 100  # pixels of the axis and the first name


def window_sizes(frame: pd.DataFrame, look: Look) -> go.Figure:
    """How far windows of several sizes came, beside the floor of each. frame: memory, numbers, perplexity, floor."""
    look = look.with_height(340)
    if frame.empty:
        return look.notice("empty")
    reached, floors = floats(frame, "perplexity"), floats(frame, "floor")
    axis = LogAxis.of([reached, floors], start=1.0)
    figure = go.Figure()
    sizes = frame["memory"].tolist()
    for line, values in (
        (Line(look.words["own_floor"], look.colours["floor"], width=7), floors),
        (Line(look.words["on_perplexity"], look.colours["c"], symbol="diamond"), reached),
    ):
        hover = [f"k = {k}<br>{line.name}: {number(value)}" for k, value in zip(sizes, values, strict=True)]
        add_line(figure, axis, line, sizes, values, hover, markers=values is reached)
    look.styled(figure)
    axis.apply(figure, look, title=look.words["axis_text_perplexity"])
    figure.update_xaxes(title_text=look.words["axis_memory"], dtick=1, showgrid=False)
    return figure.update_layout(margin={"t": 40}, showlegend=True)


def position_weights(frame: pd.DataFrame, look: Look) -> go.Figure:
    """What each symbol adds to every unit, a heat map a position, one below the other, in one scale.

    frame: back (how many symbols the position lies before the newest), symbol, unit, value; the oldest position first.
    """
    backs = frame["back"].drop_duplicates().tolist()
    symbols, units = frame["symbol"].drop_duplicates().tolist(), frame["unit"].drop_duplicates().tolist()
    each = min(max(ROW * len(units), LOWEST), HIGHEST)
    inner = len(backs) * each + max(len(backs) - 1, 0) * BETWEEN
    look = look.with_height(AROUND + max(inner, LOWEST))
    if frame.empty:
        return look.notice("empty")
    gap = BETWEEN / inner if len(backs) > 1 else 0.0
    figure = make_subplots(rows=len(backs), cols=1, shared_xaxes=True, vertical_spacing=gap)
    for row, back in enumerate(backs, 1):
        rows = frame.loc[frame["back"] == back]
        name = look.words["position_now" if back == 0 else "position"].format(n=back)
        texts = [
            f"{name}<br>{plain(symbol)} · {look.words['unit'].format(u=unit)}: {number(value)}"
            for symbol, unit, value in zip(rows["symbol"], rows["unit"], floats(rows, "value"), strict=True)
        ]
        shape = len(symbols), len(units)
        values = floats(rows, "value")
        figure.add_heatmap(
            x=list(range(len(symbols))),
            y=units,
            z=np.where(np.isfinite(values), values, np.nan).reshape(shape).T,
            text=np.array(texts, dtype=object).reshape(shape).T,
            hovertemplate="%{text}<extra></extra>",
            hoverongaps=True,
            coloraxis="coloraxis",
            row=row,
            col=1,
        )
        headline(figure, row, name)
    look.styled(figure)
    figure.update_xaxes(
        tickvals=list(range(len(symbols))),
        **upright(symbols),
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(title_text=look.words["axis_symbol"], row=len(backs), col=1)
    figure.update_yaxes(
        autorange="reversed",
        tickvals=sorted({units[0], units[len(units) // 2], units[-1]}),
        showgrid=False,
        zeroline=False,
        title_text=look.words["axis_unit"],
    )
    sizes = np.abs(floats(frame, "value"))
    limit = float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0
    bar = {
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": [-limit, 0, limit],
        "ticktext": [number(value, 3) for value in (-limit, 0.0, limit)],
        "tickfont": {"size": 12, "color": look.colours["muted"]},
    }
    return figure.update_layout(
        margin={"t": 28},
        coloraxis={"colorscale": scale(SIGNED[look.mode]), "cmin": -limit, "cmax": limit, "colorbar": bar},
    )
