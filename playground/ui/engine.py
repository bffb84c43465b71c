"""Which engine computes the updates on screen, as a line below the settings that decide it."""

from contextlib import suppress

import streamlit as st

from playground.models.form import takes_loops
from playground.runs.track import Dropped
from playground.ui import state
from playground.ui.words import _


def say_which() -> None:
    """In the sidebar: compiled loops, torch, or both where several runs are shown; nothing of what is not there."""
    engines: dict[str, None] = {}
    for track in state.viewer().tracks:
        with suppress(Dropped):
            loops = takes_loops(track.run.config.network.cell)
            engines[_("compiled loops") if loops else "PyTorch"] = None
    if engines:
        st.sidebar.caption(_("Updates are computed by: {engines}").format(engines=", ".join(engines)))
