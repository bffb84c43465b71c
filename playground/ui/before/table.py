"""All models of the text in one table, and the floors that they cannot fall below."""

from playground.ui import lesson


def show() -> None:
    """Draw the panel."""
    lesson.heading("before", "table")
    lesson.text("before", "table")
