"""The projection against torch's SVD and PCA, and against flips along smooth paths."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from playground.projection import _turn, principal_axes, projected, seen_along, turned_axes


def states(time: int, hidden: int, seed: int = 0) -> Tensor:
    """Random states whose directions have clearly different variances."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(time, hidden, generator=generator, dtype=torch.float64)
    return mixed * torch.logspace(0, -1, hidden, dtype=torch.float64) + 3


@pytest.mark.parametrize(("time", "hidden"), [(6, 16), (50, 8), (16, 16), (4, 128)])
@pytest.mark.parametrize("k", [2, 3])
def test_axes_span_the_leading_singular_directions(time: int, hidden: int, k: int) -> None:
    path = states(time, hidden)
    projection = principal_axes(path, k)
    centred = path - path.mean(0)
    _, singular, directions = torch.linalg.svd(centred, full_matrices=False)
    expected = directions[:k].T @ directions[:k]  # the projector onto the subspace, (H, H)
    torch.testing.assert_close(projection.axes @ projection.axes.T, expected, atol=1e-9, rtol=0)
    torch.testing.assert_close(projection.shares, singular[:k] ** 2 / (singular**2).sum())
    torch.testing.assert_close(projection.points, centred @ projection.axes)
    torch.testing.assert_close(projection.mean, path.mean(0))


def test_agrees_with_torch_pca_lowrank_in_float32() -> None:
    path = states(25, 32).float()
    projection = principal_axes(path, 2)
    torch.manual_seed(0)
    _, singular, directions = torch.pca_lowrank(path, q=25)
    torch.testing.assert_close(
        projection.axes.abs(), directions[:, :2].abs(), atol=1e-3, rtol=0, check_stride=False
    )
    centred = path - path.mean(0)
    torch.testing.assert_close(projection.shares, singular[:2] ** 2 / (centred**2).sum(), atol=1e-4, rtol=0)
    assert projection.axes.dtype == torch.float32


@settings(max_examples=60, deadline=None)
@given(time=st.integers(0, 12), hidden=st.integers(1, 12), k=st.integers(2, 3), seed=st.integers(0, 1000))
def test_shares_are_the_variances_along_the_returned_axes(time: int, hidden: int, k: int, seed: int) -> None:
    path = states(time, hidden, seed)
    before = principal_axes(states(time, hidden, seed + 1), k)
    projection = principal_axes(path, k, before.axes)
    assert projection.axes.shape == (hidden, k)
    assert projection.points.shape == (time, k)
    dimensions = min(hidden, k)
    gram = projection.axes.T @ projection.axes
    expected = torch.diag((torch.arange(k) < dimensions).double())
    torch.testing.assert_close(gram, expected, atol=1e-9, rtol=0)
    centred = path - path.mean(0) if time else path
    total = (centred**2).sum()
    if time > 1:
        direct = (centred @ projection.axes).pow(2).sum(0) / total
        torch.testing.assert_close(projection.shares, direct)
        best = torch.linalg.svdvals(centred)[:k].pow(2).sum() / total
        torch.testing.assert_close(projection.shares.sum(), best)
    else:
        assert (projection.shares == 0).all()
        assert (projection.points == 0).all()


def crossing(frames: int) -> list[Tensor]:
    """A smooth sequence of paths in which the two largest variances change places half-way."""
    generator = torch.Generator().manual_seed(5)
    first, second, third = torch.linalg.qr(torch.randn(16, 16, generator=generator, dtype=torch.float64))[0][
        :3
    ]
    angle = torch.linspace(0, 2 * math.pi, 13, dtype=torch.float64)[:-1, None]
    sequence = []
    for frame in range(frames):
        s = frame / (frames - 1)
        turned = first * math.cos(3 * s) + third * math.sin(3 * s)
        sequence.append((2 - s) * torch.cos(angle) * turned + (1 + s) * torch.sin(angle) * second)
    return sequence


def largest_jump(sequence: list[Tensor], *, guided: bool) -> float:
    """The most that an axis turns from one frame to the next, as 1 − cos of the angle."""
    previous, jump = None, 0.0
    for path in sequence:
        axes = principal_axes(path, 2, previous if guided else None).axes
        if previous is not None:
            jump = max(jump, float((1 - (axes * previous).sum(0)).max()))
        previous = axes
    return jump


def test_no_axis_flips_where_two_variances_cross() -> None:
    sequence = crossing(200)
    assert largest_jump(sequence, guided=False) > 0.5  # plain PCA does flip on this path
    assert largest_jump(sequence, guided=True) < 0.01


def test_sign_of_previous_is_kept() -> None:
    path = states(6, 16)
    first = principal_axes(path, 2)
    mirrored = principal_axes(path, 2, -first.axes)
    torch.testing.assert_close(mirrored.axes, -first.axes)
    torch.testing.assert_close(mirrored.points, -first.points)


def test_same_states_give_the_same_picture() -> None:
    path = states(6, 16)
    first, second = principal_axes(path, 3), principal_axes(path.clone(), 3)
    assert torch.equal(first.axes, second.axes)
    assert torch.equal(first.points, second.points)


def test_states_that_stand_still_keep_the_axes() -> None:
    before = principal_axes(states(6, 16), 2)
    still = principal_axes(torch.full((6, 16), 0.3, dtype=torch.float64), 2, before.axes)
    torch.testing.assert_close(still.axes, before.axes)
    assert (still.points == 0).all()
    assert (still.shares == 0).all()


def test_two_points_on_a_line_keep_the_second_axis_near() -> None:
    before = principal_axes(states(6, 16), 2)
    line = torch.stack((torch.zeros(16, dtype=torch.float64), before.axes[:, 1]))
    projection = principal_axes(line, 2, before.axes)
    torch.testing.assert_close(projection.axes, before.axes)
    torch.testing.assert_close(projection.shares, torch.tensor([0.0, 1.0], dtype=torch.float64))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("bad", [(math.nan,), (math.inf,), (math.inf, -math.inf)])
def test_states_that_are_not_finite_have_no_points_and_keep_the_axes(bad: tuple[float, ...]) -> None:
    before = principal_axes(states(6, 16), 2)
    path = states(6, 16)
    path[2 : 2 + len(bad), 3] = torch.tensor(bad)
    projection = principal_axes(path, 2, before.axes)
    assert projection.points.isnan().all()
    assert projection.shares.isnan().all()
    torch.testing.assert_close(projection.axes, before.axes)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"states must have the shape \(T, H\).*got \(2, 3, 4\)"):
        principal_axes(torch.zeros(2, 3, 4))
    with pytest.raises(ValueError, match=r"previous must have the shape \(16, 2\); got \(16, 3\)"):
        principal_axes(states(6, 16), 2, torch.zeros(16, 3))


def plane(hidden: int, seed: int = 0) -> np.ndarray:
    """Two orthonormal columns in any direction."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(hidden, 2)))[0]


@given(time=st.integers(2, 12), hidden=st.integers(2, 12), seed=st.integers(0, 1000))
def test_a_path_seen_along_any_plane_has_the_share_of_its_variance(time: int, hidden: int, seed: int) -> None:
    path, axes = states(time, hidden, seed).numpy(), plane(hidden, seed)
    points, shares = seen_along(path[None], axes[None])
    centred = path - path.mean(0)
    np.testing.assert_allclose(points[0], centred @ axes, atol=1e-12)
    kept = np.var(path @ axes, axis=0).sum() / np.var(path, axis=0).sum()
    assert shares[0] == pytest.approx(kept, abs=1e-9) and 0 <= shares[0] <= 1
    best = projected(path[None], 2, None)
    assert shares[0] <= best.shares[0].sum() + 1e-9
    assert seen_along(path[None], best.axes)[1][0] == pytest.approx(best.shares[0].sum(), abs=1e-9)


def test_paths_are_seen_each_for_itself() -> None:
    """Bit for bit as alone, beside one that stands still and one that is no number."""
    paths = np.stack([states(6, 5, seed).numpy() for seed in range(4)]).astype(np.float32)
    paths[1] = 0.3
    paths[2, 3, 1] = np.inf
    axes = np.stack([plane(5, seed) for seed in range(4)])
    points, shares = seen_along(paths, axes)
    for number in range(4):
        alone = seen_along(paths[number : number + 1], axes[number : number + 1])
        np.testing.assert_array_equal(alone[0][0], points[number])
        np.testing.assert_array_equal(alone[1][0], shares[number])
    assert (points[1] == 0).all() and shares[1] == 0
    assert np.isnan(points[2]).all() and np.isnan(shares[2])


@pytest.mark.parametrize("count", [2, 5, 9])
def test_paths_projected_together_are_those_projected_one_after_the_other(count: int) -> None:
    """Bit for bit, the guide handed on: which ones are taken together must not show."""
    paths = np.stack([states(7, 9, seed).numpy() for seed in range(9)]).astype(np.float32)
    together = projected(paths, 2, None)
    guide = None
    for start in range(0, 9, count):
        part = projected(paths[start : start + count], 2, guide)
        guide = part.axes[-1]
        np.testing.assert_array_equal(part.axes, together.axes[start : start + count])
        np.testing.assert_array_equal(part.points, together.points[start : start + count])


@pytest.mark.parametrize("bad", [None, math.inf])
def test_axes_alone_are_those_of_the_projection(bad: float | None) -> None:
    paths = np.stack([states(5, 16, seed).numpy() for seed in range(6)]).astype(np.float32)
    paths[2] = 0.3
    if bad is not None:
        paths[4, 1, 1] = bad
    for guide in (None, plane(16, 7)):
        np.testing.assert_array_equal(turned_axes(paths, 2, guide), projected(paths, 2, guide).axes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4))
def test_two_axes_turn_as_the_singular_value_decomposition_says(entries: list[float]) -> None:
    """Orthogonal Procrustes: no orthogonal matrix has a larger inner product with the overlap than the sum of its
    singular values."""
    overlap = np.array(entries).reshape(2, 2)
    turn = _turn(overlap)
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-12)
    assert (turn * overlap).sum() == pytest.approx(np.linalg.svd(overlap)[1].sum(), abs=1e-12)
