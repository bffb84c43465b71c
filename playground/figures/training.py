"""Curves over training: the size of the update's gradient, and loss or perplexity with the lines to cross."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, holdable, number, reference_line
from .theme import COLOURS, mode, notice, styled

AFTER_THE_LINES = 1001  # in the legend; plotly gives every other trace 1000


def gradient_norm_over_training(
    frame: pd.DataFrame,
    *,
    threshold: float | None = None,
    labels: Mapping[str, str],
    dark: bool = False,
    height: int = 340,
) -> go.Figure:
    """Norm of the whole gradient before and after clipping, clipped steps marked. frame: `updates_frame`.

    threshold: the norm at which gradients are clipped, drawn as a line when given.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    colours = COLOURS[mode(dark)]
    columns = ["gradient_norm", "clipped_norm"] if any(frame["clipped"]) else ["gradient_norm"]
    limits = [] if threshold is None else [np.array([threshold])]
    axis = LogAxis.of([frame[column].to_numpy(dtype=float) for column in columns] + limits)
    figure = go.Figure()
    clipped_marks(figure, frame, "gradient_norm", labels, colours["clipped"])
    for column in columns:
        _line(figure, frame, column, axis, labels, colours[column])
    if threshold is not None:
        name = labels["threshold"].format(value=number(threshold))
        reference_line(figure, name, threshold, colours["uniform"], log=True)
    over_training(figure, frame, labels, dark, height)
    axis.apply(figure, title=labels["axis_gradient_norm"], labels=labels, dark=dark)
    return figure


def curve_over_training(
    frame: pd.DataFrame,
    *,
    quantity: str = "perplexity",
    uniform: float | None = None,
    floors: Sequence[float] = (),
    labels: Mapping[str, str],
    dark: bool = False,
    height: int = 340,
) -> go.Figure:
    """Loss (linear) or perplexity (logarithmic) over training, clipped steps marked. frame: `updates_frame`.

    quantity: "perplexity", or "loss" in mean nats per symbol. uniform: perplexity of guessing evenly. floors:
    lowest perplexities with the last k = 0, 1, … symbols in sight; equal ones share a line. With "loss" both
    are drawn at their logarithms.
    """
    if frame.empty:
        return notice(labels["empty"], dark=dark, height=height)
    colours = COLOURS[mode(dark)]
    log = quantity == "perplexity"
    lines: dict[float, tuple[float, list[str]]] = {}
    for k, value in enumerate(floors):
        lines.setdefault(round(value, 9), (value, []))[1].append(str(k))
    references = [
        (labels["floor"].format(k=", ".join(ks)), value, colours["floor"]) for value, ks in lines.values()
    ]
    if uniform is not None:
        references.append((labels["uniform"], uniform, colours["uniform"]))
    figure = go.Figure()
    shown = [frame[quantity].to_numpy(dtype=float), np.array([value for _, value, _ in references])]
    axis = LogAxis.of(shown, start=1.0) if log else None
    clipped_marks(figure, frame, quantity, labels, colours["clipped"])
    _line(figure, frame, quantity, axis, labels, colours[quantity])
    for name, perplexity, colour in references:
        value = perplexity if log else float(np.log(perplexity))
        reference_line(figure, f"{name}: {number(value)}", value, colour, log=log)
    over_training(figure, frame, labels, dark, height)
    if axis is not None:
        axis.apply(figure, title=labels["axis_perplexity"], labels=labels, dark=dark)
    else:
        figure.update_yaxes(title_text=labels["axis_loss"], rangemode="tozero")
    return figure


def _line(
    figure: go.Figure,
    frame: pd.DataFrame,
    column: str,
    axis: LogAxis | None,
    labels: Mapping[str, str],
    colour: str,
) -> None:
    """One column over the training steps."""
    name = labels[f"quantity_{column}"]
    values = frame[column].to_numpy(dtype=float)
    steps = [int(step) for step in frame["step"]]
    hover = [
        f"{labels['step'].format(step=step)}<br>{name}: {number(value)}<br>"
        f"{labels['learning_rate'].format(value=number(rate))}"
        for step, value, rate in zip(steps, values, frame["learning_rate"], strict=True)
    ]
    figure.add_scatter(
        x=steps,
        y=values if axis is None else holdable(values),
        mode="lines" if len(steps) > 1 else "markers",
        line={"color": colour, "width": 2},
        name=name,
        legendgroup=name,
        hovertext=hover,
        hoverinfo="text",
    )
    if axis is not None:
        figure.add_traces(axis.marks(steps, values, hover, colour=colour, group=name))


def clipped_marks(
    figure: go.Figure,
    frame: pd.DataFrame,
    column: str,
    labels: Mapping[str, str],
    colour: str,
    *,
    log: bool = True,
) -> None:
    """Marks on the steps whose update was clipped, to be drawn before the line that they mark and must not hide.

    log: the axis is logarithmic and cannot hold a 0.
    """
    values = frame[column].to_numpy(dtype=float)
    shown = frame["clipped"].to_numpy(dtype=bool) & np.isfinite(values) & ((values > 0) | (not log))
    if shown.any():
        figure.add_scatter(
            x=frame["step"].to_numpy()[shown],
            y=values[shown],
            mode="markers",
            marker={
                "symbol": "x-thin-open",
                "size": 7 if len(values) <= 100 else 4,
                "color": colour,
                "line": {"width": 1.5, "color": colour},
            },
            name=labels["clipped"],
            hoverinfo="skip",
            legendrank=AFTER_THE_LINES,
        )


def over_training(
    figure: go.Figure, frame: pd.DataFrame, labels: Mapping[str, str], dark: bool, height: int
) -> None:
    """Theme, legend and the x axis of training steps."""
    figure.update_layout(showlegend=True)
    styled(figure, dark=dark, height=height)
    figure.update_xaxes(
        title_text=labels["axis_step"],
        dtick=1 if np.ptp(frame["step"]) < 10 else None,
        showgrid=False,
        zeroline=False,
        tickformat=",d",
    )
