import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playground.runs.curve import MAX_POINTS, Curve
from playground.training import Update


def made(step: int, *, clipped: bool = False) -> Update:
    return Update(step, (1.0,), (1.0,), (2.0,), (1.0 if clipped else 2.0,), (clipped,), 0.1, True)


@given(st.sets(st.integers(0, 3 * MAX_POINTS), max_size=5), st.integers(2, 300))
def test_thinning_never_loses_a_clipped_step(marked: set[int], count: int) -> None:
    curve = Curve()
    last = 3 * MAX_POINTS
    for step in range(last + 1):
        curve.add(made(step, clipped=step in marked))
    points = curve.points(last).thinned(count)
    assert len(points.step) <= count + 1
    assert points.step[-1] == curve.points(last).step[-1]
    assert (np.diff(points.step) > 0).all()
    edges = np.concatenate(([-1], points.step))
    for step in marked:
        if step <= points.step[-1]:
            place = np.searchsorted(edges, step) - 1
            assert points.clipped[place]
    assert points.clipped.sum() <= len(marked)


def test_points_are_the_updates_themselves() -> None:
    curve = Curve()
    for step in range(5):
        curve.add(made(step, clipped=step == 3))
    points = curve.points(until=3)
    assert points.step.tolist() == [0, 1, 2, 3]
    assert points.perplexity.tolist() == [np.exp(1.0)] * 4
    assert points.gradient_norm.tolist() == [2.0] * 4
    assert points.clipped_norm.tolist() == [2.0, 2.0, 2.0, 1.0]
    assert points.clipped.tolist() == [False, False, False, True]


def test_an_empty_curve_has_empty_columns() -> None:
    points = Curve().points(10)
    assert len(points.step) == 0 and points.thinned(5) is points
