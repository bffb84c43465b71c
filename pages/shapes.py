"""Shapes: where the inputs and the losses of a sequence stand, and what a network makes of it."""

from playground.ui.shapes import panels

panels.chosen()
