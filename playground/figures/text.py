"""Text inside figures. Plotly reads a part of HTML in every label, and TeX between dollar signs."""

from html import escape

_GUILLEMETS = str.maketrans("<>", "‹›")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(text: object, longest: int = 40) -> str:
    """`text` as a label that shows it as it is, at most `longest` characters: no tag, link, entity or TeX."""
    return escape(_short(str(text), longest)).replace("$", "&#36;")


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
