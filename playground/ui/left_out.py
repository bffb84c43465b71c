"""Where training leaves numbers out: which of the numbers on a page are of a pass that does so, and which are not."""

import streamlit as st

from playground.models.dropout import leaves_out
from playground.ui import state
from playground.ui.words import _


def say_what_trained() -> None:
    """Above the stage: what it shows is of the passes that trained."""
    networks = [track.config.network for track in state.viewer().tracks]
    for network in list(filter(leaves_out, networks))[:1]:  # side by side, runs differ in other things
        st.caption(
            _(
                "Dropout {share:g}: picture and curve show the passes that trained, with this share of the numbers "
                "between the layers left out at random; generated text, the closer look, probes, the Gradients page "
                "and the perplexity of the whole text in its grid are computed with nothing left out."
            ).format(share=network.dropout)
        )


def say_what_is_read() -> None:
    """Beside a network that reads a text anew: its numbers are not those of the stage."""
    network = state.viewer().config.network
    if leaves_out(network):
        st.caption(
            _(
                "What is read here is read with nothing left out, so its numbers differ from those of the live "
                "picture, which shows the passes that trained (dropout {share:g})."
            ).format(share=network.dropout)
        )
