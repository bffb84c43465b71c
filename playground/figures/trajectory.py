"""The path of a state through the network's space, along two or three axes that show much of its variance."""

from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import number, percent, time_hover, timesteps
from .look import Look
from .text import plain, plain_3d, subscript
from .theme import TIME, blend, scale

SHADES = 24  # most pieces of a 2-D line, each of one colour
ROUNDING = 1e-6  # of the largest coordinate: seven digits of a sum of states
NOTHING = 1e-9  # of the variance: rounding
LABELLED = 60  # most points that carry their token; the hover text names every one


def trajectory_2d(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The path in a plane, both axes at one scale. frame: `trajectory_frame(…, k=2)`."""
    look = look.with_height(460)
    path = _path(frame)
    if path is None:
        return look.notice("empty")
    if not np.isfinite(path.points).all():
        return look.notice("not_finite")
    x, y = path.points[:, 0], path.points[:, 1]
    colours, ramp = look.colours, TIME[look.mode]
    figure = go.Figure()
    count = len(x)
    edges = np.unique(np.linspace(0, count - 1, min(count, SHADES + 1)).round().astype(int))
    for first, last in pairwise(edges):
        shade = blend(ramp, (first + last) / 2 / (count - 1))
        figure.add_scatter(
            x=x[first : last + 1],
            y=y[first : last + 1],
            mode="lines",
            line={"color": shade, "width": 2.5},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(
        x=x[:1],
        y=y[:1],
        mode="markers",
        marker={"symbol": "circle-open", "size": 16, "color": colours["text"], "line": {"width": 2}},
        name=look.words["start"],
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers+text" if count <= LABELLED else "markers",
        text=path.names,
        textposition=_away(path.points, max(map(len, path.names)) > 4),
        textfont={"size": 14},
        cliponaxis=False,
        marker={"size": 9, **_time_colours(path.times, look)},
        hovertext=path.hover(look),
        hoverinfo="text",
        showlegend=False,
    )
    figure.update_xaxes(title_text=path.title(0, look), zeroline=True, scaleanchor="y")
    figure.update_yaxes(title_text=path.title(1, look), zeroline=True)
    return look.styled(figure)


def trajectory_3d(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The path in space, all axes at one scale. frame: `trajectory_frame(…, k=3)`."""
    look = look.with_height(400)
    path = _path(frame)
    if path is None:
        return look.notice("empty")
    if not np.isfinite(path.points).all():
        return look.notice("not_finite")
    x, y, z = path.points.T
    colours, ramp = look.colours, TIME[look.mode]
    figure = go.Figure()
    figure.add_scatter3d(
        x=x[:1],
        y=y[:1],
        z=z[:1],
        mode="markers",
        marker={"symbol": "circle-open", "size": 14, "color": colours["text"]},
        name=look.words["start"],
        hoverinfo="skip",
    )
    figure.add_scatter3d(
        x=x,
        y=y,
        z=z,
        mode="lines+markers+text" if len(x) <= LABELLED else "lines+markers",
        text=path.names,
        textposition="top center",
        textfont={"size": 14, "color": colours["text"]},
        line={"color": path.times, "colorscale": scale(ramp), "width": 5},
        marker={"size": 4, **_time_colours(path.times, look)},
        hovertext=path.hover(look),
        hoverinfo="text",
        showlegend=False,
    )
    look.styled(figure)
    axis = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": blend((colours["grid"], colours["muted"]), 0.3),
        "zerolinecolor": colours["muted"],
        "tickfont": {"color": colours["muted"], "size": 11},
        "showspikes": False,
        "nticks": 5,
    }
    middle, half = _box(path.points)
    reach = float(np.linalg.norm(half / half.max()))
    titles = [path.title(place, look, "axis_component_3d") for place in range(3)]
    figure.update_layout(
        scene={
            f"{name}axis": {
                **axis,
                "title": {"text": title, "font": {"size": 12}},
                "range": [middle[place] - half[place], middle[place] + half[place]],
            }
            for place, (name, title) in enumerate(zip("xyz", titles, strict=True))
        }
        | {
            "aspectmode": "manual",
            "aspectratio": dict(zip("xyz", half / half.max(), strict=True)),
            "camera": {
                # From where the first axis runs to the right and the second away, as in the plane.
                "eye": {"x": 0.5 * reach, "y": -1.1 * reach, "z": 0.6 * reach},
                "center": {"x": 0, "y": 0, "z": -0.08},
            },
        }
    )
    return figure


class _Path:
    """Points, tokens and shares of variance of a trajectory table."""

    def __init__(self, frame: pd.DataFrame) -> None:
        positions = frame.loc[frame["quantity"] == "position"]
        table = positions.pivot(index="t", columns="unit", values="value").sort_index()
        self.rows = timesteps(positions)
        self.times = [int(t) for t in self.rows["t"]]
        self.points = table.to_numpy(dtype=np.float64)  # (T, k)
        self.shares = (
            frame.loc[frame["quantity"] == "share"].sort_values("unit")["value"].to_numpy(dtype=np.float64)
        )
        label = plain if table.shape[1] == 2 else plain_3d
        self.names = [
            label(token, longest=12) + subscript(t)
            for t, token in zip(self.times, self.rows["token"], strict=True)
        ]

    def title(self, place: int, look: Look, label: str = "axis_component") -> str:
        share = self.shares[place]
        if share < NOTHING:
            label = "axis_still"
        elif share > 1 - NOTHING:
            label = "axis_whole"
        return look.words[label].format(n=place + 1, share=percent(share))

    def hover(self, look: Look) -> list[str]:
        return [
            f"{head}<br>({', '.join(map(self._coordinate, point))})"
            for head, point in zip(time_hover(self.rows, look), self.points, strict=True)
        ]

    def _coordinate(self, value: float) -> str:
        """A coordinate in words. States have 32 bits, so what is far smaller than the path is rounding."""
        return number(value) if abs(value) > ROUNDING * np.abs(self.points).max() else "≈ 0"


def _path(frame: pd.DataFrame) -> _Path | None:
    return None if frame.empty else _Path(frame)


def _time_colours(times: list[int], look: Look) -> dict[str, object]:
    """Marker settings that colour points by time, with the bar that explains them."""
    first, last = times[0], times[-1]
    return {
        "color": times,
        "cmin": first,
        "cmax": max(last, first + 1),
        "colorscale": scale(TIME[look.mode]),
        "showscale": last > first,
        "colorbar": {
            "orientation": "h",
            "thickness": 8,
            "len": 0.4,
            "xpad": 0,
            "ypad": 4,
            "x": 1,
            "xanchor": "right",
            "y": 1.02,
            "yanchor": "bottom",
            "outlinewidth": 0,
            "title": {"text": look.words["timesteps"], "side": "top", "font": {"size": 12}},
            "tickvals": [first, last],
            "tickfont": {"size": 11},
        },
    }


def _away(points: np.ndarray, words: bool) -> list[str]:
    """Where each label stands: on the side of its point that faces away from the neighbours on the path.

    words: labels are long; those of the outer points then stand inwards, where there is room for them.
    """
    before = np.vstack((points[:1], points[:-1]))
    after = np.vstack((points[1:], points[-1:]))
    out = 2 * points - before - after
    size = np.abs(points).max() or 1.0
    places = []
    for (dx, dy), x in zip(out / size, points[:, 0] / size, strict=True):
        vertical = "bottom" if dy < -0.05 else "top"
        horizontal = "center" if abs(dx) < max(abs(dy) / 2, 0.05) else "left" if dx < 0 else "right"
        if words and abs(x) > 0.5:
            horizontal = "left" if x > 0 else "right"
        places.append(f"{vertical} {horizontal}")
    return places


def _box(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle and half width, per axis, of a box that holds the points and is nowhere flat."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = (high - low) / 2
    return (low + high) / 2, 1.1 * np.maximum(half, 0.35 * (half.max() or 1.0))
