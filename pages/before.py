"""Before RNNs: what predicted the next symbol before there were recurrent networks, and where each of them stops."""

from playground.ui.before import panels

panels.chosen()
