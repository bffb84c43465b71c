"""Tags for a sentence as a whole, beside those of recurrent networks."""

import pandas as pd
import streamlit as st

from playground.figures.axes import percent
from playground.figures.grid import Grid, grid
from playground.figures.tags import tag_chances
from playground.models.crf import CRFConfig
from playground.refusal import Refusal
from playground.studies.taggers import MODELS, Sentenced, TaggerSettings, TaggerStudy, sentences
from playground.tasks.fields import LANGUAGES
from playground.tasks.tagging import Tagging
from playground.ui import apart, lesson, picture, progress, state, widgets
from playground.ui.complaints import complain
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.shapes.kinds import MAX_CHARACTERS
from playground.ui.shapes.samples import sample
from playground.ui.words import N_, _, language

NAMES = {
    "crf": N_("CRF"),
    "forward": N_("network, forwards"),
    "both": N_("network, both ways"),
}


def show() -> None:
    """Draw the panel."""
    apart.put_away()
    lesson.opening("before", "crf")
    task = _sentences()
    st.caption(lesson.named("before", f"tags-{state.shown().chosen['decides']}")[1])
    settings = _settings()
    if task is not None:
        _study(settings, task)
    apart.say()


def _sentences() -> Sentenced | None:
    """The choice of sentences; None, and one sentence says why, where the reader's own cannot be used."""
    lines = ""
    with widgets.row():
        decides = widgets.segments("decides")
        spoken = state.one_of("language", LANGUAGES, default=language())
        if decides != "own":
            spoken = widgets.segments("language", LANGUAGES)
    if decides == "own":
        usual = state.following("lines", sample("each step", language()))
        state.mount(state.key("lines"), ())
        lines = st.text_area(
            widgets.label("lines"),
            key=state.key("lines"),
            persist_state="session",
            height=180,
            max_chars=MAX_CHARACTERS,
            help=_("A tag after every word, as in light/noun; the words apart by spaces."),
        )
        widgets.complaint("lines")
        lines = usual if lines is None else lines
    try:
        return state.remembered("tagged", (decides, spoken, lines), lambda: sentences(decides, spoken, lines))
    except Refusal as refusal:
        complain(refusal, state.session().page)
        return None


def _settings() -> TaggerSettings:
    """What the CRF reads, and what the networks are made of."""
    with widgets.row():
        neighbours = widgets.slider("crf_neighbours", 1, width=190)
        with st.container(width=190):
            penalty = widgets.number("crf_penalty")
        cell = widgets.select("tagger_cell", width=160)
        units = widgets.slider("tagger_hidden_size", 1, width=190)
        with st.container(width=150):
            seed = widgets.number("tagger_seed") or 0
    crf = CRFConfig(neighbours, CRFConfig().penalty if penalty is None else penalty)
    return TaggerSettings(crf, cell, units, seed)


@st.fragment
def _study(settings: TaggerSettings, task: Sentenced) -> None:
    """Three taggers learn the sentences, one after the other."""
    job = progress.job(
        "taggers",
        (settings, task),
        lambda: TaggerStudy(settings, task),
        _("The CRF and two networks learn the same sentences …"),
    )
    if job is None or (table := job.work.frame()).empty:
        return
    study = job.work
    _scores(study, table)
    lesson.heading("before", "tags-sentence")
    lesson.text("before", "tags-sentence")
    column = _sentence(study)
    asked = study.sentence(column)
    figure = tag_chances(_named(study.marginals(column), task), _named(asked, task), look())
    title = _("Probability of every tag of every word")
    picture.show((figure, _titled(_named(asked, task))), name="tags", title=title, file="tags")
    left, right = st.columns(2, gap="large")
    with left:
        lesson.note("before", "tags-weights")
        weights = _named(study.transitions(_("beginning"), _("end")), task)
        figure = grid(weights, look(), Grid("before", "after", "weight"))
        title = _("The CRF’s weights from tag to tag")
        picture.show((figure, weights), name="tag_weights", title=title, file="tag-weights")
    with right:
        lesson.note("before", "tags-words")
        words = _titled(_named(study.words(), task))
        title = _("Who has which word right")
        picture.show((None, words), name="tag_words", title=title, file="tag-words")


def _scores(study: TaggerStudy, table: pd.DataFrame) -> None:
    """How many words each has right, and what that takes."""
    if not study.task.disjoint:
        st.caption(_("There are too few sentences to hold any out: those that were learned are judged."))
    for place, row in zip(st.columns(len(MODELS)), table.to_dict("records"), strict=False):
        place.metric(
            _("{model}: words right").format(model=_(NAMES[row["model"]])),
            _("{right:,} of {n:,}").format(right=row["right"], n=row["n"]),
            f"{percent(row['right'] / row['n'])} %",
            delta_color="off",
            delta_arrow="off",
            help=_("It has learned {numbers:,} numbers.").format(numbers=row["numbers"]),
        )
    said = [_("always the most frequent tag: {share} %").format(share=percent(study.usual))]
    if isinstance(study.task, Tagging):
        forward = percent(study.task.forward_ceiling)
        said.append(_("nobody who reads forwards only gets above {share} %").format(share=forward))
    st.caption(" · ".join(said))
    if set(table["model"]) >= {"crf", "forward"}:
        headline.say(_verdict(study))


def _verdict(study: TaggerStudy) -> str:
    """What the CRF has right that the network that reads forwards has wrong, and the other way round."""
    beats, loses = study.differences("crf", "forward")
    if not beats + loses:
        return _("The CRF and the network that reads forwards are right at the same words")
    return _(
        "Words that the CRF has right and the network that reads forwards has wrong: {beats:,}; the other way round: "
        "{loses:,}"
    ).format(beats=beats, loses=loses)


def _sentence(study: TaggerStudy) -> int:
    """The place of the sentence that is looked at, among those judged."""
    count = study.held_out.words.shape[1]
    chosen = state.fitted("sentence", 1, count, default=1)
    if count > 1:
        with st.container(width=200):
            chosen = widgets.number("sentence") or chosen
    return min(chosen, count) - 1


def _named(table: pd.DataFrame, task: Sentenced) -> pd.DataFrame:
    """The same table with tags in the reader's language, where they are words of ours."""
    if not task.named:
        return table
    columns = {"tag", "before", "after", *MODELS} & set(table.select_dtypes(exclude="number").columns)
    return table.assign(**{name: table[name].map(_) for name in columns})


def _titled(table: pd.DataFrame) -> pd.DataFrame:
    """A table with headings for people."""
    names = {"t": "t", "word": _("word"), "tag": _("right tag"), "n": _("how often"), "model": _("model")}
    for name, word in NAMES.items():
        names |= {name: _(word), f"{name}_p": _("{model}: probability").format(model=_(word))}
    return table.rename(columns=names)
