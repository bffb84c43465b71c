"""A reading with edits beside the one without: states or gates, the losses, and what is expected next."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import floats, headline, number, time_axis, time_hover
from .look import Look
from .text import plain
from .theme import SIGNED, scale
from .units import RANGES

ROWS = ("original", "changed", "difference")
LISTED = 8  # symbols whose odds are drawn
ROW = 15  # pixels of a unit in a heat map, where there is room
MOST_HANDLES = 2000  # cells of a heat map: a browser draws a point for each
LOWEST, HIGHEST = 84, 190  # pixels of one heat map
AROUND = 96  # pixels of axis, titles and legend


def compared_values(frame: pd.DataFrame, look: Look, *, chosen: int | None = None) -> go.Figure:
    """One state or gate of one layer: as it is, as changed, and the difference, over one time axis.

    frame: t, token, quantity, unit, original, changed, difference. The first two share one scale, with 0 in its middle,
    from −1 to 1 at least; the difference has its own, as wide as its largest value. Every cell can be chosen, unless
    there are too many: timestep and unit are its custom data. chosen: the timestep that is marked.
    """
    units = len(set(frame["unit"]))
    each = min(max(ROW * units, LOWEST), HIGHEST)
    look = look.with_height(AROUND + 3 * each + 60)
    if frame.empty:
        return look.notice("empty")
    quantity = str(frame["quantity"].iloc[0])
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=34 / (3 * each + 60))
    times = [str(t) for t in frame["t"].drop_duplicates()]
    heads = time_hover(frame, look)
    has_handles = len(frame) <= MOST_HANDLES
    for row, name in enumerate(ROWS, 1):
        values = floats(frame, name)
        texts = [
            f"{head}<br>{look.words['unit'].format(u=unit)}<br>"
            f"{look.words[f'whatif_{name}']}: {'' if row == 3 else f'{quantity} = '}{number(value)}"
            for head, unit, value in zip(heads, frame["unit"].tolist(), values.tolist(), strict=True)
        ]
        shape = (len(times), units)
        figure.add_heatmap(
            x=times,
            y=list(range(1, units + 1)),
            z=np.where(np.isfinite(values), values, np.nan).reshape(shape).T,
            text=None if has_handles else np.array(texts, dtype=object).reshape(shape).T,
            hovertemplate=None if has_handles else "%{text}<extra></extra>",
            hoverinfo="skip" if has_handles else None,
            hoverongaps=True,
            coloraxis="coloraxis2" if row == 3 else "coloraxis",
            row=row,
            col=1,
        )
        if has_handles:
            _handles(figure, frame, texts, row, look)
        headline(figure, row, _title(name, quantity, look))
    _mark(figure, chosen, [int(t) for t in times], look)
    look.styled(figure)
    time_axis(figure, frame, look)
    figure.update_yaxes(
        range=[units + 0.5, 0.5],
        tickvals=sorted({1, (units + 1) // 2, units}),
        showgrid=False,
        title_text=look.words["axis_unit"],
    )
    values = np.concatenate([floats(frame, "original"), floats(frame, "changed")])
    limit = max(_largest(values), RANGES.get(quantity, (-1, 1))[1])
    return figure.update_layout(
        margin={"t": 28},
        hovermode="closest",
        hoverdistance=-1,  # whatever is pointed at is in the cell whose middle is the nearest
        showlegend=False,
        coloraxis=_colours(look, limit, 0.69, 0.62),
        coloraxis2=_colours(look, _largest(floats(frame, "difference")) or 1.0, 0.14, 0.3),
    )


def _handles(figure: go.Figure, frame: pd.DataFrame, texts: list[str], row: int, look: Look) -> None:
    """An unseen point in the middle of every cell: plotly lets points be chosen, but no cells of a heat map."""
    figure.add_scatter(
        x=[str(t) for t in frame["t"]],
        y=frame["unit"].tolist(),
        customdata=frame[["t", "unit"]].to_numpy().tolist(),
        mode="markers",
        marker={"size": 1, "opacity": 0, "color": look.colours["muted"]},  # that of the hover text
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertext=texts,
        hoverinfo="text",
        row=row,
        col=1,
    )


def _mark(figure: go.Figure, chosen: int | None, times: list[int], look: Look) -> None:
    """A line at the chosen timestep, if the figure has it."""
    if chosen in times:
        line = {"color": look.colours["selected"], "width": 1.5, "dash": "dot"}
        figure.add_vline(x=times.index(chosen), line=line)


def _title(name: str, quantity: str, look: Look) -> str:
    """What a heat map shows; the state or gate is said above the first."""
    words = look.words[f"whatif_{name}"]
    return f"{words} · {look.words[f'quantity_{quantity}']}" if name == ROWS[0] else words


def _largest(values: np.ndarray) -> float:
    sizes = np.abs(values)
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def _colours(look: Look, limit: float, middle: float, share: float) -> dict[str, Any]:
    """A scale of signed numbers; its bar stands beside the heat maps that it is of."""
    return {
        "colorscale": scale(SIGNED[look.mode]),
        "cmin": -limit,
        "cmax": limit,
        "colorbar": {
            "thickness": 10,
            "outlinewidth": 0,
            "y": middle,
            "len": share,
            "tickvals": [-limit, 0, limit],
            "ticktext": [number(value, 3) for value in (-limit, 0.0, limit)],
            "tickfont": {"size": 12, "color": look.colours["muted"]},
        },
    }


def compared_losses(frame: pd.DataFrame, look: Look, *, chosen: int | None = None) -> go.Figure:
    """The loss of every timestep, as it is and as changed.

    frame: t, token, target, loss_original, loss_changed, probability_original, probability_changed. chosen: the
    timestep that is marked.
    """
    look = look.with_height(300)
    if frame.empty:
        return look.notice("empty")
    figure = go.Figure()
    heads = time_hover(frame, look)
    for name, style in _styles(look).items():
        losses = floats(frame, f"loss_{name}")
        figure.add_scatter(
            x=[str(t) for t in frame["t"]],
            y=[value if np.isfinite(value) else None for value in losses],
            mode="lines+markers",
            name=look.words[f"whatif_{name}"],
            customdata=frame[["t"]].to_numpy().tolist(),
            hovertext=[
                f"{head} → {plain(target)}<br>{look.words[f'whatif_{name}']}: "
                f"{look.words['axis_own_loss']} {number(loss)}, p = {number(chance)}"
                for head, target, loss, chance in zip(
                    heads, frame["target"], losses, floats(frame, f"probability_{name}"), strict=True
                )
            ],
            hoverinfo="text",
            **style,
        )
    _mark(figure, chosen, frame["t"].tolist(), look)  # nothing may be predicted there
    look.styled(figure)
    time_axis(figure, frame, look)
    figure.update_yaxes(rangemode="tozero", title_text=look.words["axis_own_loss"])
    return figure.update_layout(margin={"t": 36}, showlegend=True)


def compared_odds(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The likeliest symbols after one timestep, as it is and as changed; the target is in bold.

    frame: symbol, is_target, original, changed, of one timestep, the likeliest first.
    """
    look = look.with_height(300)
    if frame.empty:
        return look.notice("empty")
    is_listed = np.arange(len(frame)) < LISTED
    listed = frame.loc[is_listed | frame["is_target"].to_numpy()]
    figure = go.Figure()
    places = [str(place) for place in range(len(listed))]
    for name, style in _styles(look).items():
        values = floats(listed, name)
        figure.add_bar(
            x=places,
            y=[value if np.isfinite(value) else None for value in values],
            name=look.words[f"whatif_{name}"],
            marker={"color": style["line"]["color"]},
            hovertext=[
                f"{plain(symbol)}<br>{look.words[f'whatif_{name}']}: {number(value)}"
                for symbol, value in zip(listed["symbol"], values, strict=True)
            ],
            hoverinfo="text",
        )
    look.styled(figure)
    labels = [
        f"<b>{plain(symbol, longest=8)}</b>" if is_target else plain(symbol, longest=8)
        for symbol, is_target in zip(listed["symbol"], listed["is_target"], strict=True)
    ]
    figure.update_xaxes(
        type="category",
        labelalias=dict(zip(places, labels, strict=True)),
        title_text=look.words["axis_next"],
        showgrid=False,
    )
    figure.update_yaxes(range=[0, 1], title_text=look.words["axis_probability"])
    return figure.update_layout(margin={"t": 36}, barmode="group", showlegend=True)


def _styles(look: Look) -> dict[str, dict[str, Any]]:
    """How each of the two readings is drawn, everywhere."""
    free, selected = look.colours["free"], look.colours["selected"]
    return {
        "original": {
            "line": {"color": free, "width": 2, "dash": "dash"},
            "marker": {"color": free, "size": 6, "symbol": "diamond"},
        },
        "changed": {
            "line": {"color": selected, "width": 2},
            "marker": {"color": selected, "size": 6, "symbol": "circle"},
        },
    }
