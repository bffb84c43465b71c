"""The text as a network reads it: symbols with numbers, one sequence a line, windows, batches."""

import sys
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import replace
from itertools import chain
from typing import Self

import numpy as np
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.characters import characters
from playground.config import Text, TextConfig
from playground.refusal import Refusal, Unreadable, shorten
from playground.seeding import seeded
from playground.tokens import BOS, EOS, TOKENIZERS

MAX_VOCABULARY = 256
MAX_PROBE = 200  # symbols of a probe or prompt, BOS included
PROBE = Text(10_000)  # what is longer is not even split into symbols: 200 words hardly ever are
LISTED = 8  # symbols that a refusal names


class Corpus:
    """The symbols, sequences, windows and batches of a text. Nothing in it changes once it is built.

    Every line that is not blank is one sequence, with BOS before and EOS after it if these are on. A sequence
    of more than `sequence_length` predictions is cut into windows that overlap by one symbol, so every
    prediction of the text stands in exactly one window.

    Attributes:
        config: the `TextConfig` it was built from.
        vocabulary: the different symbols, BOS and EOS first, then in order of appearance; ids count from 0.
        labels: what is drawn for each symbol, all different.
        sequences: the ids of each line.
        windows: the ids of each window, 2 to sequence_length + 1 of them.
        predictions: how many symbols of the text are predicted.
        bos_id, eos_id: ids of the special symbols, None where they are off.

    Raises:
        Refusal: for "text" if it is blank, has nothing to predict, fewer than 2 or more than 256 symbols.
    """

    def __init__(self, config: TextConfig) -> None:
        self.config = config
        self._tokenizer = TOKENIZERS[config.tokens]
        before, after = [BOS] * config.bos, [EOS] * config.eos
        lines = [self._tokenizer.encode(line) for line in config.text.split("\n") if line.strip()]
        self.vocabulary = tuple(dict.fromkeys(chain(before, after, *lines)))
        self._check(lines)
        self._ids = {symbol: i for i, symbol in enumerate(self.vocabulary)}
        self.labels = _different(self._tokenizer.label(symbol) for symbol in self.vocabulary)
        self.bos_id = self._ids.get(BOS)
        self.eos_id = self._ids.get(EOS)
        self._cut(tuple(tuple(self._ids[s] for s in [*before, *line, *after]) for line in lines))

    def _cut(self, sequences: tuple[tuple[int, ...], ...]) -> None:
        """Take sequences, cut them into windows, and make batches of these."""
        length = self.config.sequence_length
        self.sequences = sequences
        self.windows = tuple(
            sequence[start : start + length + 1]
            for sequence in sequences
            for start in range(0, len(sequence) - 1, length)
        )
        self.predictions = sum(len(window) - 1 for window in self.windows)
        self._prepare_batches()

    def only(self, lines: Collection[int]) -> Self:
        """The same text with some of its sequences only, by their places from 0; one at least predicts something.

        Its ids and its vocabulary are those of the whole text, and its config is.
        """
        part = copy(self)
        part._cut(tuple(self.sequences[line] for line in sorted(lines)))
        return part

    def _check(self, lines: Sequence[Sequence[str]]) -> None:
        """Refuse a text from which nothing can be learned, or too much would have to be."""
        if not lines:
            raise Refusal("text", "{field} is empty; type at least two characters, such as hello.")
        if len(self.vocabulary) > MAX_VOCABULARY:
            raise Refusal(
                "text",
                "{field} must have at most {limit} different symbols; got {count:,}: "
                "shorten it, or split it into smaller symbols.",
                limit=MAX_VOCABULARY,
                count=len(self.vocabulary),
            )
        if max(map(len, lines)) + self.config.bos + self.config.eos < 2:
            line = self._tokenizer.decode(lines[0])
            if self.config.tokens == "word":
                raise Refusal(
                    "text",
                    "{field} has nothing to predict: it needs a line of two words or more, or BOS or EOS; "
                    "got lines of one word such as {value}.",
                    value=line,
                )
            raise Refusal(
                "text",
                "{field} has nothing to predict: it needs a line of two characters or more, or BOS or EOS; "
                "got lines of one character such as {value}.",
                value=line,
            )
        if len(self.vocabulary) < 2:
            raise Refusal(
                "text",
                "{field} must have at least two different symbols, BOS and EOS included; got only {value}.",
                value=lines[0][0],
            )

    def _prepare_batches(self) -> None:
        """Pad all windows into one table of bytes, from which a batch is one selection."""
        lengths = [len(window) - 1 for window in self.windows]
        # One more window, without a prediction: it fills up the last batch of an epoch.
        self._lengths = torch.tensor([*lengths, 0])
        self._positions = torch.arange(max(lengths)).unsqueeze(1)  # (T, 1)
        self._padded = torch.zeros(len(lengths) + 1, 2, max(lengths), dtype=torch.uint8)  # inputs, targets
        filled = self._lengths.unsqueeze(1) > self._positions.T  # (windows + 1, T)
        self._padded[:, 0][filled] = _bytes(window[:-1] for window in self.windows)
        self._padded[:, 1][filled] = _bytes(window[1:] for window in self.windows)
        self._order: tuple[tuple[int, int], Tensor] | None = None
        fits = len(lengths) <= self.config.batch_size
        self._whole = replace(self._select(torch.arange(len(lengths))), is_only=True) if fits else None

    @property
    def signature(self) -> Signature:
        """What a language model of this text reads and answers."""
        return Signature.language(len(self.vocabulary))

    @property
    def steps_per_epoch(self) -> int:
        """How many batches show every window once."""
        return 1 if self._whole is not None else -(-len(self.windows) // self.config.batch_size)

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of training step `step` (from 0): always the same for the same seed and step.

        If all windows fit into one batch it is that batch, the same object each time. Otherwise each epoch
        goes through all windows once in an order drawn from the seed; its last batch may have columns of
        padding only, so that every batch has the same shape (T of the longest window, 1, batch_size).
        """
        if self._whole is not None:
            return self._whole
        epoch, place = divmod(step, self.steps_per_epoch)
        return self._select(self._epoch(seed, epoch)[place])

    def column(self, window: int, seed: int, step: int) -> int | None:
        """Where a window stands in the batch of training step `step`; None if it is not in it."""
        if self._whole is not None:
            return window
        epoch, place = divmod(step, self.steps_per_epoch)
        found = (self._epoch(seed, epoch)[place] == window).nonzero()
        return int(found) if len(found) else None

    def predicted(self, seed: int, steps: np.ndarray) -> np.ndarray:
        """How many symbols the batches of training steps predict, (N,) as the steps are."""
        if self._whole is not None:
            return np.full(len(steps), int(self._lengths.sum()))
        of_pass = self.steps_per_epoch
        return np.array(
            [
                int(self._lengths[self._epoch(seed, step // of_pass)[step % of_pass]].sum())
                for step in steps.tolist()
            ],
            np.int64,
        )

    def _epoch(self, seed: int, epoch: int) -> Tensor:
        """The windows of each batch of an epoch, (steps_per_epoch, B); kept until another is asked for."""
        kept = self._order
        if kept is not None and kept[0] == (seed, epoch):
            return kept[1]
        order = torch.full((self.steps_per_epoch * self.config.batch_size,), len(self.windows))
        order[: len(self.windows)] = torch.randperm(len(self.windows), generator=seeded(seed, epoch))
        order = order.view(self.steps_per_epoch, -1)
        self._order = (seed, epoch), order
        return order

    def _select(self, windows: Tensor) -> Batch:
        """Several windows side by side, padded at the end with masked zeros."""
        both = self._padded.index_select(0, windows).permute(1, 2, 0)  # (2, T, B)
        inputs, targets = both.to(torch.int64, memory_format=torch.contiguous_format).unsqueeze(2).unbind()
        return Batch(inputs, targets, (self._positions < self._lengths[windows]).unsqueeze(1))

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes: the ids as numbers and as the padded table."""
        numbers = sum(map(sys.getsizeof, (*self.sequences, *self.windows)))
        order = self._order[1].nbytes if self._order else 0
        return numbers + self._padded.nbytes + self._lengths.nbytes + order

    def window_batch(self, index: int) -> Batch:
        """One window alone, without padding: (T, 1, 1)."""
        ids = torch.tensor(self.windows[index]).view(-1, 1, 1)
        return Batch(ids[:-1], ids[1:], torch.ones(ids[1:].shape, dtype=torch.bool))

    def probe_batch(self, ids: Sequence[int]) -> Batch:
        """Ids as one sequence, (T, 1, 1) with T = len(ids): all are read, the last has nothing to predict."""
        inputs = torch.tensor(ids).view(-1, 1, 1)
        targets = torch.tensor([*ids[1:], 0]).view(-1, 1, 1)
        mask = torch.ones(inputs.shape, dtype=torch.bool)
        mask[-1] = False
        return Batch(inputs, targets, mask)

    def encode(self, text: str, field: str) -> tuple[int, ...]:
        """The ids of one line that a reader typed, after BOS if that is on.

        Raises `Unreadable` for `field` if the line has symbols that the training text has not, any other `Refusal`
        if it is empty, too long or more than one line.
        """
        line = PROBE.check(field, text)
        if "\n" in line:
            raise Refusal(field, "{field} must be one line; got {count} lines.", count=line.count("\n") + 1)
        symbols = self._tokenizer.read(line, self._ids)
        if not symbols:
            raise Refusal(
                field, "{field} is empty; use symbols of the training text ({known}).", known=self._known()
            )
        limit = MAX_PROBE - self.config.bos
        if len(symbols) > limit:
            raise Refusal(
                field,
                "{field} must have at most {limit} symbols; got {count:,}.",
                limit=limit,
                count=len(symbols),
            )
        if unknown := [symbol for symbol in dict.fromkeys(symbols) if symbol not in self._ids]:
            raise Unreadable(
                field,
                "{field} must use symbols of the training text ({known}); got {unknown}.",
                known=self._known(),
                unknown=_listed([self._tokenizer.label(symbol) for symbol in unknown]),
            )
        ids = tuple(self._ids[symbol] for symbol in symbols)
        return ids if self.bos_id is None else (self.bos_id, *ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; BOS and EOS leave no trace."""
        return self._tokenizer.decode(self.vocabulary[i] for i in ids)

    def continuation(self, given: Iterable[int], made: Iterable[int]) -> tuple[str, str]:
        """The text of a prompt and of what was made after it; one after the other they are the text of both.

        The two parts meet between characters. A character that was given only in part, such as 하 of which a
        model made 한, is one that the model made: so the first part holds nothing that was not given. Between
        words the second part begins with the space.
        """
        given = tuple(given)
        before, text, border = self.decode(given), self.decode((*given, *made)), 0
        for character in characters(text):
            if not before.startswith(character, border):
                break
            border += len(character)
        return text[:border], text[border:]

    def _known(self) -> str:
        """The symbols that can be typed, as they are drawn."""
        special = self.config.bos + self.config.eos
        return _listed(self.labels[special:])


def _bytes(parts: Iterable[Sequence[int]]) -> Tensor:
    """Ids (below 256) one part after the other, as one tensor."""
    return torch.frombuffer(bytearray(chain.from_iterable(parts)), dtype=torch.uint8)


def _listed(labels: Sequence[str]) -> str:
    """The first few of what is drawn for symbols, each in quotes."""
    shown = ", ".join(shorten(label, 16) for label in labels[:LISTED])
    return shown if len(labels) <= LISTED else shown + ", …"


def _different(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels, repetitions numbered: a chart must not draw two symbols as one."""
    different: dict[str, None] = {}  # an ordered set
    for label in labels:
        name, n = label, 1
        while name in different:
            n += 1
            name = f"{label}₍{n}₎"
        different[name] = None
    return tuple(different)
