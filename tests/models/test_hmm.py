"""The hidden Markov model against all paths of states, finite differences, and hmmlearn where it is installed."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from playground.config import TextConfig
from playground.corpus import Corpus
from playground.models import hmm
from playground.models.hmm import HMM, BaumWelch, HMMConfig, Tables, believe, expected_counts
from playground.models.model import loss, perplexity, side_by_side
from playground.pieces import all_of
from playground.presets import PRESETS
from playground.refusal import Refusal

K, V = 3, 4
SEQUENCES = ((0, 1, 2, 2, 3), (3, 3, 0), (1,), (2, 0, 0, 1))


def drawn(seed: int = 0) -> Tables:
    return Tables.drawn((seed,), K, V)


def of(tables: Tables) -> HMM:
    return HMM(*(table[0] for table in tables))


def paths(model: HMM, sequence: Sequence[int]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every path of states through a sequence, with p(path and sequence) from the definition."""
    initial, transition, emission = (t.tolist() for t in (model.initial, model.transition, model.emission))
    for path in product(range(model.states), repeat=len(sequence)):
        p = initial[path[0]]
        for before, after in pairwise(path):
            p *= transition[before][after]
        for state, symbol in zip(path, sequence, strict=True):
            p *= emission[state][symbol]
        yield path, p


def likelihood(model: HMM, sequence: Sequence[int]) -> float:
    return math.fsum(p for _, p in paths(model, sequence))


def learning(sequences: Sequence[Sequence[int]], size: int, iterations: int, **choices) -> BaumWelch:
    made = BaumWelch(HMMConfig(**choices), sequences, size)
    all_of(made.iterations_in_pieces(iterations))
    return made


# Against all paths


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_next_is_the_sum_over_all_paths(seed: int) -> None:
    model = of(drawn(seed))
    for sequence in SEQUENCES:
        ids = torch.tensor(sequence)
        assert model.log_likelihood(ids) == pytest.approx(math.log(likelihood(model, sequence)))
        p = model.log_probabilities(ids).exp()
        for t in range(len(sequence)):
            upto = sequence[: t + 1]
            expected = [likelihood(model, (*upto, v)) / likelihood(model, upto) for v in range(V)]
            assert p[t].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_states_and_expected_counts_are_sums_over_all_paths(seed: int) -> None:
    tables = drawn(seed)
    model = of(tables)
    initial, transition, emission = Tables.zeros(1, K, V)
    for sequence in SEQUENCES:
        whole = likelihood(model, sequence)
        posterior = torch.zeros(len(sequence), K, dtype=torch.float64)
        for path, p in paths(model, sequence):
            initial[0, path[0]] += p / whole
            for before, after in pairwise(path):
                transition[0, before, after] += p / whole
            for t, (state, symbol) in enumerate(zip(path, sequence, strict=True)):
                emission[0, state, symbol] += p / whole
                posterior[t, state] += p / whole
        torch.testing.assert_close(model.posterior(torch.tensor(sequence)), posterior)
    ids, there = side_by_side(SEQUENCES)
    beliefs = believe(tables, ids, there)
    found = expected_counts(tables, ids, there, beliefs)
    for name, expected in zip(Tables._fields, (initial, transition, emission), strict=True):
        torch.testing.assert_close(getattr(found, name), expected, msg=name)
    total = math.fsum(math.log(likelihood(model, sequence)) for sequence in SEQUENCES)
    assert beliefs.log_likelihood.tolist() == pytest.approx([total])


@pytest.mark.parametrize("seed", range(3))
def test_viterbi_finds_the_most_probable_of_all_paths(seed: int) -> None:
    model = of(drawn(seed))
    for sequence in SEQUENCES:
        best, p = max(paths(model, sequence), key=lambda each: each[1])
        found = model.viterbi(torch.tensor(sequence))
        assert found.states == best
        assert found.log_probability == pytest.approx(math.log(p))


def test_expected_counts_are_slopes_of_the_likelihood() -> None:
    """n(θ) = θ ∂ ln p / ∂θ for every chance θ (Fisher's identity), by central differences."""
    tables = drawn()
    alone = [side_by_side([sequence]) for sequence in SEQUENCES]  # what is padded needs rows with the sum 1
    counts = [expected_counts(tables, *line, believe(tables, *line)) for line in alone]

    def log_likelihood(table: Tensor, place: tuple[int, ...], change: float) -> float:
        table[place] += change
        found = math.fsum(believe(tables, *line).log_likelihood.item() for line in alone)
        table[place] -= change
        return found

    for number, table in enumerate(tables):
        for place in product(*map(range, table.shape)):
            slope = (log_likelihood(table, place, 1e-6) - log_likelihood(table, place, -1e-6)) / 2e-6
            expected = math.fsum(count[number][place].item() for count in counts)
            assert expected == pytest.approx(table[place].item() * slope, abs=1e-7)


# Baum–Welch


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_no_iteration_makes_the_text_less_likely(alpha: float) -> None:
    """With α the prior's part, α Σ ln θ, is added: only the sum of both must not fall."""
    text = Corpus(TextConfig(**PRESETS["Tyger (Blake)"].values()))
    made = BaumWelch(HMMConfig(5, restarts=3, alpha=alpha), text.windows, len(text.vocabulary))
    prior = []
    for _ in range(40):
        logs = torch.stack([table.log().flatten(1).sum(1) for table in made.tables]).sum(0)
        prior.append(alpha * logs if alpha else torch.zeros_like(logs))
        all_of(made.iterations_in_pieces(1))
    objective = torch.tensor(made.log_likelihoods, dtype=torch.float64) + torch.stack(prior)
    climbed = objective.diff(dim=0)
    assert bool((climbed >= -1e-9).all())
    assert bool((objective[-1] > objective[0] + 10).all())


def test_one_state_is_frequencies_after_one_iteration() -> None:
    """hello: h, e and o once, l twice."""
    model = learning([(0, 1, 2, 2, 3)], 4, 1, states=1).model()
    assert model.emission[0].tolist() == pytest.approx([1 / 5, 1 / 5, 2 / 5, 1 / 5])
    assert model.transition.tolist() == [[1]] and model.initial.tolist() == [1]
    nats = [-math.log(p) for p in (1 / 5, 2 / 5, 2 / 5, 1 / 5)]
    assert loss(model, [(0, 1, 2, 2, 3)]) == pytest.approx(sum(nats) / 4)


def test_one_iteration_by_hand() -> None:
    """Where π and A are all ½ the states do not know of each other. State 0 shows a with ⅔, state 1 with ⅓: of "ab"
    state 0 is first with ⅔, and second with ⅓."""
    made = BaumWelch(HMMConfig(2, restarts=1), [(0, 1)], 2)
    third = torch.tensor([[2 / 3, 1 / 3], [1 / 3, 2 / 3]], dtype=torch.float64)
    half = torch.full((1, 2, 2), 0.5, dtype=torch.float64)
    made.tables = Tables(half[:, 0], half, third[None])
    all_of(made.iterations_in_pieces(1))
    assert made.log_likelihoods == [pytest.approx((math.log(1 / 4),))]
    model = made.model()
    assert model.initial.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert model.transition.flatten().tolist() == pytest.approx([1 / 3, 2 / 3, 1 / 3, 2 / 3])
    assert model.emission.flatten().tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 3, 2 / 3])


def test_what_is_noted_last_is_of_the_tables_as_they_are() -> None:
    made = learning(SEQUENCES, V, 4, states=K, restarts=3, seed=5)
    before = made.log_likelihoods[-1]
    all_of(made.measure_in_pieces())
    expected = [
        sum(made.model(restart).log_likelihood(torch.tensor(line)) for line in SEQUENCES)
        for restart in range(3)
    ]
    assert made.log_likelihoods[-1] == pytest.approx(expected)
    assert len(made.log_likelihoods) == 5
    assert all(now > once for now, once in zip(expected, before, strict=True)), "an iteration more"
    assert expected[made.best] == max(expected)


def test_restarts_side_by_side_learn_as_alone() -> None:
    together = learning(SEQUENCES, V, 4, states=K, restarts=3, seed=5)
    for restart in range(3):
        alone = learning(SEQUENCES, V, 4, states=K, restarts=1, seed=5 + restart)
        for ours, theirs in zip(together.tables, alone.tables, strict=True):
            torch.testing.assert_close(ours[restart], theirs[0])
    last = together.log_likelihoods[-1]
    assert last[together.best] == max(last)
    torch.testing.assert_close(together.model().emission, together.tables.emission[together.best])


def test_sequence_by_sequence_is_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = learning(SEQUENCES, V, 4, states=K, restarts=2)
    monkeypatch.setattr(hmm, "PART", 1)
    made = BaumWelch(HMMConfig(K, restarts=2), SEQUENCES, V)
    done = list(made.iterations_in_pieces(4))
    assert len(done) == 4 * len(SEQUENCES) and all(a < b for a, b in pairwise(done)) and done[-1] == 1
    for ours, theirs in zip(made.tables, at_once.tables, strict=True):
        torch.testing.assert_close(ours, theirs)
    for ours, theirs in zip(made.log_likelihoods, at_once.log_likelihoods, strict=True):
        assert ours == pytest.approx(theirs)


def test_states_are_memory() -> None:
    """hello world: one state is at the frequencies of its letters; with twelve there is one for every place."""
    corpus = Corpus(TextConfig("hello world"))
    reached = []
    for states in (1, 2, 4, 12):
        made = learning(corpus.windows, len(corpus.vocabulary), 150, states=states, restarts=16)
        reached.append(perplexity(loss(made.model(), corpus.windows)))
    assert reached[0] > 6.2 and 4 < reached[1] < 5.5 and 1.7 < reached[2] < 4 and reached[3] < 1.6


def test_it_learns_a_cycle_as_long_as_it_has_states() -> None:
    sequences = [(0, 1, 2) * 8, (1, 2, 0) * 8, (2, 0, 1) * 8]
    made = learning(sequences, 3, 100, states=3, restarts=16)
    model = made.model()
    assert perplexity(loss(model, sequences)) < 1.01
    path = model.viterbi(torch.tensor(sequences[0])).states
    assert len(set(path[:3])) == 3 and path == path[:3] * 8


@pytest.mark.parametrize("text", ["aaaa", "a"])
def test_more_states_than_the_text_has_symbols(text: str) -> None:
    corpus = Corpus(TextConfig(text, eos=True))
    made = learning(corpus.windows, 2, 200, states=12, restarts=2)
    assert all(map(math.isfinite, made.log_likelihoods[-1]))
    assert 1 <= perplexity(loss(made.model(), corpus.windows)) + 1e-12 < 2


@pytest.mark.parametrize("name", ["진달래꽃 (김소월)", "gap-50"])
def test_long_training_stays_finite(name: str) -> None:
    corpus = Corpus(TextConfig(**PRESETS[name].values()))
    made = learning(corpus.windows, len(corpus.vocabulary), 300, states=6, restarts=2)
    assert all(bool(torch.isfinite(table).all()) for table in made.tables)
    for table in made.tables:
        torch.testing.assert_close(table.sum(-1), torch.ones_like(table[..., 0]))


def test_a_state_that_is_never_taken_stays_what_it_was() -> None:
    made = BaumWelch(HMMConfig(2, restarts=1), [(0, 1)], 2)
    always = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    odds = torch.tensor([[[0.5, 0.5], [0.25, 0.75]]], dtype=torch.float64)
    made.tables = Tables(always, torch.stack([always, always], 1), odds)
    all_of(made.iterations_in_pieces(3))
    assert made.tables.emission[0].tolist() == [[0.5, 0.5], [0.25, 0.75]]
    assert made.tables.transition[0, 1].tolist() == [1, 0]


# As a language model


def cycle() -> HMM:
    """Two states in turn, the first shows 0, the second 1; nothing else is possible, and 2 never is."""
    turn = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    return HMM(turn[1], turn, torch.tensor([[1.0, 0, 0], [0, 1.0, 0]], dtype=torch.float64))


def test_an_impossible_symbol_teaches_nothing_about_the_state() -> None:
    model = cycle()
    p = model.log_probabilities(torch.tensor([0, 2, 0, 1])).exp()
    assert p.tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert loss(model, [(0, 2, 0)]) == math.inf and loss(model, [(0, 1, 0, 1)]) == 0
    assert model.posterior(torch.tensor([0, 2, 0])).tolist() == [[1, 0], [0, 1], [1, 0]]
    assert model.viterbi(torch.tensor([0, 2])).log_probability == -math.inf
    reader = model.reader()
    assert [reader.read(symbol).exp().tolist() for symbol in (0, 2)] == [[0, 1, 0], [1, 0, 0]]
    assert reader.filtered.tolist() == [0, 1]


def test_with_alpha_everything_is_possible() -> None:
    for alpha, possible in ((0.0, False), (0.1, True)):
        model = learning([(0, 1, 0, 1)], 3, 30, states=2, restarts=1, alpha=alpha).model()
        assert math.isfinite(loss(model, [(0, 2, 1, 1)])) == possible


def test_parameters_by_hand() -> None:
    """12 states and 8 symbols: 12 + 144 + 96 chances."""
    assert BaumWelch(HMMConfig(12), [(0, 7)], 8).model().parameter_count == 252


def test_tables_are_drawn_by_seed_alone() -> None:
    first, again, other = Tables.drawn((3, 4), K, V), Tables.drawn((4, 3), K, V), Tables.drawn((5,), K, V)
    for ours, theirs, others in zip(first, again, other, strict=True):
        assert torch.equal(ours[0], theirs[1]) and torch.equal(ours[1], theirs[0])
        assert not torch.equal(ours[0], others[0])
        torch.testing.assert_close(ours.sum(-1), torch.ones_like(ours[..., 0]))


def test_nothing_to_learn_is_refused() -> None:
    with pytest.raises(ValueError, match="sequences must have one of at least one symbol; got none"):
        BaumWelch(HMMConfig(), [(), ()], V)


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"states": 0}, "hmm_states must be a whole number from 1 to 32; got 0."),
        ({"states": 33}, "hmm_states must be a whole number from 1 to 32; got 33."),
        ({"states": 2.5}, "hmm_states must be a whole number from 1 to 32; got 2.5."),
        ({"restarts": 17}, "hmm_restarts must be a whole number from 1 to 16; got 17."),
        ({"alpha": -0.1}, "hmm_alpha must be a number from 0 to 10; got -0.1."),
    ],
)
def test_what_is_not_allowed_is_said(choices: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        HMMConfig(**choices)
    assert str(refused.value) == sentence


def test_training_is_hmmlearns() -> None:
    """From the same tables, iteration by iteration; and its most probable path."""
    theirs = pytest.importorskip("hmmlearn.hmm")
    corpus = Corpus(TextConfig("hello world\nyellow\nworld wool"))
    made = BaumWelch(HMMConfig(4, restarts=1), corpus.windows, len(corpus.vocabulary))
    model = theirs.CategoricalHMM(4, n_iter=20, tol=-math.inf, init_params="", random_state=0)
    model.startprob_, model.transmat_, model.emissionprob_ = (table[0].numpy() for table in made.tables)
    model.fit([[symbol] for line in corpus.windows for symbol in line], [len(w) for w in corpus.windows])
    all_of(made.iterations_in_pieces(20))
    ours = [each[0] for each in made.log_likelihoods]
    assert list(model.monitor_.history) == pytest.approx(ours[-len(model.monitor_.history) :])
    learned = made.model()
    for table, expected in (
        (learned.initial, model.startprob_),
        (learned.transition, model.transmat_),
        (learned.emission, model.emissionprob_),
    ):
        assert table.flatten().tolist() == pytest.approx(expected.flatten().tolist(), abs=1e-9)
    for line in corpus.windows:
        log_probability, path = model.decode([[symbol] for symbol in line])
        found = learned.viterbi(torch.tensor(line))
        assert found.log_probability == pytest.approx(log_probability) and list(found.states) == path.tolist()
