"""One step of a cell: every product, sum and activation, forward and back."""

from playground.ui import lesson


def show() -> None:
    """Draw the worked example, or a step of the present run."""
    lesson.heading("cell", "step")
    lesson.text("cell", "step")
