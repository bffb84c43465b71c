"""The beat of playing: a part of the page that trains a little and shows it, whenever the stage asks for more."""

import itertools
from collections.abc import Callable

import streamlit as st

from playground.ui import stage, state, transport

_numbers = itertools.count(1)


def show() -> None:
    """Draw status and stage. While playing, the stage asks for the next message, and this part runs again.

    Each run of the whole page makes the part anew, under another name. A question asked of the page before finds nobody
    then: answered right after the run, it would make Streamlit drop what the run has not sent yet of a part of the same
    name, and the browser would remove the stage and build it again.
    """

    def beat() -> None:
        _beat()

    beat.__qualname__ = f"beat {next(_numbers)}"  # what Streamlit tells parts at the same place apart by
    st.fragment(beat)()


def _beat() -> None:
    viewer = state.viewer()
    was_playing = viewer.playing
    if was_playing:
        viewer.tick()
    transport.status()
    stage.show(
        viewer,
        on_toggle=_for_the_whole_page(state.toggle_play),
        on_study=_for_the_whole_page(state.study_step),
        on_ghost=_for_the_whole_page(state.remove_ghost),
    )
    if was_playing and not viewer.playing:
        st.rerun()


def _for_the_whole_page(change: Callable[[], None]) -> Callable[[], None]:
    """A callback after which not only this part of the page runs again."""

    def callback() -> None:
        change()
        st.rerun()

    return callback
