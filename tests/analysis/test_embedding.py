"""The last hidden states of lines and what is near to them: held to unrolled readings, torch and numbers by hand."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from playground.analysis.embedding import Embedding, cosine, last_states, same_class
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.passes.replica import replica_of
from playground.passes.unroll import unroll
from playground.tasks import TASKS
from playground.tasks.packing import columns


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_last_state_is_the_one_that_the_answer_is_read_out_of(cell: str, layers: int) -> None:
    """Lines of different lengths, side by side: each as if it were read alone and ended there."""
    task = TASKS["names"]()
    network = Network(NetworkConfig(cell, 5, layers), task.signature, seeds=(3,), dtype=torch.float64)
    held_out = task.held_out()
    states, answers = last_states(network, held_out)
    lengths = set[int]()
    for number in (0, 7, 20, 35):
        one = columns(held_out, torch.tensor([number]))
        last = int(one.mask[:, 0, 0].nonzero()[-1])
        lengths.add(last)
        read = unroll(replica_of(network), one)
        np.testing.assert_allclose(states[number], read[f"l{layers - 1}.h"][last, 0], rtol=1e-5, atol=1e-7)
        assert answers[number] == int(read.outputs[last, 0].argmax())
    assert len(lengths) > 1


def test_cosine_is_torchs() -> None:
    states = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    expected = cosine_similarity(torch.from_numpy(states).double(), torch.from_numpy(states[2:3]).double())
    np.testing.assert_allclose(cosine(states, states[2]), expected.numpy(), rtol=1e-12)
    states[0] = 0
    assert np.isnan(cosine(states, states[1])[0]) and np.isnan(cosine(states, states[0])).all()


# Three lines in two directions, and one without any.
STATES = np.array([[2.0, 0, 0], [0, 1, 0], [3, 1, 0], [0, 0, 0]], np.float32)


def test_the_nearest_point_the_same_way_however_long_they_are() -> None:
    embedding = Embedding.of([0], [STATES])
    table = embedding.nearest(0, STATES[0], count=3, but=0)
    assert table["number"].to_list() == [2, 1, 3]
    assert table["cosine"].to_list()[:2] == [pytest.approx(3 / np.sqrt(10)), 0]
    assert np.isnan(table["cosine"].to_list()[2]), "what has no direction is near to nothing"
    assert embedding.nearest(0, 5 * STATES[1], count=1)["number"].to_list() == [1]


def test_who_has_a_neighbour_of_its_class() -> None:
    embedding = Embedding.of([0], [STATES])
    # 0 and 2 are nearest to each other, 1 is nearest to 2; 3 has no direction.
    assert same_class(embedding, 0, np.array(["a", "b", "a", "a"], dtype=object)) == 2 / 4
    assert same_class(embedding, 0, np.array(["a", "a", "a", "a"], dtype=object)) == 3 / 4
    assert same_class(Embedding.of([0], [STATES[3:]]), 0, np.array(["a"], dtype=object)) == 0


def test_of_equally_near_lines_their_share_counts_whichever_comes_first() -> None:
    one_unit = Embedding.of([0], [np.array([[0.5], [0.1], [2.0], [-1.0]], np.float32)])
    # 0, 1 and 2 are equally near to one another, 3 to all: 1/2 + 1/2 + 0 + 2/3.
    for order in ([0, 1, 2, 3], [2, 1, 0, 3], [3, 2, 1, 0]):
        classes = np.array(["a", "a", "b", "a"], dtype=object)[order]
        embedding = Embedding.of([0], [one_unit.states[0][order]])
        assert same_class(embedding, 0, classes) == pytest.approx((1 / 2 + 1 / 2 + 0 + 2 / 3) / 4)


def test_the_map_of_each_step_is_steady_and_has_a_place_for_any_state() -> None:
    generator = np.random.default_rng(2)
    one = generator.normal(size=(30, 6)).astype(np.float32) * np.array([5, 3, 1, 1, 1, 1], np.float32)
    steps = [one, one + 0.01 * generator.normal(size=one.shape).astype(np.float32), -one]
    embedding = Embedding.of([0, 5, 9], steps)
    np.testing.assert_allclose(embedding.points[1], embedding.points[0], atol=0.2)
    np.testing.assert_allclose(embedding.points[2], -embedding.points[0], atol=0.2)  # and not flipped back
    for at in range(3):
        places = np.stack([embedding.place(at, state) for state in embedding.states[at]])
        np.testing.assert_allclose(places, embedding.points[at], atol=1e-5)
    values = np.linalg.svd(one.astype(np.float64) - one.mean(0), compute_uv=False) ** 2
    assert embedding.shares[0].sum() == pytest.approx(values[:2].sum() / values.sum(), rel=1e-5)
