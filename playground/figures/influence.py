"""The matrix of back-propagation through time: every loss against every earlier state, or use of W_hh."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .axes import few, floats, number, ticks, time_hover, timesteps
from .look import Look
from .text import plain
from .theme import MAGNITUDE, scale

SAME_COLOURS = (
    -8,
    1,
)  # powers of ten. In a sum of 32-bit numbers a part of 1e-8 is lost in the rounding of a part of 1
# Labels of ticks, beside and below one another; where two digits are close, they are smaller than the gap.
WIDE = "{token} · {n}"
NARROW = "{token}<br>{n}"
SMALL = '{token}<br><span style="font-size:10px">{n}</span>'
FEW = 5  # labels that fit beside one another on a phone, with the colour bar and the sums
LONG = 100  # rows from which on the browser writes the numbers of the hover text: as words they are thrice as long
MOST_HANDLES = 60  # rows that are high enough to hold a point
MARGIN = 0.07  # share of width and height that the sums of a matrix take


def influence_matrix(
    frame: pd.DataFrame,
    look: Look,
    *,
    selected: int | None = None,
    fitted: bool = False,
) -> go.Figure:
    """‖∂L_t/∂h_k‖ or ‖∂L_t/∂c_k‖ in colour: loss t downwards, state k to the right, nothing where k > t.

    frame: step, layer, quantity, t, target, k, token, value of one layer and quantity. selected: the t whose
    row is outlined. fitted: colours reach from the smallest to the largest value of this frame; without it, a
    colour is the same number in every picture, and what is beyond `SAME_COLOURS` has the colour of its end.
    """
    look = look.with_height(460)
    if frame.empty:
        return look.notice("empty")
    losses, states = _losses(frame, look), _symbols(frame, "k", look.words["state_at"], look)
    cells = _block(frame, losses, states, "k")
    figure = go.Figure()
    _draw(figure, cells, look, set())
    look.styled(figure)
    states.across(figure, look.words["axis_state_column"])
    losses.down(figure, look.words["axis_loss_row"])
    _outline(figure, selected, losses, states, look)
    _handles(figure, frame, selected, losses, states, look)
    return _coloured(figure, [cells], look.words[f"axis_influence_{frame['quantity'].iloc[0]}"], look, fitted)


def contributions_matrix(
    frame: pd.DataFrame,
    look: Look,
    *,
    selected: int | None = None,
    fitted: bool = False,
) -> go.Figure:
    """What loss t adds to the gradient of W_hh through its use at timestep i, and the norms of the sums.

    frame: step, layer, part ("cell", "row", "column", "total"), t, target, i, token, value of one layer. The
    sums stand on the right, below and in the corner, on the same colours. selected, fitted: as of
    `influence_matrix`.
    """
    look = look.with_height(500)
    parts = {part: frame.loc[frame["part"] == part] for part in ("cell", "row", "column", "total")}
    if parts["cell"].empty:
        return look.notice("empty")
    losses, uses = _losses(parts["cell"], look), _symbols(parts["cell"], "i", look.words["use_at"], look)
    all_losses, all_uses = (
        _Places([], [look.words["all_losses"]], [], "{place}"),
        _Places([], [look.words["all_uses"]], [], "{place}"),
    )
    blocks = {
        (1, 1): _block(parts["cell"], losses, uses, "i"),
        (1, 2): _block(parts["row"], losses, all_uses, "i"),
        (2, 1): _block(parts["column"], all_losses, uses, "i"),
        (2, 2): _block(parts["total"], all_losses, all_uses, "i"),
    }
    sizes = [1 - MARGIN, MARGIN]
    figure = make_subplots(
        rows=2,
        cols=2,
        column_widths=sizes,
        row_heights=sizes,
        horizontal_spacing=0.012,
        vertical_spacing=0.015,
        shared_xaxes=True,
        shared_yaxes=True,
    )
    explained: set[str] = set()
    for (row, col), block in blocks.items():
        _draw(figure, block, look, explained, row=row, col=col)
    look.styled(figure)
    for (row, col), block in blocks.items():
        block.columns.across(
            figure, look.words["axis_use_column"] if (row, col) == (2, 1) else None, row=row, col=col
        )
        block.rows.down(
            figure, look.words["axis_loss_row"] if (row, col) == (1, 1) else None, row=row, col=col
        )
    for inner in (
        *figure.select_xaxes({"showticklabels": False}),
        *figure.select_yaxes({"showticklabels": False}),
    ):
        inner.update(ticks="", showline=False)
    _outline(figure, selected, losses, uses, look)
    return _coloured(figure, list(blocks.values()), look.words["axis_contribution"], look, fitted)


@dataclass(frozen=True, slots=True)
class _Places:
    """The categories of one axis. Their names are phrases: the hover text shows them as they are.

    words: what such a place is, with the name as {place}. No numbers and symbols: the one place where all
    others are added up.
    """

    numbers: list[int]
    names: list[str]
    symbols: list[str]
    words: str

    def find(self, numbers: np.ndarray) -> np.ndarray:
        """The positions of timesteps on the axis."""
        if not self.numbers:
            return np.zeros(len(numbers), dtype=int)
        return np.searchsorted(self.numbers, numbers.astype(int))

    def across(
        self, figure: go.Figure, title: str | None, row: int | None = None, col: int | None = None
    ) -> None:
        """Make them the columns: symbol over number, or beside it where symbols are words."""
        short = all(len(symbol) <= 2 for symbol in self.symbols)
        crowded = 10 <= len(self.names) < 100
        form = (SMALL if crowded else NARROW) if short else WIDE
        bounds = [-0.5, len(self.names) - 0.5]
        figure.update_xaxes(
            title_text=title,
            range=bounds,
            tickangle=0 if short else None,
            **self._axis(form),
            row=row,
            col=col,
        )

    def down(
        self, figure: go.Figure, title: str | None, row: int | None = None, col: int | None = None
    ) -> None:
        """Make them the rows, the first on top."""
        bounds = [len(self.names) - 0.5, -0.5]
        figure.update_yaxes(title_text=title, range=bounds, **self._axis(WIDE), row=row, col=col)

    def _axis(self, words: str) -> dict[str, Any]:
        ticks = [
            words.format(token=plain(symbol, longest=8), n=number)
            for symbol, number in zip(self.symbols, self.numbers, strict=True)
        ]
        return {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": self.names,
            "labelalias": dict(zip(self.names, ticks or ["Σ"], strict=True)),
            "nticks": few(len(self.names), FEW),
            "ticks": "outside" if self.numbers else "",
            "showgrid": False,
            "zeroline": False,
        }


@dataclass(frozen=True, slots=True)
class _Block:
    """Cells of a matrix: their values, and which there are."""

    rows: _Places
    columns: _Places
    values: np.ndarray
    there: np.ndarray

    @property
    def usable(self) -> np.ndarray:
        """The cells that have a logarithm."""
        return self.there & np.isfinite(self.values) & (self.values > 0)


def _symbols(frame: pd.DataFrame, index: str, words: str, look: Look) -> _Places:
    """The timesteps of a table with the symbols read there."""
    times = timesteps(frame, index)
    names = time_hover(times, look, index)
    return _Places([int(t) for t in times[index]], names, list(times["token"]), words)


def _losses(frame: pd.DataFrame, look: Look) -> _Places:
    """The timesteps that predict something, with the symbols predicted."""
    predicted = frame.assign(token=frame["target"])
    return _symbols(predicted, "t", look.words["loss_at"], look)


def _block(frame: pd.DataFrame, rows: _Places, columns: _Places, index: str) -> _Block:
    """The values of a table by loss t and by `index`."""
    values = np.full((len(rows.names), len(columns.names)), np.nan)
    there = np.zeros(values.shape, dtype=bool)
    cells = rows.find(floats(frame, "t")), columns.find(floats(frame, index))
    values[cells], there[cells] = floats(frame, "value"), True
    return _Block(rows, columns, values, there)


def _draw(
    figure: go.Figure,
    block: _Block,
    look: Look,
    explained: set[str],
    **where: int,
) -> None:
    """Cells coloured by the logarithm of their values; zeros and what is not finite in colours of their own.

    The format :c of the hover text shows a category's own name, not the label of its tick.
    explained: legend entries that exist already; new ones are added to it.
    """
    colours, values = look.colours, block.values
    place = {"x": block.columns.names, "y": block.rows.names, "hoverongaps": False, **where}
    places = (block.rows.words.format(place="%{y:c}"), block.columns.words.format(place="%{x:c}"))
    hover = "<br>".join((look.words["nats_per_unit"], *places)) + "<extra></extra>"
    for special, sign, entry, colour in (
        (values == 0, "0", look.words["row_zero"], colours["zero"]),
        (np.isinf(values), "∞", look.words["row_not_finite"], colours["exploded"]),
        (np.isnan(values), "NaN", look.words["row_not_finite"], colours["exploded"]),
    ):
        mask = block.there & special
        if mask.any():
            figure.add_heatmap(
                **place,
                z=_ragged(mask, np.ones(values.shape, dtype=int)),
                colorscale=[[0, colour], [1, colour]],
                showscale=False,
                name=entry,
                legendgroup=entry,
                showlegend=entry not in explained,
                hovertemplate=hover.replace("{value}", sign),
            )
            explained.add(entry)
    is_long = len(values) > LONG
    logarithms = np.log10(values, out=np.full(values.shape, np.nan), where=block.usable)
    figure.add_heatmap(
        **place,
        z=_ragged(block.usable, logarithms.round(3)),
        customdata=_ragged(block.usable, _short(values) if is_long else _said(values)),
        coloraxis="coloraxis",
        hovertemplate=hover.replace("{value}", "%{customdata:.4~g}" if is_long else "%{customdata}"),
    )


def _ragged(mask: np.ndarray, values: np.ndarray) -> list[list[float | str | None]]:
    """The values under the mask, every row up to its last one.

    Half of a causal matrix is empty, so that this is shorter than any array of all its cells.
    """
    rows = []
    for there, row in zip(mask, values.tolist(), strict=True):
        last = int(np.flatnonzero(there)[-1]) + 1 if there.any() else 0
        rows.append([value if shown else None for shown, value in zip(there[:last], row[:last], strict=True)])
    return rows


def _short(values: np.ndarray) -> np.ndarray:
    """The values at the four digits that a hover text shows. In float32 those below 1e-38 would be lost."""
    return np.array([float(f"{value:.3e}") for value in values.ravel().tolist()]).reshape(values.shape)


def _said(values: np.ndarray) -> np.ndarray:
    """The values as the hover text has them."""
    return np.array([number(value) for value in values.ravel().tolist()], dtype=object).reshape(values.shape)


def _outline(
    figure: go.Figure,
    selected: int | None,
    losses: _Places,
    columns: _Places,
    look: Look,
) -> None:
    """A frame around the row of the selected loss, as far as it reaches back and forth in time."""
    if selected not in losses.numbers:
        return
    row = losses.numbers.index(selected)
    figure.add_shape(
        type="rect",
        xref="x",
        yref="y",
        x0=-0.5,
        x1=np.searchsorted(columns.numbers, selected, side="right") - 0.5,
        y0=row - 0.5,
        y1=row + 0.5,
        line={"color": look.colours["selected"], "width": 2.5},
        name=look.words["selected_loss"].format(t=selected),
        showlegend=True,
    )


def _handles(
    figure: go.Figure,
    frame: pd.DataFrame,
    selected: int | None,
    losses: _Places,
    columns: _Places,
    look: Look,
) -> None:
    """A point at the end of each row, on the diagonal, to choose that loss with; t is its custom data."""
    if len(losses.numbers) > MOST_HANDLES:
        return
    colours = look.colours
    own = dict(zip(*(frame.loc[frame["t"] == frame["k"], name] for name in ("t", "value")), strict=True))
    places = [columns.numbers.index(t) for t in losses.numbers]
    figure.add_scatter(
        x=[columns.names[place] for place in places],
        y=losses.names,
        customdata=losses.numbers,
        mode="markers",
        marker={
            "size": 11 if len(losses.numbers) <= MOST_HANDLES // 2 else 7,
            "color": [colours["selected"] if t == selected else "#FFFFFF" for t in losses.numbers],
            "line": {"color": colours["selected"], "width": 2},
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        hovertext=[
            f"{look.words['choose_loss'].format(t=t)}<br>{look.words['nats_per_unit'].format(value=number(own[t]))}"
            for t in losses.numbers
        ],
        hoverinfo="text",
        name=look.words["choose"],
        showlegend=True,
    )


def _coloured(figure: go.Figure, blocks: Sequence[_Block], title: str, look: Look, fitted: bool) -> go.Figure:
    """The figure with the colour axis of all blocks: powers of ten."""
    low, high = _ends(blocks) if fitted else SAME_COLOURS
    shown = ticks(low, high) if fitted else _same_ticks()
    return figure.update_layout(
        showlegend=True,
        margin={"t": 36},
        coloraxis={
            "colorscale": scale(MAGNITUDE[look.mode]),
            "cmin": low,
            "cmax": high,
            "colorbar": {
                "thickness": 10,
                "outlinewidth": 0,
                "tickvals": np.log10(shown["tickvals"]).tolist(),
                "ticktext": shown["ticktext"],
                "tickfont": {"size": 12, "color": look.colours["muted"]},
                "title": {"text": title, "side": "right", "font": {"size": 13}},
            },
        },
    )


def _ends(blocks: Sequence[_Block]) -> tuple[float, float]:
    """The smallest and the largest value of all blocks, as powers of ten; a range around a value that is alone."""
    usable = np.concatenate([block.values[block.usable] for block in blocks])
    if not len(usable):
        return SAME_COLOURS
    low, high = float(np.log10(usable.min())), float(np.log10(usable.max()))
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _same_ticks() -> dict[str, list[Any]]:
    """The colour bar of every picture: each power of ten, and at either end all that is beyond it."""
    powers = range(SAME_COLOURS[0], SAME_COLOURS[1] + 1)
    words = [f"10<sup>{power}</sup>".replace("-", "−") for power in powers]
    words[0], words[-1] = f"≤ {words[0]}", f"≥ {words[-1]}"
    return {"tickvals": [10.0**power for power in powers], "ticktext": words}
