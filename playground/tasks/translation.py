"""Delayed: three words are read, then two are written that mean the same in the other language."""

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import torch

from playground.batch import Batch
from playground.catalogue import N_
from playground.tasks.delayed import Delayed
from playground.tasks.drawing import Listed

Sentence = tuple[tuple[str, ...], tuple[str, ...]]  # what is read, what is to be written

PEOPLE = {
    "I": "나는",
    "you": "너는",
    "we": "우리는",
    "they": "그들은",
    "children": "아이들은",
    "friends": "친구들은",
}
# In English now and in the past; in Korean the noun, how it begins a verb that is one word, and that verb now, in the
# past and in the future: -(으)리라 is one word, and right of whomever it is said, which -겠다 is not.
DOINGS = (
    ("sing", "sang", "노래를", "노래", ("한다", "했다", "하리라")),
    ("dance", "danced", "춤을", "춤", ("춘다", "추었다", "추리라")),
    ("dream", "dreamed", "꿈을", "꿈", ("꾼다", "꾸었다", "꾸리라")),
    ("sleep", "slept", "잠을", "", ("잔다", "잤다", "자리라")),
    ("draw", "drew", "그림을", "", ("그린다", "그렸다", "그리리라")),
    ("work", "worked", "일을", "일", ("한다", "했다", "하리라")),
    ("cook", "cooked", "요리를", "요리", ("한다", "했다", "하리라")),
    ("fish", "fished", "낚시를", "낚시", ("한다", "했다", "하리라")),
    ("talk", "talked", "말을", "말", ("한다", "했다", "하리라")),
    ("study", "studied", "공부를", "공부", ("한다", "했다", "하리라")),
)


def _from_english() -> list[Sentence]:
    """ "we did sing" → "우리는 노래했다": the verb that is written says what and when."""
    return [
        ((english, when, now), (korean, begin + form))
        for (english, korean), (now, _, _, begin, forms) in product(PEOPLE.items(), DOINGS)
        for when, form in zip(("do", "did", "will"), forms, strict=True)
    ]


def _from_korean() -> list[Sentence]:
    """ "우리는 노래를 했다" → "we sang": the noun that is read says what, the verb only when."""
    return [
        ((korean, noun, form), (english, verb))
        for (english, korean), (now, past, noun, _, forms) in product(PEOPLE.items(), DOINGS)
        for form, verb in zip(forms[:2], (now, past), strict=True)
    ]


SENTENCES = {"en": _from_english, "ko": _from_korean}


@dataclass(frozen=True, kw_only=True)
class Translation(Delayed, Listed):
    """`language` is what is read: English into Korean, or Korean into English."""

    language: str = "en"

    name: ClassVar[str] = "delayed"
    title: ClassVar[str] = N_("Delayed: three words, then two")
    tests: ClassVar[str] = N_(
        "Reading first, writing afterwards: three words are read before the first of two others is written."
    )
    goal: ClassVar[float] = 0.95

    @property
    def sentences(self) -> list[Sentence]:
        """Every sentence and its translation."""
        return SENTENCES[self.language]()

    @property
    def read_symbols(self) -> tuple[str, ...]:
        """The words of one language."""
        return tuple(dict.fromkeys(word for read, _ in self.sentences for word in read))

    @property
    def written_symbols(self) -> tuple[str, ...]:
        """The words of the other."""
        return tuple(dict.fromkeys(word for _, written in self.sentences for word in written))

    @property
    def reading(self) -> int:
        """Three words."""
        return 3

    @property
    def chance(self) -> float:
        """Always the same sentence, of which no other has the translation."""
        return 1 / len(self.sentences)

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every sentence, each a group of its own."""
        read_ids, written_ids = (
            {word: number for number, word in enumerate(words)}
            for words in (self.read_symbols, self.written_symbols)
        )
        read, written = zip(*self.sentences, strict=True)
        numbers = (
            torch.tensor([[ids[word] for word in words] for words in sentences]).T
            for ids, sentences in ((read_ids, read), (written_ids, written))
        )
        return self.pack(*numbers, cut=False), tuple(range(len(read)))
