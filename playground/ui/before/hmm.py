"""Hidden states: which of them the text is in, what they show, and how far more of them come."""

import math
from dataclasses import replace

import pandas as pd
import streamlit as st

from playground.analysis.states import emissions, in_order, states_over, transitions
from playground.corpus import Corpus
from playground.figures.axes import number
from playground.figures.grid import Grid, grid
from playground.figures.learning import Level
from playground.figures.states import perplexity_by_states, states_over_text
from playground.models.hmm import HMM, HMMConfig
from playground.models.model import loss_in_pieces, perplexity
from playground.studies.states import SIZES, StatesStudy, StatesSweep
from playground.ui import lesson, picture, progress, state, widgets
from playground.ui.before import beside, chosen
from playground.ui.before.levels import of_floors
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.words import _

FLOORS = 4  # of the text, for k = 0, 1, …
ROUNDING = 1e-9  # nats


def show() -> None:
    """Draw the panel."""
    lesson.opening("before", "hmm")
    with widgets.row():
        widgets.slider("hmm_states", 1, width=240)
        widgets.slider("hmm_restarts", 1, width=190)
        for name in ("hmm_alpha", "hmm_seed"):
            with st.container(width=190):
                widgets.number(name)
    config = chosen.made(HMMConfig, "hmm_")
    _one(config)
    lesson.heading("before", "states-memory")
    lesson.text("before", "states-memory")
    if widgets.toggle("sizes"):
        _many(config)


@st.fragment
def _one(config: HMMConfig) -> None:
    """A model with as many states as are chosen: over the text, and its tables."""
    corpus = chosen.corpus()
    job = progress.job(
        "states",
        (corpus.config, config),
        lambda: StatesStudy(config, corpus),
        _("Baum–Welch: {restarts} restarts side by side …").format(restarts=config.restarts),
    )
    if job is None or not job.work.trainer.log_likelihoods:
        return
    line = _line(corpus)
    model = in_order(job.work.model, line)
    _numbers(job.work, model)
    over = states_over(model, line, corpus.labels)
    headline.say(_used(over, model))
    title = _("Hidden states over a line of the text")
    picture.show((states_over_text(over, look()), over), name="states", title=title, file="states")
    left, right = st.columns(2, gap="large")
    with left:
        lesson.note("before", "states-transition")
        table = transitions(model, _("beginning"))
        figure = grid(table, look(), Grid("before", "after", "probability"))
        title = _("Which state follows which")
        picture.show((figure, table), name="transitions", title=title, file="transitions")
    with right:
        lesson.note("before", "states-emission")
        table = emissions(model, corpus.labels)
        figure = grid(table, look(), Grid("state", "token", "probability"))
        title = _("Which symbols each state shows")
        picture.show((figure, table), name="emissions", title=title, file="emissions")


def _line(corpus: Corpus) -> tuple[int, ...]:
    """The line of the text, or the window of one, over which the states are drawn."""
    count = len(corpus.windows)
    line = state.fitted("line", 1, count, default=1)
    if count > 1:
        with st.container(width=200):
            line = widgets.number("line") or line
    return corpus.windows[min(line, count) - 1]


def _numbers(study: StatesStudy, model: HMM) -> None:
    """What the model has come to, and what it takes."""
    one, two, three, four = st.columns(4)
    one.metric(_("perplexity on the text"), "…" if study.perplexity is None else number(study.perplexity))
    two.metric(_("memory, log₂ K bits"), number(math.log2(model.states), 3))
    three.metric(_("numbers that it learns"), f"{model.parameter_count:,}")
    last = study.trainer.log_likelihoods[-1]
    four.metric(
        _("ln p of the text: best and worst restart"),
        f"{_nats(max(last))} · {_nats(min(last))}",
        help=_("Baum–Welch only climbs the hill on which it begins; the best of all restarts is shown."),
    )


def _nats(value: float) -> str:
    """ln p of a text; what is only the rounding of certainty is that."""
    return number(0.0 if abs(value) < ROUNDING else value)


def _used(over: pd.DataFrame, model: HMM) -> str:
    """How many states the most probable path takes."""
    used = over.loc[over["on_path"], "state"].nunique()
    return _("The most probable path goes through {used} of {states} states").format(
        used=used, states=model.states
    )


@st.fragment
def _many(config: HMMConfig) -> None:
    """Models with few and with many states, beside the reader's network."""
    network = beside.choose()
    corpus = chosen.corpus()
    anything = replace(config, states=1)
    job = progress.job(
        "state_sizes",
        (corpus.config, anything),
        lambda: StatesSweep(anything, corpus),
        _("Training {count} models, of 1 to {most} states …").format(count=len(SIZES), most=max(SIZES)),
    )
    if job is None or (table := job.work.frame()).empty:
        return
    nats = progress.computed(
        "states_beside",
        (state.viewer().config, network.step),
        lambda: loss_in_pieces(network.model, corpus.windows),
        _("Measuring your network on the text …"),
    )
    reached = perplexity(nats)
    headline.say(_comparison(table, reached, network.units))
    figure = perplexity_by_states(table, look(), _levels(corpus, reached, network))
    title = _("Perplexity against the number of hidden states")
    picture.show((figure, table), name="state_sizes", title=title, file="hidden-states")


def _levels(corpus: Corpus, reached: float, network: beside.Beside) -> list[Level]:
    """The floors of the text and the reader's network, as far as it is a number."""
    levels = of_floors(corpus, FLOORS)
    if math.isfinite(reached):
        name = look().words["network_reached"].format(units=network.units, value=number(reached))
        levels.append(Level(name, reached, "h"))
    return levels


def _comparison(table: pd.DataFrame, reached: float, units: int) -> str:
    """With how many states a model is as good as the network."""
    if not math.isfinite(reached):
        return _("The network’s perplexity is no number")
    as_good = table.loc[table["perplexity"] <= reached]
    if as_good.empty:
        return _(
            "A network of {units} units is at {value}; no model of up to {most} states gets there"
        ).format(units=units, value=number(reached), most=max(table["states"].tolist()))
    if table["states"].to_list()[0] in as_good["states"].to_list():
        return _("A network of {units} units is at {value}; a single state is as good").format(
            units=units, value=number(reached)
        )
    states, bits = (as_good[name].to_list()[0] for name in ("states", "bits"))
    return _("A network of {units} units is at {value}; {states} states, {bits} bits, are as good").format(
        units=units, value=number(reached), states=states, bits=number(bits, 3)
    )
