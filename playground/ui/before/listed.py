"""The table of all models in words: rows on a wide page, one card a model on a phone.

It is HTML of our own, so whatever a reader's text has brought into it is escaped.
"""

from collections.abc import Collection, Sequence
from html import escape

import pandas as pd
import streamlit as st

from playground.figures.axes import number
from playground.ui.words import _

_STYLE = """
<style>
.before-models { width: 100%; border-collapse: collapse; font-size: 0.95rem; }
.before-models :is(th, td) {
  padding: 0.45rem 0.6rem; border-bottom: 1px solid var(--edge); text-align: start; vertical-align: top;
  word-break: keep-all; overflow-wrap: anywhere;
}
.before-models thead th { color: var(--quiet); font-weight: 400; }
.before-models .number { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; }
.before-models bdi { display: block; font-family: ui-monospace, monospace; font-size: 0.85rem; white-space: pre-wrap; }
.before-models thead .number { white-space: normal; }
.before-models .given { color: var(--quiet); }
.before-models tbody th { white-space: nowrap; }
@media (max-width: 768px) {
  .before-models, .before-models :is(tbody, tr, th, td) { display: block; width: auto; }
  .before-models thead { position: absolute; clip-path: inset(50%); }
  .before-models tr { padding-block: 0.6rem; border-bottom: 1px solid var(--edge); }
  .before-models :is(th, td) { padding: 0.1rem 0; border: 0; }
  .before-models td::before { content: attr(data-name) ": "; color: var(--quiet); }
  .before-models .number { text-align: start; }
}
</style>
"""


def draw(table: pd.DataFrame, *, is_held_out: bool, pending: Collection[object] = ()) -> None:
    """Draw the table. is_held_out: whether there are lines that are. pending: models that have yet to be asked them.

    table: model, name, numbers, perplexity, held_out, given, writes, cannot, a model a row.
    """
    headings = [
        _("model"),
        _("weights, or counts kept"),
        _("perplexity on the text"),
        _("on held-out lines"),
        _("what it writes"),
        _("what it cannot do"),
    ]
    rows = "".join(
        _row(row, headings, missing=_missing(row, pending) if is_held_out else "–")
        for row in table.to_dict("records")
    )
    numeric = ("", "number", "number", "number", "", "")
    head = "".join(
        f'<th scope="col" class="{kind}">{escape(name)}</th>'
        for name, kind in zip(headings, numeric, strict=True)
    )
    st.html(
        f'{_STYLE}<table class="before-models"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _missing(row: dict[str, object], pending: Collection[object]) -> str:
    """What stands where a perplexity on held-out lines is no number."""
    return _("not yet") if row["model"] in pending else number(float("nan"))


def _row(row: dict[str, object], headings: Sequence[str], *, missing: str) -> str:
    """A model: its name, its numbers, what it writes and what it cannot do. missing: for held-out lines."""
    held_out = float(str(row["held_out"]))
    cells = [
        ("number", f"{float(str(row['numbers'])):,.0f}"),
        ("number", number(float(str(row["perplexity"])))),
        ("number", missing if held_out != held_out else number(held_out)),
        (
            "",
            f'<bdi><span class="given">{escape(str(row["given"]))}</span>｜{escape(str(row["writes"]))}</bdi>',
        ),
        ("", escape(str(row["cannot"]))),
    ]
    drawn = "".join(
        f'<td class="{kind}" data-name="{escape(name)}">{cell}</td>'
        for name, (kind, cell) in zip(headings[1:], cells, strict=True)
    )
    return f'<tr><th scope="row">{escape(str(row["name"]))}</th>{drawn}</tr>'
