"""What the network wrote, as the stage is told of it."""

from typing import Any

from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs.run import Sample


def sample_told(corpus: Corpus, sample: Sample) -> dict[str, Any]:
    """A sample, and what of it the network wrote where no sequence that it was trained on has reached.

    The longest window has n symbols: the network has learned to answer n − 1 of them, each at its timestep. What it
    writes after n symbols follows from one that it has never read there.
    """
    text, beyond = sample.text, ""
    longest = max(map(len, corpus.windows))
    try:
        ids = corpus.encode(sample.prompt + sample.text, "text")
    except Refusal:  # nothing was written, or symbols that together are read as another
        ids = ()
    if len(ids) > longest:
        within, beyond = corpus.continuation(ids[:longest], ids[longest:])
        text = within.removeprefix(sample.prompt)
    return {"step": sample.step, "prompt": sample.prompt, "text": text, "beyond": beyond}
