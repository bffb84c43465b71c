"""Tags for a sentence as a whole, beside those of recurrent networks."""

from playground.ui import lesson


def show() -> None:
    """Draw the panel."""
    lesson.heading("before", "crf")
    lesson.text("before", "crf")
