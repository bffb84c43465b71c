"""The stages of one update in slow motion, as a table: in which order what is lit, how much of it, and for how long.

What is said stands in `texts/motion.<language>.md`: a section of the stage's name, with a paragraph for each of its
beats. A new stage is a line here and a section there; what it can light are the rows and the lines of
`playground.ui.cell.motion`.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing that is shown at a time.

    lights: rows of the picture, as far as the cell has them. at: the timesteps at which they are lit, one after the
    other: a name of `places`.
    seconds: how long it takes when it is played. where: a value without which the beat is left out; always there if "".
    """

    lights: tuple[str, ...] = ()
    at: str = ""
    seconds: float = 4.0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """Some beats under one number and title. section: of the texts, with values in it; the name if ""."""

    name: str
    beats: tuple[Beat, ...]
    section: str = ""


GOING_BACK = ("outputs", "later", "carried", "gates", "share")

STAGES = (
    Stage("read", (Beat(("read", "state"), "first"), Beat(("read", "state"), "others", 3.0))),
    Stage("predict", (Beat(("answer", "target"), "first"), Beat(("answer", "target"), "others", 3.0))),
    Stage(
        "loss",
        (
            Beat(("target", "loss"), "first"),
            Beat(("target", "loss"), "others", 3.0),
            Beat(("loss",), "all"),
            Beat(),
            Beat(("product",), "all", 5.0),
        ),
    ),
    Stage(
        "back",
        (
            Beat(("outputs", "later"), "last"),
            Beat(("carried", "gates"), "last"),
            Beat(("share",), "last"),
            Beat(("later",), "last but one"),
            Beat(GOING_BACK, "back from there", 6.0),
        ),
    ),
    Stage(
        "sum",
        (
            Beat(("share", "partial", "norm"), "back", 5.0),
            Beat(where="others"),
            Beat(),
        ),
    ),
    Stage("clip", (Beat(),), section="clip-{clipping}"),
    Stage("optimise", (Beat(seconds=6.0), Beat()), section="optimise-{moves}"),
    Stage("after", (Beat(("after",), "all", 3.0), Beat(("loss", "after"), "all")), section="after-{course}"),
)


def places(length: int) -> dict[str, Sequence[int]]:
    """The timesteps of a sequence, from 0, by what a beat calls them, in the order in which they are lit."""
    return {
        "": (),
        "first": range(1),
        "others": range(1, length),
        "all": range(length),
        "last": range(length - 1, length),
        "last but one": range(max(length - 2, 0), length - 1),
        "back from there": range(length - 2, -1, -1),
        "back": range(length - 1, -1, -1),
    }
