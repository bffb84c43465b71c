"""When a text is learned, and when memory is proved: milestones of the loss, counted from the text."""

from functools import lru_cache
from math import ceil, log

from playground.analysis.floors import Floor, distinct_floors
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.runs.milestone import Milestone

NEAR = 0.02  # nats above the lowest floor that count as learned at most
SHARE = 0.25  # of the way from the lowest floor up to the next one, where that is less
HELD = 10  # updates at least for which it has to hold in the mean
ROUNDING = 1e-4  # nats below a line that are no rounding of 32 bits


def learned(corpus: Corpus) -> Milestone:
    """The text is learned: its mean loss is near the lowest that any model can have.

    Near is within `NEAR` nats, and within a quarter of what the last symbol of memory gains: of a long text with one
    symbol that needs memory, all but that one may else be learned. The mean is over whole passes through the text,
    because a batch of a few windows says nothing of the others.
    """
    *above, lowest = floors_of(corpus.config)
    low = log(lowest.perplexity)
    gain = log(above[-1].perplexity) - low if above else NEAR
    of_pass = corpus.steps_per_epoch
    return Milestone(low + min(NEAR, SHARE * gain), of_pass * ceil(HELD / of_pass), of_pass)


def remembers(corpus: Corpus) -> Milestone | None:
    """The line k = 1 is crossed: no model that sees only the symbol just read has so low a loss on the whole text.

    Of a text in batches the loss is that of a pass through it, in which the weights change, and where numbers are left
    out at random it depends on which: then it is a sign of memory and no proof.

    None if the text needs no memory: there is nothing below that line.
    """
    without = without_memory(corpus.config)
    if without.last is None:
        return None
    return Milestone(log(without.perplexity) - ROUNDING, corpus.steps_per_epoch, corpus.steps_per_epoch)


def without_memory(text: TextConfig) -> Floor:
    """The floor of who sees the symbol just read only; `last` is None where more memory does not help."""
    return next(floor for floor in floors_of(text) if floor.last is None or floor.last >= 1)


@lru_cache(maxsize=64)
def floors_of(text: TextConfig) -> tuple[Floor, ...]:
    """The different floors of a text, falling (`distinct_floors`)."""
    return distinct_floors(Corpus(text))
