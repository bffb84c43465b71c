"""One step of a cell: every product, sum and activation, forward and back. A worked example, or a step of the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
import torch

from playground.analysis.anatomy import anatomy
from playground.analysis.arriving import arriving_at
from playground.analysis.sheet import Arriving, plain, sheet
from playground.cells import CELLS
from playground.cells.examples import EXAMPLES, LARGEST_SIZE
from playground.config import DEFAULTS
from playground.passes.replica import copy_of
from playground.passes.unroll import Unrolled, unroll
from playground.refusal import Refusal
from playground.ui import address, asked_step, lesson, live, state, studied, widgets
from playground.ui.cell import numbers
from playground.ui.cell.asked import Heard
from playground.ui.cell.words import words
from playground.ui.cell_words import WORDS
from playground.ui.progress import network_at
from playground.ui.words import _

SIZES = tuple(range(1, LARGEST_SIZE + 1))
SMALLEST = "entries"  # of the examples, and the one that the source text works through
OF_CELL = {example.cell: name for name, example in EXAMPLES.items()}  # each has one
AT_FIRST = 2  # units of a network, as long as none are chosen
_ROOM = """
.room { height: 640px; }
:has(~ .sheet[data-dressed]) .room { display: none; }
"""
_mount = live.mounted("cell", html='<div class="room"></div>', css=_ROOM)


def show() -> None:
    """Draw the choice between the worked example and the present run, and the sheet."""
    lesson.heading("cell", "step")
    lesson.text("cell", "step")
    source = widgets.segments("source")
    _choose_example() if source == "example" else _choose_place()
    st.fragment(_sheet)()


def _sheet() -> None:
    """The sheet; what is typed into it runs this part of the page only."""
    heard = state.remembered("heard of the sheet", "", Heard)
    asked = heard.fresh(state.event("sheet", "ask"))
    for each in asked:
        look_so(each)
    message = _example(asked) if state.shown().chosen["source"] == "example" else _step_of_run()
    here = state.shown().chosen
    told = {"way": here["way"], "joined": here["joined"], "heard": heard.serial, "words": words()}
    _mount(key="sheet", data=message | told, on_ask_change=_answer)
    address.write_ahead()


def _answer() -> None:
    """The sheet has asked for something; that this part of the page runs again is the answer."""


def look_so(event: Any) -> None:
    """Show the way back or forward, and the matrix in one or in two, as a browser asks."""
    match event:
        case {"way": "forward" | "back" as way}:
            wanted: dict[str, Any] = {"way": way}
        case {"joined": bool(joined)}:
            wanted = {"joined": joined}
        case _:
            return
    state.shown().chosen.update(wanted)
    state.set_values(**state.keyed(**wanted))


# The worked example


def _choose_example() -> None:
    _follow_cell()
    with widgets.row():
        name = widgets.select("example", width=380)
        example = EXAMPLES[name]
        for field, usual in (("reads", example.reads), ("size", example.size)):
            state.fitted(field, 1, LARGEST_SIZE, default=usual)
            widgets.segments(field, SIZES)
    _keep_what_fits()
    widgets.complaint(numbers.FIELD)


@dataclass(slots=True)
class _Seen:
    """Whose example was shown last."""

    cell: str


def _follow_cell() -> None:
    """Whoever changes the cell sees an example of it.

    The page opens with one of the reader's cell, or with the smallest if that is the cell that everybody begins with:
    the usual one, of which links are silent.
    """
    here, cell = state.shown(), state.viewer().config.network.cell
    seen = state.remembered("cell of the example", "", lambda: _Seen(cell))
    if seen.cell != cell and "example" in here.followed:  # else it has just come from a link
        state.set_values(**state.keyed(example=OF_CELL[cell]))
    seen.cell = cell
    usual = SMALLEST if cell == DEFAULTS["cell"] else OF_CELL[cell]
    state.one_of("example", tuple(EXAMPLES), default=usual)


def _keep_what_fits() -> None:
    """Changed numbers go with their example; a link may have some that it has not, which is said."""
    here = state.shown()
    changes = here.chosen[numbers.FIELD]
    example = here.chosen["example"]
    if state.remembered("numbers of", changes, lambda: example) != example:
        kept = ()
    else:
        given = numbers.shown_example(here.chosen)
        kept = tuple(each for each in changes if each[0] in given.numbers)
    if kept != changes:
        if numbers.FIELD in here.linked:
            lost = next(name for name, _value in changes if name not in dict(kept))
            here.wrong[numbers.FIELD] = Refusal(
                numbers.FIELD, "{field}: this example has no number {value}.", value=lost
            )
        here.chosen[numbers.FIELD] = kept
        state.set_values(**state.keyed(numbers=kept))
    here.linked.discard(numbers.FIELD)


def _example(asked: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sheet of the worked example with the numbers as they are after what was asked for."""
    here = state.shown()
    plain = numbers.shown_example(here.chosen)
    complaint = numbers.take(asked, plain)
    changes = here.chosen[numbers.FIELD]
    given = numbers.changed(plain, changes)
    arriving = Arriving(given.above, given.later)
    parts = anatomy(given.spec, given.weights, given.x, given.before, arriving.added)
    return sheet(given.spec, parts, arriving, units=range(given.size), entries=range(given.reads)) | {
        "name": _(WORDS[given.spec.name].name),
        "editable": True,
        "changed": [name for name, _value in changes],
        "complaint": None if complaint is None else {"name": complaint.name, "sentence": complaint.sentence},
        "symbols": None,
        "lookup": None,
    }


# A step of the run


def _choose_place() -> None:
    """Draw the choices of training step, timestep, layer and units."""
    viewer = state.viewer()
    with asked_step.row() as step:
        corpus, watched = viewer.run.corpus, viewer.run.watched
        symbols = [corpus.labels[symbol] for symbol in watched.inputs[:, 0, 0].tolist()]
        state.fitted("t", 1, len(symbols), default=min(2, len(symbols)))
        widgets.pick("t", range(1, len(symbols) + 1), width=260, drawn=lambda t: f"{t}: {symbols[t - 1]}")
        if viewer.config.network.layers > 1:
            state.fitted("layer", 1, viewer.config.network.layers, default=viewer.config.network.layers)
            widgets.segments("layer", range(1, viewer.config.network.layers + 1))
        _choose_units(viewer.config.network.hidden_size)
    asked_step.warn_of_explosion(step)
    network_at(step)  # it may take some runs of the page


def _choose_units(size: int) -> None:
    """Which units are shown."""
    here = state.shown()
    fitting = tuple(unit for unit in here.chosen["units"] if unit <= size)
    if not fitting:
        fitting = tuple(range(1, min(size, AT_FIRST) + 1))
    here.chosen["units"] = fitting
    if size > 1:
        state.set_values(**state.keyed(units=list(fitting)))
        with st.container(width=320):
            st.multiselect(
                widgets.label("units"),
                range(1, size + 1),
                key=state.key("units"),
                max_selections=LARGEST_SIZE,
                format_func=str,
            )
    widgets.complaint("units")


def _step_of_run() -> dict[str, Any]:
    """The sheet of a step of the present run."""
    viewer, here = state.viewer(), state.shown().chosen
    step, config = studied.step(), viewer.config
    unrolled = state.remembered("cell reading", (config, step), lambda: _read(step))
    t = here["t"] - 1
    layer = (here["layer"] or config.network.layers) - 1 if config.network.layers > 1 else 0
    units = [unit - 1 for unit in here["units"]]
    with state.viewer().turn():
        taken = unrolled.steps[layer][t]
        spec = CELLS[config.network.cell]
        arriving = arriving_at(unrolled, layer, t, reduction=config.training.reduction)
        before = {name: getattr(taken, f"{name}_before")[0] for name in spec.states}
        parts = anatomy(
            spec,
            unrolled.cells[layer].weights,
            taken.x[0],
            before,
            arriving.added,
            nonlinearity=config.network.nonlinearity,
        )
    symbol = int(unrolled.batch.inputs[t, 0, 0])
    symbols = viewer.run.corpus.labels if layer == 0 and not config.network.embedding else None
    entries = _entries(len(taken.x[0]), units if layer else None, symbol if symbols else None)
    return sheet(
        spec, parts, arriving, units=units, entries=entries, nonlinearity=config.network.nonlinearity
    ) | {
        "name": _(WORDS[spec.name].name),
        "editable": False,
        "changed": [],
        "complaint": None,
        "symbols": None if symbols is None else [symbols[entry] for entry in entries],
        "lookup": _lookup(unrolled, symbol) if layer == 0 and config.network.embedding else None,
    }


def _read(step: int) -> Unrolled:
    """The watched sequence, read by the network of a training step, in 64 bits."""
    network, viewer = network_at(step), state.viewer()
    with viewer.turn(), torch.inference_mode():
        return unroll(copy_of(network, torch.float64), viewer.run.watched)


def _entries(count: int, units: list[int] | None, symbol: int | None) -> list[int]:
    """Which entries of x have columns of their own: those of the units chosen in the layer below, the symbol that is
    read with a few others, or the first."""
    if units is not None:
        return units
    first = list(range(min(count, LARGEST_SIZE)))
    if symbol is None or symbol in first:
        return first
    return [*first[:-1], symbol]


def _lookup(unrolled: Unrolled, symbol: int) -> dict[str, Any]:
    """What an embedding looks up: which symbol of how many, and the first numbers of its row."""
    table = unrolled.model.table
    return {
        "symbol": state.viewer().run.corpus.labels[symbol],
        "index": symbol + 1,
        "count": len(table),
        "row": plain(table[symbol, :LARGEST_SIZE]),
        "is_whole": table.shape[1] <= LARGEST_SIZE,
    }
