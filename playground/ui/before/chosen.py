"""What the page's choices make of every model: its settings, and the text that they share."""

import math
from typing import TypeVar

from playground.analysis.floors import Floor, distinct_floors
from playground.corpus import Corpus
from playground.models.bag import BagConfig
from playground.models.hmm import HMMConfig
from playground.models.ngram import NGramConfig
from playground.models.parameters import parameter_shapes
from playground.models.window import WindowConfig
from playground.studies.before import Settings
from playground.ui import state

Made = TypeVar("Made", BagConfig, NGramConfig, WindowConfig, HMMConfig)


def corpus() -> Corpus:
    """The text: that of the Train page."""
    return state.viewer().run.corpus


def recurrent_parameters() -> int:
    """How many weights the recurrent network has."""
    shapes = parameter_shapes(state.viewer().config.network, corpus().signature)
    return sum(map(math.prod, shapes.values()))


def floors() -> tuple[Floor, ...]:
    """The memory floors of the text."""
    read = corpus()
    return state.remembered("before floors", read.config, lambda: distinct_floors(read))


def made(kind: type[Made], prefix: str) -> Made:
    """The config of a model, from those choices of the page that begin with `prefix`."""
    chosen = state.shown().chosen
    return kind(
        **{name.removeprefix(prefix): value for name, value in chosen.items() if name.startswith(prefix)}
    )


def settings() -> Settings:
    """Those of the table."""
    chosen = state.shown().chosen
    return Settings(
        smoothing=chosen["ngram_smoothing"],
        alpha=chosen["ngram_alpha"],
        bag=made(BagConfig, "bag_"),
        window=made(WindowConfig, "window_"),
        updates=chosen["updates"],
        hmm=made(HMMConfig, "hmm_"),
        seed=chosen["seed"],
    )
