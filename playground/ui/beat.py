"""The beat of playing: a part of the page that trains a little and shows it, whenever the stage asks for more."""

import itertools
from functools import partial

import streamlit as st

from playground.ui import actions, bell, stage, state, transport, what_if
from playground.ui.controls import complain
from playground.ui.private_streamlit import named_fragment
from playground.ui.progress import TURN, come_back

_numbers = itertools.count(1)


def show() -> None:
    """Draw status and stage. While playing, the stage asks for the next message, and this part runs again.

    Each run of the whole page makes the part anew, under another name. A question asked of the page before finds nobody
    then: answered right after the run, it would make Streamlit drop what the run has not sent yet of a part of the same
    name, and the browser would remove the stage and build it again.
    """
    bell.show()
    named_fragment(_beat, f"beat {next(_numbers)}")()


def _beat() -> None:
    viewer = state.viewer()
    if viewer.playing and not actions.are_waiting():  # a pause that waits is not to come after more training
        viewer.tick()
    is_there = viewer.is_settled if viewer.playing else viewer.settle(budget=TURN)
    transport.status() if is_there else transport.restoring()
    complain(what_if.refused(viewer), state.session().page)
    stage.show(
        viewer,
        on_toggle=partial(_for_the_whole_page, actions.play_or_pause(playing=viewer.playing)),
        on_study=partial(_for_the_whole_page, actions.study, "study"),
        on_ghost=partial(_for_the_whole_page, actions.remove_ghost, "ghost"),
        on_resume=partial(_for_the_whole_page, actions.resume, "resume"),
        on_edits=partial(_for_the_whole_page, actions.on_this_page(what_if.edit), "edits"),
        on_loss=partial(_for_the_whole_page, actions.on_this_page(what_if.light), "loss"),
        on_present=partial(_for_the_whole_page, actions.on_this_page(actions.present), "present"),
    )
    if not is_there and not viewer.playing:  # while playing, the stage asks again
        come_back()
    if viewer.playing != state.session().drawn_playing:  # a feed stops without a run of the page
        st.rerun()


def _for_the_whole_page(action: actions.Action, event: str | None = None) -> None:
    """Callback of the stage: ask for an action, with what the stage says of it, and let not only this part run."""
    actions.for_the_whole_page(action, *([state.stage_event(event)] if event else []))
