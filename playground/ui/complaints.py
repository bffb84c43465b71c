"""What is wrong with a value, said beside its widget."""

import streamlit as st

from playground.refusal import Refusal
from playground.ui import state
from playground.ui.fields import sentence


def complaint(name: str) -> None:
    """Below a field's widget: what is wrong with its value, if anything."""
    complain(state.notice(name))


def complain(refusal: Refusal | None, page: str | None = None) -> None:
    """Say what is wrong with what a widget says, if anything; page: whose choice it is, if it is a page's."""
    if refusal is not None:
        st.error(sentence(refusal, page), icon=":material/error:")
