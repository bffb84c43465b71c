"""Experiments beside another one: each says in what it differs, and so it follows whatever that other becomes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from playground.cells import CELLS
from playground.config import FIELDS, MAX_NUMBER, ExperimentConfig, Range
from playground.refusal import Refusal

MOST = 3  # beside the first
SEEDS = 2**31
LONGEST = 200  # characters in a link
THRESHOLD, STEP = cast("Range", FIELDS["clip_threshold"]), cast("Range", FIELDS["clip_from"])


@dataclass(frozen=True, slots=True)
class OtherCell:
    """The same with another cell: `gru`."""

    cell: str

    def __str__(self) -> str:
        return self.cell

    def of(self, config: ExperimentConfig) -> ExperimentConfig:
        """The experiment beside this one."""
        return replace(config, network=replace(config.network, cell=self.cell))


@dataclass(frozen=True, slots=True)
class OtherSeed:
    """The same from a seed so many further on: `seed1`."""

    ahead: int

    def __str__(self) -> str:
        return f"seed{self.ahead}"

    def of(self, config: ExperimentConfig) -> ExperimentConfig:
        """The experiment beside this one."""
        return replace(config, seed=(config.seed + self.ahead) % SEEDS)


@dataclass(frozen=True, slots=True)
class Clipped:
    """The same up to a step, from which on gradients are clipped by norm: `norm0.5@120`."""

    threshold: float
    step: int

    def __str__(self) -> str:
        return f"norm{self.threshold!r}@{self.step}"

    def of(self, config: ExperimentConfig) -> ExperimentConfig:
        """The experiment beside this one."""
        clipping = {"clip": "norm", "clip_threshold": self.threshold, "clip_from": self.step}
        return replace(config, training=replace(config.training, **clipping))


Variation = OtherCell | OtherSeed | Clipped


@dataclass(frozen=True, slots=True)
class Variations:
    """A few experiments beside the first, in a URL `gru,lstm`, `seed1,seed2` or `norm0.5@120`."""

    def check(self, name: str, value: object) -> tuple[Variation, ...]:
        """Return them, each once, if they are not too many and each can be, else raise `Refusal`."""
        if not isinstance(value, tuple | list):
            raise _refusal(name, value)
        given = cast("Iterable[object]", value)
        found = tuple(dict.fromkeys(_checked(name, each) for each in given))
        if len(found) > MOST:
            raise Refusal(
                name,
                "{field}: at most {most} experiments can stand beside the first; got {count}.",
                most=MOST,
                count=len(found),
            )
        return found

    def parse(self, name: str, text: str) -> tuple[Variation, ...]:
        """Read them from a URL."""
        if len(text) > LONGEST:
            raise _refusal(name, text)
        return self.check(name, tuple(_parsed(name, part) for part in text.split(",") if text))

    def show(self, value: tuple[Variation, ...]) -> str:
        """Write them into a URL."""
        return ",".join(map(str, value))


def beside(config: ExperimentConfig, variations: Iterable[Variation]) -> tuple[Variation, ...]:
    """Those that give experiments which differ from the first, and from one another."""
    found = dict[ExperimentConfig, Variation]()
    for variation in variations:
        found.setdefault(variation.of(config), variation)
    found.pop(config, None)
    return tuple(found.values())


def _parsed(name: str, part: str) -> Variation:
    threshold, at, step = part.removeprefix("norm").partition("@")
    if part.startswith("norm") and at and len(part) < 2 * MAX_NUMBER:
        try:
            return Clipped(float(THRESHOLD.parse(name, threshold)), int(STEP.parse(name, step)))
        except Refusal:
            raise _refusal(name, part) from None
    ahead = part.removeprefix("seed")
    if part.startswith("seed") and ahead.isascii() and ahead.isdecimal() and len(ahead) < MAX_NUMBER:
        return OtherSeed(int(ahead))
    return OtherCell(part)


def _checked(name: str, value: object) -> Variation:
    match value:
        case OtherCell(cell) if cell in CELLS:
            return value
        case OtherSeed(ahead) if 1 <= ahead <= MOST:
            return value
        case Clipped(threshold, step):
            THRESHOLD.check(name, threshold)
            STEP.check(name, step)
            return value
        case _:
            raise _refusal(name, value if not isinstance(value, OtherCell | OtherSeed) else str(value))


def _refusal(name: str, value: object) -> Refusal:
    return Refusal(
        name,
        "{field} must be cells such as gru,lstm, seeds such as seed1,seed2 or a clipping such as norm0.5@120; "
        "got {value}.",
        value=value,
    )
