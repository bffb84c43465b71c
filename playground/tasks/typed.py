"""What a visitor types for a network that has been trained on a task: in symbols of that task, or refused."""

from collections.abc import Sequence

from playground.refusal import Refusal, Unreadable, shorten
from playground.tokens import TOKENIZERS

LONGEST = 100  # symbols
LISTED = 8  # symbols that a refusal names


def numbers(text: str, field: str, vocabulary: Sequence[str], tokens: str) -> tuple[int, ...]:
    """A text as numbers of the symbols in a vocabulary. tokens: what counts as one symbol, a key of `TOKENIZERS`.

    Raises `Refusal` for `field` if it is empty or too long, `Unreadable` if it has other symbols.
    """
    symbols = tuple(TOKENIZERS[tokens].encode(text))
    if not 0 < len(symbols) <= LONGEST:
        raise Refusal(
            field,
            "{field} must have 1 to {limit} symbols; got {count:,}.",
            limit=LONGEST,
            count=len(symbols),
        )
    ids = {symbol: number for number, symbol in enumerate(vocabulary)}
    if unknown := [symbol for symbol in dict.fromkeys(symbols) if symbol not in ids]:
        raise Unreadable(
            field,
            "{field} must use symbols of the training text ({known}); got {unknown}.",
            known=_listed(vocabulary, tokens),
            unknown=_listed(unknown, tokens),
        )
    return tuple(ids[symbol] for symbol in symbols)


def _listed(symbols: Sequence[str], tokens: str) -> str:
    """The first few symbols, each in quotes."""
    label = TOKENIZERS[tokens].label
    shown = ", ".join(shorten(label(symbol), 16) for symbol in symbols[:LISTED])
    return shown if len(symbols) <= LISTED else shown + ", …"
