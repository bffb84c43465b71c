"""The conditional random field against all sequences of tags, autograd, and python-crfsuite where it is installed."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from pathlib import Path

import pytest
import torch
from torch import Tensor

from playground.batch import NOTHING
from playground.models import crf
from playground.models.crf import CRF, CRFConfig, CRFTrainer, Sentences, Weights, observed_counts
from playground.pieces import all_of
from playground.refusal import Refusal
from playground.tasks.packing import packed
from playground.tasks.tagging import Tagging

V, Y = 5, 3
LINES = (((0, 1, 2, 2), (0, 1, 2, 0)), ((4,), (1,)), ((3, 0, 1), (2, 2, 1)), ((1, 1), (0, 0)))
SENTENCES = Sentences.of(packed(LINES))


def drawn(places: int, seed: int = 0) -> CRF:
    generator = torch.Generator().manual_seed(seed)
    return CRF(Weights(*(each.normal_(generator=generator) for each in Weights.zeros(places, V, Y))))


def score(model: CRF, words: Sequence[int], tags: Sequence[int]) -> float:
    """From the definition, one term after the other."""
    emission, start, transition, end = (each.tolist() for each in model.weights)
    total, reach = start[tags[0]] + end[tags[-1]], len(emission) // 2
    for t, tag in enumerate(tags):
        for d in range(-reach, reach + 1):
            if 0 <= t + d < len(words):
                total += emission[d + reach][words[t + d]][tag]
    return total + sum(transition[i][j] for i, j in pairwise(tags))


def ways(model: CRF, words: Sequence[int]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every sequence of tags of a sentence, with exp of its score."""
    for tags in product(range(Y), repeat=len(words)):
        yield tags, math.exp(score(model, words, tags))


MODELS = [(places, seed) for places in (1, 3, 5) for seed in range(2)]


@pytest.mark.parametrize(("places", "seed"), MODELS)
def test_the_partition_is_the_sum_over_all_sequences_of_tags(places: int, seed: int) -> None:
    model = drawn(places, seed)
    found = model.chain(SENTENCES.words).log_partition.tolist()
    expected = [math.log(math.fsum(p for _, p in ways(model, words))) for words, _ in LINES]
    assert found == pytest.approx(expected)
    scores = [score(model, words, tags) for words, tags in LINES]
    assert model.score(SENTENCES).tolist() == pytest.approx(scores)
    nats = [one - whole for one, whole in zip(scores, expected, strict=True)]
    assert model.log_likelihoods(SENTENCES).tolist() == pytest.approx(nats)


@pytest.mark.parametrize(("places", "seed"), MODELS)
def test_marginals_and_expected_counts_are_sums_over_all_sequences_of_tags(places: int, seed: int) -> None:
    model = drawn(places, seed)
    chain = model.chain(SENTENCES.words)
    expected = Weights.zeros(places, V, Y)
    for column, (words, _) in enumerate(LINES):
        whole = math.fsum(p for _, p in ways(model, words))
        marginals = torch.zeros(len(words), Y, dtype=torch.float64)
        for tags, p in ways(model, words):
            for t, tag in enumerate(tags):
                marginals[t, tag] += p / whole
            (count,) = (observed_counts(Sentences.of(packed([(words, tags)])), V, Y, places),)
            for total, each in zip(expected, count, strict=True):
                total += each * (p / whole)
        torch.testing.assert_close(chain.marginals[: len(words), column], marginals)
    for ours, theirs in zip(model.expected_counts(SENTENCES.words, chain), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(("places", "seed"), MODELS)
def test_viterbi_finds_the_best_of_all_sequences_of_tags(places: int, seed: int) -> None:
    model = drawn(places, seed)
    found = model.viterbi(SENTENCES.words)
    for column, (words, _) in enumerate(LINES):
        best, _ = max(ways(model, words), key=lambda each: each[1])
        assert tuple(found[: len(words), column].tolist()) == best
        assert (found[len(words) :, column] == NOTHING).all()


def test_counts_by_hand() -> None:
    """Of (3, 0, 1) with tags (2, 2, 1): 2 follows 2, 1 follows 2; left of 0 stands 3, right of it 1."""
    counts = observed_counts(Sentences.of(packed([LINES[2]])), V, Y, 3)
    assert counts.start.tolist() == [0, 0, 1] and counts.end.tolist() == [0, 1, 0]
    assert counts.transition.tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 1]]
    left, word, right = counts.emission
    assert word.nonzero().tolist() == [[0, 2], [1, 1], [3, 2]]
    assert left.nonzero().tolist() == [[0, 1], [3, 2]] and right.nonzero().tolist() == [[0, 2], [1, 2]]


@pytest.mark.parametrize("places", [1, 3])
def test_the_gradient_is_that_of_autograd(places: int) -> None:
    weights = Weights(*(each.requires_grad_() for each in drawn(places).weights))
    model = CRF(weights)
    model.log_likelihoods(SENTENCES).sum().backward()
    with torch.no_grad():
        expected = model.expected_counts(SENTENCES.words, model.chain(SENTENCES.words))
    observed = observed_counts(SENTENCES, V, Y, places)
    for weight, there, mean in zip(weights, observed, expected, strict=True):
        assert weight.grad is not None
        torch.testing.assert_close(there - mean, weight.grad, rtol=0, atol=1e-12)


def objective(weights: Sequence[Tensor], penalty: float) -> Tensor:
    """What is minimised, per word, as autograd can follow it."""
    nats = -CRF(Weights(*weights)).log_likelihoods(SENTENCES).sum()
    return (nats + penalty * sum(each.square().sum() for each in weights)) / SENTENCES.there.sum()


def test_training_is_torchs_adam_on_the_objective() -> None:
    trainer = CRFTrainer(CRFConfig(1, penalty=0.2, learning_rate=0.05), SENTENCES, V, Y)
    weights = [torch.nn.Parameter(each.clone()) for each in trainer.model.weights]
    optimizer, expected = torch.optim.Adam(weights, lr=0.05), []
    for _ in range(30):
        optimizer.zero_grad()
        loss = objective(weights, 0.2)
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    all_of(trainer.updates_in_pieces(30))
    assert trainer.losses == pytest.approx(expected, abs=1e-9)
    assert trainer.losses[0] == pytest.approx(math.log(Y)), "all tags are equal before anything is learned"


def test_sentence_by_sentence_is_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CRFTrainer(CRFConfig(), SENTENCES, V, Y)
    assert len(list(whole.updates_in_pieces(5))) == 5
    monkeypatch.setattr(crf, "PART", 1)
    cut = CRFTrainer(CRFConfig(), SENTENCES, V, Y)
    done = list(cut.updates_in_pieces(5))
    assert len(done) == 5 * len(LINES) and all(a < b for a, b in pairwise(done)) and done[-1] == 1
    assert cut.losses == pytest.approx(whole.losses)
    for ours, theirs in zip(cut.model.weights, whole.model.weights, strict=True):
        torch.testing.assert_close(ours, theirs)


def trained(task: Tagging, neighbours: int) -> tuple[CRF, float]:
    """A CRF that has learned the sentences of a grammar, and its share of right tags in those that are held out."""
    signature = task.signature
    trainer = CRFTrainer(
        CRFConfig(neighbours),
        Sentences.of(task.learned),
        signature.input_size,
        signature.output_size,
    )
    all_of(trainer.updates_in_pieces(100))
    held_out = Sentences.of(task.held_out())
    right = trainer.model.viterbi(held_out.words) == held_out.tags
    return trainer.model, right[held_out.there].double().mean().item()


def test_a_tag_is_all_that_it_remembers() -> None:
    """English: bulb can only be a noun and is a verb, which says of "light" before it what that is. Korean: only the
    word itself says what was eaten, its tag does not; so who reads no neighbour guesses, as who reads forwards only."""
    english, korean = (Tagging(language=language) for language in ("en", "ko"))
    assert trained(english, 0)[1] == 1
    assert trained(korean, 0)[1] <= korean.forward_ceiling < 1
    assert trained(korean, 1)[1] == 1


def test_parameters_by_hand() -> None:
    """3 places, 7 words, 4 tags: 84 emissions, 16 transitions, 4 beginnings, 4 ends."""
    assert CRF(Weights.zeros(3, 7, 4)).parameter_count == 108


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"neighbours": 3}, "crf_neighbours must be a whole number from 0 to 2; got 3."),
        ({"penalty": -1.0}, "crf_penalty must be a number from 0 to 10; got -1.0."),
    ],
)
def test_what_is_not_allowed_is_said(choices: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        CRFConfig(**choices)
    assert str(refused.value) == sentence


def test_what_is_learned_is_crfsuites(tmp_path: Path) -> None:
    """The minimum is one, so whoever finds it has found the same: its chances, and its most probable tags."""
    theirs = pytest.importorskip("pycrfsuite")
    trainer = CRFTrainer(CRFConfig(penalty=0.2, learning_rate=0.05), SENTENCES, V, Y)
    all_of(trainer.updates_in_pieces(1500))
    rival = theirs.Trainer("lbfgs", verbose=False)
    rival.set_params({"c1": 0, "c2": 0.2, "epsilon": 1e-9, "delta": 1e-12, "max_iterations": 2000})
    rival.set_params({"feature.possible_states": True, "feature.possible_transitions": True})
    for words, tags in LINES:
        rival.append(features(words), [str(tag) for tag in tags])
    rival.train(str(tmp_path / "model"))
    tagger = theirs.Tagger()
    tagger.open(str(tmp_path / "model"))
    marginals = trainer.model.chain(SENTENCES.words).marginals
    paths = trainer.model.viterbi(SENTENCES.words)
    for column, (words, tags) in enumerate(LINES):
        nats = trainer.model.log_likelihoods(SENTENCES)[column].item()
        found = tagger.tag(features(words))
        assert found == [str(tag) for tag in paths[: len(words), column].tolist()]
        assert tagger.probability([str(tag) for tag in tags]) == pytest.approx(math.exp(nats), abs=1e-3)
        for t in range(len(words)):
            theirs_there = [tagger.marginal(str(tag), t) for tag in range(Y)]
            assert marginals[t, column].tolist() == pytest.approx(theirs_there, abs=1e-3)
    for (i, j), weight in tagger.info().transitions.items():
        assert trainer.model.weights.transition[int(i), int(j)].item() == pytest.approx(weight, abs=1e-2)


def features(words: Sequence[int]) -> list[dict[str, float]]:
    """The word, and whether a sentence begins or ends there."""
    return [
        {f"word {word}": 1.0, "begins": float(t == 0), "ends": float(t == len(words) - 1)}
        for t, word in enumerate(words)
    ]


@pytest.mark.parametrize("noise", [0.0, 1e-15, -1e-15])
def test_rounding_does_not_choose_between_equal_tags(noise: float) -> None:
    """Whatever is left of arithmetic in the weights, sentences that leave two tags open are answered alike."""
    weights = Weights.zeros(1, V, Y)
    weights.transition[:, 0] = -1
    for each in weights:
        each[..., 2] += noise
    answered = CRF(weights).viterbi(SENTENCES.words)
    assert set(answered[0].tolist()) == {0}
    assert set(answered[1:][SENTENCES.there[1:]].tolist()) == {1}
