"""Many-to-one: sentences of two opposite halves; the one after "but" says how it was meant.

The same words in another order mean the opposite, so who sees a bag of words is as good as guessing: every bag has as
many good as bad sentences.
"""

from dataclasses import dataclass
from itertools import permutations, product
from typing import ClassVar

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Listed
from playground.tasks.packing import packed
from playground.tasks.task import Shape

CLASSES = (N_("negative"), N_("positive"))


@dataclass(frozen=True, slots=True)
class Words:
    """What sentences are made of: topic, linking word if any, "not" if it is so, quality; "but"; the same again."""

    topics: tuple[str, ...]
    link: tuple[str, ...]
    negation: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    but: str


WORDS = {
    "en": Words(
        ("food", "service", "room", "view"), ("was",), "not", ("good", "great"), ("bad", "awful"), "but"
    ),
    "ko": Words(
        ("음식은", "서비스는", "방은", "전망은"),
        (),
        "안",
        ("좋았다", "훌륭했다"),
        ("나빴다", "끔찍했다"),
        "하지만",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Sentiment(Listed):
    """All sentences such as "food was good but service was not good", asked at their last word.

    `readout` is what the answer is read from: the last state, or the mean of all. Held out are whole bags of words:
    sentences of the same words are on one side.
    """

    language: str = "en"
    readout: str = "each"

    name: ClassVar[str] = "many-to-one"
    title: ClassVar[str] = N_("Many-to-one: sentiment")
    tests: ClassVar[str] = N_(
        "Many inputs, one answer: order decides, for the same words in another order mean the opposite."
    )
    shape: ClassVar[Shape] = "many-to-one"
    goal: ClassVar[float] = 1.0
    named: ClassVar[bool] = True

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All words."""
        words = WORDS[self.language]
        return (*words.topics, *words.link, words.negation, *words.good, *words.bad, words.but)

    @property
    def signature(self) -> Signature:
        """Words in, two classes out. The difference of the two logits is what one number and a sigmoid would read."""
        return Signature("symbols", len(self.vocabulary), len(CLASSES), readout=self.readout)

    @property
    def chance(self) -> float:
        """Every sentence has its opposite."""
        return 1 / len(CLASSES)

    def sentences(self) -> list[tuple[tuple[str, ...], int]]:
        """Every sentence in words, and its class."""
        words = WORDS[self.language]
        qualities = [*((word, True) for word in words.good), *((word, False) for word in words.bad)]
        halves = [  # without its topic, and whether it is good
            ((*words.link, *([words.negation] if negated else []), quality), good != negated)
            for (quality, good), negated in product(qualities, (False, True))
        ]
        return [
            ((one, *first, words.but, other, *second), int(is_good))
            for one, other in permutations(words.topics, 2)
            for (first, was_good), (second, is_good) in product(halves, halves)
            if was_good != is_good
        ]

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every sentence; a group is a bag of words."""
        ids = {word: number for number, word in enumerate(self.vocabulary)}
        sentences = self.sentences()
        bags = {
            bag: number for number, bag in enumerate(dict.fromkeys(_bag(words) for words, _ in sentences))
        }
        read = [[ids[word] for word in words] for words, _ in sentences]
        asked = [[*[None] * (len(words) - 1), label] for words, label in sentences]
        return packed(list(zip(read, asked, strict=True))), tuple(bags[_bag(words)] for words, _ in sentences)

    def symbol(self, read: int) -> str:
        """A word."""
        return self.vocabulary[read]

    def answer(self, target: int) -> str:
        """Negative or positive."""
        return CLASSES[target]


def _bag(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(words))
