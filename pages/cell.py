"""Cell: one step of a cell, number by number, forward and back."""

from playground.ui.cell import panels

panels.chosen()
