"""What dropout left out of the watched sequence when a step was trained: a frame shows the pass that trained."""

from collections.abc import Callable
from functools import partial

from playground.config import NetworkConfig
from playground.corpus import Corpus
from playground.models.dropout import Draw, Place, leaves_out

WATCHED = 0  # the window that is watched


def left_out(network: NetworkConfig, corpus: Corpus, seed: int) -> Callable[[int], Draw] | None:
    """What a replica draws for the watched window, by training step; None where nothing is left out."""
    return partial(_draw, corpus, seed) if leaves_out(network) else None


def _draw(corpus: Corpus, seed: int, step: int) -> Draw:
    """The draws of the watched window, or of the batch's first column where the batch was of other windows."""
    time, _, batch = corpus.batch(seed, step).mask.shape
    return Draw(seed, step, Place(time, batch, corpus.column(WATCHED, seed, step) or 0))
