"""Every word a person reads, in the reader's language: English is the msgid, Korean stands in the catalogue."""

import gettext
from collections.abc import Callable
from functools import cache
from pathlib import Path

import streamlit as st

from playground.catalogue import N_ as N_
from playground.ui import state

LOCALE = Path(__file__).resolve().parents[1] / "locale"
LANGUAGES = {"ko": "한국어", "en": "English"}


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("playground", LOCALE, languages=[language], fallback=language == "en")


def language() -> str:
    """The reader's language: the one chosen, else that of the browser, else English."""
    chosen = state.value("lang")
    return chosen if isinstance(chosen, str) and chosen in LANGUAGES else browser_language()


def browser_language() -> str:
    """The language that the browser asks for, as far as we speak it."""
    return "ko" if (st.context.locale or "").lower().startswith("ko") else "en"


def _(message: str) -> str:
    """The message in the reader's language."""
    return translation()(message)


def translation() -> Callable[[str], str]:
    """The same for many messages at once, for which the language is asked for only once."""
    return _catalogue(language()).gettext


def plain(text: str) -> str:
    """Markdown that shows `text` as it stands: nothing in it becomes a link, an image, a formula or an emoji code."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:&" else c for c in text)
