"""Counts of n-grams: which symbol followed which context, how thin that is, and what it says of one context."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import floats, number, percent
from .look import Look
from .text import plain, upright
from .theme import MAGNITUDE, scale

ROW = 19  # pixels of a context
AROUND = 90  # pixels of axis and title
WRITTEN = 700  # cells up to which each has its number in it
LINES = {"once": ("c", "circle"), "never": ("exploded", "diamond"), "unseen": ("h", "square")}
LISTED = 16  # symbols whose odds are drawn


def count_map(frame: pd.DataFrame, look: Look, *, quantity: str = "count") -> go.Figure:
    """Contexts down, the next symbol across; what never happened is left blank.

    frame: rank, context, seen, symbol, count, probability, all symbols of each context. quantity: "count" or
    "probability".
    """
    contexts = frame.drop_duplicates("rank")
    look = look.with_height(AROUND + ROW * max(len(contexts), 4))
    if frame.empty:
        return look.notice("empty")
    symbols = list(dict.fromkeys(frame["symbol"]))
    shape = len(contexts), len(symbols)
    z = floats(frame, quantity).reshape(shape)
    names = [plain(name, longest=16) if name else look.words["no_context"] for name in contexts["context"]]
    seen = contexts["seen"].tolist()
    hover = [
        look.words["context_hover"].format(context=names[row // shape[1]], seen=seen[row // shape[1]])
        + f"<br>{plain(symbol)}: {look.words['count']} {count}<br>{look.words['probability']} {number(p)}"
        for row, (symbol, count, p) in enumerate(
            zip(frame["symbol"], frame["count"], frame["probability"], strict=True)
        )
    ]
    text = [[("" if value == 0 else number(value, 2)) for value in row] for row in z.tolist()]
    is_written = z.size <= WRITTEN
    figure = go.Figure()
    figure.add_heatmap(
        x=list(range(shape[1])),
        y=list(range(shape[0])),
        z=np.where(z > 0, z, np.nan),
        text=text,
        texttemplate="%{text}" if is_written else None,
        hovertext=np.array(hover, dtype=object).reshape(shape).tolist(),
        hoverinfo="text",
        hoverongaps=True,
        xgap=1,
        ygap=1,
        zmin=0,
        zmax=1 if quantity == "probability" else max(1.0, float(z.max())),
        colorscale=scale(MAGNITUDE[look.mode]),
        showscale=not is_written,  # else the numbers say what the colours mean
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"size": 12, "color": look.colours["muted"]},
            "title": {"text": look.words[quantity], "side": "right", "font": {"size": 13}},
            "dtick": None if quantity == "probability" else max(1, round(float(z.max()) / 5)),
            "tick0": 0,
        },
    )
    look.styled(figure)
    figure.update_xaxes(
        tickvals=list(range(shape[1])),
        **upright(symbols),
        title_text=look.words["axis_next"],
        showgrid=False,
        zeroline=False,
        side="top",
    )
    figure.update_yaxes(
        tickvals=list(range(shape[0])),
        ticktext=names,
        autorange="reversed",
        title_text=look.words["axis_context"],
        showgrid=False,
        zeroline=False,
    )
    return figure


def sparsity(frame: pd.DataFrame, look: Look) -> go.Figure:
    """Shares of contexts that say little, against n. frame: n, contexts, once, never, unseen (shares, NaN for none)."""
    look = look.with_height(340)
    if frame.empty:
        return look.notice("empty")
    figure = go.Figure()
    for name, (colour, symbol) in LINES.items():
        shares = floats(frame, name)
        if np.isnan(shares).all():
            continue
        words = look.words[f"sparse_{name}"]
        figure.add_scatter(
            x=frame["n"],
            y=[None if np.isnan(share) else 100 * share for share in shares],
            mode="lines+markers",
            line={"color": look.colours[colour], "width": 2},
            marker={"symbol": symbol, "size": 8},
            name=words,
            hovertext=[
                f"n = {n}<br>{words}: {percent(share)} %" for n, share in zip(frame["n"], shares, strict=True)
            ],
            hoverinfo="text",
        )
    look.styled(figure)
    figure.update_xaxes(title_text=look.words["axis_order"], dtick=1, showgrid=False)
    figure.update_yaxes(title_text=look.words["axis_share"], range=[-3, 103], ticksuffix=" %", zeroline=False)
    return figure.update_layout(margin={"t": 76}, showlegend=True)


def answer(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The likeliest next symbols after one context, and how often each has followed it.

    frame: symbol, count, probability.
    """
    look = look.with_height(280)
    if frame.empty:
        return look.notice("empty")
    listed = frame.sort_values("probability", ascending=False, kind="stable").iloc[:LISTED]
    places = [str(place) for place in range(len(listed))]
    chances = floats(listed, "probability")
    figure = go.Figure()
    figure.add_bar(
        x=places,
        y=chances,
        marker={"color": look.colours["probability"]},
        text=[f"{count}×" if count else "" for count in listed["count"]],
        textposition="outside",
        cliponaxis=False,
        hovertext=[
            f"{plain(symbol)}<br>{look.words['count']} {count}<br>{look.words['probability']} {number(p)}"
            for symbol, count, p in zip(listed["symbol"], listed["count"], chances, strict=True)
        ],
        hoverinfo="text",
    )
    look.styled(figure)
    figure.update_xaxes(
        type="category",
        tickvals=places,
        **upright(listed["symbol"].tolist()),
        title_text=look.words["axis_next"],
        showgrid=False,
    )
    return figure.update_yaxes(range=[0, 1.1], title_text=look.words["axis_probability"])
