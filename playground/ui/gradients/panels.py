"""The panels of the page, one at a time: each computes only while it is looked at."""

import streamlit as st

from playground.ui import choices
from playground.ui.controls import complaint
from playground.ui.fields import label, option_label
from playground.ui.gradients import check, clipping, knobs, where

SHOW = {"where": where.show, "knobs": knobs.show, "check": check.show, "clipping": clipping.show}


def chosen() -> None:
    """Draw the choice of a panel, and the panel."""
    options = choices.options("panel")
    panel = st.segmented_control(
        label("panel"),
        options,
        format_func=option_label,
        key="panel",
        required=True,
        label_visibility="collapsed",
    )
    complaint("panel")
    SHOW[panel]()
