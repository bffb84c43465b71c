"""One update of the present run in slow motion, from the text that is read to the loss after it."""

from functools import partial

from playground.analysis.slow_motion import SlowMotion, Weight, slow_motion_in_pieces
from playground.models.parameters import parameter_shapes
from playground.pieces import Pieces
from playground.runs.left_out import WATCHED
from playground.runs.run import Run
from playground.runs.size import trainer_bytes
from playground.training import Snapshot, Trainer
from playground.ui import asked_step, chosen_weight, lesson, live, state, studied, widgets
from playground.ui.cell.motion import message
from playground.ui.progress import computed, snapshot_at
from playground.ui.words import _, language

_ROOM = ".room { height: 720px; } :has(~ .motion) .room { display: none; }"
_mount = live.mounted("motion", html='<div class="room"></div>', css=_ROOM)


def show() -> None:
    """Draw the choice of a step and of a weight, and the player."""
    lesson.heading("motion", "update")
    lesson.text("motion", "update")
    viewer = state.viewer()
    asked_step.train_up_to_it()
    with widgets.row():
        step = asked_step.choose()
    studied.say_which()
    run = viewer.run
    if asked_step.warn_of_explosion(
        step, _("From these weights there is no update; choose an earlier step.")
    ):
        return
    with widgets.row():
        weight = _weight(run)
    snapshot = snapshot_at(step)
    shown = computed(
        "slow motion",
        (viewer.config, step, weight),
        partial(_update, run, snapshot, weight),
        _("Computing …"),
        needs=2 * trainer_bytes(run.config, run.corpus),
    )
    told = state.remembered(
        "motion",
        (viewer.config, step, weight, language()),
        lambda: message(shown, run.corpus, run.config.training.optimizer),
    )
    _mount(key="motion", data=told)


def _weight(run: Run) -> Weight:
    parameter, (row, *column) = chosen_weight.choose(
        parameter_shapes(run.config.network, run.corpus.signature)
    )
    return Weight(parameter, row, *column)


def _update(run: Run, snapshot: Snapshot, weight: Weight) -> Pieces[SlowMotion]:
    """The update that follows a snapshot, of the sequence that the stage watches, if the batch has it."""
    config, corpus = run.config, run.corpus
    trainer = Trainer(config, corpus)
    trainer.restore(snapshot)
    yield 0.1
    column = corpus.column(WATCHED, config.seed, snapshot.step)
    return (yield from slow_motion_in_pieces(trainer, weight, column=column))
