"""The fixed window: trained live, as far as its floor; each position has weights of its own."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.before import (
    MAX_WINDOW,
    alikeness,
    floor_of,
    most_frequent,
    storage_frame,
    weights_frame,
)
from playground.analysis.floors import Floor
from playground.figures.axes import number, percent
from playground.figures.before import storage
from playground.figures.learning import Level, learning_curve
from playground.figures.windows import position_weights, window_sizes
from playground.models.window import FixedWindow, WindowConfig
from playground.studies.before import WindowSizes, WindowStudy
from playground.ui import lesson, picture, progress, state, widgets
from playground.ui.before import chosen
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.words import _

SYMBOLS, UNITS = 24, 32  # of which weights are drawn


def show() -> None:
    """Draw the choices of a window, its training, its weights, and what its size costs."""
    lesson.opening("before", "window")
    with widgets.row():
        widgets.slider("window_size", 1, width=190)
        widgets.slider("window_hidden_size", 1, width=190)
        widgets.slider("window_embedding", 1, width=190)
        widgets.select("window_optimizer", width=150)
        for name in ("window_learning_rate", "window_seed", "updates"):
            with st.container(width=150):
                widgets.number(name)
    config, updates = chosen.made(WindowConfig, "window_"), state.shown().chosen["updates"]
    _trained(config, updates)
    lesson.heading("before", "windows")
    lesson.text("before", "windows")
    if widgets.toggle("windows"):
        _sizes(config, updates)
    _cost(config)


@st.fragment
def _trained(config: WindowConfig, updates: int) -> None:
    """One window: how far it comes, and its weights."""
    corpus = chosen.corpus()
    job = progress.job(
        "window",
        (corpus.config, config, updates),
        lambda: WindowStudy(config, corpus, updates),
        _("Training the window …"),
    )
    if job is None or (table := job.work.frame()).empty:
        return
    floors = chosen.floors()
    floor = floor_of(floors, config.size)
    left, right = st.columns(2, gap="large")
    with left:
        headline.say(_how_far(table, floor, config.size))
        picture.show(
            (learning_curve(table, look(), colour="c", levels=_levels(floors, config.size)), table),
            name="window_curve",
            title=_("Perplexity of the window while it learns"),
            file="window",
        )
    with right:
        _weights(job.work.trainer.model)


def _levels(floors: tuple[Floor, ...], size: int) -> list[Level]:
    """The floors of those who see as much as a window, one symbol less and one more."""
    words = look().words
    levels = []
    for k in (size - 1, size, size + 1):
        value = floor_of(floors, k)
        name = words["floor_at"].format(k=k, value=number(value))
        levels.append(Level(name, value, "floor" if k == size else "uniform"))
    return levels


def _how_far(table: pd.DataFrame, floor: float, size: int) -> str:
    """How close a window has come to its floor."""
    reached, step = float(table["perplexity"].iloc[-1]), int(table["step"].iloc[-1])
    if not np.isfinite(reached):
        return _(
            "After {step:,} updates its odds are not numbers any more; a smaller learning rate may help."
        ).format(step=step)
    return _(
        "After {step:,} updates {share} % above {floor}, the floor of k = {k}: no window of this size gets below it."
    ).format(
        step=step,
        k=size,
        floor=number(floor),
        share=percent(max(reached / floor - 1, 0.0)),
    )


def _weights(model: FixedWindow) -> None:
    """The weights of every position, one below the other."""
    corpus = chosen.corpus()
    symbols, units = most_frequent(corpus, SYMBOLS), min(model.config.hidden_size, UNITS)
    table = weights_frame(model, corpus.labels, symbols=symbols, units=units)
    alike = alikeness(model)
    if alike is None:
        headline.say(_("One position: nothing to compare it with. Take a window of two symbols or more."))
    elif np.isfinite(alike):
        headline.say(
            _(
                "The same symbol at two positions: weights with a mean cosine of {cosine}. With one matrix for all "
                "positions, as an RNN has it, it would be 1."
            ).format(cosine=number(alike, 2))
        )
    picture.show(
        (position_weights(table, look()), table),
        name="position_weights",
        title=_("What a symbol adds to every unit, position by position"),
        file="window-weights",
    )
    if len(symbols) < len(corpus.vocabulary) or units < model.config.hidden_size:
        st.caption(
            _(
                "Shown are the {symbols} symbols that come most often, of {of}, and {units} units of {all}."
            ).format(
                symbols=len(symbols), of=len(corpus.vocabulary), units=units, all=model.config.hidden_size
            )
        )


@st.fragment
def _sizes(config: WindowConfig, updates: int) -> None:
    """Windows of all sizes, each beside its floor."""
    corpus = chosen.corpus()
    anyhow = replace(config, size=1)
    job = progress.job(
        "window sizes",
        (corpus.config, anyhow, updates),
        lambda: WindowSizes(anyhow, corpus, updates, range(1, MAX_WINDOW + 1)),
        _("Training eight windows …"),
    )
    if job is None or (table := job.work.frame()).empty:
        return
    floors = chosen.floors()
    table = table.assign(floor=[floor_of(floors, k) for k in table["memory"]])
    above = float(np.max(table["perplexity"].to_numpy() / table["floor"].to_numpy())) - 1
    if np.isfinite(above):
        headline.say(
            _(
                "After {updates:,} updates, the window that is farthest from its floor is {share} % above it."
            ).format(updates=updates, share=percent(max(above, 0.0)))
        )
    picture.show(
        (window_sizes(table, look()), table),
        name="window_sizes",
        title=_("How far windows of 1 to 8 symbols come, and the floor of each"),
        file="window-sizes",
    )


def _cost(config: WindowConfig) -> None:
    """How the weights grow with the window, beside those of the recurrent network."""
    corpus, recurrent = chosen.corpus(), chosen.recurrent_parameters()
    key = corpus.config, config, recurrent
    table = state.remembered("before storage", key, lambda: storage_frame(corpus, config, recurrent))
    rows = table.loc[table["model"].isin(["window", "recurrent"])]
    of_window = rows.loc[rows["model"] == "window", "numbers"]
    grown = int(of_window.iloc[1] - of_window.iloc[0])
    headline.say(
        _(
            "One symbol more costs {grown:,} weights more. The recurrent network has {count:,}, for any length."
        ).format(grown=grown, count=recurrent)
    )
    picture.show(
        (storage(rows, look(), models=("window", "recurrent")), rows),
        name="window_storage",
        title=_("Weights against what is seen"),
        file="window-storage",
    )
