"""Hidden states: which of them the text is in, what they show, and how far more of them come."""

from playground.ui import lesson


def show() -> None:
    """Draw the panel."""
    lesson.heading("before", "hmm")
    lesson.text("before", "hmm")
