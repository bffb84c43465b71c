"""Lines that are drawn through a figure of perplexities."""

from playground.analysis.floors import memory_floors
from playground.corpus import Corpus
from playground.figures.axes import number
from playground.figures.learning import Level
from playground.ui.figure_words import look


def of_floors(corpus: Corpus, count: int) -> list[Level]:
    """The first `count` memory floors of a text; equal ones share a line."""
    shared: dict[float, list[str]] = {}
    for k, value in enumerate(memory_floors(corpus)[:count]):
        shared.setdefault(round(value, 9), []).append(str(k))
    name = look().words["floor_at"]
    return [
        Level(name.format(k=", ".join(ks), value=number(value)), value, "floor")
        for value, ks in shared.items()
    ]
