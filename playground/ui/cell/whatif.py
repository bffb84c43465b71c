"""What if: edits of one reading of the present run, and what they change.

The edits are those of the Train page's stage: one list, that either page shows and changes (`playground.ui.what_if`).
"""

from collections.abc import Callable
from functools import partial

import streamlit as st
import torch

from playground.analysis.what_if import WhatIf, what_if_in_pieces
from playground.batch import Batch
from playground.cells import CELLS
from playground.corpus import Corpus
from playground.figures.look import Look
from playground.figures.what_if import compared_losses, compared_odds, compared_values
from playground.models.network import Network
from playground.passes.edits import Edits
from playground.passes.replica import copy_of
from playground.pieces import Pieces
from playground.runs.run import Run
from playground.ui import actions, asked_step, lesson, picture, state, widgets
from playground.ui import what_if as edited
from playground.ui.cell import edit_names, whatif_titles
from playground.ui.complaints import complain
from playground.ui.figure_words import look
from playground.ui.gradients import headline
from playground.ui.picture import Picture
from playground.ui.progress import computed, network_at
from playground.ui.words import N_, _, plain

ALL = 0  # the unit that stands for all of them
KINDS = {
    "hold": N_("hold a value"),
    "symbol": N_("read another symbol"),
    "cut": N_("cut the memory"),
    "transplant": N_("transplant the states"),
}
SPANS = {"at": N_("at this timestep"), "from": N_("from it on")}


def show() -> None:
    """Draw what may be edited, what is, and what comes of it."""
    lesson.heading("cell", "whatif")
    lesson.text("cell", "whatif")
    viewer = state.viewer()
    step = asked_step.choose()
    asked_step.warn_of_explosion(step)
    network = network_at(step)
    run = viewer.run
    drawn = look(run.layout.cell)
    layer, quantity, t = _place(network, run.watched, run.corpus, drawn)
    _editor(network, run.watched, run.corpus, quantity, t)
    complain(edited.refused(viewer), state.session().page)
    edits = edited.question(viewer).edits
    _chips(edits, run.watched, run.corpus, network.config.layers)
    _pictures(network, edits, step, (layer, quantity, t), drawn)


def _place(network: Network, batch: Batch, corpus: Corpus, drawn: Look) -> tuple[int, str, int]:
    """Draw where one looks and edits: layer, state or gate, and timestep, from 1."""
    tokens, length = _tokens(batch, corpus), len(batch.inputs)
    cell, layers = CELLS[network.config.cell], network.config.layers
    t = state.fitted("t", 1, length, default=min(2, length))
    layer = state.fitted("layer", 1, layers, default=layers)
    quantity = state.one_of("quantity", (*cell.states, *cell.gates), default="h")
    with widgets.row():
        widgets.pick("t", range(1, length + 1), width=300, drawn=lambda t: f"{t}: {plain(tokens[t - 1])}")
        widgets.select(
            "quantity",
            (*cell.states, *cell.gates),
            width=300,
            drawn=lambda name: drawn.words[f"quantity_{name}"],
        )
        if layers > 1:
            widgets.segments("layer", range(1, layers + 1))
        else:
            widgets.complaint("layer")
    return layer, quantity, t


def _tokens(batch: Batch, corpus: Corpus) -> list[str]:
    """What is read at each timestep, as it is drawn."""
    return [corpus.labels[symbol] for symbol in batch.inputs[:, 0, 0].tolist()]


def _editor(network: Network, batch: Batch, corpus: Corpus, quantity: str, t: int) -> None:
    """Draw one more edit, of the place that is looked at, and the button that makes it.

    What is chosen for it changes nothing on the page before the button is pressed, so it runs nothing.
    """
    tokens, length = _tokens(batch, corpus), len(batch.inputs)
    kinds = [kind for kind in KINDS if kind != "transplant" or length > 1]
    with widgets.row():
        with st.container(width="content"):  # on a phone it takes two lines
            kind = st.segmented_control(
                _("What if"),
                kinds,
                format_func=lambda kind: _(KINDS[kind]),
                default="hold",
                key="edit_kind",
                required=True,
            )
        if kind == "hold":
            st.selectbox(
                _("Unit"),
                range(ALL, network.config.hidden_size + 1),
                format_func=lambda unit: _("all units") if unit == ALL else str(unit),
                key="edit_unit",
                on_change="ignore",
                width=130,
            )
            st.number_input(  # with limits, the button would take the number before for one beyond them
                _("{quantity} is").format(quantity=quantity),
                value=0.0,
                step=0.5,
                format="%g",
                key="edit_value",
                on_change="ignore",
                width=150,
            )
            st.segmented_control(
                _("When"),
                list(SPANS),
                format_func=lambda span: _(SPANS[span]),
                default="at",
                key="edit_span",
                on_change="ignore",
                required=True,
            )
        elif kind == "symbol":
            st.selectbox(
                _("Symbol"),
                range(len(corpus.labels)),
                format_func=lambda symbol: plain(corpus.labels[symbol]),
                key="edit_symbol",
                on_change="ignore",
                width=180,
            )
        elif kind == "transplant":
            st.selectbox(
                _("The states of"),
                range(length),
                format_func=lambda source: f"{source + 1}: {plain(tokens[source])}",
                key="edit_source",
                on_change="ignore",
                width=180,
            )
        st.button(
            _("Edit at t = {t}").format(t=t),
            key="edit_add",
            icon=":material/edit:",
            type="primary",
            on_click=actions.ask,
            args=(actions.on_this_page(_add),),
        )


def _add() -> None:
    """Make the edit that the widgets describe when their button is heard."""
    t, layer = ((state.whole(state.key(name)) or 1) - 1 for name in ("t", "layer"))
    match state.value("edit_kind"):
        case "symbol":
            text = f"x@{t}={state.value('edit_symbol')}"
        case "cut":
            text = f"cut@{t}"
        case "transplant":
            text = f"h@{state.value('edit_source')}>{t}"
        case _:
            unit = state.whole("edit_unit") or ALL
            which = "" if unit == ALL else f".{unit - 1}"
            span = "-" if state.value("edit_span") == "from" else ""
            value = state.value("edit_value")
            text = f"l{layer}.{state.value(state.key('quantity'))}{which}@{t}{span}={value}"
    edited.edit({"add": text})


def _chips(edits: Edits, batch: Batch, corpus: Corpus, layers: int) -> None:
    """Draw what is edited just now, each to be taken back; and the ways back."""
    if not edits:
        st.caption(
            _(
                "Nothing is edited yet, so both readings are the same. Choose above what to edit, and press the button."
            )
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for number, edit in enumerate(edits):
            name = edit_names.name(edit, _tokens(batch, corpus), corpus.labels, layers)
            st.button(
                f"{plain(name)} ×",
                key=f"edit_{number}",
                help=_("Take back: {edit}").format(edit=plain(name)),
                on_click=actions.ask,
                args=(actions.on_this_page(edited.edit), {"remove": str(edit)}),
            )
        _way_back(_("Undo"), "edit_undo", ":material/undo:", {"remove": str(edits[-1])})
        _way_back(_("As it was"), "edit_reset", ":material/restart_alt:", {"clear": "all"})


def _way_back(text: str, key: str, icon: str, change: dict[str, str]) -> None:
    act = actions.on_this_page(edited.edit)
    st.button(text, key=key, icon=icon, type="tertiary", on_click=actions.ask, args=(act, change))


def _pictures(network: Network, edits: Edits, step: int, place: tuple[int, str, int], drawn: Look) -> None:
    """Draw changed against original: what is looked at, the losses, and what is expected next."""
    viewer = state.viewer()
    layer, quantity, t = place
    found = computed(
        "what if",
        (viewer.config, step, edits),
        partial(_read, viewer.run, network, edits, step),
        _("Computing …"),
        needs=_bytes(network, viewer.run),
    )
    values, losses, odds = state.remembered(
        "what if tables",
        (viewer.config, step, edits, place),
        lambda: (found.values(layer, quantity), found.losses(), found.odds(t)),
    )
    headline.say(whatif_titles.values(values, quantity))
    _draw(
        (compared_values(values, drawn, chosen=t), values),
        "values",
        _("States and gates, with the edits and without"),
        step,
        on_pick=_pick,
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        headline.say(whatif_titles.losses(losses))
        title = _("Loss of every timestep")
        _draw((compared_losses(losses, drawn, chosen=t), losses), "losses", title, step, on_pick=_pick)
    with right:
        headline.say(whatif_titles.odds(odds))
        _draw((compared_odds(odds, drawn), odds), "odds", _("What is expected next"), step)


def _read(run: Run, network: Network, edits: Edits, step: int) -> Pieces[WhatIf]:
    """Both readings, in 64 bits."""
    model = copy_of(network, torch.float64)
    return what_if_in_pieces(model, run.watched, edits, labels=run.corpus.labels, step=step)


def _bytes(network: Network, run: Run) -> int:
    """Of memory, about, that both readings hold: what a cell computes at each timestep, and the odds."""
    config, cell = network.config, CELLS[network.config.cell]
    a_layer = config.hidden_size * (2 * len(cell.states) + 2 * cell.blocks + 2)
    return 2 * 8 * run.layout.length * (config.layers * a_layer + 2 * len(run.corpus.labels))


def _pick(figure: str) -> None:
    """Look at the timestep that was clicked on, and edit the unit, if it was one: its custom data."""
    match state.value(figure):
        case {"selection": {"points": [{"customdata": [int(t), *unit]}, *_]}} if 0 < t <= state.LONGEST:
            state.set_values(**state.keyed(t=int(t)))
            if unit and unit[0] in range(1, state.viewer().config.network.hidden_size + 1):
                state.set_values(edit_unit=int(unit[0]))


def _draw(
    shown: Picture, name: str, title: str, step: int, on_pick: Callable[[str], None] | None = None
) -> None:
    file = f"what-if-{name}-step-{step}"
    picture.show(shown, name=f"whatif_{name}", title=title, file=file, on_pick=on_pick)
