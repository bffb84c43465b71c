"""The fixed window: trained live, as far as its floor; each position has weights of its own."""

from playground.ui import lesson


def show() -> None:
    """Draw the panel."""
    lesson.heading("before", "window")
    lesson.text("before", "window")
