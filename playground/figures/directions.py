"""One direction beside two: how well both answer what is held out, and each word of it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import floats, number, percent
from .lines import level
from .look import Look
from .text import plain

MOST_WORDS = 24  # that are drawn; the table has all
STYLES = {"forward": ("h", "solid", "circle"), "both": ("c", "dash", "diamond")}


def success_beside(frame: pd.DataFrame, look: Look, *, ceiling: float) -> go.Figure:
    """The share of held-out answers that are right, against training step, a line a network.

    frame: variant ("forward" or "both"), step, success. ceiling: what who reads forwards can reach at most.
    """
    look = look.with_height(320)
    if frame.empty:
        return look.notice("empty")
    figure = go.Figure()
    for variant, (colour, dash, symbol) in STYLES.items():
        rows = frame.loc[frame["variant"] == variant]
        name = look.words[f"variant_{variant}"]
        values = floats(rows, "success")
        figure.add_scatter(
            x=rows["step"].tolist(),
            y=[value if np.isfinite(value) else None for value in values],
            mode="lines+markers",
            line={"color": look.colours[colour], "width": 2, "dash": dash},
            marker={"size": 5, "symbol": symbol},
            name=name,
            hovertext=[
                f"{look.words['step'].format(step=step)}<br>{name}: {percent(value)} %"
                for step, value in zip(rows["step"], values, strict=True)
            ],
            hoverinfo="text",
        )
    level(
        figure, look.words["forward_ceiling"].format(share=percent(ceiling)), ceiling, look.colours["floor"]
    )
    look.styled(figure)
    figure.update_xaxes(title_text=look.words["axis_step"], rangemode="tozero")
    figure.update_yaxes(title_text=look.words["axis_held_out"], range=[0, 1.04])
    return figure.update_layout(margin={"t": 56}, showlegend=True)


def by_word(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The share of right answers of each word, a bar a network; a line across the bars shows what can be reached.

    frame: word, n, past, forward, both (`playground.analysis.by_word`).
    """
    look = look.with_height(340)
    if frame.empty:
        return look.notice("empty")
    shown = frame.iloc[:MOST_WORDS]
    places = [str(place) for place in range(len(shown))]
    n = floats(shown, "n")
    figure = go.Figure()
    for variant, (colour, _dash, _symbol) in STYLES.items():
        name = look.words[f"variant_{variant}"]
        figure.add_bar(
            x=places,
            y=floats(shown, variant) / n,
            name=name,
            marker={"color": look.colours[colour]},
            hovertext=_hover(shown, variant, name, look),
            hoverinfo="text",
        )
    name = look.words["past_ceiling"]
    figure.add_scatter(
        x=places,
        y=floats(shown, "past") / n,
        mode="markers",
        marker={
            "symbol": "line-ew-open",
            "size": 22,
            "color": look.colours["text"],
            "line": {"width": 3, "color": look.colours["text"]},
        },
        name=name,
        hovertext=_hover(shown, "past", name, look),
        hoverinfo="text",
    )
    look.styled(figure)
    labels = {place: plain(word, longest=12) for place, word in zip(places, shown["word"], strict=True)}
    figure.update_xaxes(
        type="category", labelalias=labels, title_text=look.words["axis_word"], showgrid=False
    )
    figure.update_yaxes(title_text=look.words["axis_right"], range=[0, 1.06])
    return figure.update_layout(margin={"t": 56}, barmode="group", showlegend=True)


def _hover(frame: pd.DataFrame, column: str, name: str, look: Look) -> list[str]:
    return [
        f"{plain(word)}<br>{name}: {look.words['times'].format(count=number(right), all=number(n))}"
        for word, right, n in zip(frame["word"], frame[column], frame["n"], strict=True)
    ]
