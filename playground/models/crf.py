"""A linear-chain conditional random field: tags for a sentence, all weighed together (Lafferty et al. 2001).

    score(x, y) = π_{y_1} + Σ_t e_t(y_t) + Σ_t A_{y_{t−1} y_t} + ω_{y_T}      e_t(j) = Σ_d E_d[x_{t+d}, j]
    p(y | x)    = exp score(x, y) / Z(x)                                       Z(x): the sum over all sequences of tags

E_d says what a word d places away speaks for. The sum over all sequences is found step by step, in logarithms, as
forward and back in a hidden Markov model:

    α_1(j) = π_j + e_1(j)     α_t(j) = e_t(j) + ln Σ_i exp(α_{t−1}(i) + A_ij)     ln Z = ln Σ_j exp(α_T(j) + ω_j)
    β_T(i) = ω_i              β_t(i) = ln Σ_j exp(A_ij + e_{t+1}(j) + β_{t+1}(j))
    p(y_t = j | x) = exp(α_t(j) + β_t(j) − ln Z)

What is minimised, −Σ ln p(y | x) + c ‖weights‖², has one minimum, and its gradient is what the model expects of each
weight minus what is there. Division is by Z(x) alone, once a sentence, and not at every step.

Shapes: T timesteps, B sentences side by side, V words, Y tags, D places read with each word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from playground.batch import NOTHING, Batch
from playground.config import LEARNING_RATE, Choice, Range, check_fields
from playground.optimizers import OPTIMIZERS
from playground.pieces import Pieces

PART = 2_000_000  # scores of pairs of tags in one pass: T · B · Y²
EQUAL = 1e-6  # nats: scores that differ by less are equal, and rounding shall not choose between them

CRF_FIELDS: Mapping[str, Choice | Range] = MappingProxyType(
    {
        "crf_neighbours": Range(0, 2),
        "crf_penalty": Range(0, 10, float),
        "crf_learning_rate": LEARNING_RATE,
    }
)


@dataclass(frozen=True, slots=True)
class CRFConfig:
    """What a CRF reads and how it learns; each field is checked by the entry "crf_<field>" of `CRF_FIELDS`.

    `neighbours` is how many words to the left and to the right of each are read with it. `penalty` is c. It begins
    with weights of zero, so there is no seed.

    Raises `Refusal` for the first field that is not allowed; its `field` is the name in `CRF_FIELDS`.
    """

    neighbours: int = 0
    penalty: float = 0.1
    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        check_fields(self, CRF_FIELDS, "crf_")


class Weights(NamedTuple):
    """The weights of a CRF, their gradient, or how often each of them counts; float64."""

    emission: Tensor  # E, (D, V, Y), from the word furthest to the left on
    start: Tensor  # π, (Y,)
    transition: Tensor  # A, (Y, Y)
    end: Tensor  # ω, (Y,)

    @classmethod
    def zeros(cls, places: int, words: int, tags: int) -> Self:
        """Weights before anything is learned."""
        shapes = (places, words, tags), (tags,), (tags, tags), (tags,)
        return cls(*(torch.zeros(shape, dtype=torch.float64) for shape in shapes))


class Sentences(NamedTuple):
    """Sentences side by side, the shorter ones filled up at their ends."""

    words: Tensor  # (T, B), NOTHING where a sentence has ended
    tags: Tensor  # (T, B), any number there

    @property
    def there(self) -> Tensor:
        """Where there is a word: (T, B) bool."""
        return self.words != NOTHING

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Those of a batch (T, 1, B) with a tag for every word."""
        return cls(batch.inputs[:, 0], batch.targets[:, 0])


class Chain(NamedTuple):
    """What a pass there and back finds: e, α and β, (T, B, Y) each, and ln Z, (B,)."""

    emitted: Tensor
    forward: Tensor
    back: Tensor
    log_partition: Tensor

    @property
    def marginals(self) -> Tensor:
        """p(tag | sentence): (T, B, Y); what stands where a sentence has ended means nothing."""
        return (self.forward + self.back - self.log_partition[:, None]).exp()


def _around(words: Tensor, places: int) -> Tensor:
    """The words read at every timestep, from the left on, NOTHING beyond an end: (T, B) → (D, T, B)."""
    reach = places // 2
    edge = words.new_full((reach, words.shape[1]), NOTHING)
    return torch.cat([edge, words, edge]).unfold(0, places, 1).permute(2, 0, 1)


def _counts(words: Tensor, tags: Tensor, moved: Tensor, vocabulary: int, places: int) -> Weights:
    """How often each weight counts, given how much of each tag there is at every word, (T, B, Y), 0 beyond the ends.

    words: (T, B). moved: (Y, Y), how often each tag follows each. vocabulary: V. places: D.
    """
    flat, there = tags.flatten(0, 1), words != NOTHING
    emission = tags.new_zeros(places, vocabulary + 1, tags.shape[2])
    for row, read in zip(emission, _around(words, places), strict=True):
        row.index_add_(0, read.flatten() % (vocabulary + 1), flat)  # NOTHING, −1, is the last of them
    is_last = there & ~torch.cat([there[1:], there.new_zeros(1, there.shape[1])])
    end = (tags * is_last[..., None]).sum((0, 1))
    return Weights(emission[:, :-1], tags[0].sum(0), moved, end)


class CRF:
    """A linear-chain CRF over words and tags that are numbers from 0."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    @property
    def parameter_count(self) -> int:
        """How many weights there are."""
        return sum(each.numel() for each in self.weights)

    def emitted(self, words: Tensor) -> Tensor:
        """e, what the words themselves speak for: (T, B) → (T, B, Y)."""
        nothing = torch.zeros_like(self.weights.emission[:, :1])
        rows = torch.cat([self.weights.emission, nothing], 1)  # so that NOTHING, −1, is the last of them
        around = _around(words, len(rows))
        return torch.stack([row[read] for row, read in zip(rows, around, strict=True)]).sum(0)

    def chain(self, words: Tensor) -> Chain:
        """Forward and back through sentences (T, B)."""
        there, emitted = (words != NOTHING)[..., None], self.emitted(words)
        start, transition, end = self.weights[1:]
        forward, back = torch.empty_like(emitted), torch.empty_like(emitted)
        forward[0] = start + emitted[0]
        for t in range(1, len(words)):
            arrived = (forward[t - 1][:, :, None] + transition).logsumexp(1) + emitted[t]
            forward[t] = torch.where(there[t], arrived, forward[t - 1])
        back[-1] = end
        for t in reversed(range(1, len(words))):
            left = (transition + (emitted[t] + back[t])[:, None]).logsumexp(2)
            back[t - 1] = torch.where(there[t], left, end)
        return Chain(emitted, forward, back, (forward[-1] + end).logsumexp(1))

    def score(self, sentences: Sentences) -> Tensor:
        """score(x, y) of every sentence with its tags: (B,)."""
        (words, tags), there = sentences, sentences.there
        start, transition, end = self.weights[1:]
        each = self.emitted(words).gather(2, tags[..., None])[..., 0]
        each[1:] += transition[tags[:-1], tags[1:]]
        last = tags.gather(0, there.sum(0, keepdim=True) - 1)[0]
        return start[tags[0]] + torch.where(there, each, 0).sum(0) + end[last]

    def expected_counts(self, words: Tensor, chain: Chain) -> Weights:
        """How often each weight is expected to count in sentences (T, B) through which a pass has gone."""
        transition, there = self.weights.transition, words != NOTHING
        arriving = chain.emitted + chain.back - chain.log_partition[:, None]
        moved = torch.zeros_like(transition)
        for t in range(1, len(words)):
            together = chain.forward[t - 1][:, :, None] + transition + arriving[t][:, None]
            moved += (together.exp() * there[t][:, None, None]).sum(0)
        places, vocabulary, _ = self.weights.emission.shape
        return _counts(words, chain.marginals * there[..., None], moved, vocabulary, places)

    def log_likelihoods(self, sentences: Sentences) -> Tensor:
        """ln p(tags | words) of every sentence: (B,)."""
        return self.score(sentences) - self.chain(sentences.words).log_partition

    def viterbi(self, words: Tensor) -> Tensor:
        """The most probable sequence of tags of every sentence: (T, B), NOTHING where it has ended.

        Of several that are equally probable, it is the one with the lowest tags, from the last on.
        """
        there, emitted = words != NOTHING, self.emitted(words)
        start, transition, end = self.weights[1:]
        best, origins = start + emitted[0], []  # (B, Y): the score of the best way to each tag
        stay = torch.arange(len(end)).expand_as(best)
        for t in range(1, len(words)):
            arriving = best[:, :, None] + transition
            origin = _first_best(arriving, 1)
            best = torch.where(there[t][:, None], arriving.amax(1) + emitted[t], best)
            origins.append(torch.where(there[t][:, None], origin, stay))
        tags = [_first_best(best + end, 1)]
        for origin in reversed(origins):
            tags.append(origin.gather(1, tags[-1][:, None])[:, 0])
        return torch.stack(tags[::-1]).masked_fill(~there, NOTHING)


def _first_best(scores: Tensor, dim: int) -> Tensor:
    """The first place along a dimension where a score is as good as the best."""
    return (scores >= scores.amax(dim, keepdim=True) - EQUAL).byte().argmax(dim)


def observed_counts(sentences: Sentences, vocabulary: int, tags: int, places: int) -> Weights:
    """How often each weight of a CRF counts in sentences with their tags. vocabulary: V. tags: Y. places: D."""
    there = sentences.there[..., None]
    chosen = (one_hot(sentences.tags, tags) * there).double()
    moved = torch.einsum("tbi,tbj->ij", chosen[:-1], chosen[1:])
    return _counts(sentences.words, chosen, moved, vocabulary, places)


class CRFTrainer:
    """Trains a CRF on sentences with tags; an update takes all of them.

    Args:
        config: what to train and how.
        sentences: at least one. vocabulary: V. tags: Y.

    Attributes:
        model: the CRF as it is now.
        losses: before every update so far, what is minimised, divided by the number of words: nats.
    """

    def __init__(self, config: CRFConfig, sentences: Sentences, vocabulary: int, tags: int) -> None:
        self.config = config
        places = 2 * config.neighbours + 1
        self.model = CRF(Weights.zeros(places, vocabulary, tags))
        self.losses: list[float] = []
        self._count = int(sentences.there.sum())
        self._parts = _parts(sentences, PART // tags**2)
        self._observed = observed_counts(sentences, vocabulary, tags, places)
        self._gradients = Weights(*map(torch.zeros_like, self.model.weights))
        self._optimizers = [
            OPTIMIZERS["adam"](weight, gradient)
            for weight, gradient in zip(self.model.weights, self._gradients, strict=True)
        ]

    def updates_in_pieces(self, updates: int) -> Pieces[None]:
        """Make some updates, some sentences at a time."""
        pieces, penalty = updates * len(self._parts), self.config.penalty
        for made in range(updates):
            loss = 0.0
            for gradient, observed, weight in zip(
                self._gradients, self._observed, self.model.weights, strict=True
            ):
                torch.add(2 * penalty * weight, observed, alpha=-1, out=gradient)
                loss += (penalty * weight.square().sum() - (observed * weight).sum()).item()
            for number, words in enumerate(self._parts, 1):
                chain = self.model.chain(words)
                loss += chain.log_partition.sum().item()
                for gradient, count in zip(
                    self._gradients, self.model.expected_counts(words, chain), strict=True
                ):
                    gradient += count
                if number < len(self._parts):
                    yield (made * len(self._parts) + number) / pieces
            self.losses.append(loss / self._count)
            for gradient, optimizer in zip(self._gradients, self._optimizers, strict=True):
                gradient /= self._count
                optimizer.step(self.config.learning_rate)
            yield (made + 1) / updates


def _parts(sentences: Sentences, most: int) -> list[Tensor]:
    """The words of all sentences, those of about one length side by side, (T, B) with at most `most` places."""
    order = sentences.there.sum(0).argsort(descending=True, stable=True)
    words, start, parts = sentences.words[:, order], 0, list[Tensor]()
    while start < len(order):
        longest = int((words[:, start] != NOTHING).sum())
        size = max(1, most // longest)
        parts.append(words[:longest, start : start + size])
        start += size
    return parts
