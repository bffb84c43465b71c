"""What if: what a reader changes in the text that the stage reads, and which loss is looked back from.

Both are choices of the page, so links hold them. The stage says what is wanted; all of it is checked here against
the network and the text of every track. What fits no longer, because these have changed, is taken back with a sentence.
"""

from contextlib import suppress
from typing import Any

from playground.passes.edit_list import fits
from playground.passes.edits import Edit
from playground.refusal import Refusal
from playground.runs.reading import Question
from playground.runs.viewer import Viewer
from playground.ui import state
from playground.ui.stage.asked import FIELD, changed


def edit(event: Any) -> None:
    """Change the edits as the stage asks: one more, one less, or none."""
    here, viewer = state.shown(), state.viewer()
    here.wrong.pop(FIELD, None)
    refused = _refused_here(viewer)
    refused.clear()
    try:
        edits = changed(here.chosen[FIELD], event, viewer)
    except Refusal as refusal:
        refused.append(refusal)
    else:
        state.set_values(**state.keyed(edits=edits))


def light(event: Any) -> None:
    """Look back from the loss at a timestep, counted from 0; from none that was chosen."""
    match event:
        case {"at": None}:
            state.set_values(**state.keyed(loss_at=None))
        case {"at": int(t)} if not isinstance(t, bool) and 0 <= t < state.LONGEST:
            state.set_values(**state.keyed(loss_at=t + 1))


def question(viewer: Viewer) -> Question:
    """What is asked beside the frames just now. What does not fit what is watched is taken back."""
    here = state.shown()
    with viewer.held():
        watched = [(track.config.network, track.run) for track in viewer.tracks]
    length = min(run.layout.length for _, run in watched)
    kept, refused = list[Edit](), list[Refusal]()
    for each in here.chosen.get(FIELD, ()):
        try:
            for network, run in watched:
                fits(FIELD, (each,), network, run.corpus.signature, length)
            kept.append(each)
        except Refusal as refusal:
            refused.append(refusal)
    if refused:
        _refused_here(viewer)[:] = refused
        here.chosen[FIELD] = tuple(kept)
        state.set_values(**state.keyed(edits=tuple(kept)))
    loss_at = here.chosen.get("loss_at")
    if loss_at is not None and loss_at > length:
        loss_at = here.chosen["loss_at"] = None
        state.set_values(**state.keyed(loss_at=None))
    return Question(tuple(kept), None if loss_at is None else loss_at - 1)


def _refused_here(viewer: Viewer) -> list[Refusal]:
    """What did not fit what is watched now, as long as that is watched: by then it may fit."""
    return state.remembered("refused edits", [track.config for track in viewer.tracks], list[Refusal])


def refused(viewer: Viewer) -> Refusal | None:
    """Why something could not be changed, or was taken back; None where nothing was."""
    with suppress(Refusal):  # a run that was dropped; the stage is about to have it again
        question(viewer)
    refused_here = _refused_here(viewer)
    return state.shown().wrong.get(FIELD) or (refused_here[0] if refused_here else None)
