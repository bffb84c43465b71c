"""Text inside figures. Plotly reads a part of HTML in every label, and TeX between dollar signs."""

from collections.abc import Sequence
from html import escape
from typing import Any

UPRIGHT = 3  # letters that can stand one below the other
_GUILLEMETS = str.maketrans("<>", "‹›")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(text: object, longest: int = 40) -> str:
    """`text` as a label that shows it as it is, at most `longest` characters: no tag, link, entity or TeX."""
    return escape(_short(str(text), longest)).replace("$", "&#36;")


def upright(symbols: Sequence[str]) -> dict[str, Any]:
    """Labels of an axis of symbols, each as narrow as a letter if all are short: BOS goes down, not across."""
    is_narrow = all(len(symbol) <= UPRIGHT for symbol in symbols)
    labels = [_downwards(symbol) if is_narrow else plain(symbol, longest=8) for symbol in symbols]
    return {"ticktext": labels, "tickangle": 0 if is_narrow else None}


def _downwards(symbol: str) -> str:
    """Letters one below the other; what else has several code points, such as a flag, is one sign."""
    return "<br>".join(map(plain, symbol)) if symbol.isascii() else plain(symbol)


def plain_3d(text: object, longest: int = 40) -> str:
    """`text` as a label in a 3-D scene, where plotly knows tags but no entities: < > become ‹ ›."""
    return _short(str(text), longest).translate(_GUILLEMETS)


def subscript(number: int) -> str:
    """The number in subscript digits: plain Unicode, because 3-D labels know no tags."""
    return str(number).translate(_SUBSCRIPTS)


def superscript(number: int) -> str:
    """The number in superscript digits, which are read where no tag is: 10⁻²²."""
    return str(number).translate(_SUPERSCRIPTS)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
