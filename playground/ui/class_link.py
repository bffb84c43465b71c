"""The link for a class: in a dialog a teacher says what learners may change and what is presented, and copies it."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from playground.ui import address, choices, controls, room, state
from playground.ui.fields import label
from playground.ui.stage.words import WORDS
from playground.ui.words import _

PANEL_TITLES = {name: WORDS[name] for name in room.PANELS}


def button() -> None:
    """Draw the button that opens the dialog; not for learners, whose link says what they may change."""
    if state.session().controls is None and st.button(
        _("Link for a class"), key="class_link", icon=":material/school:", type="tertiary"
    ):
        st.dialog(_("Link for a class"), width="large")(_dialog)()


def link(allowed: Sequence[str], panels: Sequence[str]) -> str:
    """A link to the experiment on screen in which learners may change what is allowed, and panels are presented."""
    here, query = address.of_screen()
    query.pop("controls", None)
    if set(allowed) != set(room.CONTROLS):
        query["controls"] = room.controls_in_link(allowed)
    page, present = state.session().page, choices.key("train", "present")
    query.pop(present, None)
    if panels and page == "train":
        query[present] = room.Panels().show(panels)
    parts = urlsplit(here)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query, safe=","), ""))


def _dialog() -> None:
    st.markdown(
        _(
            "The link opens the experiment as it is now. What is ticked, learners may change; the rest stays and is "
            "not on their page."
        )
    )
    allowed: list[str] = []
    for title, names, column in zip(
        (_("Above the picture"), _("Training"), _("More settings")),
        (room.ABOVE, room.TRAINING, room.MORE),
        st.columns(3),
        strict=True,
    ):
        with column:
            st.markdown(f"**{title}**")
            allowed += [
                name for name in names if st.checkbox(controls.name_of(name), value=True, key=f"class.{name}")
            ]
    panels: list[str] = []
    if state.session().page == "train" and st.toggle(
        _("Present to the room"),
        key="class.present",
        help=_("Only these panels, as large as the screen. Key P does the same at any time."),
    ):
        panels = st.multiselect(
            label("present"),
            list(PANEL_TITLES),
            default=list(room.PRESENTED),
            max_selections=room.MOST_PANELS,
            format_func=lambda name: _(PANEL_TITLES[name]),
            key="class.panels",
        )
    st.caption(_("Copy it with the button at its right end."))
    st.code(link(allowed, panels), language=None, wrap_lines=True)
