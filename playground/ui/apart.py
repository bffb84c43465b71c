"""The experiment of the other pages: it does not matter here, so its widgets leave their place to the picture."""

import streamlit as st

from playground.ui.words import _

# What is wrong with one of them is seen all the same, and so is the text where it is read.
_AWAY = """
<style>
{row}
.stSidebar :is(.st-key-settings, [data-testid="stExpander"]):not(:has([data-testid="stAlert"])) {{ display: none; }}
</style>
"""
_ROW = """.st-key-experiment:not(:has([data-testid="stAlert"])) { display: none; }
[data-testid="stLayoutWrapper"]:has(> .st-key-experiment):not(:has([data-testid="stAlert"])) { display: none; }
"""


def put_away(*, reads_text: bool = False) -> None:
    """Take the experiment's widgets out of sight; what comes below stands there from the first moment on.

    reads_text: whether the text is of use here, and stays.
    """
    st.html(_AWAY.format(row="" if reads_text else _ROW))


def say() -> None:
    """Say below a panel why they are away."""
    st.caption(
        _("This view has networks of its own: cell, text and settings of your experiment do not matter here.")
    )
