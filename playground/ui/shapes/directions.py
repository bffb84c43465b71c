"""Two directions: where a later word decides, who reads both is right; where the next one is asked for, it peeks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.by_word import by_word, sentences
from playground.analysis.floors import SAME, distinct_floors
from playground.config import NetworkConfig, TaskConfig, TextConfig, TrainingConfig
from playground.figures import directions as figures
from playground.figures import peeking as leaks
from playground.figures.axes import number, percent
from playground.presets import PRESETS
from playground.studies.lessons import Lesson
from playground.studies.peeking import BOTH, FORWARD, SO_FAR, Peeking, Written
from playground.studies.side_by_side import SideBySide
from playground.tasks.ceilings import ceiling
from playground.ui import apart, progress, state, widgets
from playground.ui import lesson as words
from playground.ui import picture as pictures
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.shapes import chosen, picture
from playground.ui.shapes.five import draw_lesson
from playground.ui.shapes.results import said
from playground.ui.words import N_, _, plain

NAMES = {FORWARD: N_("Forwards only"), BOTH: N_("Both directions")}
VERSE = "Tyger (Blake)"  # the ready-made text that is longer than a word
LEAK = NetworkConfig("rnn", 16)
LEAK_TRAINING = TrainingConfig("adam", 0.01)
LEAK_UPDATES = 500  # with 300 the network that reads forwards may be stuck far above what it can reach
DIGITS = 5  # of a perplexity near 1
HEADS = {
    "example": N_("example"),
    "t": N_("timestep t"),
    "word": N_("word"),
    "asked": N_("asked"),
    FORWARD: N_("answered, forwards only"),
    BOTH: N_("answered, both directions"),
}


def show() -> None:
    """Draw one direction beside two on tags, then the mistake."""
    apart.put_away(reads_text=_reads_text())
    words.opening("shapes", "directions")
    made = chosen.choose("each step", chosen.plain_network)
    if made is not None:
        _beside(*made)
    words.heading("shapes", "leak")
    words.text("shapes", "leak")
    _leak(_leak_text(), state.whole(state.key("seed")) or 0)
    if not _reads_text():
        apart.say()


# Tags


@st.fragment
def _beside(lesson: Lesson, column: int) -> None:
    """Both learn from one seed, in turns."""
    network = lesson.config.network
    two = replace(lesson, config=replace(lesson.config, network=replace(network, bidirectional=True)))
    lessons = {FORWARD: lesson, BOTH: two}

    def draw(work: SideBySide) -> None:
        for (name, run), place in zip(work.runs.items(), st.columns(2, gap="medium"), strict=True):
            with place:
                st.markdown(f"**{_(NAMES[name])}**")
                draw_lesson(run, lessons[name], column, key=f"shape_{name}")

    job = progress.job(
        "directions",
        tuple(lessons.items()),
        lambda: SideBySide({name: each.run() for name, each in lessons.items()}),
        _("Learning …"),
        live=draw,
    )
    if job is None or not all(run.frames for run in job.work.runs.values()):
        return
    reached = ceiling(lesson.task.held_out(), "past")
    headline.say(_title(job.work, reached))
    draw(job.work)
    _measured(job.work, reached)


def _title(work: SideBySide, reached: float) -> str:
    """How far both came, beside what can be reached by who reads forwards."""
    successes = {}
    for name, run in work.runs.items():
        results = run.results()
        assert results is not None
        successes[name] = results.success
    return _(
        "Forwards only: {forward} % of {n} tags right; nobody who reads forwards gets beyond {ceiling} %. "
        "In both directions: {both} %."
    ).format(
        forward=percent(successes[FORWARD].values[0]),
        n=f"{successes[FORWARD].n:,}",
        ceiling=percent(reached),
        both=percent(successes[BOTH].values[0]),
    )


def _measured(work: SideBySide, reached: float) -> None:
    """How both went on, who answers which word right, and where their answers differ."""
    task = work.runs[FORWARD].task
    curve = pd.concat(
        [run.curve().assign(variant=name) for name, run in work.runs.items()], ignore_index=True
    )
    answered = {}
    for name, run in work.runs.items():
        results = run.results()
        assert results is not None
        answered[name] = results.examples
    of_words = by_word(task.held_out(), answered)
    left, right = st.columns([2, 3], gap="large")
    with left:
        pictures.show(
            (figures.success_beside(curve, look(), ceiling=reached, is_held_out=task.disjoint), curve),
            name="directions_curve",
            title=_("Held-out tags while learning, in one direction and in both")
            if task.disjoint
            else _("All tags while learning, in one direction and in both"),
            file="shapes-directions",
        )
    with right:
        pictures.show(
            (figures.by_word(of_words, look()), of_words),
            name="directions_words",
            title=_("Who answers which word right"),
            file="shapes-words",
        )
    table = sentences(answered)
    for name in ("asked", *answered):
        table[name] = table[name].map(lambda text: said(task, text))
    differ = table.loc[table[FORWARD] != table[BOTH]]
    st.markdown(
        _("**Where their answers differ**: {count:,} of {all:,} words.").format(
            count=len(differ), all=len(table)
        )
    )
    if len(differ):
        shown = pictures.harmless(differ)
        st.dataframe(
            shown, hide_index=True, height="auto", column_config={name: _(HEADS[name]) for name in HEADS}
        )
    pictures.download(table, name="directions_answers", file="shapes-answers")


# The leak


def _leak_text() -> TextConfig:
    """The text of the Train page, or a verse, where there is more to write."""
    with widgets.row():
        widgets.segments("leak_text")
    if _reads_text():
        st.caption(_("Of your experiment only this text is read, from the top of the page."))
        return state.viewer().config.text
    preset = PRESETS[VERSE]
    return TextConfig(preset.text, preset.tokens, preset.bos, preset.eos)


def _reads_text() -> bool:
    """Whether the networks that peek learn the text of the experiment."""
    return state.value(state.key("leak_text")) == "text"


@st.fragment
def _leak(text: TextConfig, seed: int) -> None:
    """A language model in one direction and one in both learn the text from one seed."""
    config = TaskConfig(LEAK, LEAK_TRAINING, seed)

    def draw(work: Peeking, t: int = 0) -> None:
        run = work.runs[BOTH]
        window = int(work.task.held_out().mask[:, 0, 0].sum())
        lit = picture.leak(min(t, window - 2), LEAK.layers) if window > 1 else ()
        picture.draw(
            run.frames,
            work.task,
            run.config.network,
            key="shape_leak",
            name=f"{hash((text, seed)):x}",
            lit=lit,
        )

    job = progress.job(
        "peeking",
        (config, text, LEAK_UPDATES),
        lambda: Peeking(config, text, updates=LEAK_UPDATES),
        _("Learning …"),
        live=draw,
    )
    if job is None or not job.work.runs[BOTH].frames:
        return
    work = job.work
    st.caption(
        _(
            "RNN, {hidden} units in each direction, Adam, learning rate 0.01, {updates} updates, seed {seed}."
        ).format(hidden=LEAK.hidden_size, updates=LEAK_UPDATES, seed=seed)
    )
    recorded = tuple(len(run.frames) for run in work.runs.values())
    places = state.remembered("leak", (config, text, recorded), work.places)
    t = _most_leaking(places)
    if job.state == "done":
        headline.say(_leak_title(work, places, t))
    draw(work, t)
    if job.state == "done":
        _leak_measured(work, places)


def _most_leaking(places: pd.DataFrame) -> int:
    """The timestep, from 0, whose answer loses most when the next symbol is not there; it has one that is read."""
    lost = (places[BOTH] - places[SO_FAR]).to_numpy()[:-1]
    return int(np.argmax(lost)) if len(lost) else 0


def _leak_title(work: Peeking, places: pd.DataFrame, t: int) -> str:
    """What the network in both directions reaches, and what is left of it where nothing comes next."""
    both, so_far = work.last(BOTH), work.last(SO_FAR)
    assert both is not None and so_far is not None
    place = places.iloc[t]
    before, after = (percent(float(place[variant])) for variant in (BOTH, SO_FAR))
    if not place[SO_FAR] < place[BOTH] or before == after:
        return _("Reading the answer: perplexity {both}. With only what is there so far: {so_far}.").format(
            both=number(both, DIGITS), so_far=number(so_far, DIGITS)
        )
    return _(
        "Reading the answer: perplexity {both}. With only what is there so far: {so_far}. At t = {t} the "
        "probability of {symbol} falls from {before} % to {after} %."
    ).format(
        both=number(both, DIGITS),
        so_far=number(so_far, DIGITS),
        t=t + 1,
        symbol=plain(str(place["target"])),
        before=before,
        after=after,
    )


def _leak_measured(work: Peeking, places: pd.DataFrame) -> None:
    """Perplexities, what both write, and every symbol's probability."""
    columns = st.columns(3)
    for column, (variant, text) in zip(
        columns,
        (
            (FORWARD, _("perplexity, forwards only")),
            (BOTH, _("perplexity, both directions, the answer is read")),
            (SO_FAR, _("perplexity, both directions, only what is there so far")),
        ),
        strict=True,
    ):
        perplexity = work.last(variant)
        assert perplexity is not None
        column.metric(text, number(perplexity, DIGITS))
    st.caption(_("Measured on {count:,} symbols of the text.").format(count=work.measured))
    left, right = st.columns(2, gap="large")
    for column, name in zip((left, right), (FORWARD, BOTH), strict=True):
        with column:
            _written(name, work.written[name])
    if work.written[BOTH].right == work.written[BOTH].count > 0:
        st.caption(
            _(
                "This text it can still write: its symbols are told well enough by those before. Try the verse."
            )
        )
    words.note("shapes", "leak-why")
    table, lowest = work.frame(), distinct_floors(work.task.corpus)[-1].perplexity
    left, right = st.columns(2, gap="large")
    with left:
        pictures.show(
            (leaks.perplexities(table, look(), floor=lowest if lowest > 1 + SAME else None), table),
            name="leak_curve",
            title=_("Perplexity while learning, as it is trained and as it writes"),
            file="shapes-leak",
        )
    with right:
        pictures.show(
            (leaks.chances(places, look()), places),
            name="leak_places",
            title=_("Probability of the right next symbol at every timestep"),
            file="shapes-leak-timesteps",
        )


def _written(name: str, written: Written) -> None:
    """What one of them writes, after what it was given."""
    st.markdown(
        _("**{name}** writes ({right} of {count} symbols as in the text):").format(
            name=_(NAMES[name]), right=written.right, count=written.count
        )
    )
    st.code(f"{written.given}│{written.made}", language=None, wrap_lines=True)
