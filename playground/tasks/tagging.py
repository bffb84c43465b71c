"""Each step: a tag for every word, where the tag of one word is decided by a later one.

English: "the light is very bright" or "the light bulb is bright": a noun or an adjective. Korean: 배 is a pear if it is
eaten, a ship if it is taken. Who reads forwards has to guess that word; the best that can be reached so is computed by
counting. Who reads in both directions can have every tag right.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import ClassVar

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.ceilings import ceiling
from playground.tasks.drawing import Listed
from playground.tasks.packing import packed
from playground.tasks.task import Shape

Sentence = tuple[tuple[str, str], ...]  # words and their tags

TAGS = {
    "en": (N_("determiner"), N_("noun"), N_("adjective"), N_("verb"), N_("adverb")),
    "ko": (N_("person"), N_("time"), N_("food"), N_("vehicle"), N_("body"), N_("place"), N_("verb")),
}


def _english() -> list[tuple[Sentence, int]]:
    """Five words each. A group has the same beginning and the same end: five nouns and five adjectives."""
    determiners = ("the", "this", "that")
    either = ("light", "orange", "square", "plastic", "cold", "metal")
    ends = ("bright", "old", "new", "bad")
    things = ("bulb", "box", "chair", "table", "cup")
    verbs = ("is", "was", "looks", "seems", "feels")
    sentences: list[tuple[Sentence, int]] = []
    for group, (determiner, word, end) in enumerate(product(determiners, either, ends)):
        start, last = (determiner, "determiner"), (end, "adjective")
        sentences += [
            ((start, (word, "noun"), (verb, "verb"), ("very", "adverb"), last), group) for verb in verbs
        ]
        sentences += [
            ((start, (word, "adjective"), (thing, "noun"), ("is", "verb"), last), group) for thing in things
        ]
    return sentences


def _korean() -> list[tuple[Sentence, int]]:
    """Four words each. A group has the same beginning: two verbs for each of the two meanings."""
    people = ("나는", "너는", "우리는", "그는")
    times = ("오늘", "지금", "매일")
    meanings = {
        "배를": {"food": ("먹는다", "깎는다"), "vehicle": ("탄다", "몬다")},
        "차를": {"food": ("마신다", "끓인다"), "vehicle": ("탄다", "몬다")},
        "다리를": {"body": ("다친다", "떤다"), "place": ("건넌다", "놓는다")},
        "밤을": {"food": ("먹는다", "깐다"), "time": ("새운다", "지낸다")},
    }
    return [
        (((person, "person"), (time, "time"), (word, meaning), (verb, "verb")), group)
        for group, (person, time, word) in enumerate(product(people, times, meanings))
        for meaning, verbs in meanings[word].items()
        for verb in verbs
    ]


GRAMMARS = {"en": _english, "ko": _korean}


@dataclass(frozen=True, kw_only=True)
class Tagging(Listed):
    """All sentences of a small grammar with their tags. In every group both tags of the open word are as frequent."""

    language: str = "en"

    name: ClassVar[str] = "each step"
    title: ClassVar[str] = N_("Each step: tags")
    tests: ClassVar[str] = N_(
        "An answer at every timestep: a tag for each word. One of them is decided by a later word, "
        "which only a network that reads in both directions has seen."
    )
    shape: ClassVar[Shape] = "each step"
    goal: ClassVar[float] = 1.0
    named: ClassVar[bool] = True

    @cached_property
    def sentences(self) -> list[tuple[Sentence, int]]:
        """Every sentence in words and tags, with its group."""
        return GRAMMARS[self.language]()

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """All words, in order of appearance."""
        return tuple(dict.fromkeys(word for sentence, _ in self.sentences for word, _ in sentence))

    @property
    def signature(self) -> Signature:
        """Words in, tags out."""
        return Signature("symbols", len(self.vocabulary), len(TAGS[self.language]))

    @property
    def chance(self) -> float:
        """The share of the most frequent tag."""
        return ceiling(self.everything, "nothing")

    @cached_property
    def forward_ceiling(self) -> float:
        """The highest accuracy of who reads forwards, on all sentences as on those that are held out."""
        return ceiling(self.everything, "past")

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every sentence; held out are whole groups."""
        ids = {word: number for number, word in enumerate(self.vocabulary)}
        tags = {tag: number for number, tag in enumerate(TAGS[self.language])}
        numbered = [
            ([ids[word] for word, _ in sentence], [tags[tag] for _, tag in sentence])
            for sentence, _ in self.sentences
        ]
        return packed(numbered), tuple(group for _, group in self.sentences)

    def symbol(self, read: int) -> str:
        """A word."""
        return self.vocabulary[read]

    def answer(self, target: int) -> str:
        """A tag."""
        return TAGS[self.language][target]
