"""The numbers of the worked example, as the visitor has changed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from playground.cells.examples import EXAMPLES, Given
from playground.refusal import Refusal
from playground.ui import fields, state
from playground.ui.cell.kinds import VALUE, Changes

FIELD = "numbers"
# How numbers are typed too: with a minus that is no hyphen, and in full width, as East Asian keyboards do.
_AS_TYPED = {ord("−"): "-", **{ord(sign) + 0xFEE0: sign for sign in "0123456789.,+-eE"}}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with what was typed as a number of that name: one sentence, in the reader's language."""

    name: str
    sentence: str


def changed(given: Given, changes: Changes) -> Given:
    """An example with changed numbers; those of names that it has not change nothing."""
    own = {name: value for name, value in changes if name in given.numbers}
    return replace(given, numbers={**given.numbers, **own}) if own else given


def with_one_more(given: Given, changes: Changes, name: str, text: str) -> Changes:
    """The changes after something was typed as a number of the example; one that is as it was is no change.

    Raises `Refusal` for what is no number, or too large.
    """
    value = float(VALUE.parse("number", text.translate(_AS_TYPED).strip())) + 0.0  # which makes 0 of −0
    others = tuple((each, before) for each, before in changes if each != name and each in given.numbers)
    if given.numbers[name] == value:
        return others
    kind = state.offered(FIELD).kind
    return kind.check(FIELD, (*others, (name, value)))


def take(asked: Sequence[Mapping[str, Any]], given: Given) -> Complaint | None:
    """Do what the sheet asks for, one thing after the other. Returns what is wrong, the last of several.

    asked: whatever a browser sends. given: the example without changes.
    """
    complaint = None
    for wish in asked:
        wrong = _take_one(wish, given)
        if wrong or wish.get("reset") or (complaint and wish.get("name") == complaint.name):
            complaint = wrong
    return complaint


def _take_one(wish: Mapping[str, Any], given: Given) -> Complaint | None:
    """Another number, or the example as it was; anything else changes nothing."""
    here = state.shown()
    match wish:
        case {"reset": True}:
            changes: Changes = ()
        case {"name": str(name), "text": str(text)} if name in given.numbers:
            try:
                changes = with_one_more(given, here.chosen[FIELD], name, text)
            except Refusal as refusal:
                return Complaint(name, fields.said(refusal, "cell"))
        case _:
            return None
    here.wrong.pop(FIELD, None)
    here.chosen[FIELD] = changes
    state.set_values(**state.keyed(numbers=changes))
    return None


def shown_example(chosen: Mapping[str, Any]) -> Given:
    """The example that is chosen, in its size, without changes."""
    return EXAMPLES[chosen["example"]].given(chosen["reads"], chosen["size"])
