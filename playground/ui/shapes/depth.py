"""Depth: a row of states for every layer, each with weights of its own, and dropout between them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.depth import DRAWS, DepthReading, losses_of_draws, one_sequence, read_both_ways
from playground.config import NetworkConfig
from playground.figures.axes import number, percent
from playground.figures.depth import rows_of_layers
from playground.models.dropout import Draw, leaves_out
from playground.models.network import Network
from playground.passes.replica import copy_of
from playground.studies.lesson_run import LessonRun
from playground.studies.lessons import Lesson, Ready
from playground.ui import apart, state, widgets
from playground.ui import lesson as words
from playground.ui import picture as pictures
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.shapes import chosen
from playground.ui.shapes.five import draw_lesson
from playground.ui.shapes.learned import learned, recorded_step
from playground.ui.shapes.results import success_in_words
from playground.ui.words import N_, _

READINGS = {
    "evaluated": N_("As it is used: every number is passed on"),
    "trained": N_("As it is trained: a cross is not passed on"),
    "difference": N_("The difference"),
}
LAYER = N_("layer {n}")
PARTS = {"embedding": N_("embedding"), "readout": N_("read-out")}


def show() -> None:
    """Draw the choice of a lesson and its layers, their states both ways, and what they consist of."""
    apart.put_away()
    words.opening("shapes", "depth")
    made = chosen.choose("many-to-one", _deep_network, has_readout=False)
    if made is not None:
        _layers(*made)
    apart.say()


def _deep_network(ready: Ready, folded: chosen.Folded) -> NetworkConfig:
    """Draw what a network of several layers is asked for."""
    network = chosen.plain_network(ready, folded)
    layers = widgets.segments("depth", [1, 2, 3])
    dropout = widgets.slider("depth_dropout", 0.1, width=150) if layers > 1 else 0.0
    return replace(network, layers=layers, dropout=dropout)


@st.fragment
def _layers(lesson: Lesson, column: int) -> None:
    """The lesson is learned, then its layers are read."""

    def draw(run: LessonRun) -> None:
        draw_lesson(run, lesson, column, key="shape_depth")

    run = learned(lesson, draw)
    if run is None:
        return
    draw(run)
    _numbers(run)
    with widgets.row():
        steps = [frame.step for frame in run.frames]
        place = recorded_step(steps)
        has_draws = leaves_out(lesson.config.network)
        draw_number = _draw_number() if has_draws else 1
    reading, losses = state.remembered(
        "depth", (lesson, column, place, draw_number), lambda: _read(run, column, place, draw_number)
    )
    _readings(run, reading, losses, column)
    if lesson.config.network.layers == 1:
        st.caption(_("With one layer there is nothing between layers, so dropout has nothing to leave out."))
    elif not has_draws:
        st.caption(_("Dropout is 0: trained or used, the network computes the same."))


def _draw_number() -> int:
    """Draw the choice of an update: each draws anew what it leaves out."""
    with st.container(width=210):
        return widgets.number("draw", help=_("Every update of the training draws anew.")) or 1


def _read(
    run: LessonRun, column: int, place: int, draw_number: int
) -> tuple[DepthReading, np.ndarray | None]:
    """One held-out sequence, read both ways at a recorded step; and its loss with many draws, if there are any."""
    with state.viewer().turn():
        network = run.network_at(place)
        assert isinstance(network, Network)  # one that classifies has no decoder
        model, batch = copy_of(network), one_sequence(run.task.held_out(), column)
        seed, step = run.config.seed, run.frames[place].step
        reading = read_both_ways(model, batch, Draw(seed, step + draw_number - 1))
        losses = losses_of_draws(model, batch, seed=seed, step=step) if reading.factors else None
        return reading, losses


def _numbers(run: LessonRun) -> None:
    """How many numbers each part learns, and how the whole does."""
    results = run.results()
    assert results is not None
    columns = st.columns(len(run.parameters) + 1)
    columns[0].metric(
        _("of {n} held-out answers are right").format(n=f"{results.success.n:,}")
        if run.task.disjoint
        else _("of all {n} answers are right; nothing is held out of so few").format(
            n=f"{results.success.n:,}"
        ),
        success_in_words(results.success),
    )
    for column, (part, count) in zip(columns[1:], run.parameters.items(), strict=True):
        column.metric(_("numbers learned, {part}").format(part=_part(part)), f"{count:,}")


def _part(name: str) -> str:
    """A part of a network in words."""
    if name in PARTS:
        return _(PARTS[name])
    return _(LAYER).format(n=int(name.removeprefix("l")) + 1)


def _readings(run: LessonRun, reading: DepthReading, losses: np.ndarray | None, column: int) -> None:
    """The states of all layers as the network is used, as it is trained, and the difference."""
    batch = one_sequence(run.task.held_out(), column)
    tokens = run.task.show(batch, 0).read
    table = reading.states(tokens)
    headline.say(_title(table, reading, losses))
    shown = list(READINGS) if reading.factors else ["evaluated"]
    for name, place in zip(shown, st.columns(len(shown), gap="medium"), strict=True):
        with place:
            st.markdown(f"**{_(READINGS[name])}**")
            pictures.draw(rows_of_layers(table, name, look()), name=f"depth_{name}", title=_(READINGS[name]))
    pictures.download(table, name="depth", file="shapes-depth")


def _title(table: pd.DataFrame, reading: DepthReading, losses: np.ndarray | None) -> str:
    """What dropout has left out, and what this one answer loses by it."""
    evaluated, trained = reading.losses()
    if losses is None:
        return _("The answer is read out of the highest layer; the loss of this one is {loss} nats.").format(
            loss=number(evaluated)
        )
    passed_on = table.loc[table["layer"] < table["layer"].max(), "left_out"]
    low, middle, high = np.quantile(losses, [0.1, 0.5, 0.9])
    return _(
        "{left_out} of {count} numbers ({share} %) were not passed on: a loss of {trained} nats instead of "
        "{evaluated}. Over {draws} draws: {median} (10–90 %: {low} to {high})."
    ).format(
        left_out=int(passed_on.sum()),
        count=len(passed_on),
        share=percent(float(passed_on.mean())),
        trained=number(trained),
        evaluated=number(evaluated),
        draws=DRAWS,
        median=number(float(middle), 2),
        low=number(float(low), 2),
        high=number(float(high), 2),
    )
