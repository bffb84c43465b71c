"""An experiment as its reader would tell it: all its settings, the few that matter in a line, and a name for files."""

import re
import unicodedata
from typing import Any

from playground.characters import whole
from playground.config import DEFAULTS, ExperimentConfig
from playground.ui.fields import exact_number, label, option_label, value_label
from playground.ui.words import _

ALWAYS = ("cell", "text", "hidden_size", "optimizer", "learning_rate", "seed")  # told of every experiment
LONGEST_NAME = 24  # characters of a text in the name of a file


def all_settings(config: ExperimentConfig) -> list[tuple[str, str]]:
    """Name and value of every setting, in the reader's language. A rate that never changed has no changes to tell."""
    return [
        (label(name), _value(name, value))
        for name, value in config.values().items()
        if name != "rates" or value
    ]


def in_short(config: ExperimentConfig) -> str:
    """The settings that every experiment is told by, and those that are not as they are by default, in one line."""
    return " · ".join(
        value_label(name, value)
        for name, value in config.values().items()
        if name in ALWAYS or value != DEFAULTS[name]
    )


def file_name(config: ExperimentConfig) -> str:
    """What a file of an experiment is called, without its ending: the cell and the beginning of the text.

    Letters of every script and digits stay; whatever else there is becomes a hyphen, so that it is a name everywhere.
    """
    letters = "".join(c if unicodedata.category(c)[0] in "LMN" else "-" for c in config.text.text[:200])
    text = re.sub("-+", "-", whole(letters.strip("-"), LONGEST_NAME)).strip("-")
    return f"{config.network.cell}-{text}" if text else config.network.cell


def _value(name: str, value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "text":
        return value
    if name == "rates":
        return value_label(name, value)
    if isinstance(value, str):
        return option_label(value)
    return exact_number(value)
