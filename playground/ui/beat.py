"""The beat of playing: a part of the page that trains a little and shows it, whenever the stage asks for more."""

from collections.abc import Callable

import streamlit as st

from playground.ui import stage, state, transport


@st.fragment
def show() -> None:
    """Draw status and stage. While playing, the stage asks for the next message, and this runs again."""
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
