"""What is wrong with a value, said beside its widget."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from playground.refusal import Refusal
from playground.ui import state
from playground.ui.fields import sentence

_later: ContextVar[list[str] | None] = ContextVar(
    "_later", default=None
)  # fields of a row that is being drawn


@contextmanager
def in_full_width() -> Generator[None]:
    """Fields that are drawn within the `with`, side by side: what is wrong with them is said below all of them.

    In a column of its own a sentence would have room for one word a line.
    """
    names: list[str] = []
    token = _later.set(names)
    try:
        yield
    finally:
        _later.reset(token)
    for name in names:
        complaint(name)


def complaint(name: str) -> None:
    """Below a field's widget, or below its row: what is wrong with its value, if anything."""
    if (later := _later.get()) is not None:
        later.append(name)
    else:
        complain(state.notice(name))


def complain(refusal: Refusal | None, page: str | None = None) -> None:
    """Say what is wrong with what a widget says, if anything; page: whose choice it is, if it is a page's."""
    if refusal is not None:
        st.error(sentence(refusal, page), icon=":material/error:")
