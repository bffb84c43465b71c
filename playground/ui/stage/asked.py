"""What a viewer asks beside the frames that everybody sees: as the stage is told of it, and as the stage changes it."""

from typing import Any

from playground.passes.edit_list import EDITS, fits
from playground.passes.edits import Cut, Edit, Edits, Hold, Symbol, Transplant
from playground.runs.reading import Question
from playground.runs.viewer import Viewer

FIELD = "edits"


def told(question: Question) -> dict[str, Any]:
    """A question as the stage knows it; timesteps, layers and units count from 0. key: equal for equal questions."""
    return {
        "key": f"{EDITS.show(question.edits)}|{question.loss_at}",
        "edits": [{"text": str(edit), **_told(edit)} for edit in question.edits],
        "loss_at": question.loss_at,
    }


def _told(edit: Edit) -> dict[str, Any]:
    span = {"first": edit.span.first, "last": edit.span.last}
    match edit:
        case Transplant(source=source):
            return {"kind": "transplant", "source": source, **span}
        case Symbol(symbol=symbol):
            return {"kind": "symbol", "symbol": symbol, **span}
        case Cut():
            return {"kind": "cut", **span}
    value = edit.values[0] if len(edit.values) == 1 else None  # a whole vector is not said in a chip
    held = {"layer": int(edit.layer[1]), "name": edit.name, "unit": edit.unit, "value": value}
    return {"kind": "hold", **held, **span}


def changed(edits: Edits, change: Any, viewer: Viewer) -> Edits:
    """The edits after what the stage asks for: {"add": text}, {"remove": text} or {"clear": …}; the same for nonsense.

    Raises:
        Refusal: where they are no edits, too many, or do not fit what is watched.
    """
    match change:
        case {"add": str(text)}:
            return EDITS.check(FIELD, _with(edits, text, viewer))
        case {"remove": str(text)}:
            return tuple(each for each in edits if str(each) != text)
        case {"clear": _}:
            return ()
    return edits


def _with(edits: Edits, text: str, viewer: Viewer) -> Edits:
    """The edits with more, in the place of those of the same thing."""
    added = EDITS.parse(FIELD, text)
    for track in viewer.tracks:
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
