"""One-to-many: a picture in, its name out, letter by letter. After the first timestep nothing is read."""

from dataclasses import dataclass
from typing import ClassVar

from playground.batch import NOTHING, Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Listed
from playground.tasks.packing import packed
from playground.tasks.task import Measure, Shape
from playground.tokens import EOS, TOKENIZERS

PICTURES = "🐱🐯🐰🐴🐻🦆🦊🐢"
NAMES = {
    "en": ("cat", "tiger", "rabbit", "horse", "bear", "duck", "fox", "turtle"),
    "ko": ("고양이", "호랑이", "토끼", "말", "곰", "오리", "여우", "거북이"),
}
LETTERS = {"en": TOKENIZERS["character"], "ko": TOKENIZERS["jamo"]}


@dataclass(frozen=True, kw_only=True)
class Naming(Listed):
    """Eight classes, drawn as pictures; after each name comes EOS. Each has a name of its own, so all are learned."""

    language: str = "en"

    name: ClassVar[str] = "one-to-many"
    title: ClassVar[str] = N_("One-to-many: a name")
    tests: ClassVar[str] = N_(
        "One input, many answers: a picture is seen once, then its name is written letter by letter."
    )
    shape: ClassVar[Shape] = "one-to-many"
    measure: ClassVar[Measure] = "exact"
    goal: ClassVar[float] = 1.0

    @property
    def letters(self) -> tuple[str, ...]:
        """What names are written with, EOS first."""
        names = (LETTERS[self.language].encode(name) for name in NAMES[self.language])
        return (EOS, *dict.fromkeys(letter for name in names for letter in name))

    @property
    def signature(self) -> Signature:
        """Classes in, letters out."""
        return Signature("symbols", len(PICTURES), len(self.letters))

    @property
    def chance(self) -> float:
        """Always the same name."""
        return 1 / len(PICTURES)

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every class once."""
        ids = {letter: number for number, letter in enumerate(self.letters)}
        written = [
            [ids[letter] for letter in (*LETTERS[self.language].encode(name), EOS)]
            for name in NAMES[self.language]
        ]
        read = [[number, *[NOTHING] * (len(name) - 1)] for number, name in enumerate(written)]
        return packed(list(zip(read, written, strict=True))), tuple(range(len(PICTURES)))

    def symbol(self, read: int) -> str:
        """The picture of a class."""
        return PICTURES[read]

    def answer(self, target: int) -> str:
        """A letter, as it is drawn."""
        return LETTERS[self.language].label(self.letters[target])
