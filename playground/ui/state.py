"""What one session remembers: the only file that touches `st.session_state`.

Widgets keep their values under the names of the config fields. Those values may be anything a browser sends; the
experiment accepted last is the viewer's, and stays on screen while a field says what is wrong with the new one.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, TypeVar

import streamlit as st

from playground.config import DEFAULTS, FIELDS, Choice, ExperimentConfig, Range, Text, from_query, to_query
from playground.corpus import Corpus
from playground.presets import PRESETS
from playground.refusal import Refusal
from playground.runs.viewer import SPEEDS, Viewer
from playground.ui import choices
from playground.ui.server import open_viewer
from playground.ui.words import LANGUAGES, browser_language, language

Made = TypeVar("Made")

LONGEST_TEXT_IN_URL = 1500  # characters; a longer text stays out of the address bar
LONGEST = 200  # timesteps
URL_SETTLES = 1.5  # seconds within which a browser may still report the address of before


def begin() -> None:
    """Bring the session to life on its first run, follow the address bar and take over what the widgets say."""
    state = st.session_state
    query = st.query_params.to_dict()
    state.arrives = "viewer" not in state or _came_from_history(query)
    if state.arrives:
        _read(query)
        state.url = query
        state.setdefault("url_written_at", 0.0)
    speaks = language()
    for name, value in state.kept.items():
        if name not in state or speaks != state.get("spoken"):
            # A browser that has chosen an option answers with its label, also when that is of another language now.
            state[name] = state.get(name, value)
    state.spoken = speaks
    if state.speed not in SPEEDS:
        state.speed = "normal"
    viewer().speed = state.speed
    for name in ("probe", "prompt"):
        if isinstance(state.get(name), str):
            state[name] = state[name].encode("utf-8", "replace").decode()
    _apply()
    state.kept = {name: state[name] for name in state.kept}


def turn_to(page: str) -> None:
    """Take over what this page is asked to show, from a link or its widgets.

    A choice that is not allowed is put back, with a notice beside it.
    """
    state = st.session_state
    chosen: dict[str, dict[str, Any]] = state.setdefault("chosen", {})
    state.setdefault("followed", {})
    state.setdefault("choice_notices", {})
    state.setdefault("in_browser", {})
    state.drawn = {}
    state.page = page
    if page not in chosen or state.arrives:
        query = st.query_params.to_dict()
        chosen[page], state.choice_notices = choices.from_link(page, query)
        state.linked = set(query)
        for name, value in chosen[page].items():
            state[name] = value
    accepted = chosen[page]
    said = {name: state.get(name, value) for name, value in accepted.items()}
    if said != accepted:
        state.choice_notices = {}
    for name, value in said.items():
        field = choices.PAGES[page][name]
        if value is not None or field.default is not None:  # None: it follows
            try:
                said[name] = field.kind.check(name, value)
            except Refusal as refusal:
                state.choice_notices[name], said[name] = refusal, accepted[name]
        _put(name, said[name])
    chosen[page] = said


def _put(name: str, value: Any) -> None:
    """Set a widget, if it does not say so already: what is set while it is being moved would move it back."""
    state = st.session_state
    if name not in state or type(state[name]) is not type(value) or state[name] != value:
        state[name] = value


def mount(name: str, looks: object) -> None:
    """Give a widget its value unless the browser has it. Call it just before the widget is drawn.

    The browser has what stood on the page, looking the same, when the page was last finished; else it would start with
    the widget's default, or answer with an option's name of before.
    """
    state = st.session_state
    looks = language(), looks
    if state.in_browser.get(name) != looks:
        state[name] = state[name]
    state.drawn[name] = looks


def following(name: str, default: Any) -> Any:
    """A choice that follows `default` until it is moved. Call it just before the widget of that name is drawn."""
    state = st.session_state
    value = state.get(name)
    if value is None or value == state.followed.get(name):
        value = default
    state.chosen[state.page][name] = value
    _put(name, value)
    state.followed[name] = default
    return value


def fitted(name: str, low: int, high: int, *, default: int) -> int:
    """The same of a whole number, moved into low … high; what a link got wrong about it becomes a notice."""
    value = following(name, default)
    return _allowed(name, Range(low, high), min(max(value, low), high))


def one_of(name: str, options: Sequence[str], *, default: str) -> str:
    """The same of a name, which is the default where it is none of the options."""
    value = following(name, default)
    return _allowed(name, Choice(tuple(options)), value if value in options else default)


def _allowed(name: str, kind: Choice | Range, nearest: Any) -> Any:
    """Put `nearest` in the place of a choice that is not allowed here."""
    state = st.session_state
    is_from_link = name in state.linked
    state.linked.discard(name)  # a link is told once; what the reader's own text makes impossible just moves
    try:
        kind.check(name, state[name])
    except Refusal as refusal:
        if is_from_link:
            state.choice_notices[name] = refusal
        state[name] = state.chosen[state.page][name] = nearest
    return state[name]


def _read(query: dict[str, str]) -> None:
    """Take the experiment from a link; what it gets wrong is replaced by a default and remembered as a notice."""
    state = st.session_state
    config, refusals = from_query(query)
    notices = {refusal.field: refusal for refusal in refusals}
    try:
        Corpus(config.text)
    except Refusal as refusal:
        notices[refusal.field] = refusal
        config = ExperimentConfig.from_values(config.values() | {"text": DEFAULTS["text"]})
    values = config.values()
    values["speed"] = query.get("speed") if query.get("speed") in SPEEDS else "normal"
    if query.get("lang") in LANGUAGES:
        values["lang"] = query["lang"]
    for name, value in values.items():
        state[name] = value
    state.kept = values
    state.notices = notices
    state.seen_values = config.values()
    if "viewer" in state:
        state.viewer.change(config)
    else:
        state.viewer = open_viewer(config)


def _came_from_history(query: dict[str, str]) -> bool:
    """Whether the reader went back or forward: a new address that is neither ours nor that of a moment ago.

    Going over to another page leaves an address without an experiment: then the one on screen stays.
    """
    state = st.session_state
    moved_widget = any(state.get(name, value) != value for name, value in state.kept.items())
    settled = time.monotonic() - state.url_written_at > URL_SETTLES
    return not moved_widget and settled and query != state.url and "cell" in query


def _apply() -> None:
    """Make the widgets' values the viewer's experiment if they can be, else say why not beside the field."""
    state = st.session_state
    viewer: Viewer = state.viewer
    values = {name: state[name] for name in FIELDS}
    if values == state.seen_values:
        return
    state.notices = {}
    for name, value in values.items():
        try:
            FIELDS[name].check(name, value)
        except Refusal as refusal:
            state.notices[name] = refusal
    if not state.notices:
        try:
            viewer.change(ExperimentConfig.from_values(values))
        except Refusal as refusal:
            state.notices[refusal.field] = refusal
    accepted = viewer.config.values()
    for name in state.notices:
        if not _can_be_drawn(name, values[name]):
            state[name] = accepted[name]
    state.seen_values = {name: state[name] for name in FIELDS}


def _can_be_drawn(name: str, value: object) -> bool:
    """Whether a refused value can stay in its widget, to be corrected there; else the last accepted one comes back."""
    kind = FIELDS[name]
    if isinstance(kind, Text):
        return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)
    if name in ("hidden_size", "learning_rate") or not isinstance(kind, Range):
        return False
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return value is None or whole or (kind.kind is float and isinstance(value, float) and isfinite(value))


def write_address() -> None:
    """Make the address bar equal to the experiment on screen and to what this page shows of it. Call it last."""
    state = st.session_state
    state.in_browser = state.drawn
    page = state.page
    query = to_query(state.viewer.config)
    if len(query["text"]) > LONGEST_TEXT_IN_URL:
        del query["text"]
    if state.speed != "normal":
        query["speed"] = state.speed
    if state.get("lang") in LANGUAGES and (state.lang != browser_language() or "lang" in st.query_params):
        query["lang"] = state.lang
    query |= choices.to_link(page, state.chosen[page], state.followed)
    # Whoever goes back to an address of a moment before we wrote ours shall not be sent forward again.
    if (page, query) == state.get("written"):
        return
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
        state.url_written_at = time.monotonic()
    state.url, state.written = query, (page, query)


def remembered(name: str, key: object, make: Callable[[], Made]) -> Made:
    """What `make` made for `key`, made again only when the key has changed. One value a name is kept."""
    kept = st.session_state.get(f"remembered {name}")
    if kept is None or kept[0] != key:
        kept = key, make()
        st.session_state[f"remembered {name}"] = kept
    return kept[1]


def viewer() -> Viewer:
    """This session's viewer."""
    return st.session_state.viewer


def value(field: str) -> Any:
    """What a field's widget says, accepted or not; None if there is no such widget."""
    return st.session_state.get(field)


def asked(field: str) -> int | None:
    """A whole number that a page was asked for, whether or not it can be shown; None if it follows a default."""
    found = st.session_state.get(field)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def notice(field: str) -> Refusal | None:
    """What is wrong with a field just now."""
    state = st.session_state
    return state.notices.get(field) or state.choice_notices.get(field)


def is_text_too_long_for_url() -> bool:
    return len(viewer().config.text.text) > LONGEST_TEXT_IN_URL


def set_values(**values: Any) -> None:
    """Set widgets from a callback."""
    for name, value in values.items():
        st.session_state[name] = value


def use_preset() -> None:
    """Callback of the preset list: take over its text and what belongs to it."""
    name = st.session_state.preset
    if name in PRESETS:
        set_values(**PRESETS[name].values())
    st.session_state.preset = None


def pick_loss(figure: str) -> None:
    """Callback of a figure whose points stand for losses: t is a point's custom data."""
    match st.session_state.get(figure):
        case {"selection": {"points": [{"customdata": int(t) | [int(t), *_]}, *_]}}:
            if not isinstance(t, bool) and 0 < t <= LONGEST:
                set_values(loss_at=t)


def toggle_play() -> None:
    viewer().pause() if viewer().playing else viewer().play()


def step_once() -> None:
    viewer().step_once()


def reset() -> None:
    viewer().reset()


def dice() -> None:
    """Callback: another seed. The run of the old one stays as a ghost."""
    set_values(seed=secrets.randbelow(10_000))


def set_stops() -> None:
    """Callback of the stop conditions."""
    viewer().stop_step = st.session_state.stop_step
    viewer().stop_perplexity = st.session_state.stop_perplexity


def stage_event(name: str) -> Any:
    """What the stage has just sent under a trigger's name; None if nothing."""
    return st.session_state.get("stage", {}).get(name)


def remove_ghost() -> None:
    event = stage_event("ghost")
    if isinstance(event, dict) and isinstance(event.get("remove"), str):
        viewer().remove_ghost(event["remove"])


def study_step() -> None:
    """Callback: look closely at the training step and timestep on which the stage's cursors stand."""
    event = stage_event("study")
    if not isinstance(event, dict):
        return
    step, timestep = event.get("step"), event.get("t")
    if isinstance(step, int) and 0 <= step <= viewer().playhead:
        st.session_state.studied = (viewer().run_id, step)
        viewer().shows_finished = False
    if isinstance(timestep, int) and timestep >= 0:
        st.session_state.studied_timestep = timestep


def choose_first_view(view: str) -> None:
    """Open the study with this view, but not on a first visit: the figures' library would slow down the stage."""
    if not viewer().shows_finished:
        st.session_state.setdefault("view", view)


def studied_step() -> int:
    """The training step that the study below the stage shows: the one asked for, else the playhead's."""
    run_id, step = st.session_state.get("studied", (None, 0))
    return min(step, viewer().playhead) if run_id == viewer().run_id else viewer().playhead
