"""What if: what a reader changes in the text that the stage reads, and which loss is looked back from.

Both are choices of the page, so links hold them. The stage says what is wanted; all of it is checked here against
the network and the text of every track. What fits no longer, because these have changed, is taken back with a sentence.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playground.passes.edit_list import EDITS, fits
from playground.passes.edits import Cut, Edit, Edits, Hold, Symbol, Transplant
from playground.refusal import Refusal
from playground.runs.reading import Question
from playground.runs.viewer import Viewer
from playground.ui import state

FIELD = "edits"


def edit(event: Any) -> None:
    """Change the edits as the stage asks: one more, one less, or none."""
    edits = state.shown().chosen[FIELD]
    match event:
        case {"add": str(text)}:
            _choose(lambda: _with(edits, text))
        case {"remove": str(text)}:
            _choose(lambda: tuple(each for each in edits if str(each) != text))
        case {"clear": True}:
            _choose(lambda: ())


def _choose(made: Callable[[], Edits]) -> None:
    """Choose these edits, or say why not."""
    here = state.shown()
    here.wrong.pop(FIELD, None)
    try:
        edits = EDITS.check(FIELD, made())
    except Refusal as refusal:
        here.wrong[FIELD] = refusal
    else:
        state.set_values(**state.keyed(edits=edits))


def _with(edits: Edits, text: str) -> Edits:
    """The edits with one more, in the place of those of the same thing; raises `Refusal` where it fits no track."""
    added = EDITS.parse(FIELD, text)
    for track in state.viewer().tracks:
        run = track.run
        fits(FIELD, added, track.config.network, run.corpus.signature, run.layout.length)
    things = {_thing(each) for each in added}
    return (*(each for each in edits if _thing(each) not in things), *added)


def _thing(edit: Edit) -> tuple[object, ...]:
    """What an edit is of: of two edits of one thing, the later one alone is wanted."""
    match edit:
        case Hold(layer=layer, name=name, unit=unit):
            return "hold", layer, name, unit
        case Symbol(t=t):
            return "symbol", t
        case Transplant(t=t):
            return "transplant", t
        case Cut(span=span):
            return "cut", span.first


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
        _taken_back(viewer)[:] = refused
        here.chosen[FIELD] = tuple(kept)
        state.set_values(**state.keyed(edits=tuple(kept)))
    loss_at = here.chosen.get("loss_at")
    if loss_at is not None and loss_at > length:
        loss_at = here.chosen["loss_at"] = None
        state.set_values(**state.keyed(loss_at=None))
    return Question(tuple(kept), None if loss_at is None else loss_at - 1)


def _taken_back(viewer: Viewer) -> list[Refusal]:
    """What did not fit what is watched now, as long as that is watched."""
    return state.remembered("taken back", [track.config for track in viewer.tracks], list[Refusal])


def refused(viewer: Viewer) -> Refusal | None:
    """Why something could not be changed, or was taken back; None where nothing was."""
    with suppress(Refusal):  # a run that was dropped; the stage is about to have it again
        question(viewer)
    taken_back = _taken_back(viewer)
    return state.shown().wrong.get(FIELD) or (taken_back[0] if taken_back else None)
