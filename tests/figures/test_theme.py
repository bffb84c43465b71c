"""Colours against WCAG contrast and simulated colour blindness (Machado, Oliveira, Fernandes 2009)."""

import ast
import json
import tomllib
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground.figures import theme
from tests.web.node import ROOT, node

MODES = ("light", "dark")
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
PAGES = {mode: CONFIG[mode]["backgroundColor"] for mode in MODES}
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> np.ndarray:
    """sRGB to linear light."""
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """WCAG 2.1 contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(light: np.ndarray) -> np.ndarray:
    """Linear light to CIE L*a*b*, D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ light.clip(0, 1) / np.array([0.9505, 1, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def closest(colours: tuple[str, ...], blindness: str) -> float:
    """The smallest difference (ΔE 1976) between any two colours as seen with a colour blindness."""
    seen = [lab(BLINDNESS[blindness] @ linear(colour)) for colour in colours]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2))


@cache
def stage() -> dict[str, Any]:
    """The colours of the stage by mode, as its own JavaScript makes them from the colours of the page."""
    variables = {
        mode: {"background": CONFIG[mode]["backgroundColor"], "text": CONFIG[mode]["textColor"]}
        for mode in MODES
    }
    printed = node(ROOT / "tests" / "web" / "js" / "palettes.js", json.dumps(variables))
    assert printed.returncode == 0, printed.stdout
    return json.loads(printed.stdout)


@pytest.mark.parametrize("mode", MODES)
def test_a_quantity_has_the_same_colour_on_the_stage_as_in_the_figures(mode: str) -> None:
    colours = stage()[mode]["colours"]
    assert len(colours) >= 8
    assert colours == {name: theme.COLOURS[mode][name] for name in colours}
    assert tuple(stage()[mode]["signed"]) == theme.SIGNED[mode]


@pytest.mark.parametrize("mode", MODES)
def test_the_page_has_the_colours_of_stage_and_figures(mode: str) -> None:
    page, figures, drawn = CONFIG[mode], theme.COLOURS[mode], stage()[mode]
    assert page["textColor"] == figures["text"]
    assert (drawn["background"].upper(), drawn["text"].upper()) == (
        page["backgroundColor"],
        page["textColor"],
    )
    assert drawn["dark"] == (mode == "dark")
    named = {
        "red": "exploded", "orange": "c", "yellow": "g", "green": "i", "blue": "h", "violet": "f", "gray": "uniform",
    }  # fmt: skip
    assert {name: page[f"{name}Color"] for name in named} == {n: figures[q] for n, q in named.items()}
    assert page["chartCategoricalColors"] == [
        figures[name] for name in ("h", "c", "i", "f", "g", "o", "uniform")
    ]
    for key, palette in (("chartSequentialColors", drawn["gate"]), ("chartDivergingColors", drawn["signed"])):
        for colour, place in zip(page[key], np.linspace(0, 1, 10), strict=True):
            wanted = bytes.fromhex(theme.blend(tuple(palette), float(place))[1:])
            apart = (abs(one - other) for one, other in zip(bytes.fromhex(colour[1:]), wanted, strict=True))
            assert max(apart) <= 1, (key, colour, wanted.hex())


@pytest.mark.parametrize("mode", MODES)
def test_words_on_the_stage_can_be_read_where_they_stand(mode: str) -> None:
    drawn, colours = stage()[mode], stage()[mode]["colours"]
    for ink, ground in product((drawn["text"], drawn["muted"]), (drawn["background"], drawn["surface"])):
        assert contrast(ink, ground) >= 4.5, (ink, ground)
    for name in (
        "uniform",
        "floor",
        "exploded",
    ):  # beside the learning curve, and where a gradient is no number
        assert contrast(colours[name], drawn["background"]) >= 4.5, name
    for colour in drawn["ghosts"]:  # of the letters, too, by which earlier runs are told apart
        assert contrast(colour, drawn["background"]) >= 4.5, colour
    assert contrast(drawn["background"], drawn["text"]) >= 4.5  # tips are the other way round
    for ground, ink in drawn["tiles"]:
        assert contrast(ground, ink) >= 4.5, (ground, ink)


@pytest.mark.parametrize("mode", MODES)
def test_lines_on_the_stage_stand_out_from_the_page(mode: str) -> None:
    for colour in (*stage()[mode]["colours"].values(), *stage()[mode]["ghosts"]):
        assert contrast(colour, PAGES[mode]) >= 3, colour


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("blindness", list(BLINDNESS))
def test_what_is_no_number_is_unlike_every_value(mode: str, blindness: str) -> None:
    for palette in ("signed", "gate"):
        for place in np.linspace(0, 1, 21):
            shade = theme.blend(tuple(stage()[mode][palette]), float(place))
            assert closest((stage()[mode]["broken"], shade), blindness) > 25, (palette, place)


@pytest.mark.parametrize("mode", MODES)
def test_the_button_to_press_can_be_read(mode: str) -> None:
    """Streamlit writes on its main colour in white."""
    assert contrast("#FFFFFF", CONFIG[mode]["primaryColor"]) >= 4.5
    for place, surface in product(
        (CONFIG[mode], CONFIG[mode]["sidebar"]), ("backgroundColor", "secondaryBackgroundColor")
    ):
        assert contrast(place[surface], CONFIG[mode]["primaryColor"]) >= 3


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_colour_stands_out_from_the_page(mode: str) -> None:
    for name, colour in theme.COLOURS[mode].items():
        if name != "grid":
            least = 4.5 if name in ("text", "muted") else 3
            assert contrast(colour, PAGES[mode]) >= least, (name, colour)
    for colour in theme.UNITS[mode]:
        assert contrast(colour, PAGES[mode]) >= 3, colour


def test_both_modes_name_the_same_quantities() -> None:
    assert set(theme.COLOURS["light"]) == set(theme.COLOURS["dark"])


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("blindness", list(BLINDNESS))
def test_units_and_states_stay_apart_for_colour_blind_eyes(mode: str, blindness: str) -> None:
    assert closest(theme.UNITS[mode], blindness) > 20
    colours = theme.COLOURS[mode]
    assert closest((colours["h"], colours["c"]), blindness) > 20
    assert closest((colours["gradient_norm"], colours["clipped"]), blindness) > 20
    assert closest(tuple(colours[name] for name in ("h", "radius", "singular")), blindness) > 20
    assert closest(tuple(colours[name] for name in ("tanh", "relu", "sigmoid", "linear")), blindness) > 20
    for one, other in (
        ("single", "accumulated"),
        ("sum", "mean"),
        ("free", "clipped_norm"),
        ("c", "through"),
    ):
        assert closest((colours[one], colours[other]), blindness) > 18, (one, other)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("blindness", list(BLINDNESS))
def test_cells_without_a_magnitude_are_unlike_every_magnitude(mode: str, blindness: str) -> None:
    colours = theme.COLOURS[mode]
    for name in ("zero", "exploded", "worse", "selected"):
        for place in np.linspace(0, 1, 21):
            shade = theme.blend(theme.MAGNITUDE[mode], float(place))
            assert closest((colours[name], shade), blindness) > 20, (name, place)
    for one, other in (("zero", "exploded"), ("worse", "exploded")):
        assert closest((colours[one], colours[other]), blindness) > 15, (one, other)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_magnitudes_leave_the_page_in_even_steps_of_lightness(mode: str) -> None:
    page = lab(linear(PAGES[mode]))[0]
    away = [abs(lab(linear(colour))[0] - page) for colour in theme.MAGNITUDE[mode]]
    steps = np.diff(away)
    assert steps.min() > 0
    assert steps.max() < 1.5 * steps.min()
    assert contrast(theme.MAGNITUDE[mode][0], PAGES[mode]) > 1.25, "the smallest value is no blank"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_palettes_are_ordered_by_lightness(mode: str) -> None:
    time = [luminance(colour) for colour in theme.TIME[mode]]
    assert time == sorted(time, reverse=mode == "light")
    signed = [abs(luminance(colour) - luminance(PAGES[mode])) for colour in theme.SIGNED[mode]]
    assert signed[:4] == sorted(signed[:4], reverse=True)  # strongest at the negative end, page-like at 0
    assert signed[3:] == sorted(signed[3:])


def test_blend_meets_its_ends_and_its_middle() -> None:
    assert theme.blend(("#000000", "#FFFFFF"), 0.0) == "#000000"
    assert theme.blend(("#000000", "#FFFFFF"), 1.0) == "#FFFFFF"
    assert theme.blend(("#000000", "#808080", "#FFFFFF"), 0.5) == "#808080"


def test_figures_import_only_plotly_pandas_numpy() -> None:
    allowed = {
        "plotly",
        "pandas",
        "numpy",
        "collections",
        "dataclasses",
        "functools",
        "html",
        "itertools",
        "types",
        "typing",
    }
    for file in Path(theme.__file__).parent.glob("*.py"):
        for part in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(part, ast.ImportFrom) and not part.level:
                assert (part.module or "").split(".")[0] in allowed, (file.name, part.module)
            elif isinstance(part, ast.ImportFrom):
                assert part.level == 1, (file.name, part.module)
            elif isinstance(part, ast.Import):
                assert {alias.name.split(".")[0] for alias in part.names} <= allowed, file.name
