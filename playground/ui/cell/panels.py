"""The panels of the page, one at a time: each computes only while it is looked at."""

from playground.ui import widgets
from playground.ui.cell import step, unrolled, update, whatif

SHOW = {"step": step.show, "whatif": whatif.show, "unrolled": unrolled.show, "update": update.show}


def chosen() -> None:
    """Draw the choice of a panel, and the panel."""
    SHOW[widgets.segments("panel")]()
