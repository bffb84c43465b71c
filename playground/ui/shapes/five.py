"""Five shapes, one network: it learns a task of one of them, and the picture shows where inputs and losses stand."""

import streamlit as st

from playground.studies.lesson_run import LessonRun
from playground.studies.lessons import Lesson
from playground.ui import apart
from playground.ui import lesson as words
from playground.ui.shapes import chosen, picture, results
from playground.ui.shapes.learned import learned
from playground.ui.words import _


def show() -> None:
    """Draw the choice of a lesson, its picture, and its results."""
    apart.put_away()
    words.opening("shapes", "five")
    # What comes below keeps its place, whatever there is to choose: the picture goes on where the last one was.
    with st.container():
        made = chosen.choose()
    if made is not None:
        _lesson(*made)
    apart.say()


@st.fragment
def _lesson(lesson: Lesson, column: int) -> None:
    """It is learned by itself; column: of the held-out examples, from 0."""

    def draw(run: LessonRun) -> None:
        draw_lesson(run, lesson, column)

    run = learned(lesson, draw)
    if run is not None:
        draw(run)
        words.note("shapes", lesson.task.shape)
        network, signature = lesson.config.network, lesson.task.signature
        if network.bidirectional and lesson.task.shape == "many-to-one" and signature.readout == "each":
            st.caption(
                _(
                    "At the last timestep, what reads backwards has read the last symbol only: with the last state "
                    "read out, the highest layer tells nothing more in that direction."
                )
            )
        results.show(run)


def draw_lesson(
    run: LessonRun, lesson: Lesson, column: int, *, back: bool = False, key: str = "lesson_picture"
) -> None:
    """The picture of what is recorded so far."""
    picture.draw(
        run.frames_of(column),
        lesson.task,
        lesson.config.network,
        key=key,
        name=f"{hash((lesson, column)):x}",
        back=back,
        feeds_itself=lesson.feeds_itself,
    )
