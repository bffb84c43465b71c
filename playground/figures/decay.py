"""How gradients shrink and grow on their way back through time, against distance and at every timestep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import QUANTILE_DIGITS, LogAxis, floats, number, panels, time_axis, time_hover
from .lines import Line, add_band, add_line, faint, key, level
from .theme import COLOURS, SYMBOLS, mode, notice, styled

PREDICTED = {"radius": "dash", "singular": "dot"}
CONSTANT = {"weight": "dot", "radius": "dash"}


def decay_over_distance(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 380
) -> go.Figure:
    """Gradient of one loss at the states before it, with the two textbook predictions dashed.

    frame: step, layer, quantity ("h", "c", "radius", "singular"), t, k, token, distance, value; one t.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    look = _Look("decay", PREDICTED)
    return _over_distance(frame, look, labels["axis_gradient"], labels=labels, dark=dark, height=height)


def carry_over_distance(
    frame: pd.DataFrame,
    *,
    state: str,
    gate: str,
    labels: Mapping[str, str],
    dark: bool = False,
    height: int = 380,
) -> go.Figure:
    """∂state_t/∂state_k whole, the part that the gates carry past every weight, and the rest.

    frame: step, layer, quantity ("measured", "gate", "through", and "share", which goes into the hover text
    of "through"), t, k, token, distance, value; one t. state, gate: what is
    carried, and the gate that lets it pass.
    """
    shares = frame.loc[frame["quantity"] == "share"]
    frame = frame.loc[frame["quantity"] != "share"]
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    look = _Look(
        f"carry_{state}",
        {"gate": "dash"},
        {"measured": state, "gate": gate},
        _notes("through", shares, "distance", labels["carry_share"]),
    )
    return _over_distance(frame, look, labels[f"axis_carry_{state}"], labels=labels, dark=dark, height=height)


def jacobian_parts(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 440
) -> go.Figure:
    """What one step back can do to a gradient, and its factors. The line at 1 keeps lengths as they are.

    frame: step, layer, quantity ("largest", "smallest", "activation", "weight", "radius", "carry", and
    "saturated", which goes into the hover text of "activation"), k, token, value.
    """
    saturated = frame.loc[frame["quantity"] == "saturated"]
    frame = frame.loc[frame["quantity"] != "saturated"]
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    look = _Look("jacobian", CONSTANT, notes=_notes("activation", saturated, "k", labels["saturated"]))
    axis = LogAxis.of([floats(frame, "value"), np.ones(1)])
    figure = _drawn(frame, "k", axis, look, labels, dark)
    level(figure, labels["factor_one"], 1.0, COLOURS[mode(dark)]["uniform"])
    _finished(figure, axis, labels["axis_factor"], labels, dark, height)
    time_axis(figure, frame, labels=labels, dark=dark, index="k")
    return figure


def buildup_over_time(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 360
) -> go.Figure:
    """The gradient of W_hh by the time of its use: one loss's single terms, and all that has been gathered.

    frame: step, layer, quantity ("single", "accumulated"), t, i, token, value.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    axis = LogAxis.of([floats(frame, "value")])
    figure = _drawn(frame, "i", axis, _Look("buildup"), labels, dark)
    _finished(figure, axis, labels["axis_weight_gradient"], labels, dark, height)
    time_axis(figure, frame, labels=labels, dark=dark, index="i")
    return figure


def norm_over_length(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 360
) -> go.Figure:
    """The gradient of W_hh if the text ended after each timestep, with the losses summed and averaged.

    frame: step, layer, quantity ("sum", "mean"), t, token, value.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    axis = LogAxis.of([floats(frame, "value")])
    figure = _drawn(frame, "t", axis, _Look("length"), labels, dark)
    _finished(figure, axis, labels["axis_weight_gradient"], labels, dark, height)
    time_axis(figure, frame, labels=labels, dark=dark)
    return figure.update_xaxes(title_text=labels["axis_length"])


def knob_band(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 420
) -> go.Figure:
    """How much of a gradient is left after so many steps back, over many drawn networks.

    frame: variant, quantity ("h", "c"), distance, low, median, high, one. Per variant the band from low to
    high, the median, and draw number one as a thin line; a variant's c is dashed, and a lone variant's h and c have
    their own colours.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    columns = [floats(frame, name) for name in ("low", "median", "high", "one")]
    axis = LogAxis.of([*columns, np.ones(1)])
    several, alone = set(frame["quantity"]) != {"h"}, len(set(frame["variant"])) == 1
    figure, lines = go.Figure(), []
    for (variant, quantity), rows in _groups(frame, "variant", "quantity"):
        name = labels[f"variant_{variant}"]
        if several:
            name = f"{name} · {labels[f'quantity_{quantity}']}"
        colour = COLOURS[mode(dark)][quantity if several and alone else variant]
        line = Line(
            labels["median_of"].format(name=name), colour, "dash" if quantity == "c" else "solid", width=2.5
        )
        x = rows["distance"].tolist()
        add_band(figure, axis, line, x, floats(rows, "low"), floats(rows, "high"))
        heads = [f"{labels['steps_back'].format(n=n)}<br>{name}" for n in x]
        lines.append((line, x, rows, _quantiles(rows, heads, labels)))
    for line, x, rows, hover in lines:  # above every band
        one = Line(line.name, line.colour, "dot", width=1)
        add_line(figure, axis, one, x, floats(rows, "one"), hover, markers=False, in_legend=False)
        add_line(figure, axis, line, x, floats(rows, "median"), hover, markers=False)
    _keys(figure, labels, dark, one=True)
    level(figure, labels["ratio_one"], 1.0, COLOURS[mode(dark)]["uniform"])
    _finished(figure, axis, labels["axis_ratio"], labels, dark, height)
    return _distances(figure, frame, labels["axis_steps_back"])


def radius_sweep(
    frame: pd.DataFrame, *, labels: Mapping[str, str], dark: bool = False, height: int = 400
) -> go.Figure:
    """How much of a gradient arrives at the first timestep, by the spectral radius of W_hh.

    frame: variant, radius, low, median, high. Lines mark ratio 1 and radius 1.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    columns = [floats(frame, name) for name in ("low", "median", "high")]
    axis = LogAxis.of([*columns, np.ones(1)])
    colours = COLOURS[mode(dark)]
    figure, lines = go.Figure(), []
    for ((variant,), rows), symbol in zip(_groups(frame, "variant"), SYMBOLS * 2, strict=False):
        rows, name = rows.sort_values("radius"), labels[f"variant_{variant}"]
        line = Line(labels["median_of"].format(name=name), colours[variant], symbol=symbol)
        x = rows["radius"].tolist()
        add_band(figure, axis, line, x, floats(rows, "low"), floats(rows, "high"))
        heads = [f"{labels['radius'].format(value=number(radius))}<br>{name}" for radius in x]
        lines.append((line, x, rows, _quantiles(rows, heads, labels)))
    for line, x, rows, hover in lines:  # above every band
        add_line(figure, axis, line, x, floats(rows, "median"), hover)
    _keys(figure, labels, dark, one=False)
    level(figure, labels["ratio_one"], 1.0, colours["uniform"])
    level(figure, labels["radius"].format(value=1), 1.0, colours["uniform"], upright=True)
    _finished(figure, axis, labels["axis_first_ratio"], labels, dark, height)
    return figure.update_xaxes(title_text=labels["axis_radius"], showgrid=False, zeroline=False)


@dataclass(frozen=True, slots=True)
class _Look:
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


def _drawn(
    frame: pd.DataFrame, place: str, axis: LogAxis, look: _Look, labels: Mapping[str, str], dark: bool
) -> go.Figure:
    """A line per layer and quantity over `place`, the column "distance" or one that counts timesteps."""
    several = len(set(frame["layer"])) > 1
    figure = go.Figure()
    for layer, quantity in panels(frame):
        rows = frame.loc[(frame["layer"] == layer) & (frame["quantity"] == quantity)].sort_values(place)
        name = labels[f"{look.names}_{quantity}"]
        if "{t}" in name:
            name = name.format(t=", ".join(str(t) for t in rows["t"].dropna().unique()))
        if several:
            name = f"{labels['layer'].format(n=layer)} · {name}"
        colour = COLOURS[mode(dark)][look.colours.get(quantity, quantity)]
        line = Line(name, colour, look.dashes.get(quantity, "solid"), SYMBOLS[(layer - 1) % len(SYMBOLS)])
        places = [int(where) for where in rows[place]]
        heads = time_hover(rows, labels, "k" if place == "distance" else place)
        if place == "distance":
            heads = [
                f"{labels['distance'].format(n=n)} · {head}" for n, head in zip(places, heads, strict=True)
            ]
        hover = [
            "<br>".join(part for part in parts if part)
            for parts in zip(
                heads,
                [name] * len(heads),
                map(number, rows["value"]),
                [look.notes.get((quantity, layer, where)) for where in places],
                strict=True,
            )
        ]
        x = places if place == "distance" else [str(where) for where in places]
        add_line(figure, axis, line, x, floats(rows, "value"), hover, markers=line.dash == "solid")
    return figure


def _over_distance(
    frame: pd.DataFrame, look: _Look, title: str, *, labels: Mapping[str, str], dark: bool, height: int
) -> go.Figure:
    axis = LogAxis.of([floats(frame, "value")])
    figure = _drawn(frame, "distance", axis, look, labels, dark)
    _finished(figure, axis, title, labels, dark, height)
    return _distances(figure, frame, labels["axis_distance"])


def _finished(
    figure: go.Figure, axis: LogAxis, title: str, labels: Mapping[str, str], dark: bool, height: int
) -> None:
    """Legend, theme and y axis."""
    figure.update_layout(showlegend=True)
    styled(figure, dark=dark, height=height)
    axis.apply(figure, title=title, labels=labels, dark=dark)


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


def _quantiles(rows: pd.DataFrame, heads: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    """Hover texts with the median and all else that a row says about the draws."""
    columns = [column for column in ("median", "low", "high", "one") if column in rows]
    return [
        "<br>".join(
            (
                head,
                *(
                    f"{labels[f'draws_{column}']}: {number(value, 4 if column == 'one' else QUANTILE_DIGITS)}"
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


def _keys(figure: go.Figure, labels: Mapping[str, str], dark: bool, *, one: bool) -> None:
    """Legend entries for the forms that every variant shares."""
    colour = COLOURS[mode(dark)]["muted"]
    square = {"symbol": "square", "size": 12, "color": faint(colour, 0.35)}
    key(figure, labels["key_band"], mode="markers", marker=square)
    if one:
        key(figure, labels["key_one"], mode="lines", line={"color": colour, "width": 1, "dash": "dot"})
