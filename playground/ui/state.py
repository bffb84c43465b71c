"""What one session remembers: the only file that touches `st.session_state`.

Widgets keep their values there under the names of their fields: those of `config.FIELDS`, of `choices.PAGES` by their
keys, and what the pages add (speed, lang, settings, preset, stop_step, stop_perplexity, view, probe, prompt,
temperature). Those values may be anything a browser sends. Everything else is one `Session`, under one key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from playground.config import Choice, ExperimentConfig, Range, TextConfig
from playground.presets import PRESETS
from playground.refusal import Refusal
from playground.runs.viewer import Viewer
from playground.ui import choices
from playground.variations import Variation

Made = TypeVar("Made")
SESSION = "session"  # the key of our own
LONGEST = 200  # timesteps


@dataclass(slots=True)
class PageChoices:
    """What one page has been asked to show, by the names of its fields.

    chosen: what was accepted last.
    followed: what a choice that follows something was last given.
    linked: choices that a link has made and nobody has checked against what there is to choose.
    wrong: what is wrong with a choice.
    """

    chosen: dict[str, Any]
    followed: dict[str, Any] = field(default_factory=dict)
    linked: set[str] = field(default_factory=set)
    wrong: dict[str, Refusal] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """What is remembered from run to run, beside the widgets' values.

    The experiment:
        viewer: the experiment accepted last, and how far it is. It stays while a field says what is wrong with another.
        beside: in what the other experiments differ that the viewer watches beside it. See `race`.
        kept: values of the widgets that all pages share, as they were in the last run.
        seen: what the experiment's widgets said when they were last taken over.
        notices: what is wrong with a field of the experiment.
        asked: what buttons have asked for and is not done yet, oldest first; see `actions`.
        asked_before: how many of those came with an earlier message.
        studied: recording and training step that the reader has chosen to look at; None: the playhead's.
        guesses: what the reader has guessed in the tour: of which question, the place of which answer.
        typed: the probe and the prompt, each with the text that was there when it was typed.
        set_aside: the reader's own experiment, while an example has taken its place.
        controls: what the link leaves to learners; None: everything. See `room`.

    The page:
        page: its name.
        choices: what each page has been asked to show.
        in_browser: widgets of the last finished run, and how they looked; drawn: those of this run.
        spoken: the language of this run.
        drawn_playing: whether the buttons of the last run of the whole page say that it plays.
        memory: what `remembered` keeps.

    The address:
        arrives: whether this run begins with an address that is not ours: a link, or the browser's Back.
        url: the address as we know it. url_written_at: when we wrote it, on `time.monotonic`'s clock.
        written: page and address that were written last.
    """

    viewer: Viewer
    beside: tuple[Variation, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    notices: dict[str, Refusal] = field(default_factory=dict)
    asked: list[Callable[[], None]] = field(default_factory=list)
    asked_before: int = 0
    studied: tuple[str, int] | None = None
    guesses: dict[str, int] = field(default_factory=dict)
    typed: dict[str, tuple[str, TextConfig]] = field(default_factory=dict)
    set_aside: ExperimentConfig | None = None
    controls: tuple[str, ...] | None = None

    page: str = ""
    choices: dict[str, PageChoices] = field(default_factory=dict)
    in_browser: dict[str, object] = field(default_factory=dict)
    drawn: dict[str, object] = field(default_factory=dict)
    spoken: str = ""
    drawn_playing: bool = False
    memory: dict[str, tuple[object, Any]] = field(default_factory=dict)

    arrives: bool = True
    url: dict[str, str] = field(default_factory=dict)
    url_written_at: float = 0.0
    written: tuple[str, dict[str, str]] | None = None


def begin(viewer: Viewer) -> Session:
    """A session's first run: remember its viewer."""
    st.session_state[SESSION] = Session(viewer)
    return st.session_state[SESSION]


def has_begun() -> bool:
    return SESSION in st.session_state


def session() -> Session:
    """What this session remembers."""
    return st.session_state[SESSION]


def viewer() -> Viewer:
    """This session's viewer."""
    return session().viewer


# Values of widgets


def value(name: str) -> Any:
    """What a widget says, accepted or not; None if there is no such widget."""
    return st.session_state.get(name)


def has(name: str) -> bool:
    """Whether a widget of that name has a value."""
    return name in st.session_state


def whole(name: str) -> int | None:
    """What a widget says if it is a whole number."""
    found = value(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def set_values(**values: Any) -> None:
    """Set widgets, from a callback or before they are drawn."""
    for name, value in values.items():
        st.session_state[name] = value


def use_preset() -> None:
    """Callback of the preset list: take over its text and what belongs to it."""
    name = value("preset")
    if name in PRESETS:
        set_values(**PRESETS[name].values())


def name_preset() -> None:
    """Have the preset list name the ready-made text on screen, if it is one. Call it just before the list is drawn."""
    fitting = [name for name, preset in PRESETS.items() if _is_said(preset.values())]
    said = max(fitting, key=lambda name: len(PRESETS[name].values()), default=None)
    if value("preset") != said:
        set_values(preset=said)


def _is_said(wanted: Mapping[str, Any]) -> bool:
    """Whether the widgets say this."""
    return all(value(name) == one for name, one in wanted.items())


def pick_loss(figure: str) -> None:
    """Callback of a figure whose points stand for losses: t is a point's custom data."""
    match value(figure):
        case {"selection": {"points": [{"customdata": int(t) | [int(t), *_]}, *_]}}:
            if not isinstance(t, bool) and 0 < t <= LONGEST:
                set_values(**keyed(loss_at=t))


def stage_event(name: str) -> Any:
    """What the stage has just sent under a trigger's name; None if nothing."""
    return event("stage", name)


def event(component: str, name: str) -> Any:
    """The same of any live component, by its key."""
    return (value(component) or {}).get(name)


def notice(name: str) -> Refusal | None:
    """What is wrong with a field of the experiment just now."""
    return session().notices.get(name)


def typed_for_this_text(name: str) -> bool:
    """Whether what a text field says was typed while the present training text was there."""
    now = value(name), viewer().config.text
    typed = session().typed
    if name not in typed or typed[name][0] != now[0]:
        typed[name] = now
    return typed[name] == now


def remembered(name: str, key: object, make: Callable[[], Made]) -> Made:
    """What `make` made for `key`, made again only when the key has changed. One value a name is kept."""
    memory = session().memory
    if name not in memory or memory[name][0] != key:
        memory[name] = key, make()
    return memory[name][1]


# Choices of a page


def turn_to(page: str, query: Mapping[str, str]) -> None:
    """Take over what this page is asked to show, from a link or its widgets.

    A choice that is not allowed is put back, with a notice beside it.
    """
    state = session()
    state.drawn = {}
    left, state.page = state.page, page
    if page not in state.choices or state.arrives:
        chosen, wrong = choices.from_link(page, query)
        linked = {name for name in chosen if choices.said(page, name, query) is not None}
        state.choices[page] = PageChoices(chosen, linked=linked, wrong=wrong)
        set_values(**keyed(**chosen))
    here = shown()
    if left in state.choices and left != page and not state.arrives:
        there = state.choices[left].chosen
        set_values(
            **keyed(**{name: there[name] for name in choices.SHARED & there.keys() & here.chosen.keys()})
        )
    said = {name: value(key(name)) if has(key(name)) else before for name, before in here.chosen.items()}
    if said != here.chosen:
        here.wrong = {}
    for name, chosen in said.items():
        choice = offered(name)
        if chosen is not None or choice.default is not None:  # None: it follows
            try:
                said[name] = choice.kind.check(name, chosen)
            except Refusal as refusal:
                here.wrong[name], said[name] = refusal, here.chosen[name]
        _put(key(name), said[name])
    here.chosen = said


def shown() -> PageChoices:
    """What the present page has been asked to show."""
    return session().choices[session().page]


def offered(name: str) -> choices.PageField:
    """A choice of the present page: what it allows."""
    return choices.PAGES[session().page][name]


def key(name: str) -> str:
    """The key of the widget of a choice of the present page."""
    return choices.key(session().page, name)


def keyed(**chosen: Any) -> dict[str, Any]:
    """Choices of the present page as values for `set_values`."""
    return {key(name): value for name, value in chosen.items()}


def _put(name: str, value: Any) -> None:
    """Set a widget, if it does not say so already: what is set while it is being moved would move it back."""
    widgets = st.session_state
    if name not in widgets or type(widgets[name]) is not type(value) or widgets[name] != value:
        widgets[name] = value


def mount(name: str, looks: object) -> None:
    """Give a widget its value unless the browser has it. Call it just before the widget is drawn.

    The browser has what stood on the page, looking the same, when the page was last finished; else it would start with
    the widget's default, or answer with an option's name of before.
    """
    looks = session().spoken, looks
    if session().in_browser.get(name) != looks:
        st.session_state[name] = st.session_state[name]
    session().drawn[name] = looks


def following(name: str, default: Any) -> Any:
    """A choice that follows `default` until it is moved. Call it just before the widget of that choice is drawn."""
    here = shown()
    chosen = value(key(name))
    if chosen is None or chosen == here.followed.get(name):
        chosen = default
    here.chosen[name] = chosen
    _put(key(name), chosen)
    here.followed[name] = default
    return chosen


def fitted(name: str, low: int, high: int, *, default: int) -> int:
    """The same of a whole number, moved into low … high; what a link got wrong about it becomes a notice."""
    chosen = following(name, default)
    return _allowed(name, Range(low, high), min(max(chosen, low), high))


def one_of(name: str, options: Sequence[str], *, default: str) -> str:
    """The same of a name, which is the default where it is none of the options."""
    chosen = following(name, default)
    return _allowed(name, Choice(tuple(options)), chosen if chosen in options else default)


def _allowed(name: str, kind: Choice | Range, nearest: Any) -> Any:
    """Put `nearest` in the place of a choice that is not allowed here."""
    here = shown()
    is_from_link = name in here.linked
    here.linked.discard(name)  # a link is told once; what the reader's own text makes impossible just moves
    try:
        kind.check(name, value(key(name)))
    except Refusal as refusal:
        if is_from_link:
            here.wrong[name] = refusal
        here.chosen[name] = nearest
        set_values(**keyed(**{name: nearest}))
    return value(key(name))
