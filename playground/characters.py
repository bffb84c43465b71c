"""Text as its reader counts it: whole characters, found in time that grows with the length and no faster.

A person may paste 100,000 flags or accents. The two functions everybody calls for such work take quadratic time
on them: `\\X` counts back to the first flag at each flag, and `unicodedata.normalize` sorts accents by insertion.
"""

import unicodedata
from collections.abc import Iterator
from itertools import chain, groupby

import regex

# UAX #29 pairs regional indicators from the start of their run, so after two there is a border if a third follows.
# `\X` would look back over the whole run for the same answer.
_CHARACTER = regex.compile(r"(?P<flag>\p{Regional_Indicator}{2})(?=\p{Regional_Indicator})|\X")
_FLOOD = regex.compile(r"\p{M}{32,}")  # marks; in no language does a letter carry as many


def characters(text: str) -> Iterator[str]:
    """The user-perceived characters of a text: the extended grapheme clusters of Unicode's UAX #29."""
    return (found[0] for found in _CHARACTER.finditer(text))


def composed(text: str) -> str:
    """The text in Unicode's normal form C, in which é is one code point however it was typed."""
    return unicodedata.normalize("NFC", _FLOOD.sub(lambda flood: _in_order(flood[0]), text))


def _in_order(marks: str) -> str:
    """Marks taken apart and in canonical order: by combining class, between those that have none."""
    apart = "".join(unicodedata.normalize("NFD", mark) for mark in marks)
    runs = (sorted(run, key=unicodedata.combining) for _, run in groupby(apart, key=_is_movable))
    return "".join(chain.from_iterable(runs))


def _is_movable(mark: str) -> bool:
    return unicodedata.combining(mark) > 0


def whole(text: str, limit: int) -> str:
    """As many whole characters from the start of a text as fit into `limit` code points."""
    end = 0
    for character in characters(text):
        if end + len(character) > limit:
            break
        end += len(character)
    return text[:end]
