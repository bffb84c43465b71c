"""What a viewer asks beside the frames that everybody sees, as the stage is told of it."""

from typing import Any

from playground.passes.edit_list import EDITS
from playground.passes.edits import Cut, Edit, Symbol, Transplant
from playground.runs.reading import Question


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
