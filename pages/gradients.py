"""Gradients: see where the gradient goes, and why it vanishes or explodes."""

from playground.ui.gradients import panels

panels.chosen()
