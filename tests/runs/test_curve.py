"""The learning curve: every row is what a straight training measured, clipped steps by counting."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.records import Stretch
from playground.runs import curve as curve_module
from playground.runs.curve import ROOM, Curve, CurvePoints
from playground.runs.kept import is_kept
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.training import Update
from tests.runs.straight import Straight, straight

CLIPPED = ExperimentConfig(training=TrainingConfig("sgd", 0.5, "norm", 0.45, rates=((20, 0.1), (45, 2.0))))
VERSE = ExperimentConfig(
    text=TextConfig(text="the cat sat\nthe dog ran\n" * 3, sequence_length=6, batch_size=4),
    network=NetworkConfig(cell="gru", hidden_size=8),
    training=TrainingConfig(clip="value", clip_threshold=0.8, reduction="sum"),
)


def made(step: int, *, nll: float = 1.0, clipped: bool = False, clips: int = 0) -> Update:
    return Update(step, (nll,), (nll,), (2.0,), (1.0 if clipped else 2.0,), (clipped,), 0.1, (clips,), True)


def alone(update: Update) -> Stretch:
    """An update of one replica as a stretch of its own."""
    norms = update.gradient_norm[0], update.clipped_norm[0]
    line = update.nll[0], update.loss[0], *norms, update.clipped[0], update.clips[0], update.finite
    return Stretch(update.step, update.learning_rate, np.array([[line]], np.float64), is_mean=True)


def filled(updates: list[Update]) -> Curve:
    curve, clips = Curve(), 0
    for update in updates:
        clips += update.clipped[0]
        curve.add(alone(update._replace(clips=(clips,))))
    return curve


def rows(points: CurvePoints) -> list[tuple]:
    return list(zip(*(column.tolist() for column in points.columns), strict=True))


def expected(training: Straight, steps: list[int]) -> list[tuple]:
    """The rows of these steps, from the updates themselves."""
    found = []
    for step in steps:
        update = training.update(step)
        norms = update.gradient_norm[0], update.clipped_norm[0], update.clipped[0]
        found.append((step, update.nll[0], *norms, training.clips(step), update.learning_rate))
    return found


@pytest.mark.parametrize("config", [CLIPPED, VERSE], ids=["clipped by norm", "by value"])
def test_every_row_is_that_of_a_straight_training(config: ExperimentConfig) -> None:
    run = Run(config)
    run.advance(80)
    found = run.curve_points(80)
    assert rows(found) == expected(straight(config), list(range(81)))
    assert 0 < found.clips[-1] < 81, "else this test shows nothing of clipping"
    for step in (0, 1, 44, 45, 79):
        assert rows(run.curve_points(step)) == rows(found)[: step + 1]
    assert found.perplexity.tolist() == pytest.approx([math.exp(loss) for loss in found.loss], rel=1e-12)


def test_rows_beyond_those_that_are_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_module, "FIRST", 16)
    run = Run(CLIPPED)
    run.advance(90)
    kept = [step for step in range(90) if is_kept(step, 16)]
    assert rows(run.curve_points(90)) == expected(straight(CLIPPED), [*kept, 90])
    assert kept[:17] == list(range(17)) and len(kept) < 40
    for until in (0, 7, 16, 40, 64, 88):
        early = run.curve_points(until)
        assert rows(early) == expected(straight(CLIPPED), [step for step in kept if step <= until])
    gaps = run.curve_points(90)
    for row, (before, step) in enumerate(zip([-1, *gaps.step[:-1]], gaps.step, strict=True)):
        since = [straight(CLIPPED).update(s).clipped[0] for s in range(before + 1, step + 1)]
        assert gaps.clipped_share[row] == sum(since) / len(since)


def test_2_2_the_first_steps_are_never_thinned_away_and_say_what_they_said() -> None:
    """2.2: of an LSTM run to step 600, step 0 once read NaN and step 32 the mean of its neighbours."""
    run = Run(replace(ExperimentConfig(), seed=1))
    first = rows(run.curve_points(0))
    run.advance(40)
    early = rows(run.curve_points(40))
    run.advance(560)
    assert rows(run.curve_points(600))[:41] == early and early[:1] == first
    drawn = run.curve_points(600).thinned(256)
    assert drawn.step[0] == 0 and drawn.step[-1] == 600
    assert set(rows(drawn)) <= set(rows(run.curve_points(600)))


@pytest.mark.parametrize("until", [30, 100, 101])
@pytest.mark.parametrize("most", [5, 72])
def test_a_curve_to_draw_is_the_whole_one_thinned(until: int, most: int) -> None:
    run = Run(CLIPPED)
    run.advance(100)
    own = straight(CLIPPED).update(min(until, 100))
    tape = run.tapes[0]
    whole, drawn = tape.curve_points(until, own), tape.curve_points(until, own, most=most)
    assert rows(drawn) == rows(whole.thinned(most)) and len(drawn) <= most
    assert drawn.step[-1] == min(until, 100)


@pytest.mark.parametrize(("steps", "most"), [(600, 72), (16_000, 72), (16_000, 256)])
def test_a_curve_to_draw_has_points_everywhere_on_either_axis_of_steps(steps: int, most: int) -> None:
    thin = filled([made(step) for step in range(steps + 1)]).points(steps).thinned(most)
    half = most // 2
    assert half < len(thin) <= most
    assert np.diff(thin.step).max() <= steps / (half - 1) + 1
    late = thin.step[thin.step >= half]  # before, there is hardly a step that is not drawn
    assert np.diff(np.log1p(late)).max() <= 2 * np.log1p(steps) / half
    assert thin.step[:3].tolist() == [0, 1, 2]


def test_2_3_clipped_is_of_the_row_and_the_share_of_the_gap() -> None:
    """2.3: rows that were not clipped themselves once said so because a step in between was."""
    points = filled([made(step, clipped=step in (3, 5, 6)) for step in range(9)]).points(8)
    thin = points.thinned(5)
    assert thin.step.tolist() == [0, 2, 4, 8] and not thin.clipped.any()
    assert thin.clips.tolist() == [0, 0, 1, 3]
    assert thin.clipped_share.tolist() == [0.0, 0.0, 1 / 2, 2 / 4]
    assert points.clipped_share.tolist() == points.clipped.tolist()


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(2, 60))
def test_shares_count_every_clipped_step_once(clipped: list[bool], count: int) -> None:
    points = filled([made(step, clipped=each) for step, each in enumerate(clipped)]).points(10**6)
    thin = points.thinned(count)
    assert len(thin) <= count and thin.step[0] == 0 and thin.step[-1] == len(clipped) - 1
    gaps = np.diff([-1, *thin.step])
    np.testing.assert_allclose((thin.clipped_share * gaps).cumsum(), thin.clips)
    assert [clipped[step] for step in thin.step] == thin.clipped.tolist()


def test_2_4_the_loss_is_what_was_measured() -> None:
    """2.4: computed back from a perplexity, 7,699,782.4 nats were ∞ and 1.04e-6 was 1.07e-6."""
    losses = [7_699_782.4, 144.869, 1.04e-6, 5e-324, math.inf]
    points = filled([made(step, nll=nll) for step, nll in enumerate(losses)]).points(9)
    assert points.loss.tolist() == losses
    assert points.perplexity[0] == math.inf and points.perplexity[2] == pytest.approx(1 + 1.04e-6, rel=1e-11)


def test_an_empty_curve_has_empty_columns_of_the_right_kinds() -> None:
    points = Curve().points(10)
    assert len(points) == 0 and points.thinned(5) is points and len(points.clipped_share) == 0
    kinds = [column.dtype.kind for column in points.columns]
    assert kinds == ["i", "f", "f", "f", "b", "i", "f"]


def test_what_was_handed_out_does_not_change_while_the_curve_grows() -> None:
    curve = filled([made(step) for step in range(ROOM)])
    points = curve.points(100)
    before = rows(points)
    for step in range(ROOM, 3 * ROOM):
        curve.add(alone(made(step, nll=9.0)))
    assert rows(points) == before and rows(curve.points(100)) == before


def test_a_copy_up_to_a_step_grows_on_its_own() -> None:
    curve = filled([made(step, clipped=step % 2 == 1) for step in range(10)])
    for until in (0, 4, 5, 10):
        copy = curve.until(until)
        copy.add(alone(made(until, nll=9.0, clipped=True, clips=until // 2 + 1)))
        points = copy.points(99)
        assert points.step.tolist() == list(range(until + 1))
        assert points.clips[-1] == until // 2 + 1 and points.loss[-1] == 9.0
    assert curve.points(99).clips[-1] == 5 and not (curve.points(99).loss == 9.0).any()


def test_a_curve_reaches_a_perplexity_at_the_first_step_in_between() -> None:
    curve = filled([made(step, nll=nll) for step, nll in enumerate([3.0, 1.0, 2.0, 1.0, 0.5])])
    assert curve.reaches(2.8, after=-1, until=4) == 1
    assert curve.reaches(2.8, after=1, until=4) == 3
    assert curve.reaches(2.8, after=1, until=2) is None
    assert curve.reaches(1.0, after=-1, until=9) is None


@given(st.floats(1e-3, 20))
def test_a_perplexity_is_reached_where_its_very_loss_is_measured(loss: float) -> None:
    """exp and log round; a stop at the perplexity that a row shows must not fail for that."""
    goal = math.exp(loss)
    update = made(1, nll=math.log(goal))
    assert filled([made(0, nll=30.0), update]).reaches(goal, after=0, until=9) == 1


def test_3_4_the_newest_row_carries_the_rate_that_its_step_uses_next() -> None:
    """3.4: right after a change of the rate, the newest row once carried the rate before."""
    run = Run(ExperimentConfig())
    run.advance(10)
    changed = replace(run.config, training=run.config.training.changed(10, 0.1))
    forked = run.fork(changed, 10)
    assert forked.curve_points(10).learning_rate.tolist() == [0.01] * 10 + [0.1]
    assert run.curve_points(10).learning_rate.tolist() == [0.01] * 11


def test_a_row_of_ones_own_stays_when_a_stranger_trains_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.10: beyond the steps that are all kept, the playhead's own row was lost when somebody trained on."""
    monkeypatch.setattr("playground.runs.curve.FIRST", 16)
    registry = Registry()
    viewer, stranger = Viewer(registry, CLIPPED), Viewer(registry, CLIPPED)
    viewer.go_to(37)
    assert viewer.settle()
    before = rows(viewer.curve_points())
    assert before[-1] == expected(straight(CLIPPED), [37])[0]
    stranger.go_to(90)
    assert rows(viewer.curve_points()) == before
