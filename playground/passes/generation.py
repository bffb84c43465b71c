"""Text that a model writes: each predicted symbol is the next it reads."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.models.model import LanguageModel
from playground.pieces import Pieces, all_of


@dataclass(frozen=True, slots=True)
class Continuation:
    """What is to be continued, how far and how boldly.

    prompt: the symbols that are read first, one at least. length: how many are written at most. temperature: 0 always
    takes the most probable symbol (greedy), the first of equals; otherwise symbols are drawn from
    softmax(scores / temperature): 1 is the model's own distribution, less is bolder, more is wilder. seed: that of the
    draws. end: the symbol that ends the text and is left out, EOS if the model has one.

    Raises ValueError for an empty prompt, a negative length, or a temperature that is negative or not finite.
    """

    prompt: tuple[int, ...]
    length: int
    temperature: float = 1.0
    seed: int = 0
    end: int | None = None

    def __post_init__(self) -> None:
        if not self.prompt:
            raise ValueError("prompt must have at least one symbol; got none")
        if self.length < 0 or not 0 <= self.temperature < math.inf:
            given = f"{self.length} and {self.temperature}"
            raise ValueError(f"length and temperature must be finite and not negative; got {given}")


def generate(model: LanguageModel, wanted: Continuation) -> tuple[int, ...]:
    """Continue a prompt, symbol by symbol. Returns the new symbols only: `length` of them, or fewer if `end` comes.

    Where the scores are numbers no longer, the text ends.
    """
    return all_of(generate_in_pieces(model, wanted))


def generate_in_pieces(model: LanguageModel, wanted: Continuation) -> Pieces[tuple[int, ...]]:
    """The same, a symbol at a time, read or written."""
    generator = torch.Generator().manual_seed(wanted.seed)
    reader, symbols = model.reader(), len(wanted.prompt) + wanted.length
    *read, last = wanted.prompt
    for place, symbol in enumerate(read, 1):
        reader.read(symbol)
        yield place / symbols
    scores = reader.read(last)

    new: list[int] = []
    while len(new) < wanted.length:
        symbol = _next(scores, wanted.temperature, generator)
        if symbol is None or symbol == wanted.end:
            break
        new.append(symbol)
        scores = reader.read(symbol)
        yield (len(wanted.prompt) + len(new)) / symbols
    return tuple(new)


def _next(scores: Tensor, temperature: float, generator: torch.Generator) -> int | None:
    """The next symbol; None where the scores are numbers no longer."""
    largest = scores.max()
    if not math.isfinite(largest):
        return None
    if temperature == 0:
        return int(scores.argmax())
    return int(torch.multinomial(tempered(scores, largest, temperature), 1, generator=generator))


def tempered(scores: Tensor, largest: Tensor, temperature: float) -> Tensor:
    """softmax(scores / temperature), (V,) float64, for any temperature above 0; the largest score must be finite.

    It is taken off before the division: what overflows then is −∞, a probability of 0, so near 0 the most probable
    symbols share everything.
    """
    return torch.softmax((scores.double() - largest) / temperature, 0)
