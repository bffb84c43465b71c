"""The settings the playground depends on, and a theme that people can read."""

import tomllib
from itertools import product
from pathlib import Path

import pytest
from streamlit import config

from playground.figures.theme import COLOURS

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
MODES = ("light", "dark")
SURFACES = ("backgroundColor", "secondaryBackgroundColor")


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours #RRGGBB, 1 to 21."""

    def luminance(colour: str) -> float:
        channels = (part / 255 for part in bytes.fromhex(colour[1:]))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def options(table: dict, prefix: str = "") -> dict[str, object]:
    """A nested table flat: `{"theme.light.textColor": …}`."""
    flat: dict[str, object] = {}
    for key, value in table.items():
        flat |= options(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def test_every_option_exists_in_streamlit() -> None:
    assert options(SETTINGS).keys() - config._config_options_template.keys() == set()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("runner.postScriptGC", False),
        ("server.fileWatcherType", "none"),
        ("server.enableCORS", True),
        ("server.enableXsrfProtection", True),
        ("client.showErrorDetails", "none"),
        ("browser.gatherUsageStats", False),
    ],
)
def test_vital_settings(option: str, value: object) -> None:
    assert options(SETTINGS)[option] == value


@pytest.mark.parametrize("mode", MODES)
def test_charts_have_the_colours_of_the_figures(mode: str) -> None:
    named = [COLOURS[mode][quantity] for quantity in ("h", "c", "i", "f", "g", "o", "uniform")]
    assert SETTINGS["theme"][mode]["chartCategoricalColors"] == named
    assert len(SETTINGS["theme"][mode]["chartSequentialColors"]) == 10
    assert len(SETTINGS["theme"][mode]["chartDivergingColors"]) == 10


@pytest.mark.parametrize(("mode", "place", "surface"), list(product(MODES, ("page", "sidebar"), SURFACES)))
def test_text_and_controls_can_be_read(mode: str, place: str, surface: str) -> None:
    page = SETTINGS["theme"][mode]
    here = page | page["sidebar"] if place == "sidebar" else page
    assert contrast(here["textColor"], here[surface]) >= 7
    assert contrast(here["linkColor"], here[surface]) >= 4.5
    # The main colour is the ground of white labels and the colour of lines and marks, but of no words.
    assert contrast(here["primaryColor"], here[surface]) >= 3
    assert contrast("#FFFFFF", here["primaryColor"]) >= 4.5
    for colour in ("red", "orange", "yellow", "green", "blue", "violet", "gray"):
        assert contrast(here[f"{colour}Color"], here[surface]) >= 3
