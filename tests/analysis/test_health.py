"""The last healthy step of a training that explodes: worked out by hand, and good enough to go on from."""

import math
from dataclasses import replace

import numpy as np
import pytest

from playground.analysis.health import FEW, Health, last_healthy
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.presets import PRESETS
from playground.runs.curve import CurvePoints
from playground.runs.run import Run
from playground.training import Trainer
from playground.variations import Clipped


def curve(norms: list[float], first: int = 0) -> CurvePoints:
    count = len(norms)
    nothing = np.zeros(count)
    return CurvePoints(
        np.arange(first, first + count),
        nothing,
        np.array(norms),
        nothing,
        nothing > 0,
        nothing.astype(int),
        nothing,
    )


@pytest.mark.parametrize(
    ("norms", "step", "norm"),
    [
        ([1.0] * 20 + [math.nan], 15, 1.0),  # whole up to the end: a few steps before it
        ([1.0] * 12 + [2.0, 2.1, 9, 9, 9, 9, 9, 9, math.inf], 12, 1.0),  # twice the median is still usual
        (
            [0.4, 0.2, 0.34567, 50, 50, 50, 50, math.nan],
            2,
            0.35,
        ),  # usual for that run; far enough from the end
        ([3.0, 2.0, math.nan], 0, 3.0),  # exploded at once: back to the start
        ([1e-9] * 20 + [math.nan], 15, 1e-3),  # a threshold is never smaller
        ([1e9] * 20 + [math.inf], 15, 1e3),
        ([math.inf], None, None),  # before any update: nothing to go back to
    ],
)
def test_worked_out_by_hand(norms: list[float], step: int | None, norm: float | None) -> None:
    found = last_healthy(curve(norms))
    assert (step, norm) == (None, None) if found is None else (found.step, found.norm) == (step, norm)


@pytest.mark.parametrize(
    ("norms", "is_healthy", "is_median"),
    [
        ([1.0] * 20 + [math.nan], True, True),
        ([1.0] * (FEW + 1) + [math.nan], True, True),
        ([1.0] * (FEW - 1) + [math.nan], False, True),  # step 0 is no few steps before the end
        ([9.0] + [1.0] * (FEW - 1) + [math.nan], False, True),  # long from the start
        ([1e-9] * 20 + [math.nan], True, False),
        ([1000.4] * 20 + [math.inf], True, True),
        ([1100.0] * 20 + [math.inf], True, False),
    ],
)
def test_what_is_not_so_is_not_said(norms: list[float], is_healthy: bool, is_median: bool) -> None:
    found = last_healthy(curve(norms))
    assert found is not None
    assert (found.is_healthy, found.is_median) == (is_healthy, is_median)


def test_a_threshold_is_round() -> None:
    found = last_healthy(curve([0.12345] * 9 + [math.nan]))
    assert found == Health(4, 0.12)


def test_the_cliff_of_the_examples_is_there_and_clipping_from_before_it_learns_the_text() -> None:
    """However sums are rounded: the step is another, the fall is not."""
    config = ExperimentConfig.from_values(PRESETS["cliff"].values())
    run = Run(config)
    run.advance(600)
    assert run.explosion is not None and run.explosion.what in ("loss", "sum", "gradient")
    health = last_healthy(run.curve_points(run.step))
    assert health is not None and 0 < health.step <= run.step - FEW
    uniform = math.log(len(run.corpus.vocabulary))
    assert run.curve_points(health.step).loss[-1] < uniform, "it had begun to learn"
    clipped = Trainer(Clipped(health.norm, health.step).of(config), Corpus(config.text))
    updates = clipped.advance(health.step + 600)
    assert updates[-1].finite and min(update.nll[0] for update in updates[-50:]) < 0.5
    again = Trainer(replace(config), Corpus(config.text)).advance(health.step)
    assert updates[: health.step] == again
