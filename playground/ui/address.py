"""The address bar: it holds the experiment on screen and what the page shows of it, and whoever opens it sees both.

A text that would make the address too long for servers on the way stays out of it: a mark takes its place, under which
this server finds the text again (`long_texts`).

Each change of the address is an entry of the browser's history, by which Back brings an earlier experiment back; of a
page that was gone over to, its bare address is none (`navigation`).
"""

import time
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from playground.config import DEFAULTS, ExperimentConfig, from_query, to_query
from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs.playhead import SPEEDS
from playground.ui import choices, experiment, race, room, state
from playground.ui.server import LONG_TEXTS, open_viewer
from playground.ui.tour.scenes import completed
from playground.ui.words import LANGUAGES, browser_language, language

# Of the query, as it is sent. nginx and Apache, as they are installed, refuse a request line of more than 8 KiB; path,
# method and protocol stand in it too.
LONGEST_QUERY = 7500
MARK = "long_text"
URL_SETTLES = 1.5  # seconds within which a browser may still report the address of before


def arrive() -> None:
    """Bring the session to life on its first run, and follow the address bar where the reader has changed it."""
    query = read()
    if state.has_begun():
        state.session().arrives = _came_from_history(query)
    if not state.has_begun() or state.session().arrives:
        _follow(query)


def read() -> dict[str, str]:
    """What the address bar says; of a link that names a scene of the tour alone, with all that belongs to the scene."""
    return completed(st.query_params.to_dict())


def write() -> None:
    """Make the address bar equal to what is on screen. Call it when the page has been drawn."""
    state.session().in_browser = state.session().drawn
    write_ahead()


def write_ahead() -> None:
    """The same while a page is still on its way: whoever reloads it meanwhile is to find what it was asked to show."""
    session, query = state.session(), _query()
    if (session.page, query) == session.written:
        return
    if read() != query:
        st.query_params.from_dict(query)
        session.url_written_at = time.monotonic()
    session.url, session.written = query, (session.page, query)


def of_screen() -> tuple[str, dict[str, str]]:
    """The address of what is on screen: where it leads, and what it says."""
    return st.context.url or "", _query()


def has_text() -> bool:
    """Whether the address holds the training text itself."""
    return MARK not in _query()


def _query() -> dict[str, str]:
    """The address of what is on screen."""
    session, viewer = state.session(), state.viewer()
    query = to_query(viewer.config)
    if viewer.speed != "normal":
        query["speed"] = viewer.speed
    if state.value("settings") == "full":
        query["settings"] = "full"
    if session.controls is not None:
        query["controls"] = room.controls_in_link(session.controls)
    if language() != browser_language() or "lang" in st.query_params:
        query["lang"] = language()
    shown = state.shown()
    followed = dict(shown.followed)
    if session.page != "train":  # a link without a step opens where the run is
        followed["at"] = viewer.playhead
    query |= choices.to_link(session.page, shown.chosen, followed)
    if len(urlencode(query)) > LONGEST_QUERY:
        query[MARK] = LONG_TEXTS.keep(query.pop("text"))
    return query


def _came_from_history(query: dict[str, str]) -> bool:
    """Whether the reader went back or forward: a new address that is neither ours nor that of a moment ago.

    Going over to another page leaves an address without an experiment: then the one on screen stays.
    """
    session = state.session()
    moved_widget = any(state.has(name) and state.value(name) != value for name, value in session.kept.items())
    settled = time.monotonic() - session.url_written_at > URL_SETTLES
    return not moved_widget and settled and query != session.url and "cell" in query


def _follow(query: dict[str, str]) -> None:
    """Take the experiment from a link; what it gets wrong is replaced by a default and remembered as a notice."""
    config, notices = _experiment_of(query)
    try:
        _open(config)
    except Refusal as refusal:  # too large, or the server is full: the run of a first visit is always there
        notices[refusal.field] = refusal
        _open(ExperimentConfig())
    session = state.session()
    fields = experiment.widget_values()
    speed, speaks = query.get("speed"), query.get("lang")
    session.kept = fields | {
        "speed": speed if speed in SPEEDS else "normal",
        "lang": speaks if speaks in LANGUAGES else language(),
        "settings": "full" if query.get("settings") == "full" else "simple",
    }
    session.controls = room.controls_of(query)
    state.set_values(**session.kept)
    session.notices, session.seen = notices, fields
    session.url, session.arrives = query, True


def _open(config: ExperimentConfig) -> None:
    """Go over to an experiment, or begin with it. Raises `Refusal` if it cannot be held."""
    if state.has_begun():
        race.leave()
        state.viewer().open(config)
    else:
        state.begin(open_viewer(config))


def _experiment_of(query: dict[str, str]) -> tuple[ExperimentConfig, dict[str, Refusal]]:
    """The experiment that an address names, and what is wrong with its fields."""
    config, refusals = from_query(query)
    notices = {refusal.field: refusal for refusal in refusals}
    try:
        if MARK in query and "text" not in query:
            config = replace(config, text=replace(config.text, text=_long_text(query[MARK])))
        Corpus(config.text)
    except Refusal as refusal:
        notices[refusal.field] = refusal
        config = replace(config, text=replace(config.text, text=DEFAULTS["text"]))
    return config, notices


def _long_text(digest: str) -> str:
    """The text of a mark; raises `Refusal` if this server does not know it."""
    text = LONG_TEXTS.find(digest)
    if text is None:
        raise Refusal(
            "text",
            "The text of this link did not fit into its address, and this server does not remember it. "
            "The link's other settings are here, with another text.",
        )
    return text
