"""The panels of the page, one at a time: each computes only while it is looked at."""

from playground.ui import widgets
from playground.ui.gradients import check, clipping, example, knobs, where

SHOW = {"where": where.show, "knobs": knobs.show, "check": check.show, "clipping": clipping.show}


def chosen() -> None:
    """Draw the choice of a panel, and the panel."""
    panel = widgets.segments("panel")
    example.way_back()
    SHOW[panel]()
