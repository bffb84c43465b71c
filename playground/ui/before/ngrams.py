"""n-grams: what was counted, what follows a context, how thin it all is, and what it takes to keep."""

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.before import (
    context_label,
    counts_frame,
    sparsity_in_pieces,
    storage_frame,
    unseen_context,
)
from playground.corpus import Corpus
from playground.figures import ngrams as figures
from playground.figures.axes import number, percent
from playground.figures.before import storage
from playground.models.ngram import NGram, NGramConfig
from playground.models.window import WindowConfig
from playground.pieces import SMALL_BYTES
from playground.refusal import Refusal
from playground.studies.before import COUNTED
from playground.ui import lesson, picture, progress, state, widgets
from playground.ui.before import chosen
from playground.ui.fields import sentence
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.words import _, plain

CONTEXTS = 24  # that are drawn


def show() -> None:
    """Draw the choices of an n-gram model, its counts, one context, and what more symbols cost."""
    lesson.opening("before", "ngram")
    with widgets.row():
        widgets.slider("ngram_order", 1, width=190)
        if widgets.select("ngram_smoothing", width=190) == "add":
            with st.container(width=190):
                widgets.number("ngram_alpha")
        quantity = widgets.segments("counted")
    model = _model()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _counts(model, "count" if quantity == "counts" else "probability")
    with right:
        _asked(model)
    lesson.heading("before", "sparsity")
    lesson.text("before", "sparsity")
    left, right = st.columns(2, gap="large")
    with left:
        _sparsity()
    with right:
        _storage()


def _model() -> NGram:
    """The counts of the text, and chances made of them."""
    corpus, config = chosen.corpus(), chosen.made(NGramConfig, "ngram_")

    def make() -> NGram:
        with state.viewer().turn():
            return NGram(config, corpus.windows, len(corpus.vocabulary))

    return state.remembered("before ngram", (corpus.config, config), make)


def _counts(model: NGram, quantity: str) -> None:
    """The most frequent contexts, and what followed them."""
    corpus = chosen.corpus()
    table = counts_frame(model, corpus.labels, contexts=CONTEXTS)
    contexts = len(model.counted[-1].contexts)
    blank = float(np.mean(table["count"].to_numpy() == 0))
    headline.say(
        _(
            "Contexts: {contexts:,}. Counts kept: {kept:,}. Of the cells below {share} % were never seen."
        ).format(contexts=contexts, kept=model.parameter_count, share=percent(blank))
    )
    picture.show(
        (figures.count_map(table, look(), quantity=quantity), table),
        name="counts",
        title=_("How often each symbol followed each context"),
        file="ngram-counts",
    )
    if contexts > CONTEXTS:
        st.caption(
            _("Shown are the {shown} contexts that come most often, of {of:,}.").format(
                shown=CONTEXTS, of=contexts
            )
        )
    if model.memory:
        st.caption(_("⊢ stands where a line or window begins: nothing is before it."))


def _asked(model: NGram) -> None:
    """What follows a context that the reader types."""
    corpus = chosen.corpus()
    lesson.note("before", "asked")
    first = corpus.decode(corpus.windows[0][: max(1, model.memory)])
    typed = widgets.text("asked", placeholder=first, width=320)
    _offer_unseen(model, corpus)
    ids = corpus.windows[0][: max(1, model.memory)]
    if typed:
        try:
            ids = corpus.encode(typed, "asked")
        except Refusal as refusal:
            st.error(sentence(refusal, state.session().page), icon=":material/error:")
            return
    _answer(model, corpus, ids)


def _offer_unseen(model: NGram, corpus: Corpus) -> None:
    """A button for a context that never stood in the text, if there is one that can be typed."""
    special = {i for i in (corpus.bos_id, corpus.eos_id) if i is not None}
    unseen = unseen_context(model.counted, without=special)
    text = "" if unseen is None else corpus.decode(unseen)
    st.button(
        _("A context that was never seen"),
        key="ask_unseen",
        icon=":material/search_off:",
        disabled=unseen is None,
        on_click=state.set_values,
        kwargs=state.keyed(asked=text),
    )


def _answer(model: NGram, corpus: Corpus, ids: tuple[int, ...]) -> None:
    """How often a context was seen, and the odds after it."""
    answer = model.answer(ids)
    recent = ids[max(0, len(ids) - model.memory) :]
    name = context_label((-1,) * (model.memory > len(recent)) + recent, corpus.labels)
    st.markdown(_said(model, name, int(answer.counts.sum()), answer.known))
    table = _table(corpus, answer.counts.tolist(), answer.probabilities.tolist())
    picture.show(
        (figures.answer(table, look()), table),
        name="answer",
        title=_("The odds of what comes next"),
        file="ngram-answer",
    )


def _said(model: NGram, name: str, seen: int, known: int) -> str:
    """What is known of a context, in one sentence."""
    values = {"context": plain(name), "seen": seen, "known": known, "size": model.vocabulary_size}
    if not model.memory:
        text = _("n = 1 looks back at nothing: these are the odds after anything.")
    elif seen == 1:
        text = _("**{context}** was seen once. The number above a bar is a count.")
    elif seen:
        text = _("**{context}** was seen {seen:,} times. The numbers above the bars are counts.")
    elif model.config.smoothing == "add":
        text = _("**{context}** was never seen with anything after it: all {size} symbols get the same odds.")
    elif known > 1:
        text = _(
            "**{context}** was never seen with anything after it: it backs off to its last {known} symbols."
        )
    elif known:
        text = _("**{context}** was never seen with anything after it: it backs off to its last symbol.")
    else:
        text = _(
            "**{context}** was never seen with anything after it: it backs off to how often each symbol comes."
        )
    return text.format(**values)


def _table(corpus: Corpus, counts: list[float], chances: list[float]) -> pd.DataFrame:
    """A row for every symbol."""
    return pd.DataFrame({"symbol": corpus.labels, "count": [int(n) for n in counts], "probability": chances})


def _sparsity() -> None:
    """How few of the contexts say anything."""
    corpus = chosen.corpus()
    table = progress.computed(
        "sparsity",
        corpus.config,
        lambda: sparsity_in_pieces(corpus),
        _("Computing …"),
        needs=SMALL_BYTES + 2 * COUNTED * corpus.predictions,
    )
    last = table.iloc[-1]
    headline.say(
        _("At n = 5, {once} % of the contexts in the text were seen only once.").format(
            once=percent(last["once"])
        )
    )
    picture.show(
        (figures.sparsity(table, look()), table),
        name="sparsity",
        title=_("Contexts that say little, against n"),
        file="ngram-sparsity",
    )


def _storage() -> None:
    """What n-grams have to keep, beside the weights of networks."""
    corpus, recurrent = chosen.corpus(), chosen.recurrent_parameters()
    window = chosen.made(WindowConfig, "window_")
    key = corpus.config, window, recurrent
    table = state.remembered("before storage", key, lambda: storage_frame(corpus, window, recurrent))
    most = table.loc[table["model"] == "table", "numbers"].max()
    headline.say(
        _(
            "{table} counts are thinkable for n = 5; the recurrent network has {count:,} weights, whatever it sees."
        ).format(table=number(float(most)), count=recurrent)
    )
    picture.show(
        (storage(table, look()), table),
        name="storage",
        title=_("Numbers kept, against what is seen"),
        file="before-storage",
    )
