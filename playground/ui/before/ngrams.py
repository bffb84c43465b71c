"""n-grams: what was counted, how thin it is, what it takes, and what follows a context."""

from playground.ui import lesson


def show() -> None:
    """Draw the panel."""
    lesson.heading("before", "ngram")
    lesson.text("before", "ngram")
