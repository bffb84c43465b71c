"""Models beside the floors of their text, and what they keep to get there."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import ROUNDING, LogAxis, floats, holdable, number
from .lines import Line, add_line, key, level
from .look import Look
from .text import plain

WORST = 10  # times the uniform guess, to which the axis goes at most for held-out lines
CLOSE = 0.045  # of the height of an axis: names of lines that are closer would cover one another
STORED = {  # colour, dash and symbol of what is kept
    "table": ("exploded", "dot", "x"),
    "counts": ("n", "solid", "square"),
    "window": ("c", "solid", "diamond"),
    "recurrent": ("h", "dash", "circle"),
}


def models_and_floors(frame: pd.DataFrame, floors: pd.DataFrame, look: Look, *, uniform: float) -> go.Figure:
    """Perplexity of every model, on the text and on held-out lines, with the floors of the text drawn through all.

    Of held-out lines a perplexity far beyond the uniform guess stands in a row of its own, as what is no number does:
    it may be thousands of times higher, and the floors would be one line.

    frame: name, memory, perplexity, held_out, floor, a model a row; floor: its own, NaN for none. floors: first, last
    (NaN for any number), perplexity. uniform: perplexity of guessing evenly.
    """
    look = look.with_height(460)
    if frame.empty:
        return look.notice("empty")
    known = np.concatenate([floats(frame, "perplexity"), floats(floors, "perplexity"), [uniform]])
    axis = LogAxis.of([known, _shown(floats(frame, "held_out"), WORST * uniform)], start=1.0)
    figure = go.Figure()
    _floors(figure, floors, axis, look)
    level(figure, look.words["uniform"], uniform, look.colours["uniform"])
    for column, colour, symbol in (
        ("held_out", look.colours["clipped"], "diamond-open"),
        ("perplexity", look.colours["perplexity"], "circle"),
    ):
        _points(figure, frame, column, axis, look, colour=colour, symbol=symbol)
    places = list(map(str, range(len(frame))))
    own = floats(frame, "floor")
    figure.add_scatter(
        x=[place for place, value in zip(places, own, strict=True) if np.isfinite(value)],
        y=own[np.isfinite(own)],
        mode="markers",
        marker={
            "symbol": "line-ew-open",
            "size": 30,
            "line": {"width": 3, "color": look.colours["floor"]},
            "color": look.colours["floor"],
        },
        name=look.words["own_floor"],
        hoverinfo="skip",
    )
    look.styled(figure)
    axis.apply(figure, look, title=look.words["axis_text_perplexity"], other="row_worse")
    figure.update_annotations(selector={"text": look.words["row_worse"]}, yshift=7)  # above the marks
    figure.update_xaxes(
        type="category",
        categoryarray=places,
        range=[-0.6, len(places) - 0.4],
        tickvals=places,
        ticktext=[plain(name, longest=24) for name in frame["name"]],
        autotickangles=[0, 90],
        showgrid=False,
        title_text=look.words["axis_model"],
    )
    return figure.update_layout(margin={"t": 56, "r": 64}, showlegend=True)


def _shown(values: np.ndarray, most: float) -> np.ndarray:
    """The values with ∞ for those above `most`, which leave the axis; those that are not there yet left out."""
    there = values[~np.isnan(values)]
    return np.where(there > most, np.inf, there)


def _points(
    figure: go.Figure,
    frame: pd.DataFrame,
    column: str,
    axis: LogAxis,
    look: Look,
    *,
    colour: str,
    symbol: str,
) -> None:
    """The perplexities of one kind, a point a model; where one is held out but not measured yet there is none."""
    name, values = look.words[f"on_{column}"], floats(frame, column)
    is_there = ~np.isnan(values) | (column == "perplexity")
    x = [str(place) for place in np.flatnonzero(is_there)]
    values = values[is_there]
    hover = [
        f"{plain(model)}<br>{name}: {number(value)}"
        for model, value in zip(frame["name"][is_there], values, strict=True)
    ]
    on_axis = np.where(values > 10**axis.high * (1 + ROUNDING), np.inf, values)
    figure.add_scatter(
        x=x,
        y=holdable(on_axis),
        mode="markers",
        marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2, "color": colour}},
        hovertext=hover,
        hoverinfo="text",
        name=name,
        legendgroup=name,
        showlegend=bool(is_there.any()),
    )
    figure.add_traces(axis.marks(x, on_axis, hover, colour=colour, group=name))


def _floors(figure: go.Figure, floors: pd.DataFrame, axis: LogAxis, look: Look) -> None:
    """A line for every floor, named at its right end where there is room for a name."""
    colour = look.colours["floor"]
    taken: list[float] = []
    for first, last, value in zip(floors["first"], floors["last"], floors["perplexity"], strict=True):
        figure.add_hline(y=value, line={"color": colour, "width": 1, "dash": "dash"})
        height = np.log10(value)
        if any(abs(height - other) < CLOSE * (axis.high - axis.low) for other in taken):
            continue
        taken.append(height)
        figure.add_annotation(
            text=floor_name(first, last),
            x=1.0,
            xref="paper",
            xanchor="left",
            xshift=4,
            y=height,
            showarrow=False,
            font={"size": 12, "color": colour},
        )
    line = {"color": colour, "width": 1, "dash": "dash"}
    key(figure, look.words["floors"], mode="lines", line=line)


def floor_name(first: float, last: float) -> str:
    """The k that have one floor: k = 1, k = 2–4, k ≥ 5."""
    if np.isnan(last):
        return f"k ≥ {first:.0f}"
    return f"k = {first:.0f}" if first == last else f"k = {first:.0f}–{last:.0f}"


def storage(frame: pd.DataFrame, look: Look, *, models: Sequence[str] = tuple(STORED)) -> go.Figure:
    """How many numbers are kept to see the last k symbols. frame: model (the keys of `STORED`), memory, numbers."""
    look = look.with_height(360)
    frame = frame.loc[frame["model"].isin(models)]
    if frame.empty:
        return look.notice("empty")
    axis = LogAxis.of([floats(frame, "numbers")])
    figure = go.Figure()
    for model in models:
        rows = frame.loc[frame["model"] == model]
        colour, dash, symbol = STORED[model]
        line = Line(look.words[f"stored_{model}"], look.colours[colour], dash, symbol)
        values = floats(rows, "numbers")
        hover = [
            f"k = {k}<br>{line.name}: {value:,.0f}" for k, value in zip(rows["memory"], values, strict=True)
        ]
        add_line(figure, axis, line, rows["memory"].tolist(), values, hover)
    look.styled(figure)
    axis.apply(figure, look, title=look.words["axis_stored"])
    figure.update_xaxes(title_text=look.words["axis_memory"], dtick=1, showgrid=False, zeroline=False)
    return figure.update_layout(margin={"t": 56}, showlegend=True)
