"""Sentence embedding: the state in which each line ends, as a point on a map that moves while it is learned."""

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.embedding import Embedding, same_class
from playground.figures.axes import percent
from playground.figures.embedding import Maps, embedding_map
from playground.refusal import Refusal
from playground.studies.lessons import Lesson
from playground.studies.maps import SentenceMaps, Typed
from playground.ui import apart, progress, state, widgets
from playground.ui import lesson as words
from playground.ui import picture as pictures
from playground.ui.complaints import complain
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.shapes import chosen
from playground.ui.shapes.learned import recorded_step
from playground.ui.shapes.results import said
from playground.ui.words import N_, _, plain

NEAREST = 8  # lines that are listed
TYPED = "typed"  # the choice
HEADS = {
    "text": N_("line"),
    "asked": N_("class"),
    "cosine": N_("cosine"),
    "held_out": N_("held out"),
}


def show() -> None:
    """Draw the choice of lines, their map, and what is near to one of them or to one more."""
    apart.put_away()
    words.opening("shapes", "embedding")
    made = chosen.choose("many-to-one", chosen.plain_network, has_readout=False, has_example=False)
    if made is not None:
        _map(made[0])
    apart.say()


@st.fragment
def _map(lesson: Lesson) -> None:
    """The lines move while they are learned; then any recorded step can be looked at."""

    def draw(work: SentenceMaps) -> None:
        if work.steps:
            _draw(work, work.embedding(), len(work.steps) - 1, None)

    job = progress.job("sentence maps", lesson, lambda: SentenceMaps(lesson), _("Learning …"), live=draw)
    if job is None or not job.work.steps:
        return
    work = job.work
    embedding = state.remembered("embedding", (lesson, work.steps), work.embedding)
    with widgets.row():
        at = recorded_step(embedding.steps)
        text = _typed_text()
    typed = _read(work, lesson, text)
    headline.say(_title(work, embedding, at))
    if len(work.lines) < work.count:
        st.caption(
            _(
                "The map has {shown:,} of the {count:,} lines, taken evenly; all numbers here are of those."
            ).format(shown=len(work.lines), count=work.count)
        )
    figure, table = st.columns([4, 3], gap="large")
    with figure:
        _draw(work, embedding, at, None if typed is None else (text, typed))
    with table:
        _near(work, embedding, at, text, typed)


def _typed_text() -> str:
    """Draw the field for one more line."""
    state.mount(state.key(TYPED), ())
    with st.container(width=340):
        return st.text_input(
            widgets.label(TYPED), key=state.key(TYPED), persist_state="session", max_chars=200
        ).strip()


def _read(work: SentenceMaps, lesson: Lesson, text: str) -> Typed | None:
    """The line that was typed, as the network reads it; None if there is none, or it is said why not."""
    widgets.complaint(TYPED)
    if not text:
        return None
    try:
        return state.remembered("typed line", (lesson, work.steps, text), lambda: work.read(text, TYPED))
    except Refusal as refusal:
        complain(refusal, state.session().page)
        return None


def _title(work: SentenceMaps, embedding: Embedding, at: int) -> str:
    """How many answers are right, and how many lines have their like as the nearest one."""
    classes = np.array([line.asked for line in work.lines], dtype=object)
    right = work.right(at)
    held = np.array([line.is_held_out for line in work.lines])
    sentence = (
        _(
            "At step {step:,}, {right} % of the {count:,} lines that are trained on are answered right and "
            "{held_out} % of the {others:,} held-out ones; of {same} % of all the nearest other line is of the same "
            "class. Before any update that was so of {before} %."
        )
        if held.any()
        else _(
            "At step {step:,}, {right} % of the {count:,} lines are answered right, all of them trained on; of {same} "
            "% the nearest other line is of the same class. Before any update that was so of {before} %."
        )
    )
    return sentence.format(
        step=embedding.steps[at],
        right=percent(float(right[~held].mean())),
        count=int((~held).sum()),
        held_out=percent(float(right[held].mean())) if held.any() else "",
        others=int(held.sum()),
        same=percent(same_class(embedding, at, classes)),
        before=percent(same_class(embedding, 0, classes)),
    )


def _draw(work: SentenceMaps, embedding: Embedding, at: int, typed: tuple[str, Typed] | None) -> None:
    """The map of a step, which can be played from the first one on."""
    task, lines = work.task, work.lines
    star = None
    if typed is not None:
        text, read = typed
        places = [embedding.place(place, state_) for place, state_ in enumerate(read.states)]
        star = text, np.stack(places)
    maps = Maps(
        embedding.steps,
        embedding.points,
        embedding.shares,
        [line.text for line in lines],
        [said(task, line.asked) for line in lines],
        np.array([line.is_held_out for line in lines]),
        star,
    )
    table = pd.DataFrame(
        {
            "step": embedding.steps[at],
            "text": maps.texts,
            "asked": maps.classes,
            "held_out": maps.is_held_out,
            "right": work.right(at),
            "x": embedding.points[at][:, 0],
            "y": embedding.points[at][:, 1],
        }
    )
    pictures.show(
        (embedding_map(maps, look(), at=at), table),
        name="sentence_map",
        title=_("Map of the last hidden states"),
        file="shapes-embedding",
    )


def _near(work: SentenceMaps, embedding: Embedding, at: int, text: str, typed: Typed | None) -> None:
    """The nearest lines to the one that was typed, else to a chosen one."""
    lines = work.lines
    if typed is None:
        chosen_line = state.fitted("near", 1, len(lines), default=1) - 1
        numbers = range(1, len(lines) + 1)
        chosen_line = (
            widgets.select("near", numbers, width=340, drawn=lambda each: lines[each - 1].text) or 1
        ) - 1
        near = embedding.nearest(at, embedding.states[at][chosen_line], count=NEAREST, but=chosen_line)
        st.markdown(_("**Nearest lines** to “{text}”").format(text=plain(lines[chosen_line].text)))
    else:
        near = embedding.nearest(at, typed.states[at], count=NEAREST)
        st.markdown(_("**Nearest lines** to “{text}”").format(text=plain(text)))
    found = [lines[place] for place in near["number"]]
    table = pd.DataFrame(
        {
            "text": [line.text for line in found],
            "asked": [said(work.task, line.asked) for line in found],
            "cosine": near["cosine"],
            "held_out": [line.is_held_out for line in found],
        }
    )
    st.dataframe(
        pictures.harmless(table).style.format({"cosine": "{:.5f}"}),
        hide_index=True,
        column_config={name: _(HEADS[name]) for name in HEADS},
    )
    if typed is not None:
        place = int(typed.odds[at].argmax())
        st.markdown(
            _("The network takes it for **{answer}**, with a probability of {share} %.").format(
                answer=plain(said(work.task, typed.classes[place])),
                share=percent(float(typed.odds[at][place])),
            )
        )
