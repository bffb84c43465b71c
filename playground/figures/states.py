"""Hidden states over a text, and how far models with more and more of them come."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import LogAxis, floats, headline, number, time_axis, time_hover
from .learning import Level
from .lines import Line, add_line, level
from .look import Look
from .theme import MAGNITUDE, UNITS, scale

ROW = 20  # pixels of a state
STRIP = 34  # pixels of the states on the path
BETWEEN = 40  # pixels for the headline of the lower picture
AROUND = 100
WRITTEN = 60  # timesteps up to which the states on the path have their numbers


def states_over_text(frame: pd.DataFrame, look: Look) -> go.Figure:
    """Above, the text coloured by the states on the most probable path; below, the probability of every state.

    frame: t, token, state (from 1), probability, on_path, all states of each timestep.
    """
    states = max(frame["state"].tolist(), default=1)
    inner = STRIP + BETWEEN + ROW * max(states, 2)
    look = look.with_height(AROUND + inner)
    if frame.empty:
        return look.notice("empty")
    path = frame.loc[frame["on_path"]]
    times = [str(t) for t in path["t"]]
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        row_heights=[STRIP / (inner - BETWEEN), 1 - STRIP / (inner - BETWEEN)],
        vertical_spacing=BETWEEN / inner,
    )
    _strip(figure, path, times, look)
    shape = len(times), states
    hover = [
        f"{head}<br>{look.words['state'].format(n=state)}: {number(p)}"
        for head, state, p in zip(time_hover(frame, look), frame["state"], frame["probability"], strict=True)
    ]
    figure.add_heatmap(
        x=times,
        y=list(range(1, states + 1)),
        z=floats(frame, "probability").reshape(shape).T,
        hovertext=np.array(hover, dtype=object).reshape(shape).T.tolist(),
        hoverinfo="text",
        zmin=0,
        zmax=1,
        colorscale=scale(MAGNITUDE[look.mode]),
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": [0, 0.5, 1],
            "tickfont": {"size": 12, "color": look.colours["muted"]},
        },
        row=2,
        col=1,
    )
    headline(figure, 1, look.words["states_path"])
    headline(figure, 2, look.words["states_posterior"])
    look.styled(figure)
    time_axis(figure, frame, look)
    figure.update_yaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(visible=False, row=1, col=1)
    figure.update_yaxes(
        autorange="reversed",
        tickvals=sorted({1, (states + 1) // 2, states}),
        title_text=look.words["axis_state"],
        row=2,
        col=1,
    )
    return figure.update_layout(margin={"t": 28}, showlegend=False)


def _strip(figure: go.Figure, path: pd.DataFrame, times: Sequence[str], look: Look) -> None:
    """A tile for every timestep in the colour of its state; these come again, so it has a number."""
    hues = UNITS[look.mode]
    figure.add_heatmap(
        x=times,
        y=[0],
        z=[[(state - 1) % len(hues) for state in path["state"]]],
        text=[[str(state) for state in path["state"]]],
        texttemplate="%{text}" if len(times) <= WRITTEN else None,
        hovertext=[
            [
                f"{head}<br>{look.words['state'].format(n=state)}"
                for head, state in zip(time_hover(path, look), path["state"], strict=True)
            ]
        ],
        hoverinfo="text",
        xgap=1,
        zmin=-0.5,
        zmax=len(hues) - 0.5,
        colorscale=[
            [place / len(hues), hue] for number, hue in enumerate(hues) for place in (number, number + 1)
        ],
        showscale=False,
        row=1,
        col=1,
    )


def perplexity_by_states(frame: pd.DataFrame, look: Look, levels: Sequence[Level]) -> go.Figure:
    """How far models come that have more and more states. frame: states, bits, numbers, perplexity."""
    look = look.with_height(360)
    if frame.empty:
        return look.notice("empty")
    values = floats(frame, "perplexity")
    axis = LogAxis.of([values, np.array([each.perplexity for each in levels])], start=1.0)
    figure = go.Figure()
    line = Line(look.words["hmm"], look.colours["n"], symbol="square")
    hover = [
        look.words["states_hover"].format(states=states, bits=number(bits, 3), numbers=f"{numbers:,}")
        + f"<br>{look.words['axis_text_perplexity']}: {number(value)}"
        for states, bits, numbers, value in zip(
            frame["states"], frame["bits"], frame["numbers"], values, strict=True
        )
    ]
    add_line(figure, axis, line, frame["bits"].tolist(), values, hover)
    for each in levels:
        level(figure, each.name, each.perplexity, look.colours[each.colour])
    look.styled(figure)
    axis.apply(figure, look, title=look.words["axis_text_perplexity"])
    figure.update_xaxes(
        title_text=look.words["axis_bits"],
        tickvals=frame["bits"].tolist(),
        ticktext=[str(states) for states in frame["states"]],
        showgrid=False,
        zeroline=False,
    )
    return figure.update_layout(margin={"t": 72}, showlegend=True)
