"""The beat of playing: a fragment that trains a little, shows it, and comes back."""

import streamlit as st

from playground.ui import stage, state, transport


def show() -> None:
    """Draw status and stage; while playing, again and again."""
    playing = state.viewer().playing

    @st.fragment(run_every=stage.TICK_SECONDS if playing else None)
    def beat() -> None:
        viewer = state.viewer()
        was_playing = viewer.playing
        if was_playing:
            viewer.tick()
        transport.status()
        stage.show(
            viewer,
            on_toggle=state.toggle_play,
            on_study=state.study_step,
            on_ghost=state.remove_ghost,
        )
        if was_playing and not viewer.playing:
            st.rerun()

    beat()
