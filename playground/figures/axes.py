"""Axes that several charts share: time with its symbols, and a logarithmic axis that hides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .look import Look
from .text import plain, superscript

TINIEST, LARGEST = 5e-324, 1.7e308  # of the positive numbers in 64 bits
SMALLEST_SPAN = 2.0  # decades: a curve that hardly moves should look flat
FEWEST_TICKS, MOST_TICKS = 4, 8
ROUNDING = 1e-9  # of a logarithm: a number at the end of an axis is on it


def timesteps(frame: pd.DataFrame, index: str = "t") -> pd.DataFrame:
    """The different timesteps of a table and their tokens, in order. index: the column that counts them."""
    return frame.loc[frame[index].notna(), [index, "token"]].drop_duplicates(index).sort_values(index)


def panels(frame: pd.DataFrame) -> list[tuple[int, str]]:
    """The pairs of layer and quantity of a table, in its order."""
    pairs = frame[["layer", "quantity"]].drop_duplicates()
    return [(int(layer), quantity) for layer, quantity in pairs.itertuples(index=False)]


def time_axis(figure: go.Figure, frame: pd.DataFrame, look: Look, index: str = "t") -> None:
    """Make every x axis one category per timestep, written as its symbol and its number; title on the last.

    Categories, because plotly then shows as many labels as fit the width; x values are str(t).
    index: the column that counts the timesteps, "t", "k" or "i".
    """
    times = timesteps(frame, index)
    names = [str(t) for t in times[index]]
    short = all(len(token) <= 2 for token in times["token"])
    between = "<br>" if short else " · "  # plotly turns long labels, and turned lines would overlap
    aliases = {
        name: f"{plain(token, longest=12)}{between}{name}"
        for name, token in zip(names, times["token"], strict=True)
    }
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=names,
        range=[-0.5, max(len(names), 1) - 0.5],
        labelalias=aliases,
        nticks=few(len(names)),
        tickangle=0 if short else None,
        showgrid=False,
        showspikes=True,
        spikemode="across",
        spikethickness=1,
        spikedash="dot",
        spikecolor=look.colours["muted"],
    )
    last = max(figure.select_xaxes(), key=lambda axis: int((axis.plotly_name or "xaxis")[5:] or 1))
    last.update(title_text=look.words["axis_timestep" if index == "t" else f"axis_timestep_{index}"])


def headline(figure: go.Figure, row: int, text: str) -> None:
    """Write what one of several pictures, one below the other, shows: to the left above it. row: from 1."""
    figure.add_annotation(
        text=text,
        x=0,
        xref="x domain" if row == 1 else f"x{row} domain",
        xanchor="left",
        y=1,
        yref="y domain" if row == 1 else f"y{row} domain",
        yanchor="bottom",
        showarrow=False,
        font={"size": 13},
    )


def few(count: int, most: int = 8) -> int:
    """The most labels of an axis of categories: 0, for as many as fit, until they have three digits."""
    return 0 if count < 100 else most


def time_hover(frame: pd.DataFrame, look: Look, index: str = "t") -> list[str]:
    """The first line of the hover text of every row: timestep and symbol."""
    words = look.words["timestep" if index == "t" else f"timestep_{index}"]
    drawn = {token: plain(token) for token in frame["token"].unique()}
    return [
        f"{words.format(t=t)} · {drawn[token]}" for t, token in zip(frame[index], frame["token"], strict=True)
    ]


@dataclass(frozen=True, slots=True)
class LogAxis:
    """A logarithmic y axis with a row below it for exact zeros and one above it for ∞ and NaN, where needed.

    Never rescales a value: every positive finite one stands at its own height.
    """

    low: float  # log10 of the lowest and the highest value shown
    high: float
    has_zero: bool
    has_other: bool  # values that are infinite or not a number

    @classmethod
    def of(cls, columns: Sequence[np.ndarray], *, start: float | None = None) -> "LogAxis":
        """The axis that holds all values of the columns. start: the least value there can be, if any."""
        values = np.concatenate([np.asarray(column, dtype=np.float64) for column in columns])
        usable = values[np.isfinite(values) & (values > 0)]
        low, high = (np.log10(usable.min()), np.log10(usable.max())) if len(usable) else (-1.0, 1.0)
        if start is None:
            middle, half = (low + high) / 2, max(high - low, SMALLEST_SPAN) / 2
            low, high = middle - half, middle + half
        else:
            low, high = np.log10(start), max(high, np.log10(2 * start))
        return cls(float(low), float(high), bool((values == 0).any()), not np.isfinite(values).all())

    @property
    def _gap(self) -> float:
        return 0.09 * (self.high - self.low)

    @property
    def zero_row(self) -> float:
        """Height at which an exact zero is marked: below all values, as far as there are numbers there."""
        return max(_power(self.low - 1.6 * self._gap), TINIEST)

    @property
    def other_row(self) -> float:
        """Height at which ∞ and NaN are marked: above all values, as far as there are numbers there."""
        return min(_power(self.high + 1.6 * self._gap), LARGEST)

    def apply(self, figure: go.Figure, look: Look, *, title: str, other: str = "row_not_finite") -> None:
        """Give the figure this y axis, its two rows and their names. other: the word for what stands above."""
        colours = look.colours
        below = (2.4 if self.has_zero else 0.7) * self._gap
        above = (2.4 if self.has_other else 0.7) * self._gap
        figure.update_yaxes(
            type="log",
            range=[self.low - below, self.high + above],
            title_text=title,
            **ticks(self.low, self.high),
        )
        for there, row, name in (
            (self.has_zero, self.zero_row, look.words["row_zero"]),
            (self.has_other, self.other_row, look.words[other]),
        ):
            if there:
                figure.add_hline(y=row, line={"color": colours["muted"], "width": 1, "dash": "dot"})
                figure.add_annotation(
                    text=name,
                    x=1,
                    xref="paper",
                    xanchor="right",
                    y=np.log10(row),
                    yanchor="bottom",
                    showarrow=False,
                    font={"size": 11, "color": colours["muted"]},
                )

    def marks(
        self,
        x: Sequence[object],
        values: Sequence[float] | np.ndarray,
        hover: Sequence[str],
        *,
        colour: str,
        group: str,
    ) -> list[go.Scatter]:
        """Markers for the values that a logarithmic axis cannot hold: zeros below, ∞ and NaN above."""
        numbers = np.asarray(values, dtype=np.float64)
        rows = (
            (numbers == 0, self.zero_row, "triangle-down"),
            (~np.isfinite(numbers), self.other_row, "x"),
        )
        return [
            go.Scatter(
                x=[place for place, there in zip(x, where, strict=True) if there],
                y=np.full(int(where.sum()), row),
                mode="markers",
                marker={"symbol": symbol, "size": 9, "color": colour},
                hovertext=[text for text, there in zip(hover, where, strict=True) if there],
                hoverinfo="text",
                legendgroup=group,
                showlegend=False,
                name=group,
            )
            for where, row, symbol in rows
            if where.any()
        ]


def ticks(low: float, high: float) -> dict[str, Any]:
    """Labels for a logarithmic axis that is shown from 10^low to 10^high: whole numbers, never a last digit alone.

    Plotly's own write a 9 for 0.9 and a 2 for 20.
    """
    values = [value for value in _round_numbers(low, high) if 0 < value < np.inf]
    return {"tickvals": values, "ticktext": [power_of_ten(value) for value in values]}


def _round_numbers(low: float, high: float) -> list[float]:
    """Numbers of few digits between 10^low and 10^high: powers of ten, then also 2 and 5 times those, then steps."""
    decades = high - low
    if decades >= 3:
        every = int(np.ceil(decades / MOST_TICKS))
        powers = range(int(np.ceil(low - ROUNDING)), int(np.floor(high + ROUNDING)) + 1)
        return [float(f"1e{power}") for power in powers if power % every == 0]
    if decades >= 1:
        around = range(int(np.floor(low)), int(np.ceil(high)) + 1)
        near = [float(f"{digit}e{power}") for power in around for digit in (1, 2, 5)]
        return [value for value in near if value > 0 and low - ROUNDING <= np.log10(value) <= high + ROUNDING]
    first, last = _power(low), _power(high)
    if first == last:
        return [first]
    power = int(np.floor(np.log10((last - first) / FEWEST_TICKS)))
    for digit in (5, 2, 1):  # the widest step that leaves enough of them
        step = float(f"{digit}e{power}")
        found = range(int(np.ceil(first / step - ROUNDING)), int(np.floor(last / step + ROUNDING)) + 1)
        if len(found) >= FEWEST_TICKS:
            break
    return [float(f"{count * step:.12g}") for count in found]


def power_of_ten(value: float) -> str:
    """A label of an axis: 0.5, 20, 10⁻⁷, 2·10⁹."""
    digits, power = f"{value:.{11 if value > 1e-307 else 0}e}".split("e")  # the smallest have few digits left
    if -4 <= int(power) < 5:
        return f"{value:.12g}"
    factor = "" if float(digits) == 1 else f"{float(digits):.12g}·"
    return f"{factor}10<sup>{int(power)}</sup>".replace("-", "−")


def reference_line(figure: go.Figure, name: str, value: float, colour: str) -> None:
    """A named line across a figure with a logarithmic y axis."""
    figure.add_hline(y=value, line={"color": colour, "width": 1.5, "dash": "dash"})
    figure.add_annotation(
        text=name,
        x=1,
        xref="paper",
        xanchor="right",
        y=np.log10(value),
        yanchor="bottom",
        showarrow=False,
        font={"size": 11, "color": colour},
    )


def _power(exponent: float) -> float:
    """10 to a power, 0 and ∞ where there is no number."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.power(10.0, exponent))


def floats(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column of numbers in float64, NaN where there is none."""
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def holdable(values: Sequence[float] | np.ndarray) -> list[float | None]:
    """The values that a logarithmic axis can hold; a gap for each other one."""
    return [value if np.isfinite(value) and value > 0 else None for value in map(float, values)]


QUANTILE_DIGITS = 2  # a median of some hundred random draws knows no more


def number(value: float, digits: int = 4) -> str:
    """A number as every text has it, four significant digits: 0.0123, 1,234, 1.945·10⁻²², ∞.

    Powers of ten stand where the stage has them too (`exact` in `words.js`): below 0.001 and from 100,000 on.
    """
    if 0.001 <= abs(value) < 9:  # most numbers, and there may be very many: what is below, in one go
        return f"{value:.{digits}g}".replace("-", "−")
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if value == 0 or -3 <= int(exponent) < 5:
        return f"{float(f'{value:.{digits}g}'):,.15g}".replace("-", "−")
    factor = f"{float(mantissa):.15g}"
    power = f"10{superscript(int(exponent))}"
    return power if factor == "1" else f"{factor}·{power}".replace("-", "−")


def percent(share: float) -> str:
    """A share in per cent, with the three digits that the share of 32-bit numbers has; 0 and 100 only if it is that."""
    value = 100 * share
    if 0 < value < 0.001:
        return "< 0.001"
    return "> 99.9" if 99.95 <= value < 100 - 1e-4 else number(value, 3)


def whole_percent(share: float) -> str:
    """A share in whole per cents; what is neither nothing nor all does not read as such."""
    value = 100 * share
    if not np.isfinite(value):
        return number(value)
    if 0 < value < 0.5 or 99.5 <= value < 100 - 1e-4:  # 32 bits hold no more of it
        return "< 1" if value < 1 else "> 99"
    return number(round(value))
