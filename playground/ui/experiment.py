"""The experiment on screen: what the widgets say, as soon as it can be trained, and then what was asked of it."""

from contextlib import suppress
from math import isfinite
from typing import Any

from playground.config import FIELDS, ExperimentConfig, Range, Text
from playground.refusal import Refusal
from playground.runs.playhead import SPEEDS
from playground.ui import actions, choices, race, state, stops
from playground.ui.tour.scenes import NUMBER as TOUR
from playground.ui.words import language

WIDGETS = tuple(
    name for name in FIELDS if name != "rates"
)  # the rate's changes are made with the rate's widget


def take_over() -> None:
    """Make the viewer show what the widgets say, then do what buttons have asked for.

    Call it before anything is drawn: only then do buttons of one message come together.
    """
    _give_back()
    _clean_texts()
    _set_pace()
    usable = _accept()
    for action in actions.take():
        if usable or not actions.means_what_was_typed(action):
            action()
            _accept()
    with suppress(Refusal):  # a run that was dropped; who cannot do without it says so
        state.viewer().reopen()
    state.session().kept = {name: state.value(name) for name in state.session().kept}


def take_over_rate() -> bool:
    """Take over another learning rate while it plays, as `take_over` does. For the part of the page that its widget is.

    Returns:
        Whether the rest of the Train page may stay as it is. If not, the whole page has to run, and takes over what is
        left to be taken over.
    """
    session, viewer = state.session(), state.viewer()
    is_alone = all(state.value(name) == session.seen[name] for name in WIDGETS if name != "learning_rate")
    says_more = session.page != "train" or state.value(TOUR) is not None or session.notices
    if not viewer.playing or not is_alone or says_more or actions.are_waiting():
        return False
    watched = [track.recording for track in viewer.tracks]
    is_accepted = _accept()
    session.kept["learning_rate"] = state.value("learning_rate")
    return is_accepted and viewer.playing and watched == [track.recording for track in viewer.tracks]


def widget_values() -> dict[str, Any]:
    """What the experiment's widgets should say: the experiment accepted last."""
    shown = state.viewer().shown.values()
    return {name: shown[name] for name in WIDGETS}


def say_what_is_shown() -> None:
    """Have the experiment's widgets say the experiment accepted last, whatever they said. Before they are drawn."""
    session = state.session()
    session.notices, session.seen = {}, widget_values()
    state.set_values(**session.seen)


def _give_back() -> None:
    """Give widgets that all pages share their values again where they have lost them, or their options' names."""
    session, speaks = state.session(), language()
    for name, value in session.kept.items():
        if not state.has(name) or speaks != session.spoken:
            # A browser that has chosen an option answers with its label, also when that is of another language now.
            state.set_values(**{name: state.value(name) if state.has(name) else value})
    session.spoken = speaks


def _clean_texts() -> None:
    """Half a character could not even be drawn in the field that complains about it."""
    for name in ("probe", "prompt", "tour_text"):
        text = state.value(name)
        if isinstance(text, str) and (clean := text.encode("utf-8", "replace").decode()) != text:
            state.set_values(**{name: clean})


def _set_pace() -> None:
    """Speed and stop conditions; what none of our widgets would send is no condition."""
    viewer = state.viewer()
    if state.value("speed") not in SPEEDS:
        state.set_values(speed="normal")
    viewer.speed = state.value("speed")
    if state.has(choices.key("train", "stop")):
        viewer.stop_when = stops.MILESTONES.get(_asked("stop"))
        viewer.stops_at_first = state.value(TOUR) is not None  # whose scenes end there
        viewer.stop_step, viewer.stop_perplexity = _asked("stop_step"), _asked("stop_perplexity")


def _asked(name: str) -> Any:
    """What a widget of the Train page says, if it may say so; else None."""
    try:
        return choices.TRAIN[name].kind.check(name, state.value(choices.key("train", name)))
    except Refusal:
        return None


def _accept() -> bool:
    """Make the widgets' values the viewer's experiment if they can be, else say why not beside the field.

    Returns:
        False if something new was said that cannot be used.
    """
    session = state.session()
    said = {name: state.value(name) for name in WIDGETS}
    if said == session.seen:
        return True
    session.notices = {}
    for name, value in said.items():
        try:
            FIELDS[name].check(name, value)
        except Refusal as refusal:
            session.notices[name] = refusal
    if not session.notices:
        try:
            race.change(ExperimentConfig.from_values(said))
        except Refusal as refusal:
            session.notices[refusal.field] = refusal
    accepted = widget_values()
    for name in session.notices:
        if name == "rates":
            state.set_values(learning_rate=accepted["learning_rate"])
        elif not _can_be_drawn(name, said[name]):
            state.set_values(**{name: accepted[name]})
    session.seen = {name: state.value(name) for name in WIDGETS}
    return not session.notices


def _can_be_drawn(name: str, value: object) -> bool:
    """Whether a refused value can stay in its widget, to be corrected there; else the last accepted one comes back."""
    kind = FIELDS[name]
    if isinstance(kind, Text):
        return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)
    if name in ("hidden_size", "learning_rate") or not isinstance(kind, Range):
        return False
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return value is None or whole or (kind.kind is float and isinstance(value, float) and isfinite(value))
