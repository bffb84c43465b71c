"""Gradients: see where the gradient goes, and why it vanishes or explodes."""

from playground.ui import lesson
from playground.ui.gradients import panels

lesson.introduction("gradients")
panels.chosen()
