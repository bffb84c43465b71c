"""What a lesson came to: what was taken for what, how it went, and how much gradient came to each timestep."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number, percent, time_axis, time_hover
from .held_out import success_over_training
from .lines import Line, add_line
from .look import Look
from .text import plain
from .theme import MAGNITUDE, scale

MOST_CLASSES = 24  # that are drawn, the most frequent ones; the table has all
CELL, LOWEST = 26, 260  # pixels of a row of the confusion table, and of the least figure
AROUND = 110  # pixels of axis and title
VARIANTS = ("h", "c", "i")  # colours of the lines of a comparison
DASHES = ("solid", "dash", "dot")


def confusion(frame: pd.DataFrame, look: Look) -> go.Figure:
    """What was answered (columns) where what was asked (rows); a right answer stands on the diagonal.

    frame: asked, answered, count. The colour is the share of the row, the text the count.
    """
    names = drawn_classes(frame)
    look = look.with_height(max(LOWEST, AROUND + CELL * len(names)))
    if frame.empty:
        return look.notice("empty")
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    asked_at_all = np.zeros(len(names), dtype=np.int64)
    places = {name: place for place, name in enumerate(names)}
    for asked, answered, count in _pairs(frame):
        if asked in places:
            asked_at_all[places[asked]] += count
            if answered in places:
                counts[places[asked], places[answered]] += count
    shares = counts / np.maximum(asked_at_all, 1)[:, None]
    labels = [plain(name, longest=16) for name in names]
    words = look.words
    hover = [
        [
            f"{words['axis_asked']}: {asked}<br>{words['axis_answered']}: {answered}<br>"
            f"{words['times'].format(count=count, all=every)}"
            for answered, count in zip(labels, row, strict=True)
        ]
        for asked, row, every in zip(labels, counts.tolist(), asked_at_all.tolist(), strict=True)
    ]
    ticks = [str(place) for place in range(len(names))]
    figure = go.Figure(
        go.Heatmap(
            x=ticks,
            y=ticks,
            z=np.where(counts > 0, shares, np.nan),
            zmin=0,
            zmax=1,
            colorscale=scale(MAGNITUDE[look.mode]),
            showscale=False,
            text=np.where(counts > 0, counts.astype(str), ""),
            texttemplate="%{text}",
            customdata=hover,
            hovertemplate="%{customdata}<extra></extra>",
            xgap=1,
            ygap=1,
        )
    )
    look.styled(figure)
    aliases = dict(zip(ticks, labels, strict=True))
    figure.update_xaxes(
        type="category", labelalias=aliases, title_text=words["axis_answered"], showgrid=False
    )
    figure.update_yaxes(
        type="category",
        labelalias=aliases,
        title_text=words["axis_asked"],
        autorange="reversed",
        showgrid=False,
    )
    return figure


def drawn_classes(frame: pd.DataFrame) -> list[str]:
    """Which classes the figure has: those that were asked or answered most, in the order of the table."""
    totals: Counter[str] = Counter()
    for asked, answered, count in _pairs(frame):
        totals[asked] += count
        totals[answered] += count
    most = {name for name, _count in totals.most_common(MOST_CLASSES)}
    return [name for name in dict.fromkeys([*frame["asked"], *frame["answered"]]) if name in most]


def _pairs(frame: pd.DataFrame) -> Iterator[tuple[str, str, int]]:
    """What was asked, what was answered, how often."""
    return zip(frame["asked"], frame["answered"], frame["count"], strict=True)


def progress(
    frame: pd.DataFrame, look: Look, *, chance: float, error: bool = False, is_held_out: bool = True
) -> go.Figure:
    """How it went on what is judged, against training step, a line a variant.

    frame: variant (a word of the look, `variant_…`), step, success. chance: what the best constant answer reaches.
    error: whether success is a squared error. is_held_out: whether what is judged is.
    """
    look = look.with_height(300)
    if frame.empty:
        return look.notice("empty")
    name = look.words["chance"].format(value=number(chance) if error else f"{percent(chance)} %")
    lines = {variant: line for variant, line, _rows in _variants(frame, look)}
    across = name, chance, look.colours["uniform"]
    return success_over_training(frame, look, lines, across=across, error=error, is_held_out=is_held_out)


def _variants(frame: pd.DataFrame, look: Look) -> Iterator[tuple[str, Line, pd.DataFrame]]:
    """Each variant, how its line is drawn, and its rows."""
    for place, variant in enumerate(dict.fromkeys(frame["variant"])):
        line = Line(look.words[f"variant_{variant}"], look.colours[VARIANTS[place]], DASHES[place])
        yield variant, line, frame.loc[frame["variant"] == variant]


def gradient_over_time(frame: pd.DataFrame, look: Look) -> go.Figure:
    """How much gradient comes to h of each timestep, a line a variant.

    frame: variant (a word of the look, `variant_…`), t, token, gradient.
    """
    look = look.with_height(340)
    if frame.empty:
        return look.notice("empty")
    axis = LogAxis.of([floats(frame, "gradient")])
    figure = go.Figure()
    for _variant, line, of_it in _variants(frame, look):
        values = floats(of_it, "gradient")
        heads = time_hover(of_it, look)
        texts = [f"{head}<br>{line.name}: {number(value)}" for head, value in zip(heads, values, strict=True)]
        add_line(figure, axis, line, [str(t) for t in of_it["t"]], values, texts)
    look.styled(figure)
    time_axis(figure, frame, look)
    axis.apply(figure, look, title=look.words["axis_gradient_of_loss"])
    return figure.update_layout(margin={"t": 36}, showlegend=True)
