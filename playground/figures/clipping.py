"""What clipping does: to the size and direction of the updates, to the loss, and to the learning rates that work."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import LogAxis, floats, number
from .lines import Line, add_line, level
from .look import Look
from .theme import MAGNITUDE, scale
from .training import clipped_marks, over_training

EXPLODED = (
    2  # a loss above so many times the first one leaves the axis: beside it, what was learned would be flat
)
RUNS = {"free": ("free", "dash"), "clipped": ("clipped_norm", "solid")}  # colour and dash
SMALLEST_ANGLE = 10.0  # degrees: rounding errors of angle 0 should look like 0


def clipped_norms(
    frame: pd.DataFrame,
    look: Look,
    *,
    threshold: float | None = None,
) -> go.Figure:
    """Norm of the gradient at every update: of the clipped run before and after clipping, and of the free run.

    frame: variant ("free", "clipped"), step, loss, gradient_norm, clipped_norm, clipped, angle, perplexity.
    threshold: the norm at which gradients are clipped, drawn as a line when given.
    """
    look = look.with_height(360)
    if frame.empty:
        return look.notice("empty")
    colours = look.colours
    lines = (
        ("free", "gradient_norm", Line(look.words["run_free"], colours["free"], width=1.5)),
        ("clipped", "gradient_norm", Line(look.words["quantity_gradient_norm"], colours["gradient_norm"])),
        ("clipped", "clipped_norm", Line(look.words["quantity_clipped_norm"], colours["clipped_norm"])),
    )
    runs = {variant: frame.loc[frame["variant"] == variant] for variant in ("free", "clipped")}
    limits = [] if threshold is None else [np.array([threshold])]
    axis = LogAxis.of([*(floats(runs[run], column) for run, column, _ in lines), *limits])
    figure = go.Figure()
    clipped_marks(figure, runs["clipped"], "gradient_norm", look.words["clipped"], colours["clipped"])
    for variant, column, line in lines:
        rows = runs[variant]
        if not rows.empty:
            hover = _hover(rows, line.name, column, look)
            add_line(figure, axis, line, _steps(rows), floats(rows, column), hover, markers=False)
    if threshold is not None:
        name = look.words["threshold"].format(value=number(threshold))
        level(figure, name, threshold, colours["uniform"])
    over_training(figure, frame, look)
    axis.apply(figure, look, title=look.words["axis_gradient_norm"])
    return figure


def clipping_angles(frame: pd.DataFrame, look: Look) -> go.Figure:
    """Angle between the gradient and what clipping makes of it, at every update of the clipped run.

    frame: as of `clipped_norms`. Where there is no angle, because the gradient is not finite, a mark says so.
    """
    look = look.with_height(300)
    rows = frame.loc[frame["variant"] == "clipped"]
    if rows.empty:
        return look.notice("empty")
    colours = look.colours
    angles = floats(rows, "angle")
    top = max(float(angles[np.isfinite(angles)].max(initial=0.0)), SMALLEST_ANGLE)
    figure = go.Figure()
    line = Line(look.words["angle"], colours["clipped_norm"])
    clipped_marks(figure, rows, "angle", look.words["clipped"], colours["clipped"], log=False)
    _add_linear(figure, line, _steps(rows), angles, _hover(rows, line.name, "angle", look), top, look)
    over_training(figure, rows, look)
    return figure.update_yaxes(
        title_text=look.words["axis_angle"], range=[-0.05 * top, 1.1 * top], ticksuffix="°"
    )


def clipping_losses(
    frame: pd.DataFrame,
    look: Look,
    *,
    floor: float | None = None,
) -> go.Figure:
    """Loss of both runs. A loss above twice the first one leaves the axis and is marked at its top, as ∞ and NaN are.

    frame: as of `clipped_norms`. floor: loss in nats that nobody without memory can get below, drawn as a line.
    """
    look = look.with_height(340)
    if frame.empty:
        return look.notice("empty")
    losses = floats(frame, "loss")
    usable = losses[np.isfinite(losses)]
    limit = EXPLODED * float(usable[0]) if len(usable) else 1.0
    top = float(usable[usable <= limit].max(initial=0.0)) or 1.0
    figure = go.Figure()
    for variant, (colour, dash) in RUNS.items():
        rows = frame.loc[frame["variant"] == variant]
        if rows.empty:
            continue
        line = Line(look.words[f"run_{variant}"], look.colours[colour], dash)
        steps, values, hover = _steps(rows), floats(rows, "loss"), _hover(rows, line.name, "loss", look)
        _add_linear(figure, line, steps, values, hover, 1.1 * top, look)
        beyond, name = (values > limit) & np.isfinite(values), look.words["off_axis"]
        _mark(figure, line, steps, beyond, hover, 1.1 * top, name, "triangle-up")
    if floor is not None:
        name = look.words["no_memory"].format(value=number(floor))
        level(figure, name, floor, look.colours["floor"])
    over_training(figure, frame, look)
    return figure.update_yaxes(title_text=look.words["axis_loss"], range=[0, 1.18 * top])


def clipping_grid(frame: pd.DataFrame, look: Look) -> go.Figure:
    """Loss at the end of training for every learning rate and threshold, written in its cell.

    frame: learning_rate, threshold (inf: no clipping), loss, perplexity, start (loss of the untrained network),
    outcome ("learned", "worse", "diverged"). Colour is for what was learned, from 0 to the untrained loss;
    what ended worse than it began, and what is no longer finite, have colours of their own.
    """
    look = look.with_height(400)
    if frame.empty:
        return look.notice("empty")
    colours = look.colours
    thresholds, rates = (sorted(frame[column].unique()) for column in ("threshold", "learning_rate"))
    x = [number(value) if np.isfinite(value) else look.words["no_clipping"] for value in thresholds]
    y = [number(value) for value in rates]
    start = float(floats(frame, "start").max())
    figure = go.Figure()
    for outcome, looks in {
        "learned": {"coloraxis": "coloraxis", "showlegend": False},
        "worse": _flat(colours["worse"]),
        "diverged": _flat(colours["exploded"]),
    }.items():
        rows = frame.loc[frame["outcome"] == outcome]
        if rows.empty:
            continue
        z = np.full((len(y), len(x)), np.nan)
        text, hover = (np.full(z.shape, "", dtype=object) for _ in range(2))
        for row in rows.itertuples():
            cell = rates.index(row.learning_rate), thresholds.index(row.threshold)
            z[cell] = row.loss if outcome == "learned" else 1.0
            text[cell] = "✕" if outcome == "diverged" else number(row.loss, 3)
            hover[cell] = _outcome(row, x[cell[1]], outcome, look)
        figure.add_heatmap(
            x=x,
            y=y,
            z=z,
            text=text.tolist(),
            texttemplate="%{text}",
            textfont={"size": 13},
            hovertext=hover.tolist(),
            hoverinfo="text",
            hoverongaps=False,
            xgap=2,
            ygap=2,
            name=look.words[f"outcome_{outcome}"],
            **looks,
        )
    look.styled(figure)
    figure.update_xaxes(
        type="category", categoryarray=x, range=[-0.5, len(x) - 0.5], title_text=look.words["axis_threshold"]
    )
    figure.update_yaxes(
        type="category",
        categoryarray=y,
        range=[-0.5, len(y) - 0.5],
        title_text=look.words["axis_learning_rate"],
    )
    return (
        figure.update_xaxes(showgrid=False)
        .update_yaxes(showgrid=False)
        .update_layout(
            showlegend=True,
            margin={"t": 36},
            coloraxis={
                "colorscale": scale(MAGNITUDE[look.mode]),
                "cmin": 0,
                "cmax": start if np.isfinite(start) and start > 0 else 1.0,
                "colorbar": {
                    "thickness": 10,
                    "outlinewidth": 0,
                    "nticks": 6,
                    "tickfont": {"size": 12, "color": colours["muted"]},
                    "title": {"text": look.words["axis_final_loss"], "side": "right", "font": {"size": 13}},
                },
            },
        )
    )


def _add_linear(
    figure: go.Figure,
    line: Line,
    steps: list[int],
    values: np.ndarray,
    hover: list[str],
    top: float,
    look: Look,
) -> None:
    """A line on a linear axis that ends at `top`; what is not finite is marked there."""
    finite = np.isfinite(values)
    figure.add_scatter(
        x=steps,
        y=np.where(finite, values, np.nan),
        mode="lines" if len(steps) > 1 else "markers",
        line={"color": line.colour, "width": line.width, "dash": line.dash},
        name=line.name,
        legendgroup=line.name,
        hovertext=hover,
        hoverinfo="text",
    )
    _mark(figure, line, steps, ~finite, hover, top, look.words["row_not_finite"])


def _mark(
    figure: go.Figure,
    line: Line,
    steps: list[int],
    where: np.ndarray,
    hover: list[str],
    top: float,
    name: str,
    symbol: str = "x",
) -> None:
    """Marks at the top of a linear axis, for values that have no place on it."""
    if where.any():
        figure.add_scatter(
            x=np.array(steps)[where],
            y=np.full(where.sum(), top),
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": line.colour},
            name=name,
            legendgroup=name,
            showlegend=not list(figure.select_traces({"name": name})),
            hovertext=np.array(hover)[where],
            hoverinfo="text",
        )


def _steps(rows: pd.DataFrame) -> list[int]:
    return [int(step) for step in rows["step"]]


def _hover(rows: pd.DataFrame, name: str, column: str, look: Look) -> list[str]:
    unit = "°" if column == "angle" else ""
    return [
        f"{look.words['step'].format(step=step)}<br>{name}: {number(value)}{unit if np.isfinite(value) else ''}"
        for step, value in zip(rows["step"], rows[column], strict=True)
    ]


def _flat(colour: str) -> dict[str, object]:
    """One colour for all cells of a trace, explained in the legend."""
    return {"colorscale": [[0, colour], [1, colour]], "showscale": False, "showlegend": True}


def _outcome(row: Any, threshold: str, outcome: str, look: Look) -> str:
    """The hover text of a cell."""
    clipping = look.words["threshold"].format(value=threshold) if np.isfinite(row.threshold) else threshold
    return "<br>".join(
        (
            look.words[f"outcome_{outcome}"],
            f"{look.words['final_loss']}: {number(row.loss)}",
            f"{look.words['final_perplexity']}: {number(row.perplexity)}",
            look.words["learning_rate"].format(value=number(row.learning_rate)),
            clipping,
        )
    )
