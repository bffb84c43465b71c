"""Curves over training: the size of the update's gradient, and the perplexity with the lines to cross."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number, percent, reference_line
from .lines import Line, add_line
from .look import Look

AFTER_THE_LINES = 1001  # in the legend; plotly gives every other trace 1000


def gradient_norm_over_training(
    frame: pd.DataFrame,
    look: Look,
    *,
    threshold: float | None = None,
) -> go.Figure:
    """Norm of the whole gradient before and after clipping, clipped steps marked. frame: `updates_frame`.

    A long run keeps some of its steps only: where those left out before a point were clipped and its own was not, the
    mark is another one, and the hover text says how many. threshold: the norm at which gradients are clipped, drawn
    as a line when given.
    """
    look = look.with_height(340)
    if frame.empty:
        return look.notice("empty")
    colours = look.colours
    shares = floats(frame, "clipped_share")
    columns = ["gradient_norm", "clipped_norm"] if shares.any() else ["gradient_norm"]
    limits = [] if threshold is None else [np.array([threshold])]
    axis = LogAxis.of([floats(frame, column) for column in columns] + limits)
    figure = go.Figure()
    own = frame["clipped"].to_numpy(dtype=bool)
    clipped_marks(figure, frame, "gradient_norm", look.words["clipped"], colours["clipped"])
    passed = frame.assign(clipped=~own & (shares > 0))
    clipped_marks(
        figure,
        passed,
        "gradient_norm",
        look.words["clipped_between"],
        colours["clipped"],
        symbol="line-ns-open",
    )
    between = [
        look.words["clipped_share"].format(share=percent(share), step=f"{before:,}")
        if step - before > 1
        else ""
        for step, before, share in zip(frame["step"], _step_before(frame), shares, strict=True)
    ]
    for column in columns:
        name = look.words[f"quantity_{column}"]
        said = [
            [f"{name}: {number(value)}", share] for value, share in zip(frame[column], between, strict=True)
        ]
        _line(figure, frame, column, axis, look, colours[column], said)
    if threshold is not None:
        name = look.words["threshold"].format(value=number(threshold))
        reference_line(figure, name, threshold, colours["uniform"])
    over_training(figure, frame, look)
    axis.apply(figure, look, title=look.words["axis_gradient_norm"])
    return figure


def curve_over_training(
    frame: pd.DataFrame,
    look: Look,
    *,
    uniform: float | None = None,
    floors: Sequence[float] = (),
) -> go.Figure:
    """Perplexity over training, clipped steps marked; the hover text has the loss. frame: `updates_frame`.

    A loss whose perplexity is beyond 64 bits is marked above the axis. uniform: perplexity of guessing evenly. floors:
    lowest perplexities with the last k = 0, 1, … symbols in sight; equal ones share a line.
    """
    look = look.with_height(340)
    if frame.empty:
        return look.notice("empty")
    colours = look.colours
    lines: dict[float, tuple[float, list[str]]] = {}
    for k, value in enumerate(floors):
        lines.setdefault(round(value, 9), (value, []))[1].append(str(k))
    references = [
        (look.words["floor"].format(k=", ".join(ks)), value, colours["floor"]) for value, ks in lines.values()
    ]
    if uniform is not None:
        references.append((look.words["uniform"], uniform, colours["uniform"]))
    figure = go.Figure()
    losses, perplexities = floats(frame, "loss"), floats(frame, "perplexity")
    is_beyond = np.isinf(perplexities) & np.isfinite(losses)
    axis = LogAxis.of([perplexities, np.array([value for _, value, _ in references])], start=1.0)
    clipped_marks(figure, frame, "perplexity", look.words["clipped"], colours["clipped"])
    said = [
        [
            f"{look.words['quantity_perplexity']}: {look.words['beyond'] if beyond else number(perplexity)}",
            f"{look.words['quantity_loss']}: {number(loss)}",
        ]
        for beyond, perplexity, loss in zip(is_beyond, perplexities, losses, strict=True)
    ]
    _line(figure, frame, "perplexity", axis, look, colours["perplexity"], said)
    for name, value, colour in references:
        reference_line(figure, f"{name}: {number(value)}", value, colour)
    over_training(figure, frame, look)
    other = "row_beyond" if is_beyond.any() else "row_not_finite"
    axis.apply(figure, look, title=look.words["axis_perplexity"], other=other)
    return figure


def _line(
    figure: go.Figure,
    frame: pd.DataFrame,
    column: str,
    axis: LogAxis,
    look: Look,
    colour: str,
    said: Sequence[Sequence[str]],
) -> None:
    """One column over the training steps. said: what the hover text of each row says of it, in lines."""
    hover = [
        "<br>".join(
            (
                look.words["step"].format(step=f"{step:,}"),
                *(line for line in lines if line),
                look.words["learning_rate"].format(value=number(rate)),
            )
        )
        for step, lines, rate in zip(frame["step"], said, frame["learning_rate"], strict=True)
    ]
    line = Line(look.words[f"quantity_{column}"], colour)
    add_line(figure, axis, line, _steps(frame), floats(frame, column), hover, markers=False)


def _steps(frame: pd.DataFrame) -> list[int]:
    return [int(step) for step in frame["step"]]


def _step_before(frame: pd.DataFrame) -> list[int]:
    """The step of the row before each row; −1 before the first, as if each row had one."""
    return [-1, *_steps(frame)[:-1]]


def clipped_marks(
    figure: go.Figure,
    frame: pd.DataFrame,
    column: str,
    name: str,
    colour: str,
    *,
    log: bool = True,
    symbol: str = "x-thin-open",
) -> None:
    """Marks on the steps whose update was clipped, to be drawn before the line that they mark and must not hide.

    log: the axis is logarithmic and cannot hold a 0.
    """
    values = floats(frame, column)
    shown = frame["clipped"].to_numpy(dtype=bool) & np.isfinite(values) & ((values > 0) | (not log))
    if shown.any():
        figure.add_scatter(
            x=frame["step"].to_numpy()[shown],
            y=values[shown],
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 7 if len(values) <= 100 else 4,
                "color": colour,
                "line": {"width": 1.5, "color": colour},
            },
            name=name,
            hoverinfo="skip",
            legendrank=AFTER_THE_LINES,
        )


def over_training(figure: go.Figure, frame: pd.DataFrame, look: Look) -> None:
    """Theme, legend and the x axis of training steps."""
    figure.update_layout(showlegend=True)
    look.styled(figure)
    figure.update_xaxes(
        title_text=look.words["axis_step"],
        dtick=1 if np.ptp(frame["step"]) < 10 else None,
        showgrid=False,
        zeroline=False,
        tickformat=",d",
    )
