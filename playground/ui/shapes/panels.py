"""The panels of the page, one at a time: each computes only while it is looked at."""

from playground.ui import widgets
from playground.ui.shapes import back, five

SHOW = {"five": five.show, "gradient": back.show}


def chosen() -> None:
    """Draw the choice of a panel, and the panel."""
    SHOW[widgets.segments("panel")]()
