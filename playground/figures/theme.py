"""The one theme of all charts. A quantity has one colour, here and on the stage; signed values diverge."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

FONT = (
    '"Source Sans", "Source Sans Pro", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", '
    '"Noto Sans CJK KR", sans-serif'
)

# Each colour has a contrast of at least 3 : 1 on the page.
_LIGHT = {
    "h": "#0072B2",
    "c": "#C44E00",
    "i": "#00855F",
    "f": "#B0559A",
    "g": "#8F6B00",
    "o": "#3E6FD0",
    "r": "#00855F",
    "z": "#B0559A",
    "n": "#8F6B00",
    "phi": "#00855F",
    "perplexity": "#0072B2",
    "probability": "#00855F",
    "gradient_norm": "#0072B2",
    "clipped_norm": "#00855F",
    "clipped": "#C44E00",
    "uniform": "#6B6B76",
    "floor": "#B0559A",
    "exploded": "#B3261E",
    "zero": "#8C7B5C",
    "worse": "#B87A00",
    "selected": "#C44E00",
    "radius": "#A38A00",
    "singular": "#9C3300",
    "through": "#3B3D4A",
    "largest": "#0072B2",
    "smallest": "#3B3D4A",
    "activation": "#00855F",
    "weight": "#9C3300",
    "carry": "#B0559A",
    "single": "#B0559A",
    "accumulated": "#00855F",
    "sum": "#00855F",
    "mean": "#B0559A",
    "difference": "#0072B2",
    "free": "#3B3D4A",
    "tanh": "#13408F",
    "linear": "#9C3300",
    "relu": "#A38A00",
    "sigmoid": "#009580",
    "rnn": "#13408F",
    "lstm": "#009580",
    "gru": "#BE4FD6",
    "mgu": "#A38A00",
    "text": "#31333F",
    "muted": "#60626C",
    "grid": "#E3E4E8",
}
_DARK = {
    "h": "#5AB0EE",
    "c": "#F2762E",
    "i": "#1FC493",
    "f": "#E08FC0",
    "g": "#F0C23B",
    "o": "#9DB2FF",
    "r": "#1FC493",
    "z": "#E08FC0",
    "n": "#F0C23B",
    "phi": "#1FC493",
    "perplexity": "#5AB0EE",
    "probability": "#1FC493",
    "gradient_norm": "#5AB0EE",
    "clipped_norm": "#1FC493",
    "clipped": "#F2762E",
    "uniform": "#9AA0AC",
    "floor": "#E08FC0",
    "exploded": "#FF8A80",
    "zero": "#80715A",
    "worse": "#F0B429",
    "selected": "#F2762E",
    "radius": "#FFD23F",
    "singular": "#DE5A2C",
    "through": "#E4E6EA",
    "largest": "#5AB0EE",
    "smallest": "#E4E6EA",
    "activation": "#1FC493",
    "weight": "#DE5A2C",
    "carry": "#E08FC0",
    "single": "#E08FC0",
    "accumulated": "#1FC493",
    "sum": "#1FC493",
    "mean": "#E08FC0",
    "difference": "#5AB0EE",
    "free": "#E4E6EA",
    "tanh": "#9CC4FF",
    "linear": "#DE5A2C",
    "relu": "#FFD23F",
    "sigmoid": "#28D6A0",
    "rnn": "#9CC4FF",
    "lstm": "#28D6A0",
    "gru": "#BF5BCB",
    "mgu": "#FFD23F",
    "text": "#FAFAFA",
    "muted": "#B4B6BC",
    "grid": "#31353D",
}
COLOURS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"light": MappingProxyType(_LIGHT), "dark": MappingProxyType(_DARK)}
)

# For units: five hues that differ in lightness as well, so that they stay apart for colour-blind eyes.
UNITS = MappingProxyType(
    {
        "light": ("#13408F", "#9C3300", "#009580", "#BE4FD6", "#A38A00"),
        "dark": ("#9CC4FF", "#DE5A2C", "#28D6A0", "#BF5BCB", "#FFD23F"),
    }
)
DASHES = ("solid", "dash", "dot", "dashdot")  # the next five units repeat the hues with another line
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")

# Negative to positive, 0 in the middle.
SIGNED = MappingProxyType(
    {
        "light": ("#08417E", "#2878B8", "#8DBFE0", "#F5F5F2", "#F3BC88", "#D4711F", "#8A3A05"),
        "dark": ("#9AD2FF", "#3D93D8", "#1F4C75", "#20242C", "#70401A", "#DE7B2C", "#FFC98F"),
    }
)
# First to last timestep of a path of h: from three tenths of its colour on the page to all of it, as on the stage.
TIME = MappingProxyType({"light": ("#B2D5E8", _LIGHT["h"]), "dark": ("#28445A", _DARK["h"])})
# Small to large, away from the page, in even steps of lightness; even the smallest differs from the page.
MAGNITUDE = MappingProxyType(
    {
        "light": ("#C9E8D0", "#86CBC8", "#459FC6", "#2B70B0", "#28458C", "#201A50"),
        "dark": ("#2A2F66", "#2C5A9C", "#3B8BC4", "#62B8D0", "#9BDCCB", "#E6F8DA"),
    }
)


def mode(dark: bool) -> str:
    """The key of this theme in the tables above."""
    return "dark" if dark else "light"


def scale(colours: tuple[str, ...]) -> list[list[Any]]:
    """Colours as an evenly spaced plotly colour scale."""
    return [[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)]


def blend(colours: tuple[str, ...], place: float) -> str:
    """The colour at `place` (0 … 1) of an evenly spaced scale."""
    position = min(max(place, 0.0), 1.0) * (len(colours) - 1)
    left = min(int(position), len(colours) - 2)
    share = position - left
    low, high = (bytes.fromhex(colours[side][1:]) for side in (left, left + 1))
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in zip(low, high, strict=True))


@cache
def template(dark: bool) -> go.layout.Template:
    """Fonts, margins, axes and a transparent background, as what every figure starts from.

    Plotly checks each attribute that is set; set once in a template they cost a tenth of the time.
    """
    colours = COLOURS[mode(dark)]
    axis = {
        "gridcolor": colours["grid"],
        "linecolor": colours["muted"],
        "tickcolor": colours["muted"],
        "tickfont": {"color": colours["muted"], "size": 12},
        "title": {"font": {"color": colours["text"], "size": 13}, "standoff": 8},
        "zerolinecolor": colours["muted"],
        "showline": True,
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 12, "r": 12, "t": 12, "b": 12},
            "font": {"family": FONT, "size": 13, "color": colours["text"]},
            "hoverlabel": {"font": {"family": FONT, "size": 13}, "align": "left"},
            "hovermode": "closest",
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "top",
                "yref": "container",
                "bgcolor": "rgba(0,0,0,0)",
                "font": {"size": 12},
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": colours["muted"],
                "activecolor": colours["text"],
            },
            "xaxis": axis,
            "yaxis": axis,
        }
    )
