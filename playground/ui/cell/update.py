"""One update of the present run in slow motion, from the text that is read to the loss after it."""

from functools import partial

import streamlit as st

from playground.analysis.slow_motion import SlowMotion, Weight, slow_motion_in_pieces
from playground.models.parameters import parameter_shapes
from playground.pieces import Pieces
from playground.runs.left_out import WATCHED
from playground.runs.run import Run
from playground.runs.size import trainer_bytes
from playground.training import Snapshot, Trainer
from playground.ui import asked_step, chosen_weight, lesson, live, state, widgets
from playground.ui.cell.motion import message
from playground.ui.progress import computed, snapshot_at
from playground.ui.words import _, language, plain

BEGINNING = 10  # symbols by which a sequence is known
_ROOM = ".room { height: 720px; } :has(~ .motion) .room { display: none; }"
_mount = live.mounted("motion", html='<div class="room"></div>', css=_ROOM)


def show() -> None:
    """Draw the choice of a step and of a weight, and the player."""
    lesson.heading("motion", "update")
    lesson.text("motion", "update")
    viewer = state.viewer()
    step = asked_step.choose()
    run = viewer.run
    if asked_step.warn_of_explosion(
        step, _("From these weights there is no update; choose an earlier step.")
    ):
        return
    player = st.container()  # above what is chosen of it, so that its numbers are seen without scrolling
    with widgets.row():
        column = _sequence(run, step)
    st.caption(_("The weight w that is followed, by its parameter and its place there:"))
    with widgets.row():
        weight = _weight(run)
    with player:
        _play(run, step, weight, column)


def _play(run: Run, step: int, weight: Weight, column: int) -> None:
    """Compute the update, and mount the player."""
    viewer, snapshot = state.viewer(), snapshot_at(step)
    shown = computed(
        "slow motion",
        (viewer.config, step, weight, column),
        partial(_update, run, snapshot, weight, column),
        _("Computing …"),
        needs=2 * trainer_bytes(run.config, run.corpus),
    )
    told = state.remembered(
        "motion",
        (viewer.config, step, weight, column, language()),
        lambda: message(shown, run.corpus, run.config.training.optimizer),
    )
    _mount(key="motion", data=told)


def _sequence(run: Run, step: int) -> int:
    """Draw which sequence of the batch is shown, and say its column: that of the watched one as long as none is chosen.

    Only the last columns of a batch may be without a prediction; these are no choice.
    """
    corpus, seed = run.corpus, run.config.seed
    batch = corpus.batch(seed, step)
    count = int(batch.mask[:, 0].any(0).sum())
    watched = corpus.column(WATCHED, seed, step) or 0
    state.fitted("sequence", 1, count, default=watched + 1)
    if count == 1:
        widgets.complaint("sequence")
        return 0
    between = " " if corpus.config.tokens == "word" else ""

    def drawn(number: int) -> str:
        is_read = batch.mask[:, 0, number - 1]
        symbols = [corpus.labels[symbol] for symbol in batch.inputs[is_read, 0, number - 1].tolist()]
        more = " …" if len(symbols) > BEGINNING else ""
        return f"{number}: {plain(between.join(symbols[:BEGINNING]))}{more}"

    return widgets.pick("sequence", range(1, count + 1), width=260, drawn=drawn) - 1


def _weight(run: Run) -> Weight:
    parameter, (row, *column) = chosen_weight.choose(
        parameter_shapes(run.config.network, run.corpus.signature)
    )
    return Weight(parameter, row, *column)


def _update(run: Run, snapshot: Snapshot, weight: Weight, column: int) -> Pieces[SlowMotion]:
    """The update that follows a snapshot, with one sequence of its batch to look at."""
    config, corpus = run.config, run.corpus
    trainer = Trainer(config, corpus)
    trainer.restore(snapshot)
    yield 0.1
    return (yield from slow_motion_in_pieces(trainer, weight, column=column))
