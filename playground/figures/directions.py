"""One direction beside two: how well both answer what is held out, and each word of it."""

import pandas as pd
import plotly.graph_objects as go

from .axes import floats, number, percent
from .held_out import success_over_training
from .lines import Line
from .look import Look
from .text import plain

MOST_WORDS = 24  # that are drawn; the table has all
# Colour, dash and mark of who reads forwards, and of who reads both ways.
STYLES = {"forward": ("h", "solid", "circle"), "both": ("c", "dash", "diamond")}


def success_beside(frame: pd.DataFrame, look: Look, *, ceiling: float, is_held_out: bool = True) -> go.Figure:
    """The share of answers that are right, against training step, a line a network.

    frame: variant ("forward" or "both"), step, success. ceiling: what who reads forwards can reach at most.
    is_held_out: whether what is judged is.
    """
    look = look.with_height(320)
    if frame.empty:
        return look.notice("empty")
    name = look.words["forward_ceiling"].format(share=percent(ceiling))
    lines = {
        variant: Line(look.words[f"variant_{variant}"], look.colours[colour], dash, symbol)
        for variant, (colour, dash, symbol) in STYLES.items()
    }
    across = name, ceiling, look.colours["floor"]
    return success_over_training(frame, look, lines, across=across, is_held_out=is_held_out)


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
