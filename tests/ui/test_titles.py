"""The sentences above the figures of the Gradients page, at the numbers where one gives way to the next."""

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from playground.ui.gradients import study_titles, titles
from tests.ui.reading import HANGUL

INF, NAN = math.inf, math.nan


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.ui.words.language", lambda: "en")


def row(*values: float) -> pd.DataFrame:
    """Norms from the loss's own timestep back to k = 1, as a row of the matrix; an earlier loss shouts beside it."""
    t = len(values)
    mine = pd.DataFrame({"t": t, "k": range(t, 0, -1), "token": "x", "target": "y", "value": values})
    return pd.concat([mine, mine.assign(t=t - 1, value=1e9)], ignore_index=True).sample(
        frac=1, random_state=1
    )


NOTHING_OLDER = "Of the loss at t = {t} (x → y) nothing older than {count} is heard."


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((0.5,), "The loss at t = 1 (x → y) has one state to listen to: its own."),
        ((0.0,), "The loss at t = 1 (x → y) sends exactly nothing to the state at its own timestep."),
        ((1.0, 0.0), "The loss at t = 2 (x → y) hears nothing but its own symbol."),
        ((1.0, 0.0099), "The loss at t = 2 (x → y) hears nothing but its own symbol."),
        ((1.0, 0.01), "The loss at t = 2 (x → y) still hears the first symbol: 1 % arrives there."),
        ((2.0, 2.0), "The loss at t = 2 (x → y) still hears the first symbol: 100 % arrives there."),
        ((1.0, 0.9999), "The loss at t = 2 (x → y) still hears the first symbol: > 99 % arrives there."),
        ((1.0, 9.99), "The loss at t = 2 (x → y) still hears the first symbol: 999 % arrives there."),
        ((1.0, 10.0), "The gradient of the loss at t = 2 (x → y) grows on its way back: 10-fold at k = 1."),
        (
            (1.0, 50.0, 0.0),
            "The gradient of the loss at t = 3 (x → y) grows on its way back: 50-fold at k = 2.",
        ),
        (
            (1e-300, 1e300),
            "The gradient of the loss at t = 2 (x → y) grows on its way back: > 10³⁰⁸-fold at k = 1.",
        ),
        ((1.0, 0.5, 1e-3), NOTHING_OLDER.format(t=3, count="one symbol")),
        ((1.0, 0.5, 0.5, 1e-3), NOTHING_OLDER.format(t=4, count="2 symbols")),
        # What is heard again further back counts.
        ((1.0, 1e-3, 0.5, 1e-3), NOTHING_OLDER.format(t=4, count="2 symbols")),
        ((1.0, NAN), "What the loss at t = 2 (x → y) sends back is not all finite numbers."),
        ((INF, 1.0), "What the loss at t = 2 (x → y) sends back is not all finite numbers."),
    ],
)
def test_what_a_loss_hears(values: tuple[float, ...], sentence: str) -> None:
    assert titles.influence(row(*values), len(values)) == sentence


def test_a_symbol_in_a_title_is_no_markup() -> None:
    frame = row(1.0, 0.5).assign(token="*", target="$")
    assert r"(\* → \$)" in titles.influence(frame, 2)


def test_a_loss_that_does_not_exist() -> None:
    assert titles.influence(row(1.0, 0.5), 7) == "There is no loss here."


def terms(values: Sequence[float], total: float) -> pd.DataFrame:
    parts = ["cell"] * len(values) + ["row", "total"]
    return pd.DataFrame({"part": parts, "value": [*values, 123.0, total]})


@pytest.mark.parametrize(
    ("values", "total", "sentence"),
    [
        ((0.0, 0.0), 0.0, "Every term is exactly 0, and so is the gradient."),
        ((0.0, 2.0), 2.0, "One term is not 0, and it is all of the gradient."),
        ((0.0, 1.0, 1.0), 2.0, "2 terms make up the gradient, and they point the same way."),
        ((1.0, 1.0), 1.98, "2 terms make up the gradient; 99 % of their length is left, the rest cancels."),
        ((3.0, 4.0), 5.0, "2 terms make up the gradient; 71 % of their length is left, the rest cancels."),
        ((1.0, 1.0), 1e-5, "2 terms make up the gradient; < 1 % of their length is left, the rest cancels."),
        ((1.0, 1.0), 0.0, "2 terms make up the gradient; 0 % of their length is left, the rest cancels."),
        ((1.0, INF), INF, "Not all terms of the gradient are finite numbers."),
        ((1.0, 1.0), NAN, "Not all terms of the gradient are finite numbers."),
    ],
)
def test_what_is_left_of_the_terms(values: tuple[float, ...], total: float, sentence: str) -> None:
    assert titles.contributions(terms(values, total)) == sentence


def built(gathered: Sequence[float], single: Sequence[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "quantity": ["accumulated"] * len(gathered) + ["single"] * len(single),
            "i": [*range(1, len(gathered) + 1), *range(1, len(single) + 1)],
            "value": [*gathered, *single],
        }
    ).iloc[::-1]


@pytest.mark.parametrize(
    ("gathered", "single", "sentence"),
    [
        # From the last use back to the first; of one loss the first use is always 0.
        (
            (11.0, 5.0, 10.0),
            (0.0, 9.0, 10.0),
            "What all losses gather grows 1.1-fold towards the start. The loss at t = 3 alone fades to 90 %.",
        ),
        (
            (10.9, 5.0, 10.0),
            (0.0, 9.1, 10.0),
            "What all losses gather hardly changes towards the start. The loss at t = 3 alone hardly changes.",
        ),
        (
            (9.0, 5.0, 10.0),
            (0.0, 11.0, 10.0),
            "What all losses gather shrinks to 90 % towards the start. The loss at t = 3 alone grows 1.1-fold.",
        ),
        ((1.0, 1.0), (0.0, 1.0), "What all losses gather hardly changes towards the start."),
        ((0.0,), (0.0,), "What all losses gather cannot be compared with where it began."),
        (
            (1e300, 1.0, 1e-300),
            (0.0, 0.0, 1.0),
            "What all losses gather grows > 10³⁰⁸-fold towards the start. The loss at t = 3 alone fades to 0 %.",
        ),
        (
            (NAN, 1.0, 1.0),
            (0.0, INF, 1.0),
            "What all losses gather cannot be compared with where it began. "
            "The loss at t = 3 alone has no term to compare with.",
        ),
    ],
)
def test_what_builds_up(gathered: tuple[float, ...], single: tuple[float, ...], sentence: str) -> None:
    assert titles.buildup(built(gathered, single), len(single)) == sentence


def long(summed: Sequence[float]) -> pd.DataFrame:
    means = [value / (t + 1) for t, value in enumerate(summed)]
    return pd.DataFrame(
        {
            "quantity": ["sum"] * len(summed) + ["mean"] * len(summed),
            "t": [*range(1, len(summed) + 1)] * 2,
            "value": [*summed, *means],
        }
    )


@pytest.mark.parametrize(
    ("summed", "sentence"),
    [
        ((0.0,), "With so few predictions there is no growth to see."),
        ((0.0, 3.0), "With so few predictions there is no growth to see."),
        (
            (0.0, 1.0, 3.0, 8.0),
            "From 2 to 4 predictions the summed gradient becomes 8 times as large, the averaged one 4.",
        ),
        (
            (1.0, 0.5),
            "From 1 to 2 predictions the summed gradient becomes 0.5 times as large, the averaged one 0.25.",
        ),
        ((1.0, INF), "From some length on the gradient is no finite number."),
    ],
)
def test_what_more_predictions_do(summed: tuple[float, ...], sentence: str) -> None:
    assert titles.lengths(long(summed)) == sentence


def distant(*values: float, state: str = "h") -> pd.DataFrame:
    """One state's line, the other's and a prediction beside it."""
    line = pd.DataFrame({"quantity": state, "distance": range(len(values)), "value": values})
    others = [line.assign(quantity=name, value=7.0) for name in ("radius", "c" if state == "h" else "h")]
    return pd.concat([line, *others], ignore_index=True).iloc[::-1]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((1.0,), "From here there is no step back."),
        ((1.0, 0.0), "Back at the first timestep, exactly nothing of the gradient at h is left."),
        (
            (1.0, 0.0099),
            "It vanishes: back at the first timestep, less than 0.01 of the gradient at h is left.",
        ),
        (
            (1.0, 2e-12),
            "It vanishes: back at the first timestep, less than 10⁻¹¹ of the gradient at h is left.",
        ),
        (
            (1.0, 5e-324),
            "It vanishes: back at the first timestep, less than 10⁻³²³ of the gradient at h is left.",
        ),
        (
            (1e300, 1e-300),
            "It vanishes: back at the first timestep, less than 10⁻³²³ of the gradient at h is left.",
        ),
        ((1.0, 0.01), "Back at the first timestep, 1 % of the gradient at h is left."),
        ((1.0, 9.99), "Back at the first timestep, 999 % of the gradient at h is left."),
        ((1.0, 10.0), "It explodes: back at the first timestep, the gradient at h is 10 times as large."),
        ((0.0, 0.0), "The gradient at h is exactly 0 to begin with."),
        ((1.0, INF), "On its way back the gradient at h stops being a finite number."),
    ],
)
def test_what_is_left_at_the_start(values: tuple[float, ...], sentence: str) -> None:
    assert titles.decay(distant(*values), "h") == sentence
    assert titles.decay(distant(*values, state="c"), "c") == sentence.replace("at h", "at c")


@pytest.mark.parametrize(
    ("largest", "sentence"),
    [
        ((0.9, 1.0), "No single step back can make a gradient grow."),
        ((1.0, 1.0001), "1 of 2 steps back can make a gradient grow, in some direction."),
        ((1.2, 1.0001), "Every single step back can make a gradient grow, in some direction."),
        ((1.2, NAN), "Some steps back have a Jacobian that is not all finite numbers."),
    ],
)
def test_how_many_steps_can_grow(largest: tuple[float, ...], sentence: str) -> None:
    line = pd.DataFrame({"quantity": "largest", "value": largest})
    assert titles.jacobians(pd.concat([line, line.assign(quantity="weight", value=5.0)])) == sentence


def carried(gate: float, through: float, measured: float = 1.0, distance: int = 3) -> pd.DataFrame:
    with np.errstate(invalid="ignore"):
        share = np.float64(through) / (np.float64(gate) + through)
    ends = {"measured": measured, "gate": gate, "through": through, "share": share}
    rows = [
        (name, d, value if d == distance else 1.0)
        for name, value in ends.items()
        for d in range(distance + 1)
    ]
    return pd.DataFrame(rows, columns=["quantity", "distance", "value"])


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (
            carried(1.0, 3.0),
            "Back to the first timestep, the gates alone account for 25 %, ways through the matrix for 75 %.",
        ),
        (
            carried(1.0, 0.0),
            "Back to the first timestep, the gates alone account for 100 %, ways through the matrix for 0 %.",
        ),
        (
            carried(1e-4, 1.0),
            "Back to the first timestep, the gates alone account for < 1 %, ways through the matrix for > 99 %.",
        ),
        (carried(0.0, 0.0, 0.0), "Neither way brings anything back to the first timestep."),
        (carried(1.0, INF, INF), "On the way back to the first timestep the numbers stop being finite."),
        (carried(1.0, 0.0, distance=0), "From here there is no step back."),
    ],
)
def test_which_way_it_came(frame: pd.DataFrame, sentence: str) -> None:
    assert titles.carry(frame) == sentence


@pytest.mark.parametrize(
    ("errors", "sentence"),
    [
        ((1e-3, 2.5e-9, 1e-6), "Nudging is closest with ε = 0.001: off by 2.5·10⁻⁹ of the gradient."),
        ((NAN, INF, 0.0), "With ε = 10⁻⁴ nudging finds the same number to the last digit."),
        ((NAN, INF, NAN), "No nudge gives a number to compare."),
    ],
)
def test_where_nudging_is_closest(errors: tuple[float, ...], sentence: str) -> None:
    assert titles.differences(pd.DataFrame({"epsilon": (1e-2, 1e-3, 1e-4), "error": errors})) == sentence


@pytest.mark.parametrize(
    ("median", "sentence"),
    [
        (0.0, "In the median network exactly nothing of the gradient is left at a distance of 49."),
        (0.0099, "It vanishes: at a distance of 49 the median network has 0.0099 of the gradient left."),
        (0.01, "It lasts: at a distance of 49 the median gradient is 0.01 times that at the loss."),
        (9.9, "It lasts: at a distance of 49 the median gradient is 9.9 times that at the loss."),
        (10.0, "It explodes: at a distance of 49 the median gradient is 10 times that at the loss."),
        (INF, "In the median network the gradient at a distance of 49 is no finite number."),
    ],
)
def test_what_the_median_network_keeps(median: float, sentence: str) -> None:
    mine = pd.DataFrame({"variant": "tanh", "quantity": "h", "distance": [0, 49], "median": [1.0, median]})
    others = pd.concat([mine.assign(quantity="c", median=7.0), mine.assign(variant="linear", median=8.0)])
    assert study_titles.draws(pd.concat([mine, others.assign(distance=[0, 99, 0, 99])])) == sentence


@pytest.mark.parametrize(
    ("medians", "sentence"),
    [
        ((0.1, 0.5, 0.99), "tanh: up to a radius of 2 the median stays below 1."),
        ((0.1, 0.5, 1.0), "tanh: between the radii 1 and 2 the median crosses 1."),
        ((1.0, 0.5, 2.0), "tanh: at a radius of 0.5 already the median is not below 1."),
        ((0.1, NAN, INF), "tanh: between the radii 1 and 2 the median crosses 1."),
    ],
)
def test_where_the_median_crosses_one(medians: tuple[float, ...], sentence: str) -> None:
    mine = pd.DataFrame({"variant": "tanh", "radius": (0.5, 1.0, 2.0), "median": medians})
    assert study_titles.radii(pd.concat([mine, mine.assign(variant="linear", median=5.0)])) == sentence


def runs(free: pd.DataFrame, clipped: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([free.assign(variant="free"), clipped.assign(variant="clipped")], ignore_index=True)


def run(losses: Sequence[float], norms: Sequence[float] | None = None, **columns: object) -> pd.DataFrame:
    norms = [1.0] * len(losses) if norms is None else norms
    table = {"step": range(len(losses)), "loss": losses, "gradient_norm": norms, "clipped_norm": norms}
    return pd.DataFrame({**table, "clipped": False, "angle": 0.0, **columns})


@pytest.mark.parametrize(
    ("free", "clipped", "sentence"),
    [
        (run((2.0, 0.5)), run((2.0, 0.25)), "The loss ends at 0.25 with clipping and at 0.5 without it."),
        (
            run((2.0, 0.5)),
            run((2.0, 0.5)),
            "With and without clipping the loss ends at the same number: 0.5.",
        ),
        (
            run((2.0, NAN)),
            run((2.0, 1.0, 0.25)),
            "Without clipping the run diverges at step 1; with it the loss is 0.25 at step 2.",
        ),
        (
            run((2.0, 2.0), (1.0, INF)),
            run((2.0, 0.25)),
            "Without clipping the run diverges at step 1; with it the loss is 0.25 at step 1.",
        ),
        (
            run((2.0, 0.5)),
            run((2.0, INF)),
            "With clipping the run diverges at step 1; without it the loss is 0.5 at step 1.",
        ),
        (run((NAN,)), run((2.0, INF)), "Both runs diverge: without clipping at step 0, with it at step 1."),
    ],
)
def test_where_both_runs_end(free: pd.DataFrame, clipped: pd.DataFrame, sentence: str) -> None:
    assert study_titles.losses(runs(free, clipped)) == sentence


def test_the_largest_norms() -> None:
    free, clipped = run((1.0, 1.0, NAN), (2.0, 3e17, INF)), run((1.0, 1.0), (0.2, 0.3))
    assert study_titles.norms(runs(free, clipped)) == (
        "Without clipping the gradient’s norm reaches 3·10¹⁷ (step 1); with it the optimiser gets 0.3 at most."
    )
    broken = run((NAN,), (NAN,))
    assert (
        study_titles.norms(runs(broken, broken)) == "From the first step on the gradient is no finite number."
    )


@pytest.mark.parametrize(
    ("angles", "clipped", "sentence"),
    [
        ((0.0, 0.0), (False, False), "Nothing was clipped, so nothing was turned."),
        ((0.0, 0.0099), (False, True), "Clipping only shortens here: the direction stays as it is."),
        ((0.01, 0.0), (True, True), "Clipping turns the gradient by up to 0.01°, at step 0."),
        ((NAN, 33.3), (True, True), "Clipping turns the gradient by up to 33°, at step 1."),
        ((NAN, NAN), (True, True), "There is no finite gradient to turn."),
    ],
)
def test_how_far_it_is_turned(angles: tuple, clipped: tuple, sentence: str) -> None:
    frame = run((1.0, 1.0), angle=angles, clipped=clipped)
    assert study_titles.angles(runs(run((1.0,), angle=90.0, clipped=True), frame)) == sentence


def test_how_many_rates_learn() -> None:
    rates = [(rate, threshold) for threshold in (0.1, 1.0, 3.0, INF) for rate in (0.1, 1.0)]
    outcomes = ["learned", "worse", "learned", "learned", "learned", "learned", "learned", "diverged"]
    frame = pd.DataFrame(rates, columns=["learning_rate", "threshold"]).assign(outcome=outcomes)
    assert study_titles.grid(frame) == (
        "Without clipping 1 of 2 learning rates learn; with a threshold of 3 it is 2 of 2."
    )
    assert study_titles.grid(frame.loc[frame["threshold"] < INF]) == "5 of 6 runs learn."


def test_a_korean_reader_gets_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(language: str) -> list[str]:
        monkeypatch.setattr("playground.ui.words.language", lambda: language)
        return [
            titles.influence(row(1.0, 0.5, 0.5, 1e-3), 4),
            titles.influence(row(1.0, 50.0, 0.0), 3),
            titles.contributions(terms((3.0, 4.0), 5.0)),
            titles.buildup(built((11.0, 5.0, 10.0), (0.0, 9.0, 10.0)), 3),
            titles.decay(distant(1.0, 2e-12), "h"),
            titles.carry(carried(1.0, 3.0)),
            study_titles.losses(runs(run((2.0, NAN)), run((2.0, 1.0, 0.25)))),
        ]

    for english, korean in zip(said("en"), said("ko"), strict=True):
        assert HANGUL.search(korean) and not HANGUL.search(english) and "{" not in korean
        assert sorted(re.findall(r"[\d.⁻⁰-⁹¹²³]+(?<!\.)", korean)) == sorted(
            re.findall(r"[\d.⁻⁰-⁹¹²³]+(?<!\.)", english)
        )
