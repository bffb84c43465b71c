"""How probable each tag of a sentence is to those who tag it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import floats, headline, number, time_axis, time_hover
from .look import Look
from .text import plain
from .theme import MAGNITUDE, scale

ROW = 20  # pixels of a tag
BETWEEN = 34
AROUND = 110


def tag_chances(frame: pd.DataFrame, asked: pd.DataFrame, look: Look) -> go.Figure:
    """The probability of every tag of every word, a picture a model; the right tag of each word is ringed.

    frame: model, t, token, tag, probability. asked: t, tag.
    """
    models = frame["model"].drop_duplicates().tolist()
    tags = frame["tag"].drop_duplicates().tolist()
    each = ROW * max(len(tags), 2)
    inner = len(models) * each + max(len(models) - 1, 0) * BETWEEN
    look = look.with_height(AROUND + max(inner, each))
    if frame.empty:
        return look.notice("empty")
    gap = BETWEEN / inner if len(models) > 1 else 0.0
    figure = make_subplots(rows=len(models), cols=1, shared_xaxes=True, vertical_spacing=gap)
    for row, model in enumerate(models, 1):
        rows = frame.loc[frame["model"] == model]
        times = [str(t) for t in rows["t"].drop_duplicates()]
        shape = len(times), len(tags)
        hover = [
            f"{head}<br>{plain(tag)}: {number(p)}"
            for head, tag, p in zip(time_hover(rows, look), rows["tag"], rows["probability"], strict=True)
        ]
        figure.add_heatmap(
            x=times,
            y=list(range(len(tags))),
            z=floats(rows, "probability").reshape(shape).T,
            hovertext=np.array(hover, dtype=object).reshape(shape).T.tolist(),
            hoverinfo="text",
            xgap=1,
            ygap=1,
            coloraxis="coloraxis",
            row=row,
            col=1,
        )
        figure.add_scatter(
            x=[str(t) for t in asked["t"]],
            y=[tags.index(tag) for tag in asked["tag"]],
            mode="markers",
            marker={
                "symbol": "circle-open",
                "size": 13,
                "line": {"width": 2},
                "color": look.colours["selected"],
            },
            name=look.words["right_tag"],
            showlegend=row == 1,
            legendgroup="right",
            hoverinfo="skip",
            row=row,
            col=1,
        )
        headline(figure, row, look.words[f"tagger_{model}"])
    look.styled(figure)
    time_axis(figure, frame.loc[frame["model"] == models[0]], look)
    figure.update_yaxes(
        tickvals=list(range(len(tags))),
        ticktext=[plain(tag, longest=12) for tag in tags],
        range=[len(tags) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    bar = {
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": [0, 0.5, 1],
        "tickfont": {"size": 12, "color": look.colours["muted"]},
    }
    axis = {"colorscale": scale(MAGNITUDE[look.mode]), "cmin": 0, "cmax": 1, "colorbar": bar}
    return figure.update_layout(margin={"t": 56}, showlegend=True, coloraxis=axis)
