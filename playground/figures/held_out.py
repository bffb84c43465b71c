"""How well what they are judged on is answered while networks learn, a line a network."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .axes import floats, number, percent
from .lines import Line, level
from .look import Look


def success_over_training(
    frame: pd.DataFrame,
    look: Look,
    lines: Mapping[str, Line],
    *,
    across: tuple[str, float, str],
    error: bool = False,
    is_held_out: bool = True,
) -> go.Figure:
    """Shares of right answers against training step; what is no number is a gap.

    frame: variant, step, success. lines: how each variant is drawn. across: name, value and colour of a line to compare
    them with. error: whether success is a squared error. is_held_out: whether what is judged is held out.
    """
    figure = go.Figure()
    for variant, line in lines.items():
        rows = frame.loc[frame["variant"] == variant]
        values = floats(rows, "success")
        figure.add_scatter(
            x=rows["step"].tolist(),
            y=[value if np.isfinite(value) else None for value in values],
            mode="lines+markers",
            line={"color": line.colour, "width": line.width, "dash": line.dash},
            marker={"size": 5, "symbol": line.symbol},
            name=line.name,
            hovertext=[
                f"{look.words['step'].format(step=step)}<br>{line.name}: "
                + (number(value) if error else f"{percent(value)} %")
                for step, value in zip(rows["step"], values, strict=True)
            ],
            hoverinfo="text",
        )
    level(figure, *across)
    look.styled(figure)
    figure.update_xaxes(title_text=look.words["axis_step"], rangemode="tozero")
    judged = "axis_held_out" if is_held_out else "axis_all"
    title = look.words[f"{judged}_error" if error else judged]
    figure.update_yaxes(title_text=title, rangemode="tozero", range=None if error else [0, 1.04])
    return figure.update_layout(margin={"t": 56}, showlegend=True)
