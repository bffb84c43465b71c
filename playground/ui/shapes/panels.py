"""The panels of the page, one at a time: each computes only while it is looked at."""

from playground.ui import widgets
from playground.ui.shapes import back, depth, directions, embedding, five

SHOW = {
    "five": five.show,
    "gradient": back.show,
    "depth": depth.show,
    "directions": directions.show,
    "embedding": embedding.show,
}


def chosen() -> None:
    """Draw the choice of a panel, and the panel."""
    SHOW[widgets.segments("panel")]()
