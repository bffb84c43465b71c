"""What clipping does: the same run with and without it, and a grid of learning rates and thresholds."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.floors import memory_floors
from playground.cells import CELLS
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.figures.axes import number
from playground.figures.clipping import clipped_norms, clipping_angles, clipping_grid, clipping_losses
from playground.models.dropout import leaves_out
from playground.studies.clipping import CASES, UPDATES, ClippingComparison, ClippingGrid
from playground.ui import lesson, picture, progress, state, widgets
from playground.ui.fields import exact_number, option_label, value_label
from playground.ui.figure_words import look
from playground.ui.gradients import example, headline, study_titles
from playground.ui.words import _

OFFERED_THRESHOLDS = (*(float(f"{digit}e{power}") for power in range(-3, 3) for digit in (1, 3)), 1000.0)


def show() -> None:
    """Draw the choice of an example, both runs of it, and the grid."""
    lesson.heading("gradients", "clipping")
    lesson.text("gradients", "clipping")
    config = _example()
    _comparison(config)
    lesson.heading("gradients", "grid")
    lesson.text("gradients", "grid")
    if widgets.toggle("case_grid"):
        _grid(config)


def _example() -> ExperimentConfig:
    """A ready-made case or the reader's experiment, with the clipping chosen here."""
    with widgets.row():
        case = widgets.segments("case")
        clip = widgets.segments("case_clip")
        base = CASES.get(case, state.viewer().config)
        usual = state.following("case_threshold", base.training.clip_threshold)
        thresholds = sorted({*OFFERED_THRESHOLDS, usual})
        threshold = widgets.pick("case_threshold", thresholds, width=260, drawn=exact_number)
    clipping = {"clip": clip, "clip_threshold": threshold, "clip_from": 0}
    config = replace(base, training=replace(base.training, **clipping))
    st.caption(_described(config))
    if case in CASES:
        example.is_not_used()
        example.offer(replace(config, training=replace(config.training, clip="off")))
    return config


def _corpus(config: ExperimentConfig) -> Corpus:
    """The text of a run; that of the reader's own experiment has been read."""
    viewer = state.viewer()
    if config.text == viewer.config.text:
        return viewer.run.corpus
    return state.remembered("example", config.text, lambda: Corpus(config.text))


def _described(config: ExperimentConfig) -> str:
    """The settings of a run in one line."""
    network, training = config.network, config.training
    cell = option_label(network.cell)
    if CELLS[network.cell].has_nonlinearity:
        cell += f" ({option_label(network.nonlinearity)})"
    rate = _("learning rate {value}").format(value=exact_number(training.learning_rate))
    if training.rates:
        rate += ", " + value_label("rates", training.rates)
    return _(
        "{cell}, {hidden} units, {length} timesteps, {optimizer}, {rate}, seed {seed}; {updates} updates."
    ).format(
        cell=cell,
        hidden=network.hidden_size,
        length=max(map(len, _corpus(config).windows)) - 1,
        optimizer=option_label(training.optimizer),
        rate=rate,
        seed=config.seed,
        updates=UPDATES,
    )


@st.fragment
def _comparison(config: ExperimentConfig) -> None:
    """The same seed twice; it starts by itself, for it takes a second or two."""
    job = progress.job(
        "comparison",
        (config, UPDATES),
        lambda: ClippingComparison(config, updates=UPDATES, corpus=_corpus(config)),
        _("Training both runs …"),
    )
    if job is None or (table := job.work.frame()).empty:
        return
    _results(table)
    threshold = config.training.clip_threshold if config.training.clip == "norm" else None
    left, right = st.columns(2, gap="large")
    with left:
        headline.say(study_titles.norms(table))
        figure = clipped_norms(table, look(), threshold=threshold)
        picture.show(
            (figure, table), name="norms", title=_("Gradient norm before and after"), file="clipping"
        )
        headline.say(study_titles.angles(table))
        figure = clipping_angles(table, look())
        picture.draw(figure, name="angles", title=_("Angle between the gradient and what is left of it"))
    with right:
        corpus = _corpus(config)
        # A batch that is not all of the text may have a lower floor; a pass that leaves numbers out may be lucky.
        is_bound = corpus.steps_per_epoch == 1 and not leaves_out(config.network)
        floor = math.log(memory_floors(corpus)[1]) if is_bound else None
        headline.say(study_titles.losses(table))
        figure = clipping_losses(table, look(), floor=floor)
        picture.draw(figure, name="losses", title=_("Loss with and without clipping"))
        lesson.note("gradients", "angle")


def _results(table: pd.DataFrame) -> None:
    """Where both runs ended, and how often the gradient was clipped."""
    free, clipped = (table.query("variant == @variant") for variant in ("free", "clipped"))
    updates = clipped["clipped"].iloc[:-1]  # what came of the last one has been measured only
    one, two, three = st.columns(3)
    one.metric(_("last batch’s loss without clipping, in nats"), _loss(free))
    two.metric(_("last batch’s loss with clipping, in nats"), _loss(clipped))
    three.metric(
        _("updates clipped"),
        _("{clipped} of {count}").format(clipped=int(updates.sum()), count=len(updates)),
    )


def _loss(run: pd.DataFrame) -> str:
    """Where a run ended."""
    step, loss, norm = (run[name].to_list()[-1] for name in ("step", "loss", "gradient_norm"))
    if np.isfinite([loss, norm]).all():
        return number(loss)
    return _("diverged at step {step}").format(step=step)


@st.fragment
def _grid(config: ExperimentConfig) -> None:
    """All pairs of a learning rate and a threshold."""
    any_rate = replace(config.training, learning_rate=0.01, rates=(), clip_threshold=1.0)
    anything = replace(config, training=any_rate)
    job = progress.job(
        "grid",
        (anything, UPDATES),
        lambda: ClippingGrid(anything, updates=UPDATES, corpus=_corpus(anything)),
        _("Training 36 networks side by side …"),
    )
    if job is None or (table := job.work.frame()).empty:
        return
    if job.state != "done":
        st.caption(_("Until all is done, losses are those of the newest batch."))
    headline.say(study_titles.grid(table))
    figure = clipping_grid(table, look())
    title = _("Loss reached for each learning rate and threshold")
    picture.show((figure, table), name="grid", title=title, file="clipping-grid")
