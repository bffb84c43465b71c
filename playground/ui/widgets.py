"""Widgets of a page's choices: in a row, each with its complaint below, all with their limits from `choices`."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any

import streamlit as st

from playground.config import Choice, Range, Text
from playground.ui import fields, state
from playground.ui.complaints import complain

Drawn = Callable[[Any], str]


def row() -> AbstractContextManager[object]:
    """Widgets side by side, as many as fit."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="medium")


def folded(text: str, names: Collection[str]) -> AbstractContextManager[object]:
    """A place for choices that are folded; an open one while it must be said what is wrong with one of them."""
    if any(name in state.shown().wrong for name in names):
        return row()
    return st.popover(text, icon=":material/tune:")


def label(name: str) -> str:
    """What a choice of the present page is called."""
    return fields.label(name, state.session().page)


def complaint(name: str) -> None:
    """Below a choice's widget: what is wrong with it, if anything."""
    complain(state.shown().wrong.get(name), state.session().page)


def segments(name: str, options: Sequence[Any] | None = None, *, help: str | None = None) -> Any:
    """A few options side by side; what is chosen."""
    options = options or _options(name)
    state.mount(state.key(name), options)
    with st.container(width="content"):
        chosen = st.segmented_control(
            label(name),
            options,
            format_func=_drawn,
            key=state.key(name),
            persist_state="session",
            required=True,
            help=help,
        )
        complaint(name)
    return chosen


def radio(name: str, *, help: str | None = None) -> Any:
    """A few options one below the other; what is chosen."""
    state.mount(state.key(name), _options(name))
    chosen = st.radio(
        label(name),
        _options(name),
        format_func=_drawn,
        key=state.key(name),
        persist_state="session",
        help=help,
    )
    complaint(name)
    return chosen


def number(name: str, *, help: str | None = None) -> Any:
    """A number within the limits of its field, or none."""
    kind = state.offered(name).kind
    assert isinstance(kind, Range)
    state.mount(state.key(name), kind)
    chosen = st.number_input(
        label(name),
        value=None,
        min_value=kind.kind(kind.low),
        max_value=kind.kind(kind.high),
        step=1 if kind.kind is int else None,
        key=state.key(name),
        persist_state="session",
        help=help,
    )
    complaint(name)
    return chosen


def select(name: str, options: Sequence[Any] | None = None, *, width: int, drawn: Drawn | None = None) -> Any:
    """One of many options."""
    options, drawn = options or _options(name), drawn or _drawn
    state.mount(state.key(name), [drawn(option) for option in options])
    with st.container(width=width):
        chosen = st.selectbox(
            label(name), options, format_func=drawn, key=state.key(name), persist_state="session"
        )
        complaint(name)
    return chosen


def pick(name: str, options: Sequence[Any], *, width: int, drawn: Drawn) -> Any:
    """One of the places on a line; with a single place there is nothing to move. What is drawn is Markdown."""
    chosen = options[0]
    with st.container(width=width):
        if len(options) > 1:
            state.mount(state.key(name), [drawn(option) for option in options])
            chosen = st.select_slider(
                label(name), options, format_func=drawn, key=state.key(name), persist_state="session"
            )
        else:
            st.markdown(f"{label(name)}: {drawn(chosen)}")
        complaint(name)
    return chosen


def toggle(name: str, *, help: str | None = None) -> bool:
    """On or off."""
    state.mount(state.key(name), ())
    chosen = st.toggle(label(name), key=state.key(name), persist_state="session", help=help)
    complaint(name)
    return chosen


def text(name: str, *, placeholder: str, width: int, help: str | None = None) -> str:
    """A line of text within the limits of its field; what stands there while nothing is typed."""
    kind = state.offered(name).kind
    assert isinstance(kind, Text)
    state.mount(state.key(name), placeholder)
    with st.container(width=width):
        chosen = st.text_input(
            label(name),
            key=state.key(name),
            persist_state="session",
            max_chars=kind.limit,
            placeholder=placeholder,
            help=help,
        )
        complaint(name)
    return chosen


def slider(name: str, step: float, *, width: int) -> Any:
    """A number within the limits of its field."""
    kind = state.offered(name).kind
    assert isinstance(kind, Range)
    state.mount(state.key(name), kind)
    with st.container(width=width):
        chosen = st.slider(
            label(name),
            kind.kind(kind.low),
            kind.kind(kind.high),
            step=step,
            key=state.key(name),
            persist_state="session",
        )
        complaint(name)
    return chosen


def _options(name: str) -> list[str]:
    kind = state.offered(name).kind
    assert isinstance(kind, Choice)
    return list(kind.options)


def _drawn(option: Any) -> str:
    return fields.option_label(option) if isinstance(option, str) else str(option)
