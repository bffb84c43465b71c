"""What models expect next after the same symbols in two orders."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import floats, headline, number
from .look import Look
from .text import plain

LISTED = 10  # symbols whose odds are drawn
ORDERS = {"typed": ("h", ""), "shuffled": ("clipped", "/")}  # colour and pattern of a bar


def odds_by_order(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The likeliest symbols, a picture a model, one below the other; two bars a symbol, one for each order.

    frame: model, order ("typed", "shuffled"), token, probability. Which symbols these are is decided by the largest
    probability that any model gives them.
    """
    models = frame["model"].drop_duplicates().tolist()
    look = look.with_height(90 + 170 * max(len(models), 1))
    if frame.empty:
        return look.notice("empty")
    ordered = frame.sort_values("probability", ascending=False, kind="stable")
    tokens = ordered["token"].drop_duplicates().tolist()[:LISTED]
    places = {token: str(place) for place, token in enumerate(tokens)}
    figure = make_subplots(
        rows=len(models), cols=1, shared_xaxes=True, vertical_spacing=0.2 / max(len(models), 1)
    )
    for row, model in enumerate(models, 1):
        for order, (colour, pattern) in ORDERS.items():
            rows = frame.loc[
                (frame["model"] == model) & (frame["order"] == order) & frame["token"].isin(places)
            ]
            name = look.words[f"order_{order}"]
            chances = floats(rows, "probability")
            figure.add_bar(
                x=[places[token] for token in rows["token"]],
                y=chances,
                name=name,
                legendgroup=order,
                showlegend=row == 1,
                marker={"color": look.colours[colour], "pattern": {"shape": pattern}},
                hovertext=[
                    f"{look.words[f'odds_{model}']}<br>{name}<br>{plain(token)}: {number(p)}"
                    for token, p in zip(rows["token"], chances, strict=True)
                ],
                hoverinfo="text",
                row=row,
                col=1,
            )
        headline(figure, row, look.words[f"odds_{model}"])
    look.styled(figure)
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=list(places.values()),
        labelalias={place: plain(token, longest=8) for token, place in places.items()},
        showgrid=False,
    )
    figure.update_xaxes(title_text=look.words["axis_next"], row=len(models), col=1)
    figure.update_yaxes(range=[0, 1.05], title_text=look.words["axis_probability"])
    return figure.update_layout(barmode="group", margin={"t": 56}, showlegend=True)
