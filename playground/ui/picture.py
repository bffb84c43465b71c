"""A figure as a page shows it, and its numbers to take home."""

import unicodedata
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache, partial
from typing import Any

import pandas as pd
import streamlit as st

from playground.figures.axes import number
from playground.ui import state
from playground.ui.words import N_, _

# Dragging zooms and a double click ends it. What stays is to save a picture and to fill the screen with it.
CHART = {
    "displaylogo": False,
    "modeBarButtonsToRemove": [
        "zoom2d",
        "pan2d",
        "select2d",
        "lasso2d",
        "zoomIn2d",
        "zoomOut2d",
        "autoScale2d",
        "resetScale2d",
    ],
}
COLUMNS = {
    "step": N_("training step"),
    "t": N_("timestep t"),
    "token": N_("symbol read"),
    "target": N_("to predict"),
    "probability": N_("its probability"),
    "loss": N_("loss (nats)"),
}
Picture = tuple[Any, pd.DataFrame]  # a figure, or None where the table itself is the picture; and its numbers
ROWS_A_TURN = 40_000  # of a table that is written
FORMULA = frozenset("=+-@\t\r\n")  # how a cell begins that a spreadsheet would run


def draw(figure: Any, *, name: str, title: str, on_pick: Callable[[str], None] | None = None) -> None:
    """Draw a figure alone, where its table has a download already. The arguments are those of `show`."""
    key = f"figure_{name}"
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        alt=title,
        config=CHART,
        selection_mode="points",
        on_select=partial(on_pick, key) if on_pick else "ignore",
    )


def show(
    picture: Picture, *, name: str, title: str, file: str, on_pick: Callable[[str], None] | None = None
) -> None:
    """Draw a figure, or its table, with the table as CSV below it.

    name: the key of the picture on its page. title: its text alternative. file: what the download is called, without
    its ending. on_pick: called with the figure's key when the reader has clicked on a point.
    """
    figure, table = picture
    if figure is not None:
        draw(figure, name=name, title=title, on_pick=on_pick)
    else:
        shown = harmless(table)  # the one that is drawn has a download of its own
        if len(shown):  # of a table without rows every column is empty; it keeps them all
            shown = shown.dropna(axis="columns", how="all")
        drawn = shown.style.format(dict.fromkeys(shown.select_dtypes("float"), number))
        st.dataframe(drawn, hide_index=True, column_config={name: _(word) for name, word in COLUMNS.items()})
    download(table, name=name, file=file)


def download(table: pd.DataFrame, *, name: str, file: str) -> None:
    """A table as CSV. The arguments are those of `show`."""
    st.download_button(
        _("Download as CSV"),
        _csv(harmless(table)),
        file_name=f"{file}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"csv_{name}",
    )


def _csv(table: pd.DataFrame) -> bytes:
    """The table as a file; a long one part by part, and others have their turns in between."""
    parts = [table.iloc[at : at + ROWS_A_TURN] for at in range(0, len(table), ROWS_A_TURN)] or [table]
    written = []
    for part in parts:
        with state.viewer().turn() if len(parts) > 1 else nullcontext():
            written.append(part.to_csv(index=False, header=not written))
    return "".join(written).encode("utf-8-sig")


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table without a text that a spreadsheet would run: such a text gets an apostrophe before it.

    People choose the symbols, so one may be =1+1 or -2. Numbers stay numbers, negative ones too, and texts that
    differ still do.
    """
    columns = {
        name: table[name].map(_quoted, na_action="ignore") for name in table.select_dtypes(exclude="number")
    }
    return table.assign(**columns)


@lru_cache(1024, typed=True)  # the same few symbols stand in a hundred thousand rows
def _quoted(cell: Any) -> Any:
    """A cell of a column that is not numeric: with an apostrophe where spreadsheets see the start of a formula."""
    if not isinstance(cell, str):
        return cell
    first = cell.lstrip(" '")[:1]
    # Full-width and small forms of the signs count as the signs themselves in some of them.
    return f"'{cell}" if unicodedata.normalize("NFKC", first) in FORMULA else cell
