"""A bag of symbols: shuffled letters make no difference to it, and do to a recurrent network."""

from playground.ui import lesson


def show() -> None:
    """Draw the panel."""
    lesson.heading("before", "bag")
    lesson.text("before", "bag")
