"""Gradients: see where the gradient goes, and why it vanishes or explodes."""

from playground.ui import controls, lesson
from playground.ui.gradients import panels

controls.experiment()
lesson.introduction("gradients")
panels.chosen()
