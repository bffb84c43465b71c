"""Figures are drawn in the colours of the reader's theme: when it changes, the page runs again."""

import streamlit as st
from streamlit.components.v2 import component

# Streamlit calls this anew with every run of the page and with every change of theme.
_WATCH = """
const seen = new WeakMap();
export default function ({ parentElement, setTriggerValue }) {
  const host = parentElement.host ?? parentElement;
  const now = getComputedStyle(host).getPropertyValue("--st-background-color");
  if (seen.has(host) && seen.get(host) !== now) setTriggerValue("changed", true);
  seen.set(host, now);
}
"""

_watch = component("theme", js=_WATCH)


def is_dark() -> bool:
    """Whether the reader's theme is the dark one."""
    return st.context.theme.type == "dark"


def follow() -> None:
    """Watch the theme of the page. Nothing is to be seen of it."""
    _watch(key="theme", on_changed_change=_answer)


def _answer() -> None:
    """That the page runs again is the answer."""
