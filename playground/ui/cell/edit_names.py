"""What an edit is called in a few words, as the stage calls it too (`editName` in `edits.js`)."""

from collections.abc import Sequence

from playground.figures.axes import number
from playground.figures.text import subscript
from playground.passes.edits import Cut, Edit, Hold, Span, Symbol, Transplant
from playground.ui.words import _


def name(edit: Edit, tokens: Sequence[str], labels: Sequence[str], layers: int) -> str:
    """An edit: h at l₃ → l₄; f = 1 · t ≥ 3. tokens: what is read at each timestep. labels: of the vocabulary."""
    match edit:
        case Transplant(source=source, t=t):
            return _("h at {source} → {target}").format(
                source=_place(tokens, source), target=_place(tokens, t)
            )
        case Symbol(t=t, symbol=symbol):
            read = _("{before} → {after}").format(before=tokens[t], after=labels[symbol])
            return f"{read} · {_span(edit.span)}"
        case Cut(span=span):
            return " · ".join((_("memory cut"), _span(span)))
        case Hold(layer=layer, name=held, values=values, unit=unit):
            value = (
                number(values[0]) if len(values) == 1 else "…"
            )  # a whole vector is not said in a few words
            parts = [f"{held} = {value}"]
            if layers > 1:
                parts.append(_("layer {n}").format(n=int(layer[1]) + 1))
            if unit is not None:
                parts.append(_("unit {u}").format(u=unit + 1))
            return " · ".join([*parts, _span(edit.span)])


def _place(tokens: Sequence[str], t: int) -> str:
    """A timestep by what is read there: l₃."""
    return tokens[t] + subscript(t + 1)


def _span(span: Span) -> str:
    if span.last == span.first:
        return _("t = {t}").format(t=span.first + 1)
    if span.last is None:
        return _("t ≥ {t}").format(t=span.first + 1)
    return _("t = {first}–{last}").format(first=span.first + 1, last=span.last + 1)
