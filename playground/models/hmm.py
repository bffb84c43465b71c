"""A hidden Markov model: K states of which one is taken at every timestep, each with its own odds of every symbol.

    p(s_1 = i) = π_i     p(s_{t+1} = j | s_t = i) = A_ij     p(x_t = v | s_t = j) = B_jv

Which state was taken is not seen, so all that the model remembers of a text is which of K states it may be in: log₂ K
bits. It is trained by Baum–Welch (Baum et al. 1970, in the scaled form of Rabiner 1989): forward and back through the
sequence as in backpropagation through time, with chances in the place of gradients.

Shapes: T timesteps, R restarts, B sequences side by side, K states, V vocabulary.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Self

import torch
from torch import Tensor

from playground.config import Choice, Range, check_fields
from playground.models.model import side_by_side
from playground.pieces import Pieces

PART = 300_000  # numbers of one kind in one pass: T · R · B · K
LEAST = 1e-200  # expected counts, of which smaller ones have lost digits

HMM_FIELDS: Mapping[str, Choice | Range] = MappingProxyType(
    {
        "hmm_states": Range(1, 32),
        "hmm_restarts": Range(1, 16),
        "hmm_alpha": Range(0, 10, float),
        "hmm_seed": Range(0, 2**31 - 1),
    }
)


@dataclass(frozen=True, slots=True)
class HMMConfig:
    """What a hidden Markov model is made of and how it learns; each field is checked by the entry "hmm_<field>" of
    `HMM_FIELDS`.

    `states` is K. `restarts` are trained side by side, each from tables of its own, because Baum–Welch only climbs the
    hill on which it begins. `alpha` is added to every expected count; with 0, what never happened is held impossible.

    Raises `Refusal` for the first field that is not allowed; its `field` is the name in `HMM_FIELDS`.
    """

    states: int = 4
    restarts: int = 8
    alpha: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self, HMM_FIELDS, "hmm_")


class Tables(NamedTuple):
    """The chances of one model after another, or counts in the same places; a row of chances has the sum 1."""

    initial: Tensor  # π, (R, K)
    transition: Tensor  # A, (R, K, K)
    emission: Tensor  # B, (R, K, V)

    @classmethod
    def zeros(cls, restarts: int, states: int, vocabulary_size: int) -> Self:
        """Counts before anything is counted, float64."""
        shapes = (restarts, states), (restarts, states, states), (restarts, states, vocabulary_size)
        return cls(*(torch.zeros(shape, dtype=torch.float64) for shape in shapes))

    @classmethod
    def drawn(cls, seeds: Sequence[int], states: int, vocabulary_size: int) -> Self:
        """Random chances, all equally likely (Dirichlet's distribution with 1); those of a restart from its seed."""
        tables = cls.zeros(len(seeds), states, vocabulary_size)
        for restart, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(seed)
            for table in tables:
                table[restart].exponential_(generator=generator)
        return cls(*(table / table.sum(-1, keepdim=True) for table in tables))


class Beliefs(NamedTuple):
    """What a pass there and back finds, for several sequences and models.

    filtered: (T, R, B, K), α, p(state | symbols up to there). after: (T, R, B, K), β, by what α is multiplied for
    p(state | all symbols). arriving: (T, R, B, K), from the second timestep on, β · p(x_t | state) / p(x_t | symbols
    before): by what a move into the state is multiplied. scale: (T, R, B, 1), p(x_t | symbols before).
    """

    filtered: Tensor
    after: Tensor
    arriving: Tensor
    scale: Tensor

    @property
    def posterior(self) -> Tensor:
        """p(state | all symbols of the sequence): (T, R, B, K)."""
        return self.filtered * self.after

    @property
    def log_likelihood(self) -> Tensor:
        """ln p of all symbols of all sequences: (R,)."""
        return self.scale.log().sum((0, 2, 3))


def believe(tables: Tables, ids: Tensor, observed: Tensor) -> Beliefs:
    """Forward and back through sequences (T, B); where `observed` is False, (T, B), nothing is known of the symbol.

        α_1 ∝ π ∘ B[:, x_1]      α_t ∝ (α_{t−1} A) ∘ B[:, x_t]
        β_T = 1                  β_t = A (B[:, x_{t+1}] ∘ β_{t+1}) / p(x_{t+1} | x_1 … x_t)

    Everything must be possible that is observed.
    """
    likelihood = tables.emission.mT[:, ids].transpose(0, 1)  # (T, R, B, K)
    likelihood = torch.where(observed[:, None, :, None], likelihood, 1.0)
    filtered, after = torch.empty_like(likelihood), torch.empty_like(likelihood)
    scale = likelihood.new_empty(*likelihood.shape[:3], 1)
    predicted = tables.initial[:, None]
    for t in range(len(ids)):
        torch.mul(predicted, likelihood[t], out=filtered[t])
        torch.sum(filtered[t], -1, keepdim=True, out=scale[t])
        filtered[t] /= scale[t]
        predicted = filtered[t] @ tables.transition
    after[-1] = 1
    arriving, back = likelihood / scale, tables.transition.mT
    for t in reversed(range(1, len(ids))):
        arriving[t] *= after[t]
        torch.matmul(arriving[t], back, out=after[t - 1])
    return Beliefs(filtered, after, arriving, scale)


def expected_counts(tables: Tables, ids: Tensor, observed: Tensor, beliefs: Beliefs) -> Tables:
    """How often each state is expected to be the first, to be followed by each other, to show each symbol."""
    posterior = beliefs.posterior * observed[:, None, :, None]
    shown = torch.zeros_like(tables.emission.mT)  # (R, V, K)
    shown.index_add_(1, ids.flatten(), posterior.transpose(0, 1).flatten(1, 2))
    before = beliefs.filtered[:-1].transpose(0, 1).flatten(1, 2)  # (R, (T − 1) · B, K)
    arriving = (beliefs.arriving * observed[:, None, :, None])[1:].transpose(0, 1).flatten(1, 2)
    moved = tables.transition * (before.mT @ arriving)
    return Tables(posterior[0].sum(1), moved, shown.mT)


def _chances(counts: Tables, alpha: float, otherwise: Tables) -> Tables:
    """Rows divided by their sums after α is added; a row without any counts stays what it was."""
    made = []
    for count, old in zip(counts, otherwise, strict=True):
        added = count + alpha
        total = added.sum(-1, keepdim=True)
        made.append(torch.where(total > LEAST, added / total, old))
    return Tables(*made)


class BaumWelch:
    """Trains R hidden Markov models side by side on some sequences, such as the windows of a corpus.

    One iteration is a pass over all sequences: what each state is expected to have done at the present tables is
    counted, and the tables become the chances that these counts make. No iteration makes the text less likely; with
    α > 0 the same holds of ln p(text) + α Σ ln of every chance.

    Args:
        config: what to train and how. The first restart begins with the config's seed, the next with the one after it.
        sequences: the ids of each. Unlike in the loss of a language model, their first symbols count too, so where
            windows of one line meet, a symbol counts twice.
        vocabulary_size: V.

    Attributes:
        tables: those of all restarts as they are now.
        log_likelihoods: before every iteration so far, ln p of all sequences for each restart; and once more each time
            that `measure_in_pieces` is called.

    Raises ValueError if there is no sequence, and for sequences that are far longer than windows can be.
    """

    def __init__(self, config: HMMConfig, sequences: Iterable[Sequence[int]], vocabulary_size: int) -> None:
        self.config = config
        self.log_likelihoods: list[tuple[float, ...]] = []
        seeds = range(config.seed, config.seed + config.restarts)
        self.tables = Tables.drawn(seeds, config.states, vocabulary_size)
        # Sequences of about one length share a table without much padding.
        lines = sorted(filter(None, sequences), key=len, reverse=True)
        if not lines:
            raise ValueError("sequences must have one of at least one symbol; got none")
        self._parts, start = [], 0
        while start < len(lines):
            size = max(1, PART // (len(lines[start]) * config.restarts * config.states))
            self._parts.append(side_by_side(lines[start : start + size]))
            start += size

    def iterations_in_pieces(self, iterations: int) -> Pieces[None]:
        """Make some iterations, some sequences at a time."""
        pieces = iterations * len(self._parts)
        for made in range(iterations):
            counts = tuple(map(torch.zeros_like, self.tables))
            log_likelihood = torch.zeros_like(self.tables.initial[:, 0])
            for number, (ids, there) in enumerate(self._parts, 1):
                beliefs = believe(self.tables, ids, there)
                log_likelihood += beliefs.log_likelihood
                for total, count in zip(
                    counts, expected_counts(self.tables, ids, there, beliefs), strict=True
                ):
                    total += count
                if number < len(self._parts):
                    yield (made * len(self._parts) + number) / pieces
            self.log_likelihoods.append(tuple(log_likelihood.tolist()))
            self.tables = _chances(Tables(*counts), self.config.alpha, self.tables)
            yield (made + 1) / iterations

    def measure_in_pieces(self) -> Pieces[None]:
        """Note how likely all sequences are to the tables as they are now."""
        log_likelihood = torch.zeros_like(self.tables.initial[:, 0])
        for number, (ids, there) in enumerate(self._parts, 1):
            log_likelihood += believe(self.tables, ids, there).log_likelihood
            yield number / len(self._parts)
        self.log_likelihoods.append(tuple(log_likelihood.tolist()))

    @property
    def best(self) -> int:
        """The restart to which the text was most likely when that was last noted; the first if it never was."""
        last = self.log_likelihoods[-1] if self.log_likelihoods else (0.0,)
        return last.index(max(last))

    def model(self, restart: int | None = None) -> "HMM":
        """The model of a restart, or of the best one, as it is now."""
        chosen = self.best if restart is None else restart
        return HMM(*(table[chosen] for table in self.tables))


class Path(NamedTuple):
    """The most probable path of states through a sequence."""

    states: tuple[int, ...]  # T
    log_probability: float  # ln p(path and sequence); −∞ where no path makes the sequence


class HMM:
    """A hidden Markov model as a language model: what it believes of its state is carried from symbol to symbol.

    Of a symbol that it holds impossible where it comes, it learns nothing about its state.

    Args:
        initial: π, (K,). transition: A, (K, K). emission: B, (K, V). float64, rows with the sum 1.
    """

    def __init__(self, initial: Tensor, transition: Tensor, emission: Tensor) -> None:
        self.initial, self.transition, self.emission = initial, transition, emission

    @property
    def states(self) -> int:
        """K."""
        return len(self.initial)

    @property
    def vocabulary_size(self) -> int:
        """V."""
        return self.emission.shape[1]

    @property
    def parameter_count(self) -> int:
        """How many chances are in the three tables."""
        return self.initial.numel() + self.transition.numel() + self.emission.numel()

    def observe(self, predicted: Tensor, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """p(state), (…, K), after symbols (…) are seen, from what it was predicted to be; and p(symbol), (…)."""
        joint = predicted * self.emission.T[symbols]
        p = joint.sum(-1, keepdim=True)
        return torch.where(p > 0, joint / p, predicted), p[..., 0]

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """ln p of every next symbol, float64: (T, …) → (T, …, V)."""
        chances = self.emission.new_empty(*ids.shape, self.vocabulary_size)
        predicted = self.initial.expand(*ids.shape[1:], -1)
        for t, symbols in enumerate(ids):
            filtered, _ = self.observe(predicted, symbols)
            predicted = filtered @ self.transition
            chances[t] = predicted @ self.emission
        return chances.log()

    def log_likelihood(self, ids: Tensor) -> float:
        """ln p of a sequence (T,), its first symbol included."""
        first = self.initial @ self.emission[:, ids[0]]
        rest = self.log_probabilities(ids[:-1]).gather(1, ids[1:, None])
        return (first.log() + rest.sum()).item()

    def posterior(self, ids: Tensor) -> Tensor:
        """p(state | all symbols of a sequence) at every timestep: (T,) → (T, K)."""
        predicted, possible = self.initial, []
        for symbol in ids:
            filtered, p = self.observe(predicted, symbol)
            predicted = filtered @ self.transition
            possible.append(p > 0)
        tables = Tables(self.initial[None], self.transition[None], self.emission[None])
        return believe(tables, ids[:, None], torch.stack(possible)[:, None]).posterior[:, 0, 0]

    def viterbi(self, ids: Tensor) -> Path:
        """The most probable path of states through a sequence (T,)."""
        transition, emission = self.transition.log(), self.emission.log()
        best, origins = (
            self.initial.log() + emission[:, ids[0]],
            [],
        )  # (K,): ln p of the best path to each state
        for symbol in ids[1:]:
            best, origin = (best[:, None] + transition).max(0)
            best = best + emission[:, symbol]
            origins.append(origin)
        states = [int(best.argmax())]
        for origin in reversed(origins):
            states.append(int(origin[states[-1]]))
        return Path(tuple(reversed(states)), best.max().item())

    def reader(self) -> "FilteringReader":
        """A reader at the beginning of a sequence."""
        return FilteringReader(self)


class FilteringReader:
    """A hidden Markov model reading one symbol at a time.

    Attributes:
        filtered: (K,), p(state) after what was read; π before anything is.
    """

    def __init__(self, model: HMM) -> None:
        self._model = model
        self._predicted = self.filtered = model.initial

    def read(self, symbol: int) -> Tensor:
        """Read one symbol; returns the log-probabilities (V,) of the next."""
        self.filtered, _ = self._model.observe(self._predicted, torch.tensor(symbol))
        self._predicted = self.filtered @ self._model.transition
        return (self._predicted @ self._model.emission).log()
