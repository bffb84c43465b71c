"""A bag of symbols: shuffled letters make no difference to it, and do to a recurrent network."""

import math

import pandas as pd
import streamlit as st

from playground.corpus import Corpus
from playground.figures.axes import number, percent
from playground.figures.learning import Level, learning_curve
from playground.figures.odds import odds_by_order
from playground.models.bag import BagConfig
from playground.refusal import Refusal
from playground.studies.bags import BagStudy, moved, odds, reordered
from playground.ui import lesson, picture, progress, state, widgets
from playground.ui.before import beside, chosen
from playground.ui.before.levels import of_floors
from playground.ui.complaints import complain
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.words import _, plain

FLOORS = 3  # of the text, for k = 0, 1, …
FIRST = 5  # symbols of the text that are shuffled until the reader types others
LARGEST_ORDER = 2**31 - 1


def show() -> None:
    """Draw the panel."""
    lesson.opening("before", "bag")
    with widgets.row():
        widgets.slider("bag_hidden_size", 1, width=190)
        widgets.select("bag_optimizer", width=150)
        for name in ("bag_learning_rate", "bag_seed", "updates"):
            with st.container(width=150):
                widgets.number(name)
    _learned(chosen.made(BagConfig, "bag_"), state.shown().chosen["updates"])


@st.fragment
def _learned(config: BagConfig, updates: int) -> None:
    """The bag while it learns, and what an order changes once it has."""
    corpus = chosen.corpus()
    job = progress.job(
        "bag",
        (corpus.config, config, updates),
        lambda: BagStudy(config, corpus, updates),
        _("Training the bag …"),
    )
    if job is None or (table := job.work.frame()).empty:
        return
    study = job.work
    left, right = st.columns([3, 2], gap="large")
    with left:
        headline.say(_reached(study, table))
        figure = learning_curve(table, look(), colour="i", levels=_levels(study, corpus))
        title = _("Perplexity of the bag while it learns")
        picture.show((figure, table), name="bag_curve", title=title, file="bag")
    with right:
        st.metric(_("numbers that it learns"), f"{study.trainer.model.parameter_count:,}")
        lesson.note("before", "bag-floor")
    lesson.heading("before", "shuffle")
    lesson.text("before", "shuffle")
    _shuffled(study, corpus)


def _reached(study: BagStudy, table: pd.DataFrame) -> str:
    """How far it has come, beside the least that is possible for a bag."""
    reached = table["perplexity"].to_list()[-1]
    if study.floor is None or not math.isfinite(reached):
        return _("Perplexity on the text: {value}").format(value=number(reached))
    return _("Perplexity on the text: {value}; no bag gets below {floor}").format(
        value=number(reached), floor=number(study.floor)
    )


def _levels(study: BagStudy, corpus: Corpus) -> list[Level]:
    """The floor of bags, and those of who sees the last few symbols in their order."""
    if study.floor is None:
        return of_floors(corpus, FLOORS)
    name = look().words["bag_floor"].format(value=number(study.floor))
    return [Level(name, study.floor, "selected"), *of_floors(corpus, FLOORS)]


def _shuffled(study: BagStudy, corpus: Corpus) -> None:
    """The odds after some symbols in two orders, of the bag and of the reader's network."""
    network = beside.choose()
    with widgets.row():
        typed = _typed(corpus)
        with st.container(width=170):
            order = widgets.number("order") or 0
        st.button(
            _("Shuffle again"),
            key="shuffle",
            icon=":material/shuffle:",
            on_click=state.set_values,
            kwargs=state.keyed(order=(order + 1) % LARGEST_ORDER),
        )
    try:
        ids = corpus.encode(typed, "beginning")
    except Refusal as refusal:
        complain(refusal, state.session().page)
        return
    free = ids[1:] if corpus.bos_id is not None else ids  # BOS stands where it stands
    other = (*ids[: len(ids) - len(free)], *reordered(free, order))
    if other == ids:
        st.info(_("These symbols have no other order; use two different ones."), icon=":material/info:")
        return
    both = _("As it was read: {typed}  \nShuffled: {shuffled}")
    st.markdown(both.format(typed=_drawn(corpus, ids), shuffled=_drawn(corpus, other)))
    models = {"bag": study.trainer.model, "recurrent": network.model}
    table = odds(models, {"typed": ids, "shuffled": other}, corpus.labels)
    bag, recurrent = (moved(table, model) for model in models)
    headline.say(_difference(bag, recurrent))
    one, two, _rest = st.columns([1, 1, 2])
    one.metric(_("bag: probability that moves"), _share(bag))
    two.metric(_("my network: probability that moves"), _share(recurrent))
    title = _("Odds of the next symbol after both orders")
    picture.show((odds_by_order(table, look()), table), name="order_odds", title=title, file="shuffled")


def _typed(corpus: Corpus) -> str:
    """What has been read: the beginning of the text until the reader types something else."""
    usual = state.following("beginning", _first_symbols(corpus))
    state.mount(state.key("beginning"), ())
    with st.container(width=320):
        typed = st.text_input(
            widgets.label("beginning"), key=state.key("beginning"), persist_state="session", max_chars=200
        )
        widgets.complaint("beginning")
    return typed or usual


def _first_symbols(corpus: Corpus) -> str:
    """What the text begins with, the last symbol of a line only where a line has no other that can be typed."""
    window = corpus.windows[0]
    return corpus.decode(window[:-1][:FIRST]) or corpus.decode(window[:FIRST])


def _drawn(corpus: Corpus, ids: tuple[int, ...]) -> str:
    """The symbols, one beside the other, as Markdown that shows them as they are."""
    return "**" + " ".join(plain(corpus.labels[i]) for i in ids) + "**"


def _share(moved: float) -> str:
    return f"{percent(moved)} %" if math.isfinite(moved) else _("not a number")


def _difference(bag: float, recurrent: float) -> str:
    """What the order changes for either."""
    if not math.isfinite(bag + recurrent):
        return _("Where odds are not numbers, there is nothing to compare")
    if recurrent == 0:
        return _("Neither the bag nor the network notices the order")
    return _("The bag notices nothing; for the network {share} % of the probability goes elsewhere").format(
        share=percent(recurrent)
    )
