"""The panels of the page, one at a time: each computes only while it is looked at."""

from playground.ui import widgets
from playground.ui.before import bag, crf, hmm, ngrams, table, window

SHOW = {
    "table": table.show,
    "bag": bag.show,
    "ngram": ngrams.show,
    "window": window.show,
    "hmm": hmm.show,
    "crf": crf.show,
}


def chosen() -> None:
    """Draw the choice of a panel, and the panel."""
    SHOW[widgets.segments("panel")]()
