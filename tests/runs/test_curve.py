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


def test_what_was_handed_out_does_not_change() -> None:
    curve = Curve()
    for step in range(MAX_POINTS):
        curve.add(made(step))
    points = curve.points(100)
    before = points.step.copy()
    for step in range(MAX_POINTS, 3 * MAX_POINTS):
        curve.add(made(step))
    np.testing.assert_array_equal(points.step, before)
    np.testing.assert_array_equal(curve.points(40).step, np.arange(0, 41, 4))


def test_the_newest_update_is_shown_before_it_belongs_to_the_curve() -> None:
    curve = Curve()
    curve.add(made(0))
    points = curve.points(0, newest=made(1, clipped=True))
    assert points.step.tolist() == [0, 1] and points.clipped.tolist() == [False, True]
    assert points.step.dtype == np.int64 and points.clipped.dtype == np.bool_
    assert curve.points(1).step.tolist() == [0]


def test_a_copy_up_to_a_step_grows_on_its_own() -> None:
    curve = Curve()
    for step in range(10):
        curve.add(made(step))
    for until in (-1, 4):
        copy = curve.until(until)
        copy.add(made(until + 1, clipped=True))
        assert copy.points(99).step.tolist() == list(range(until + 2))
    assert not curve.points(99).clipped.any()


def test_a_curve_reaches_a_perplexity_at_the_first_step_in_between() -> None:
    curve = Curve()
    for step, nll in enumerate([3.0, 1.0, 2.0, 1.0, 0.5]):
        curve.add(made(step)._replace(nll=(nll,)))
    assert curve.reaches(np.exp(1.0), after=-1, until=4) == 1
    assert curve.reaches(np.exp(1.0), after=1, until=4) == 3
    assert curve.reaches(np.exp(1.0), after=1, until=2) is None
