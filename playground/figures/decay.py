"""How gradients shrink and grow on their way back through time, against distance and at every timestep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import QUANTILE_DIGITS, LogAxis, floats, number, panels, time_axis, time_hover
from .lines import Line, add_band, add_line, faint, key, level
from .look import Look
from .theme import SYMBOLS

PREDICTED = {"radius": "dash", "singular": "dot"}
CONSTANT = {"weight": "dot", "radius": "dash"}


def decay_over_distance(frame: pd.DataFrame, look: Look) -> go.Figure:
    """Gradient of one loss at the states before it, with the two textbook predictions dashed.

    frame: step, layer, quantity ("h", "c", "radius", "singular"), t, k, token, distance, value; one t.
    """
    look = look.with_height(380)
    if frame.empty:
        return look.notice("empty")
    naming = _Naming("decay", PREDICTED)
    return _over_distance(frame, naming, look.words["axis_gradient"], look)


def carry_over_distance(
    frame: pd.DataFrame,
    look: Look,
    *,
    state: str,
    gate: str,
) -> go.Figure:
    """∂state_t/∂state_k whole, the part that the gates carry past every weight, and the rest.

    frame: step, layer, quantity ("measured", "gate", "through", and "share", which goes into the hover text
    of "through"), t, k, token, distance, value; one t. state, gate: what is
    carried, and the gate that lets it pass.
    """
    look = look.with_height(380)
    shares = frame.loc[frame["quantity"] == "share"]
    frame = frame.loc[frame["quantity"] != "share"]
    if frame.empty:
        return look.notice("empty")
    naming = _Naming(
        f"carry_{state}",
        {"gate": "dash"},
        {"measured": state, "gate": gate},
        _notes("through", shares, "distance", look.words["carry_share"]),
    )
    return _over_distance(frame, naming, look.words[f"axis_carry_{state}"], look)


def jacobian_parts(frame: pd.DataFrame, look: Look) -> go.Figure:
    """What one step back can do to a gradient, and its factors. The line at 1 keeps lengths as they are.

    frame: step, layer, quantity ("largest", "smallest", "activation", "weight", "radius", "carry", and
    "saturated", which goes into the hover text of "activation"), k, token, value.
    """
    look = look.with_height(440)
    saturated = frame.loc[frame["quantity"] == "saturated"]
    frame = frame.loc[frame["quantity"] != "saturated"]
    if frame.empty:
        return look.notice("empty")
    naming = _Naming(
        "jacobian", CONSTANT, notes=_notes("activation", saturated, "k", look.words["saturated"])
    )
    axis = LogAxis.of([floats(frame, "value"), np.ones(1)])
    figure = _drawn(frame, "k", axis, naming, look)
    level(figure, look.words["factor_one"], 1.0, look.colours["uniform"])
    _finished(figure, axis, look.words["axis_factor"], look)
    time_axis(figure, frame, look, index="k")
    return figure


def buildup_over_time(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The gradient of W_hh by the time of its use: one loss's single terms, and all that has been gathered.

    frame: step, layer, quantity ("single", "accumulated"), t, i, token, value.
    """
    look = look.with_height(360)
    if frame.empty:
        return look.notice("empty")
    axis = LogAxis.of([floats(frame, "value")])
    figure = _drawn(frame, "i", axis, _Naming("buildup"), look)
    _finished(figure, axis, look.words["axis_weight_gradient"], look)
    time_axis(figure, frame, look, index="i")
    return figure


def norm_over_length(frame: pd.DataFrame, look: Look) -> go.Figure:
    """The gradient of W_hh if the text ended after each timestep, with the losses summed and averaged.

    frame: step, layer, quantity ("sum", "mean"), t, token, value.
    """
    look = look.with_height(360)
    if frame.empty:
        return look.notice("empty")
    axis = LogAxis.of([floats(frame, "value")])
    figure = _drawn(frame, "t", axis, _Naming("length"), look)
    _finished(figure, axis, look.words["axis_weight_gradient"], look)
    time_axis(figure, frame, look)
    return figure.update_xaxes(title_text=look.words["axis_length"])


def knob_band(frame: pd.DataFrame, look: Look) -> go.Figure:
    """How much of a gradient is left after so many steps back, over many drawn networks.

    frame: variant, quantity ("h", "c"), distance, low, median, high, one. Per variant the band from low to
    high, the median, and draw number one as a thin line; a variant's c is dashed, and a lone variant's h and c have
    their own colours.
    """
    look = look.with_height(420)
    if frame.empty:
        return look.notice("empty")
    columns = [floats(frame, name) for name in ("low", "median", "high", "one")]
    axis = LogAxis.of([*columns, np.ones(1)])
    several, alone = set(frame["quantity"]) != {"h"}, len(set(frame["variant"])) == 1
    figure, lines = go.Figure(), []
    for (variant, quantity), rows in _groups(frame, "variant", "quantity"):
        name = look.words[f"variant_{variant}"]
        if several:
            name = f"{name} · {look.words[f'quantity_{quantity}']}"
        colour = look.colours[quantity if several and alone else variant]
        line = Line(
            look.words["median_of"].format(name=name),
            colour,
            "dash" if quantity == "c" else "solid",
            width=2.5,
        )
        x = rows["distance"].tolist()
        add_band(figure, axis, line, x, floats(rows, "low"), floats(rows, "high"))
        heads = [f"{look.words['steps_back'].format(n=n)}<br>{name}" for n in x]
        lines.append((line, x, rows, _quantiles(rows, heads, look)))
    for line, x, rows, hover in lines:  # above every band
        one = Line(line.name, line.colour, "dot", width=1)
        add_line(figure, axis, one, x, floats(rows, "one"), hover, markers=False, in_legend=False)
        add_line(figure, axis, line, x, floats(rows, "median"), hover, markers=False)
    _keys(figure, look, one=True)
    level(figure, look.words["ratio_one"], 1.0, look.colours["uniform"])
    _finished(figure, axis, look.words["axis_ratio"], look)
    return _distances(figure, frame, look.words["axis_steps_back"])


def radius_sweep(frame: pd.DataFrame, look: Look) -> go.Figure:
    """How much of a gradient arrives at the first timestep, by the spectral radius of W_hh.

    frame: variant, radius, low, median, high. Lines mark ratio 1 and radius 1.
    """
    look = look.with_height(400)
    if frame.empty:
        return look.notice("empty")
    columns = [floats(frame, name) for name in ("low", "median", "high")]
    axis = LogAxis.of([*columns, np.ones(1)])
    colours = look.colours
    figure, lines = go.Figure(), []
    for ((variant,), rows), symbol in zip(_groups(frame, "variant"), SYMBOLS * 2, strict=False):
        rows, name = rows.sort_values("radius"), look.words[f"variant_{variant}"]
        line = Line(look.words["median_of"].format(name=name), colours[variant], symbol=symbol)
        x = rows["radius"].tolist()
        add_band(figure, axis, line, x, floats(rows, "low"), floats(rows, "high"))
        heads = [f"{look.words['radius'].format(value=number(radius))}<br>{name}" for radius in x]
        lines.append((line, x, rows, _quantiles(rows, heads, look)))
    for line, x, rows, hover in lines:  # above every band
        add_line(figure, axis, line, x, floats(rows, "median"), hover)
    _keys(figure, look, one=False)
    level(figure, look.words["ratio_one"], 1.0, colours["uniform"])
    level(figure, look.words["radius"].format(value=1), 1.0, colours["uniform"], upright=True)
    _finished(figure, axis, look.words["axis_first_ratio"], look)
    return figure.update_xaxes(title_text=look.words["axis_radius"], showgrid=False, zeroline=False)


@dataclass(frozen=True, slots=True)
class _Naming:
    """How the quantities of a table are named, drawn and explained."""

    names: str  # a quantity's label is f"{names}_{quantity}"
    dashes: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(
        default_factory=dict
    )  # names in the theme where they are not the quantity's
    notes: Mapping[tuple[str, int, int], str] = field(default_factory=dict)  # by quantity, layer and place


def _notes(quantity: str, rows: pd.DataFrame, place: str, words: str) -> dict[tuple[str, int, int], str]:
    """Shares as a further line of the hover text of a quantity, in per cent."""
    return {
        (quantity, int(layer), int(where)): words.format(share=number(100 * share))
        for layer, where, share in zip(rows["layer"], rows[place], rows["value"], strict=True)
    }


def _drawn(frame: pd.DataFrame, place: str, axis: LogAxis, naming: _Naming, look: Look) -> go.Figure:
    """A line per layer and quantity over `place`, the column "distance" or one that counts timesteps."""
    several = len(set(frame["layer"])) > 1
    figure = go.Figure()
    for layer, quantity in panels(frame):
        rows = frame.loc[(frame["layer"] == layer) & (frame["quantity"] == quantity)].sort_values(place)
        name = look.words[f"{naming.names}_{quantity}"]
        if "{t}" in name:
            name = name.format(t=", ".join(str(t) for t in rows["t"].dropna().unique()))
        if several:
            name = f"{look.words['layer'].format(n=layer)} · {name}"
        colour = look.colours[naming.colours.get(quantity, quantity)]
        line = Line(name, colour, naming.dashes.get(quantity, "solid"), SYMBOLS[(layer - 1) % len(SYMBOLS)])
        places = [int(where) for where in rows[place]]
        heads = time_hover(rows, look, "k" if place == "distance" else place)
        if place == "distance":
            heads = [
                f"{look.words['distance'].format(n=n)} · {head}"
                for n, head in zip(places, heads, strict=True)
            ]
        hover = [
            "<br>".join(part for part in parts if part)
            for parts in zip(
                heads,
                [name] * len(heads),
                map(number, rows["value"]),
                [naming.notes.get((quantity, layer, where)) for where in places],
                strict=True,
            )
        ]
        x = places if place == "distance" else [str(where) for where in places]
        add_line(figure, axis, line, x, floats(rows, "value"), hover, markers=line.dash == "solid")
    return figure


def _over_distance(frame: pd.DataFrame, naming: _Naming, title: str, look: Look) -> go.Figure:
    axis = LogAxis.of([floats(frame, "value")])
    figure = _drawn(frame, "distance", axis, naming, look)
    _finished(figure, axis, title, look)
    return _distances(figure, frame, look.words["axis_distance"])


def _finished(figure: go.Figure, axis: LogAxis, title: str, look: Look) -> None:
    """Legend, theme and y axis."""
    figure.update_layout(showlegend=True)
    look.styled(figure)
    axis.apply(figure, look, title=title)


def _distances(figure: go.Figure, frame: pd.DataFrame, title: str) -> go.Figure:
    """The figure with an x axis of whole distances, from 0 and with room for the marks at both ends."""
    last = int(floats(frame, "distance").max())
    room = 0.03 * max(last, 1)
    return figure.update_xaxes(
        title_text=title,
        range=[-room, last + room],
        dtick=1 if last < 10 else None,
        tickformat=",d",
        showgrid=False,
        zeroline=False,
    )


def _quantiles(rows: pd.DataFrame, heads: Sequence[str], look: Look) -> list[str]:
    """Hover texts with the median and all else that a row says about the draws."""
    columns = [column for column in ("median", "low", "high", "one") if column in rows]
    return [
        "<br>".join(
            (
                head,
                *(
                    f"{look.words[f'draws_{column}']}: {number(value, 4 if column == 'one' else QUANTILE_DIGITS)}"
                    for column, value in zip(columns, values, strict=True)
                ),
            )
        )
        for head, values in zip(heads, rows[columns].itertuples(index=False), strict=True)
    ]


def _groups(frame: pd.DataFrame, *columns: str) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """The parts of a table that agree in some columns, in its order."""
    kinds = pd.MultiIndex.from_frame(frame.loc[:, list(columns)])
    return [(kind, frame.loc[kinds == kind]) for kind in kinds.unique()]


def _keys(figure: go.Figure, look: Look, *, one: bool) -> None:
    """Legend entries for the forms that every variant shares."""
    colour = look.colours["muted"]
    square = {"symbol": "square", "size": 12, "color": faint(colour, 0.35)}
    key(figure, look.words["key_band"], mode="markers", marker=square)
    if one:
        key(figure, look.words["key_one"], mode="lines", line={"color": colour, "width": 1, "dash": "dot"})
