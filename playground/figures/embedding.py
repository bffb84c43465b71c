"""Sequences on a map: each is a point, where its last hidden state stands, and the points move while it is learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from .axes import number, percent
from .look import Look
from .text import plain
from .theme import SYMBOLS, UNITS

DRAWN = 600  # points; more are thinned, and that is said
AROUND = 0.06  # of the widest coordinate that stays free around the points
MOMENT = 120  # milliseconds that each map is shown


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """What is drawn: the same N points at several steps of a training.

    steps: of each map. points: (F, N, 2). shares: (F, 2), of the variance along each axis. texts, classes: of each
    point, words of a person. is_held_out: (N,) bool. typed: text and places (F, 2) of one more line, if there is one.
    """

    steps: Sequence[int]
    points: np.ndarray
    shares: np.ndarray
    texts: Sequence[str]
    classes: Sequence[str]
    is_held_out: np.ndarray
    typed: tuple[str, np.ndarray] | None = None


def embedding_map(maps: Maps, look: Look, *, at: int | None = None) -> go.Figure:
    """One map, and a button that plays how it came there. Both axes have one scale, the same for all steps.

    at: which map, from 0; the last one if None.
    """
    look = look.with_height(520)
    at = len(maps.steps) - 1 if at is None else at
    if not len(maps.steps):
        return look.notice("empty")
    if not np.isfinite(maps.points[at]).all():
        return look.notice("not_finite")
    chosen = thinned(len(maps.texts))
    groups = _groups(maps, chosen)
    figure = go.Figure(_at(maps, groups, at, look))
    if at:
        figure.frames = [
            go.Frame(
                data=[{"x": trace.x, "y": trace.y} for trace in _at(maps, groups, place, look)],
                layout=_said_of(maps, place, look),
                name=str(step),
            )
            for place, step in enumerate(maps.steps[: at + 1])
            if np.isfinite(maps.points[place]).all()
        ]
    look.styled(figure)
    low, high = _box(maps, chosen)
    figure.update_xaxes(range=[low[0], high[0]], zeroline=False)
    figure.update_yaxes(range=[low[1], high[1]], zeroline=False, scaleanchor="x")
    figure.update_layout(_said_of(maps, at, look))
    return figure.update_layout(margin={"t": 56}, showlegend=True, updatemenus=[_play(look)] if at else [])


def _said_of(maps: Maps, place: int, look: Look) -> dict[str, Any]:
    """What is written beside one map: its step, and how much of the variance each axis shows."""
    titles = [
        look.words["axis_map"].format(n=axis, share=percent(share))
        for axis, share in enumerate(maps.shares[place], 1)
    ]
    return {
        "annotations": [_counter(maps.steps[place], look)],
        "xaxis": {"title": {"text": titles[0]}},
        "yaxis": {"title": {"text": titles[1]}},
    }


def thinned(count: int, most: int = DRAWN) -> np.ndarray:
    """Which of `count` points are drawn: all, or `most` of them, evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def _groups(maps: Maps, chosen: np.ndarray) -> list[tuple[str, bool, np.ndarray]]:
    """The points that are drawn by class and side: class, whether held out, numbers of points."""
    classes = np.array(maps.classes, dtype=object)
    found = []
    for name in dict.fromkeys(maps.classes):
        for is_held_out in (False, True):
            which = chosen[(classes[chosen] == name) & (maps.is_held_out[chosen] == is_held_out)]
            if len(which):
                found.append((name, is_held_out, which))
    return found


def _at(
    maps: Maps, groups: Sequence[tuple[str, bool, np.ndarray]], place: int, look: Look
) -> list[go.Scatter]:
    """All points at one step: full marks for what is trained on, open ones for what is held out."""
    names = list(dict.fromkeys(name for name, _, _ in groups))
    hues = UNITS[look.mode]
    traces = []
    for name, is_held_out, which in groups:
        place_of_name = names.index(name)
        symbol = SYMBOLS[(place_of_name // len(hues) + place_of_name) % len(SYMBOLS)]
        side = look.words["held_out" if is_held_out else "trained_on"]
        x, y = maps.points[place][which].T
        traces.append(
            go.Scatter(
                x=x.astype(np.float32),
                y=y.astype(np.float32),
                mode="markers",
                marker={
                    "color": hues[place_of_name % len(hues)],
                    "symbol": f"{symbol}-open" if is_held_out else symbol,
                    "size": 9 if is_held_out else 7,
                    "line": {"width": 2 if is_held_out else 0},
                    "opacity": 1 if is_held_out else 0.7,
                },
                name=f"{plain(name)}, {side}",
                legendgroup=plain(name),
                hovertext=[
                    f"{plain(maps.texts[each])}<br>{plain(name)}, {side}<br>({number(a, 3)}, {number(b, 3)})"
                    for each, a, b in zip(which, x, y, strict=True)
                ],
                hoverinfo="text",
            )
        )
    if maps.typed is not None:
        text, places = maps.typed
        traces.append(
            go.Scatter(
                x=places[place][:1],
                y=places[place][1:],
                mode="markers+text",
                text=[plain(text, longest=24)],
                textposition="top center",
                textfont={"size": 14},
                cliponaxis=False,
                marker={
                    "symbol": "star",
                    "size": 17,
                    "color": look.colours["text"],
                    "line": {"width": 1, "color": look.colours["grid"]},
                },
                name=look.words["typed"],
                hovertext=[plain(text)],
                hoverinfo="text",
            )
        )
    return traces


def _box(maps: Maps, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of both axes, which hold the points of all steps."""
    parts = [maps.points[:, chosen].reshape(-1, 2)]
    if maps.typed is not None:
        parts.append(maps.typed[1])
    points = np.concatenate(parts)
    points = points[np.isfinite(points).all(1)]
    low, high = points.min(0), points.max(0)
    free = max(AROUND * float((high - low).max()), 1e-6)
    return low - free, high + free


def _counter(step: int, look: Look) -> dict[str, Any]:
    """The training step of what is shown, in the corner."""
    return {
        "text": look.words["step"].format(step=step),
        "x": 1,
        "xref": "paper",
        "xanchor": "right",
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13},
    }


def _play(look: Look) -> dict[str, Any]:
    """The button that plays all steps from the first."""
    timing = {
        "frame": {"duration": MOMENT, "redraw": True},  # or the step and the axes would not be written anew
        "transition": {"duration": 0},
        "mode": "immediate",
        "fromcurrent": False,
    }
    return {
        "type": "buttons",
        "showactive": False,
        "x": 0,
        "xanchor": "left",
        "y": 0,
        "yanchor": "bottom",
        "pad": {"l": 8, "b": 8},
        "bgcolor": look.colours["grid"],
        "font": {"color": look.colours["text"]},
        "buttons": [{"label": look.words["play_map"], "method": "animate", "args": [None, timing]}],
    }
