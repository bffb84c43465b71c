"""Sample: text that the network of one step has written."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from playground.corpus import Corpus


class Sample(NamedTuple):
    """Text drawn from the network of one step, symbol by symbol at temperature 1, after `prompt`.

    What it wrote stands in two parts. The longest window has n symbols: the network has learned to answer n − 1 of
    them, each at its timestep. What it writes after n symbols follows from one that it has never read there.
    """

    step: int
    prompt: str
    text: str  # as far as a sequence that it was trained on reaches
    beyond: str  # and from there on

    @classmethod
    def of(cls, step: int, corpus: Corpus, prompt: Sequence[int], written: Sequence[int]) -> Self:
        """The sample of a step from the ids of its prompt and of what was written after it."""
        before, text = corpus.continuation(prompt, written)
        ids, longest = (*prompt, *written), max(map(len, corpus.windows))
        if len(ids) <= longest:
            return cls(step, before, text, "")
        within, beyond = corpus.continuation(ids[:longest], ids[longest:])
        return cls(step, before, within.removeprefix(before), beyond)
