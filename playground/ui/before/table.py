"""All models of the text in one table, and the floors that they cannot fall below."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.before import HeldOut, crossed, floor_of
from playground.analysis.floors import Floor, uniform_perplexity
from playground.figures.axes import number
from playground.figures.before import models_and_floors
from playground.studies.before import Baselines, RecurrentRow, Settings
from playground.ui import lesson, picture, progress, state, widgets
from playground.ui.before import beside, chosen, listed, words
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.words import _, plain

SETTINGS = ("ngram_smoothing", "ngram_alpha", "window_size", "hmm_states", "seed")
LISTED = 8  # lines that are named
FLOORS = 8  # of which the last line is drawn for every further one


def show() -> None:
    """Draw what all models share, the figure and the table."""
    lesson.opening("before", "table")
    _compared(beside.choose(_other_models), chosen.settings())


def _other_models() -> None:
    """Draw what the other models are made with."""
    with widgets.folded(_("The other models"), SETTINGS):
        if widgets.select("ngram_smoothing", width=190) == "add":
            with st.container(width=190):
                widgets.number("ngram_alpha")
        widgets.slider("window_size", 1, width=190)
        widgets.slider("hmm_states", 1, width=190)
        with st.container(width=190):
            widgets.number("seed")


@st.fragment
def _compared(network: beside.Beside, settings: Settings) -> None:
    """Train whatever has to be trained, and show it; it starts by itself, and each row is there when it is known."""
    corpus, config = chosen.corpus(), state.viewer().config
    bars, rows = st.container(), st.container()

    def draw(*works: Baselines | RecurrentRow) -> None:
        with rows:
            _rows(works, settings, network.step)

    with bars:
        simple = progress.job(
            "baselines",
            (corpus.config, settings),
            lambda: Baselines(corpus, settings),
            _("Training the other models …"),
            live=draw,
        )
        others = () if simple is None else (simple.work,)
        recurrent = progress.job(
            "recurrent row",
            (config, network.step, settings.seed),
            lambda: RecurrentRow(config, corpus, network.network, network.step, settings.seed),
            _("Measuring your network on the text and on held-out lines …"),
            live=lambda work: draw(*others, work),
        )
    draw(*others, *(() if recurrent is None else (recurrent.work,)))


def _rows(works: Sequence[Baselines | RecurrentRow], settings: Settings, step: int) -> None:
    """Figure and table of what is measured so far."""
    if not works or (table := pd.concat([work.frame() for work in works])).empty:
        return
    corpus, floors = chosen.corpus(), chosen.floors()
    table = _named(table, settings, floors)
    headline.say(_title(table, floors, step))
    title = _("Perplexity of every model, and the memory floors of the text")
    uniform = uniform_perplexity(corpus)
    figure = models_and_floors(table, _drawn_floors(floors), look(), uniform=uniform)
    picture.show((figure, table), name="models", title=title, file="before-rnns")
    _say_held_out(works[0].parts)
    pending = {work.pending for work in works} - {None}
    listed.draw(table, is_held_out=works[0].parts is not None, pending=pending)


def _named(table: pd.DataFrame, settings: Settings, floors: tuple[Floor, ...]) -> pd.DataFrame:
    """The rows with what each model is called, its floor, and what it cannot do."""
    memory = table["memory"].to_numpy()
    own = [floor_of(floors, None if np.isnan(k) else int(k)) for k in memory]
    return table.assign(
        name=[words.name(model, settings) for model in table["model"]],
        floor=np.where(np.isnan(memory), np.nan, own),
        cannot=[words.cannot(model, settings) for model in table["model"]],
    ).reset_index(drop=True)


def _drawn_floors(floors: tuple[Floor, ...]) -> pd.DataFrame:
    """The first floors and the last, as a table."""
    drawn = [*floors[:FLOORS], *floors[FLOORS:][-1:]]
    rows = [(each.first, np.nan if each.last is None else each.last, each.perplexity) for each in drawn]
    return pd.DataFrame(rows, columns=["first", "last", "perplexity"])


def _title(table: pd.DataFrame, floors: tuple[Floor, ...], step: int) -> str:
    """Which floor the recurrent network has crossed."""
    rows = table.loc[table["model"] == "recurrent"]
    if rows.empty:
        return _("Without memory nobody gets below {value}.").format(value=number(floor_of(floors, 1)))
    reached = float(rows["perplexity"].iloc[0])
    values = {"name": plain(rows["name"].iloc[0]), "value": number(reached), "step": step}
    if not np.isfinite(reached):
        return _("{name}: after {step:,} updates its odds are not numbers any more.").format(**values)
    k = crossed(floors, reached)
    if k is None:
        text = _(
            "{name} at {value}, after {step:,} updates: so far no better than knowing how often each symbol comes."
        )
    else:
        text = _(
            "{name} at {value}, after {step:,} updates: below the floor of k = {k}, where nobody gets who sees only "
            "the last k symbols."
        )
    return text.format(k=k, **values)


def _say_held_out(parts: HeldOut | None) -> None:
    """Which lines are held out, and by which rule."""
    if parts is None:
        st.caption(
            _(
                "The text has no two different lines in which something is predicted, so none is held out. Floors and "
                "perplexities are those of the text that was learned."
            )
        )
        return
    named = ", ".join(map(str, parts.lines[:LISTED])) + (" …" if len(parts.lines) > LISTED else "")
    st.caption(
        _(
            "Of {different} different lines, every fifth is held out, or the last of fewer than five: here {lines}. On "
            "the text: learned from all lines. On held-out lines: the same model, learned from the others alone. "
            "Floors hold for the text that was learned."
        ).format(different=parts.different, lines=named)
    )
