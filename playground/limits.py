"""What one server may spend: defaults, a profile for small servers, and settings from the environment."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache

from playground.kernels.engine import SETTING as ENGINE
from playground.refusal import shorten

logger = logging.getLogger(__name__)
PROFILE = "PLAYGROUND_PROFILE"
PREFIX = "PLAYGROUND_"
RANGES = {  # of each number, both ends allowed
    "memory_mb": (300, 1_000_000),
    "run_mb": (4, 96),
    "lease_seconds": (10, 86_400),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one server process.

    memory_mb: resident memory of the process's own, in millions of bytes; library files, which the system can drop and
    read again, come on top (115 with the CPU build of torch, 45 more with compiled loops). When it comes near, large
    networks that are paused are put away and recordings are thinned, then the other runs that nobody plays are set
    aside; what cannot be held is refused before it starts.
    run_mb: what the tensors of one run may take. lease_seconds: a run that nobody asked for in this time is dropped.

    Raises:
        ValueError: for a number out of its range, naming the setting, what is allowed and what was given.
    """

    memory_mb: int = 800
    run_mb: int = 96
    lease_seconds: int = 600

    def __post_init__(self) -> None:
        for each in fields(self):
            value, (low, high) = getattr(self, each.name), RANGES[each.name]
            if type(value) is not int or not low <= value <= high:
                raise _refusal(each.name, value)

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> "Limits":
        """The limits of the profile that PLAYGROUND_PROFILE names, changed by PLAYGROUND_MEMORY_MB and the like.

        Raises ValueError for an unknown profile and for what is no number or out of range.
        """
        name = environment.get(PROFILE, "class")
        if name not in PROFILES:
            raise ValueError(
                f"{PROFILE} must be one of {', '.join(map(repr, PROFILES))}; got {shorten(name)}"
            )
        chosen = {}
        for each in fields(Limits):
            if (text := environment.get(_setting(each.name))) is not None:
                if not (text.isascii() and text.isdecimal() and len(text) < 10):
                    raise _refusal(each.name, text)
                chosen[each.name] = int(text)
        return replace(PROFILES[name], **chosen)


def _setting(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


SETTINGS = (PROFILE, ENGINE, *map(_setting, RANGES))


def _refusal(field: str, value: object) -> ValueError:
    """What is said of a value that the field cannot have."""
    low, high = RANGES[field]
    return ValueError(f"{_setting(field)} must be a whole number from {low} to {high}; got {shorten(value)}")


PROFILES = {
    "class": Limits(),  # a class of a hundred on a server of its own
    "small": Limits(memory_mb=480, run_mb=32),  # hosted sharing, from 690 MB
}


def limits() -> Limits:
    """The limits of this process, as its environment says; what looks like a setting and is none is logged, once."""
    _warn_of(tuple(unknown_settings(os.environ)))
    return Limits.from_environment(os.environ)


def unknown_settings(environment: Mapping[str, str]) -> list[str]:
    """Names that begin as our settings do and are none: misspelt, most likely."""
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in SETTINGS)


@cache
def _warn_of(names: tuple[str, ...]) -> None:
    """Log names that are no settings, with those that are."""
    for name in names:
        logger.warning("There is no setting %s; there are %s", shorten(name), ", ".join(SETTINGS))
