"""The panels of the page, one at a time: each computes only while it is looked at."""

from playground.ui import widgets
from playground.ui.gradients import check, clipping, knobs, where

SHOW = {"where": where.show, "knobs": knobs.show, "check": check.show, "clipping": clipping.show}


def chosen() -> None:
    """Draw the choice of a panel, and the panel."""
    SHOW[widgets.segments("panel")]()
