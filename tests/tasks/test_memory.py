"""Recall, temporal order, adding, copy: by hand, and what who has no memory reaches, exactly."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from playground.batch import Batch
from playground.tasks.adding import Adding
from playground.tasks.ceilings import ceiling
from playground.tasks.copying import Copy
from playground.tasks.packing import joined
from playground.tasks.recall import Recall
from playground.tasks.temporal_order import TemporalOrder


def many(task, steps: int = 400) -> Batch:
    """Many sequences of a task as they are trained on."""
    return joined([task.batch(0, step) for step in range(steps)])


def test_the_first_symbol_is_asked_for_at_the_last() -> None:
    for distractors in (2, 5, 50):
        batch = many(Recall(distractors=distractors))
        assert batch.mask.shape == (distractors + 1, 1, 6400)
        assert torch.equal(batch.mask.nonzero()[:, 0].unique(), torch.tensor([distractors]))
        assert torch.equal(batch.targets[-1], batch.inputs[0])
        assert (batch.inputs[0] < 4).all() and (batch.inputs[1:] >= 4).all()
        counts = torch.bincount(batch.inputs[0, 0], minlength=8)
        assert counts[:4].min() > 1200


def test_recall_in_letters() -> None:
    task = Recall(distractors=3)
    shown = task.show(task.batch(0, 0), 0)
    assert shown.read[0] in "ABCD" and set(shown.read[1:]) <= set("wxyz")
    assert shown.asked == ("", "", "", shown.read[0])


def test_without_memory_recall_is_guessing() -> None:
    batch = many(Recall(distractors=6), 800)
    assert ceiling(batch, "last") == pytest.approx(1 / 4, abs=0.02)
    assert ceiling(batch, "past") == 1


@pytest.mark.parametrize("length", [10, 29, 50])
def test_two_of_many_symbols_count(length: int) -> None:
    task = TemporalOrder(length=length)
    batch = many(task, 100)
    relevant = batch.inputs < 2
    assert (relevant.sum(0) == 2).all()
    places = relevant[:, 0].T.nonzero()[:, 1].view(-1, 2)
    assert (places[:, 0] >= length // 10).all() and (places[:, 0] < 2 * (length // 10)).all()
    assert (places[:, 1] >= length // 2).all() and (places[:, 1] < length // 2 + length // 10).all()
    for column in range(20):
        shown = task.show(batch, column)
        assert shown.asked[-1] == "".join(word for word in shown.read if word in "AB")
        assert not any(shown.asked[:-1])


def test_who_knows_the_later_of_two_alone_is_right_half_the_time() -> None:
    task = TemporalOrder(length=20)
    batch = many(task, 800)
    later = batch.inputs[10:12, 0].T
    later = later[later < 2]
    targets = batch.targets[-1, 0]
    right = sum(torch.bincount(targets[later == symbol]).max().item() for symbol in (0, 1))
    assert right / len(targets) == pytest.approx(task.only_the_later, abs=0.02)
    assert ceiling(batch, "last") == pytest.approx(task.chance, abs=0.02)


@pytest.mark.parametrize("length", [10, 11, 50])
def test_the_marked_numbers_are_added(length: int) -> None:
    batch = many(Adding(length=length), 20)
    values, markers = batch.inputs[..., 0], batch.inputs[..., 1]
    half = length // 2
    assert (markers[:half].sum(0) == 1).all() and (markers[half:].sum(0) == 1).all()
    torch.testing.assert_close(batch.targets[-1, ..., 0], (values * markers).sum(0))
    assert values.min() >= 0 and values.max() < 1
    assert batch.mask[-1].all() and not batch.mask[:-1].any() and not batch.targets[:-1].any()


@pytest.mark.parametrize("length", [10, 11, 50])
def test_always_the_mean_is_off_by_a_sixth(length: int) -> None:
    """The least error of who sees the last timestep alone is taken by trying: with a marker there, 1/2 + the number."""
    task = Adding(length=length)
    batch = many(task, 2000)  # 32,000
    targets = batch.targets[-1, 0, :, 0]
    deviation = 0.0011  # of the mean of 32,000 squares: √(E[x⁴] − 1/36) / √32,000, E[x⁴] = 1/15
    assert (targets - 1).square().mean().item() == pytest.approx(task.chance, abs=6 * deviation)
    value, marker = batch.inputs[-1, 0].T
    best = torch.where(marker == 1, value + 0.5, 1.0)
    assert (targets - best).square().mean().item() == pytest.approx(task.memoryless, abs=6 * deviation)
    assert task.memoryless == pytest.approx(1 / 6 - 1 / (12 * math.ceil(length / 2)))


def test_adding_in_numbers() -> None:
    task = Adding(length=10)
    batch = task.batch(0, 0)
    shown = task.show(batch, 3, batch.targets)
    marked = [float(word[1:-1]) for word in shown.read if word.startswith("[")]
    assert len(marked) == 2 and sum(marked) == pytest.approx(float(shown.asked[-1]), abs=0.011)
    assert shown.answered == shown.asked


def test_copy_by_hand() -> None:
    task = Copy(symbols=3, blanks=4)
    batch = task.batch(0, 0)
    shown = task.show(batch, 0)
    letters = shown.read[:3]
    assert set(letters) <= set("abcdefgh")
    assert shown.read == (*letters, "·", "·", "·", "?", "·", "·", "·")
    assert shown.asked == (*"·······", *letters)
    assert batch.mask.all() and len(batch.mask) == 4 + 2 * 3


def test_the_loss_of_who_copies_without_memory() -> None:
    """Blanks for sure, then each letter with probability 1/8: what torch's cross-entropy says of that."""
    for symbols, blanks in ((3, 10), (10, 50), (4, 1)):
        task = Copy(symbols=symbols, blanks=blanks)
        batch = task.batch(0, 0)
        logits = torch.full((*batch.mask.shape, 9), -torch.inf, dtype=torch.float64)
        logits[:-symbols, ..., 8] = 0
        logits[-symbols:, ..., :8] = 0
        loss = cross_entropy(logits.flatten(0, 2), batch.targets.flatten())
        assert loss.item() == pytest.approx(task.memoryless, abs=1e-12)
    assert Copy(symbols=10, blanks=50).memoryless == pytest.approx(0.297, abs=5e-4)  # as in the literature


def test_blanks_earn_nothing() -> None:
    task = Copy()
    batch = task.held_out()
    outputs = torch.zeros(*batch.mask.shape, 9)
    outputs[..., 8] = 1
    success = task.success(outputs, batch)
    assert success.values == (0.0,) and success.n == 4 * batch.mask.shape[2]
