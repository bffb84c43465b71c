"""What the models of the table are called, and what none of them can do, whatever its settings."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from playground.cells import CELLS
from playground.models.ngram import MAX_ORDER
from playground.studies.before import Settings
from playground.ui import cell_words, state
from playground.ui.words import N_, _

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class ModelWords:
    """The words of a model; both have {placeholders}, of which `values` knows what stands there."""

    name: str
    cannot: str
    values: Callable[[Settings], Values]


def _of_recurrent(settings: Settings) -> Values:
    network = state.viewer().config.network
    states = len(CELLS[network.cell].states) * network.layers * network.hidden_size
    return {"cell": _(cell_words.WORDS[network.cell].name), "numbers": states}


def _of_ngram(order: int) -> Callable[[Settings], Values]:
    return lambda settings: {"n": order, "k": order - 1}


_NAME = N_("{n}-gram")
_LAST = N_(
    "Its odds depend on the last k = {k} symbols alone: whatever differs before them makes no difference to it."
)
WORDS: Mapping[str, ModelWords] = MappingProxyType(
    {
        "bag": ModelWords(
            N_("bag and MLP"),
            N_("It does not see in which order symbols came: shuffled, they are the same to it."),
            lambda settings: {},
        ),
        "ngram_1": ModelWords(
            _NAME, N_("It looks back at nothing: whatever was read, its odds are the same."), _of_ngram(1)
        ),
        **{f"ngram_{n}": ModelWords(_NAME, _LAST, _of_ngram(n)) for n in range(2, MAX_ORDER + 1)},
        "window": ModelWords(
            N_("window, k = {k}"),
            N_(
                "Its odds depend on the last k = {k} symbols alone, and every one of these positions needs weights of "
                "its own."
            ),
            lambda settings: {"k": settings.window.size},
        ),
        "hmm": ModelWords(
            N_("HMM, K = {states}"),
            N_(
                "At every symbol it is in one of K = {states} states, and what comes next depends on that one alone: "
                "in what it writes, no more than log₂ {states} = {bits} bits about the past get through."
            ),
            lambda settings: {
                "states": settings.hmm.states,
                "bits": f"{math.log2(settings.hmm.states):.3g}",
            },
        ),
        "recurrent": ModelWords(
            N_("{cell}, my network"),
            N_(
                "It cannot look back: all that it keeps of the past are {numbers:,} numbers, and it has to read one "
                "symbol after the other."
            ),
            _of_recurrent,
        ),
    }
)


def name(model: str, settings: Settings) -> str:
    """What a model is called."""
    words = WORDS[model]
    return _(words.name).format(**words.values(settings))


def cannot(model: str, settings: Settings) -> str:
    """What it cannot do."""
    words = WORDS[model]
    return _(words.cannot).format(**words.values(settings))
