"""What the cells are called, and what their gates say: the words of `playground.cells.CELLS`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from playground.cells import CELLS
from playground.ui.words import N_


@dataclass(frozen=True, slots=True)
class GateWords:
    """A gate in a few words with what the ends of its range mean: below its picture on the stage, and on a figure."""

    on_stage: str
    on_figure: str


@dataclass(frozen=True, slots=True)
class CellWords:
    """What a cell is called.

    gates: by name; the words of a cell without gates are of its slope, "phi".
    carried: the product of what is kept at every step. largest: the largest share that is kept in one step, of a cell
    that carries h itself round the matrix.
    """

    name: str
    gates: Mapping[str, GateWords]
    carried: str | None = None
    largest: str | None = None


WORDS: Mapping[str, CellWords] = MappingProxyType(
    {
        "rnn": CellWords(
            N_("RNN"),
            {
                "phi": GateWords(
                    N_("φ′: 0 blocks the gradient, 1 lets it through"),
                    N_("φ′, slope of the nonlinearity: 0 stops the gradient, 1 lets it pass"),
                )
            },
        ),
        "lstm": CellWords(
            N_("LSTM"),
            {
                "i": GateWords(
                    N_("i input: 0 ignores, 1 writes"),
                    N_("i, input gate: 0 ignores the input, 1 lets it in"),
                ),
                "f": GateWords(N_("f forget: 0 erases, 1 keeps"), N_("f, forget gate: 0 erases, 1 keeps")),
                "g": GateWords(
                    N_("g candidate: −1 to 1"), N_("g, candidate: −1 to 1, what would be written")
                ),
                "o": GateWords(N_("o output: 0 hides, 1 shows"), N_("o, output gate: 0 hides, 1 shows")),
            },
            carried=N_("carried: product of the forget gates f"),
        ),
        "gru": CellWords(
            N_("GRU"),
            {
                "r": GateWords(
                    N_("r reset: 0 ignores the old state, 1 uses it"),
                    N_("r, reset gate: 0 ignores the old state, 1 uses it"),
                ),
                "z": GateWords(
                    N_("z update: 0 takes the new state, 1 keeps the old"),
                    N_("z, update gate: 0 replaces, 1 keeps the old state"),
                ),
                "n": GateWords(
                    N_("n candidate: −1 to 1, the proposed new state"),
                    N_("n, candidate: −1 to 1, the new content"),
                ),
            },
            carried=N_("carried: product of the update gates z"),
            largest=N_("carried past all weights, largest z"),
        ),
        "mgu": CellWords(
            N_("MGU"),
            {
                "f": GateWords(
                    N_("f forget: 0 keeps the old state, 1 takes the new"),
                    N_("f, forget gate: 0 keeps the old state, 1 takes the new"),
                ),
                "n": GateWords(
                    N_("n candidate: −1 to 1, the proposed new state"),
                    N_("n, candidate: −1 to 1, the new content"),
                ),
            },
            carried=N_("carried: product of 1 − f, of the forget gates"),
            largest=N_("carried past all weights, largest 1 − f"),
        ),
    }
)


def stage_words(cell: str) -> dict[str, str]:
    """What the stage says of a cell's gates, in English: "gate_f" and so on."""
    return {f"gate_{name}": words.on_stage for name, words in WORDS[cell].gates.items()}


def figure_words(cell: str) -> dict[str, str]:
    """What the figures say of a cell, in English: of its gates "quantity_f" and so on, and of what it carries."""
    spec, words = CELLS[cell], WORDS[cell]
    found = {f"quantity_{name}": of_gate.on_figure for name, of_gate in words.gates.items()}
    if spec.carry is not None and words.carried is not None:
        found[f"carry_{spec.carry.state}_gate"] = words.carried
    if words.largest is not None:
        found["jacobian_carry"] = words.largest
    return found
