"""A visitor's own lines as a task: `text → label`, `word/tag word/tag`, `input → output`; a tab will do for →."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from playground.batch import NOTHING, Batch, Signature
from playground.catalogue import N_
from playground.corpus import MAX_VOCABULARY
from playground.refusal import Refusal
from playground.tasks import typed
from playground.tasks.ceilings import ceiling
from playground.tasks.delayed import Delayed
from playground.tasks.drawing import Listed
from playground.tasks.packing import packed
from playground.tasks.task import Shape
from playground.tokens import EOS, TOKENIZERS

MAX_LINES = 1000
MAX_LENGTH = typed.LONGEST  # symbols of a text; of an output, EOS included
MAX_LABELS = 20

_ARROW = re.compile(r"\s*(?:\t|⇥|→)\s*")


class Line(NamedTuple):
    """One line of those that are not blank: its number, from 1, and its two sides or sequences."""

    number: int
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Own(Listed):
    """What tasks of a visitor's lines have in common.

    Raises `Refusal` for "lines", with the number of the line at fault.
    """

    lines: str = ""
    tokens: str = "character"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check(self.parsed)

    @cached_property
    def parsed(self) -> tuple[Line, ...]:
        """The lines, each in two sequences of symbols, labels or tags."""
        return tuple(self._parse(number, line) for number, line in _numbered(self.lines))

    def _parse(self, number: int, line: str) -> Line:
        raise NotImplementedError

    def _check(self, lines: Sequence[Line]) -> None:
        for each in lines:
            longest = max(len(each.left), len(each.right))
            if longest > MAX_LENGTH:
                raise Refusal(
                    "lines",
                    "{field} must have at most {limit} symbols in a text; line {line} has {count:,}.",
                    limit=MAX_LENGTH,
                    line=each.number,
                    count=longest,
                )
        if len(self.vocabulary) > MAX_VOCABULARY:
            raise Refusal(
                "lines",
                "{field} must have at most {limit} different symbols; got {count:,}: "
                "shorten them, or split them into smaller symbols.",
                limit=MAX_VOCABULARY,
                count=len(self.vocabulary),
            )

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """What is read, in order of appearance."""
        return tuple(dict.fromkeys(symbol for line in self.parsed for symbol in line.left))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What is answered, in order of appearance."""
        return tuple(dict.fromkeys(label for line in self.parsed for label in line.right))

    @property
    def signature(self) -> Signature:
        """Symbols in, labels out."""
        return Signature("symbols", len(self.vocabulary), len(self.labels))

    @property
    def chance(self) -> float:
        """The share of the most frequent label."""
        return ceiling(self.everything, "nothing")

    def numbers(self, text: str, field: str) -> tuple[int, ...]:
        """A text that a visitor types afterwards, in symbols of these lines.

        Raises `Refusal` for `field` if it is empty or too long, `Unreadable` if it has other symbols.
        """
        return typed.numbers(text, field, self.vocabulary, self.tokens)

    def symbol(self, read: int) -> str:
        """What is drawn for a symbol."""
        return TOKENIZERS[self.tokens].label(self.vocabulary[read])

    def answer(self, target: int) -> str:
        """A label."""
        return TOKENIZERS["word"].label(self.labels[target])

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: number for number, symbol in enumerate(self.vocabulary)}

    @cached_property
    def _answers(self) -> dict[str, int]:
        return {label: number for number, label in enumerate(self.labels)}

    def _symbols(self, text: str) -> tuple[str, ...]:
        return tuple(TOKENIZERS[self.tokens].encode(text))

    def _groups(self) -> tuple[int, ...]:
        """Lines with the same text are one group."""
        return _places(line.left for line in self.parsed)


@dataclass(frozen=True, kw_only=True)
class OwnClasses(_Own):
    """`text → label`: the label is asked for at the last symbol."""

    name: ClassVar[str] = "own many-to-one"
    title: ClassVar[str] = N_("Your own labels")
    tests: ClassVar[str] = N_("Many inputs, one answer: your own lines, a text and its label in each.")
    shape: ClassVar[Shape] = "many-to-one"

    def _parse(self, number: int, line: str) -> Line:
        text, label = _sides(number, line)
        return Line(number, self._symbols(text), (label,))

    def _check(self, lines: Sequence[Line]) -> None:
        super()._check(lines)
        _check_labels(self.labels)

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every line."""
        return packed(
            [
                (
                    [self._ids[symbol] for symbol in line.left],
                    [*[None] * (len(line.left) - 1), self._answers[line.right[0]]],
                )
                for line in self.parsed
            ]
        ), self._groups()


@dataclass(frozen=True, kw_only=True)
class OwnTags(_Own):
    """`word/tag word/tag`: the tag is asked for at every word. What counts as a word stands between spaces."""

    tokens: str = "word"

    name: ClassVar[str] = "own each step"
    title: ClassVar[str] = N_("Your own tags")
    tests: ClassVar[str] = N_("An answer at every timestep: your own lines, a tag after each word.")
    shape: ClassVar[Shape] = "each step"

    def _parse(self, number: int, line: str) -> Line:
        words, tags = [], []
        for each in TOKENIZERS["word"].encode(line):
            word, slash, tag = each.rpartition("/")
            if not (word and slash and tag):
                raise Refusal(
                    "lines",
                    "{field} must have a tag after every word, such as light/noun; line {line} has {value}.",
                    line=number,
                    value=each,
                )
            words.append(word)
            tags.append(tag)
        return Line(number, tuple(words), tuple(tags))

    def _check(self, lines: Sequence[Line]) -> None:
        super()._check(lines)
        _check_labels(self.labels)

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every line."""
        return packed(
            [
                ([self._ids[word] for word in line.left], [self._answers[tag] for tag in line.right])
                for line in self.parsed
            ]
        ), self._groups()


@dataclass(frozen=True, kw_only=True)
class OwnPairs(Delayed, _Own):
    """`input → output`: the output, and EOS after it, is written when the whole input has been read."""

    name: ClassVar[str] = "own delayed"
    title: ClassVar[str] = N_("Your own pairs")
    tests: ClassVar[str] = N_(
        "Reading first, writing afterwards: your own lines, an input and its output in each."
    )

    def _parse(self, number: int, line: str) -> Line:
        text, output = _sides(number, line)
        return Line(number, self._symbols(text), (*self._symbols(output), EOS))

    def _check(self, lines: Sequence[Line]) -> None:
        super()._check(lines)
        if len(self.labels) > MAX_VOCABULARY:
            raise Refusal(
                "lines",
                "{field} must have at most {limit} different symbols; got {count:,}: "
                "shorten them, or split them into smaller symbols.",
                limit=MAX_VOCABULARY,
                count=len(self.labels),
            )

    @property
    def read_symbols(self) -> tuple[str, ...]:
        """Symbols of inputs."""
        return self.vocabulary

    @property
    def written_symbols(self) -> tuple[str, ...]:
        """Symbols of outputs, EOS among them."""
        return self.labels

    @property
    def reading(self) -> int:
        """The length of the longest input."""
        return max(len(line.left) for line in self.parsed)

    @property
    def chance(self) -> float:
        """The share of the most frequent output."""
        return max(Counter(line.right for line in self.parsed).values()) / len(self.parsed)

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every line."""
        read = [[self._ids[symbol] for symbol in line.left] for line in self.parsed]
        written = [[self._answers[symbol] for symbol in line.right] for line in self.parsed]
        is_uneven = len({*map(len, read)}) > 1
        return self.pack(_filled(read, at_end=True), _filled(written), cut=is_uneven), self._groups()


# By the shape that a visitor fills.
OWN: Mapping[str, type[OwnClasses] | type[OwnTags] | type[OwnPairs]] = MappingProxyType(
    {kind.shape: kind for kind in (OwnClasses, OwnTags, OwnPairs)}
)


def _numbered(text: str) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise Refusal("lines", "{field} must have at least one line; got none.")
    if len(lines) > MAX_LINES:
        raise Refusal(
            "lines",
            "{field} must have at most {limit:,} lines; got {count:,}.",
            limit=MAX_LINES,
            count=len(lines),
        )
    return lines


def _sides(number: int, line: str) -> tuple[str, str]:
    """What stands before and after the arrow of a line."""
    match _ARROW.split(line):
        case [left, right] if left and right:
            return left, right
        case _:
            raise Refusal(
                "lines",
                "{field} must have one → or tab in every line, with something on both sides; line {line} is {value}.",
                line=number,
                value=line,
            )


def _check_labels(labels: Sequence[str]) -> None:
    """Refuse what leaves no choice, or too much of it."""
    if len(labels) < 2:
        raise Refusal(
            "lines", "{field} must have at least two different labels; all are {value}.", value=labels[0]
        )
    if len(labels) > MAX_LABELS:
        raise Refusal(
            "lines",
            "{field} must have at most {limit} different labels; got {count:,}.",
            limit=MAX_LABELS,
            count=len(labels),
        )


def _places(keys: Iterable[tuple[str, ...]]) -> tuple[int, ...]:
    """A number for each key, from 0: the same for the same."""
    places: dict[tuple[str, ...], int] = {}
    return tuple(places.setdefault(key, len(places)) for key in keys)


def _filled(rows: Sequence[Sequence[int]], *, at_end: bool = False) -> Tensor:
    """Rows of numbers as (longest, B), NOTHING after the shorter ones, or before them so that all end together."""
    longest = max(map(len, rows))
    fills = [[NOTHING] * (longest - len(row)) for row in rows]
    filled = [[*fill, *row] if at_end else [*row, *fill] for row, fill in zip(rows, fills, strict=True)]
    return torch.tensor(filled).T
