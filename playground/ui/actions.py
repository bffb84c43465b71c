"""What buttons and the stage ask for.

Several things may come in one message: whoever types a text and presses Play sends both at once, and what is clicked
while the server is busy is sent together. Streamlit then calls all callbacks before the page runs, the newest click
first. So a callback only notes what is asked; when the page runs, it first takes over what the widgets say and then
does what was asked, the oldest first: a button acts on what was typed before it.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from playground.config import MAX_STEP
from playground.refusal import Refusal
from playground.ui import state, studied
from playground.ui.room import Panels
from playground.ui.stage.message import digest_of_all

MORE_STEPS = 100
Action = Callable[..., None]


def ask(action: Action, *given: Any) -> None:
    """Callback of every button: note what it asks for."""
    session = state.session()
    session.asked.insert(session.asked_before, partial(action, *given))  # before what is older in its message


def ask_for_later(action: Action, *given: Any) -> None:
    """The same, where the page itself runs with the next message only."""
    ask(action, *given)
    session = state.session()
    session.asked_before = len(session.asked)


def for_the_whole_page(action: Action, *given: Any) -> None:
    """Callback of what stands in a part of the page: ask, and let not only this part run."""
    ask_for_later(action, *given)
    st.rerun()


def on_this_page(action: Action) -> Action:
    """An action that makes choices of the page shown now. What arrives when another is shown already does nothing."""
    page = state.session().page

    def act(*given: Any) -> None:
        if state.session().page == page:
            action(*given)

    return act


def are_waiting() -> bool:
    """Whether anything is asked for and not done yet."""
    return bool(state.session().asked)


def take() -> list[Callable[[], None]]:
    """What is asked for, oldest first; it is not waiting any more."""
    session = state.session()
    taken = session.asked
    session.asked, session.asked_before = [], 0
    return taken


def means_what_was_typed(asked: Callable[[], None]) -> bool:
    """Whether an action makes no sense where what was typed before it cannot be used."""
    return isinstance(asked, partial) and asked.func in (play, step_once, reset, train_more)


def play() -> None:
    state.viewer().play()


def pause() -> None:
    state.viewer().pause()


def play_or_pause(*, playing: bool) -> Action:
    """What a button that shows whether it plays asks for, whatever has happened until it is heard."""
    return pause if playing else play


def step_once() -> None:
    state.viewer().step_once()


def reset() -> None:
    """Back to step 0, where there is no other step to look at.

    Without the changes of its learning rate that may be another run, for which there is no memory.
    """
    studied.let_go()
    try:
        state.viewer().reset()
    except Refusal as refusal:
        state.session().notices[refusal.field] = refusal


def dice() -> None:
    """Another seed. The run of the old one stays as a ghost."""
    state.set_values(seed=secrets.randbelow(10_000))


def remove_ghost(event: Any) -> None:
    """Remove the ghost that the stage names."""
    match event:
        case {"remove": str(identifier)}:
            state.viewer().remove_ghost(identifier)


def study(event: Any) -> None:
    """Look closely at the training step on which the stage's cursor stands."""
    match event:
        case {"step": int(step)} if not isinstance(step, bool) and 0 <= step <= state.viewer().playhead:
            studied.choose(step)
            state.viewer().shows_finished = False


def resume(event: Any) -> None:
    """Go on where this tab has been with the same experiment, before a reload or on a server that has gone."""
    viewer = state.viewer()
    match event:
        case {"digest": str(name), "step": int(step), "playing": bool(playing)} if (
            viewer.is_fresh
            and name == digest_of_all(viewer)
            and not isinstance(step, bool)
            and 0 < step <= MAX_STEP
        ):
            viewer.resume(step, playing=playing)


def present(event: Any) -> None:
    """Name in the address the panels that the stage presents to a room."""
    with suppress(Refusal):
        match event:
            case {"panels": list(panels)}:
                state.set_values(**state.keyed(present=Panels().check("present", panels)))


def train_more() -> None:
    """Train beyond the playhead, on a page that shows one training step."""
    studied.let_go()
    state.set_values(**state.keyed(at=state.viewer().playhead + MORE_STEPS))
