"""Rolled and unrolled: one cell read again and again, or as many copies as timesteps, with one set of weights."""

from typing import Any

from playground.analysis.lengths import parameter_counts
from playground.runs.run import Run
from playground.ui import lesson, live, state
from playground.ui.cell_words import WORDS as CELLS
from playground.ui.words import N_, _, language

WORDS = {
    "morph": N_("Rolled or unrolled"),
    "rolled": N_("rolled"),
    "unrolled": N_("unrolled"),
    "length": N_("Symbols of the text"),
    "shared": N_("W: one set of weights, used {count} times"),
    "shared_once": N_("W: one set of weights, used once"),
    "reads": N_("reads"),
    "predicts": N_("predicts"),
    "state": N_("h"),
    "more": N_("… {count} more, with the same W"),
    "recurrent": N_("{cell}: parameters"),
    "window": N_("a fixed window of {count} symbols: parameters"),
    "window_one": N_("a fixed window of one symbol: parameters"),
    "verdict": N_(
        "For {count} symbols the {cell} has {recurrent} parameters, as for one; a fixed window that sees them all has "
        "{window}, {more} of them added since the first symbol."
    ),
    "verdict_one": N_(
        "For one symbol the {cell} has {recurrent} parameters, and a fixed window {window}. Lengthen the text: one of "
        "the two numbers grows."
    ),
    "layers": N_("Each copy holds all {count} layers."),
    "picture": N_("The network over the text, rolled or unrolled"),
}
_ROOM = """
.room { height: 420px; }
:has(~ .unrolled) .room { display: none; }
"""
_mount = live.mounted("unrolled", html='<div class="room"></div>', css=_ROOM)


def show() -> None:
    """Draw the picture on the text of the present run; morph and length are the component's own."""
    lesson.heading("cell", "unrolled")
    lesson.text("cell", "unrolled")
    viewer = state.viewer()
    run = viewer.run
    told = state.remembered("unrolled", (viewer.config, language()), lambda: message(run))
    _mount(key="unrolled", data=told)


def message(run: Run) -> dict[str, Any]:
    """All that the picture needs: symbols, how many parameters at every length, and words."""
    watched, labels, network = run.watched, run.corpus.labels, run.config.network
    counts = parameter_counts(network, run.corpus.signature, run.layout.length)
    words = {key: _(text) for key, text in WORDS.items()}
    return {
        "inputs": [labels[symbol] for symbol in watched.inputs[:, 0, 0].tolist()],
        "targets": [labels[symbol] for symbol in watched.targets[:, 0, 0].tolist()],
        "recurrent": counts["recurrent"].tolist(),
        "window": counts["window"].tolist(),
        "cell": _(CELLS[network.cell].name),
        "layers": network.layers,
        "words": words,
    }
