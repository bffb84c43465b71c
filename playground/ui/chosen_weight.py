"""One weight of the network, as a page's choices `parameter`, `row` and `column`, which count from 1."""

from collections.abc import Mapping, Sequence

from playground.ui import state, widgets

USUAL = "rnn.weight_hh_l0"


def choose(shapes: Mapping[str, Sequence[int]]) -> tuple[str, tuple[int, ...]]:
    """Draw the choice of a parameter and of a place in it. shapes: by torch.nn's names.

    Returns its name and the indices, from 0. Another network may lack the one chosen before; it then has another.
    """
    state.one_of("parameter", list(shapes), default=USUAL)
    parameter = widgets.select("parameter", list(shapes), width=220, drawn=str)
    rows, *columns = shapes[parameter]
    return parameter, (_place("row", rows), *(_place("column", count) for count in columns))


def _place(name: str, count: int) -> int:
    state.fitted(name, 1, count, default=1)
    return widgets.pick(name, range(1, count + 1), width=200, drawn=str) - 1
