"""The card of the tour: a scene in which a learner guesses, plays, and sees what was measured. It never starts playing.

Which scene is shown is a choice of the Train page, `train.tour`; the experiment is that of the page, so a link holds
both. A learner may change anything meanwhile: then the scene says that it is another experiment.
"""

import streamlit as st

from playground.refusal import Refusal
from playground.ui import actions, choices, experiment, race, state, studied
from playground.ui.complaints import complain
from playground.ui.tour import script
from playground.ui.tour.measured import ended_at, measured, needs_memory
from playground.ui.tour.scenes import SCENES, Scene
from playground.ui.words import _

TYPED = "tour_text"  # the widget in which a learner types a text


def show() -> None:
    """Draw the scene, if there is one."""
    here = state.shown()
    complain(here.wrong.get("tour"), "train")
    if here.chosen["tour"] is not None:
        _scene(here.chosen["tour"])


def offer_at_first() -> None:
    """On a first visit: the tour, beside the first words of the page."""
    if state.shown().chosen["tour"] is None and state.viewer().shows_finished:
        offer()


def again() -> None:
    """Below the picture, where no scene is shown and it is not offered above: the tour, for whoever wants it now."""
    if state.shown().chosen["tour"] is None and not state.viewer().shows_finished:
        offer()


def offer() -> None:
    """A button that begins it."""
    st.button(
        _("3-minute tour: what is memory?"),
        key="tour_begin",
        icon=":material/explore:",
        on_click=actions.ask,
        args=(enter, 1),
    )


def enter(number: int) -> None:
    """Action: set up a scene, at step 0. It does not play."""
    scene, viewer = SCENES[number - 1], state.viewer()
    try:
        race.leave()
        viewer.open(scene.config)
        viewer.reset()
    except Refusal as refusal:
        state.session().notices[refusal.field] = refusal
        return
    studied.let_go()
    for ghost in viewer.ghosts:
        viewer.remove_ghost(ghost.id)
    experiment.say_what_is_shown()
    state.set_values(speed=scene.speed)
    as_ever = {name: choices.TRAIN[name].default for name in ("stop_step", "stop_perplexity", "edits")}
    _choose(**as_ever, tour=number, stop=scene.stop, race=scene.beside, loss_at=scene.loss_at)


def leave() -> None:
    """Action: end the tour; what is on screen stays."""
    _choose(tour=None)


def _choose(**chosen: object) -> None:
    """Make choices of the Train page, for it to take over."""
    state.set_values(**{choices.key("train", name): value for name, value in chosen.items()})


def _scene(number: int) -> None:
    """Draw a scene: what to look at, the question, what has happened, and where to go."""
    scene, viewer = SCENES[number - 1], state.viewer()
    title, text = script.title_and_text(scene.name)
    is_set_up = _is_set_up(scene)
    ended = ended_at(viewer, scene) if is_set_up and not viewer.playing else None
    with st.container(border=True, key="tour"):
        _head(number, title, is_over=ended is not None)
        st.markdown(text)
        if scene.own_text:
            _own_text()
        if is_set_up:
            _question(scene, ended)
            if ended is not None:
                st.success(script.after(_after(scene), measured(viewer, ended)), icon=":material/flag:")
        else:
            _elsewhere(number)


def _head(number: int, title: str, *, is_over: bool) -> None:
    """Draw what the scene is called, and where to go from here."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        place = _("Tour · {number} of {count}").format(number=number, count=len(SCENES))
        st.markdown(f"**{title}** :small[{place}]", width="stretch")
        if number > 1:
            _way("back", _("Back"), ":material/arrow_back:", enter, number - 1, kind="tertiary")
        if number < len(SCENES):
            kind = "primary" if is_over else "tertiary"
            _way("next", _("Next"), ":material/arrow_forward:", enter, number + 1, kind=kind)
        if is_over and number == len(SCENES):
            _way("leave", _("Finish"), ":material/check:", leave, kind="primary")
        else:
            _way("leave", _("Leave"), ":material/close:", leave, kind="tertiary")


def _elsewhere(number: int) -> None:
    """Say that the experiment on screen is another one, and offer the scene's."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(_("This is another experiment than that of the scene."), width="content")
        _way("again", _("Set up the scene"), ":material/replay:", enter, number)


def _is_set_up(scene: Scene) -> bool:
    """Whether the experiment on screen is the scene's."""
    said, wanted = state.viewer().shown.values(), scene.config.values()
    own = ("text",) if scene.own_text else ()
    is_same = all(said[name] == wanted[name] for name in wanted if name not in own)
    return is_same and (not scene.race or state.session().beside == scene.beside)


def _after(scene: Scene) -> str:
    """The name of the words that tell what has happened."""
    return f"{scene.name}-plain" if scene.own_text and not needs_memory(state.viewer()) else scene.name


def _question(scene: Scene, ended: int | None) -> None:
    """Ask; once answered, say what was guessed, and in the end whether it was right."""
    asked, viewer = script.question(scene.name), state.viewer()
    guesses, about = (
        state.session().guesses,
        f"{scene.name} {viewer.config.text.text if scene.own_text else ''}",
    )
    guess = guesses.get(about)
    if ended is not None:
        if guess is not None and guess < len(asked.answers):
            right = asked.right if asked.right is not None else int(not needs_memory(viewer))
            told = (
                _("You guessed: {guess}. Right!")
                if guess == right
                else _("You guessed: {guess}. It came otherwise:")
            )
            st.caption(told.format(guess=asked.answers[guess]))
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"**{asked.text}** {asked.explained}", width="content")
        for place, answer in enumerate(asked.answers):
            st.button(
                answer,
                key=f"tour_guess_{place}",
                type="primary" if guess == place else "secondary",
                on_click=actions.ask,
                args=(_guess, about, place),
            )
        if guess is not None and not viewer.playing:
            st.caption(_("Now press Play, and see. It stops by itself."), width="content")


def _guess(about: str, place: int) -> None:
    """Action: remember a guess."""
    state.session().guesses[about] = place


def _own_text() -> None:
    """A field for a text of one's own."""
    if not state.has(TYPED):
        state.set_values(**{TYPED: ""})
    st.text_input(
        _("Your word"),
        key=TYPED,
        placeholder=state.viewer().config.text.text,
        on_change=actions.ask,
        args=(_take_text,),
        max_chars=60,
        width=320,
    )
    complain(state.notice("text"))


def _take_text() -> None:
    """Action: train on what was typed."""
    typed = state.value(TYPED)
    if isinstance(typed, str) and typed.strip():
        state.set_values(text=typed.strip())


def _way(
    name: str, label: str, icon: str, action: actions.Action, *given: int, kind: str = "secondary"
) -> None:
    st.button(
        label,
        key=f"tour_{name}",
        icon=icon,
        type=kind,  # pyright: ignore[reportArgumentType]
        on_click=actions.ask,
        args=(action, *given),
    )
