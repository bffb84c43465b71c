"""Clipping against torch.nn.utils on a torch.nn model, angles worked out by hand, a grid against single trainers."""

# pandas ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false, reportGeneralTypeIssues=false

import gc
import itertools
import math
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground import pieces
from playground.analysis.floors import memory_floors
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.refusal import Refusal
from playground.runs import size
from playground.runs.size import check_size
from playground.studies import clipping
from playground.studies.clipping import CASES, ClippingComparison, ClippingGrid, angle
from playground.training import Trainer
from tests.runs.straight import Clock

EVER = math.inf
VERSE = TextConfig("the cat\nsat on\nthe mat", batch_size=2)  # batches of an epoch differ
BURSTING = ExperimentConfig(  # free, it is not finite any more after a few updates
    TextConfig("hello"),
    NetworkConfig("rnn", 8, nonlinearity="linear"),
    TrainingConfig("sgd", 10.0, clip="norm", clip_threshold=0.01),
)


def experiment(clip: str = "norm", threshold: float = 0.3, text: TextConfig = VERSE) -> ExperimentConfig:
    training = TrainingConfig("sgd", 0.5, clip=clip, clip_threshold=threshold)
    return ExperimentConfig(text, NetworkConfig("gru", 8), training, 3)


def done(work: ClippingComparison | ClippingGrid) -> pd.DataFrame:
    assert work.advance(EVER) and work.progress == 1
    return work.frame()


def variant(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.query("variant == @name").reset_index(drop=True)


def torch_rows(config: ExperimentConfig, clip: str, steps: int) -> np.ndarray:
    """Loss, norm before and after clipping and the angle between both in degrees, for each step."""
    corpus = Corpus(config.text)
    model = TorchModel(config.network, corpus.signature, torch.float64)
    model.load_state_dict(Network(config.network, corpus.signature, seeds=(config.seed,)).state_dict())
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, config.training.learning_rate)

    def flat() -> torch.Tensor:
        return torch.cat([parameter.grad.flatten() for parameter in parameters])

    rows = []
    for step in range(steps):
        batch = corpus.batch(config.seed, step)
        optimizer.zero_grad()
        loss = loss_of(model(model.encode(batch.inputs[:, 0])), masked_targets(batch))
        loss.backward()
        raw = flat()
        if clip == "norm":
            torch.nn.utils.clip_grad_norm_(parameters, config.training.clip_threshold)
        elif clip == "value":
            torch.nn.utils.clip_grad_value_(parameters, config.training.clip_threshold)
        cosine = torch.cosine_similarity(raw, flat(), dim=0).clamp(-1, 1)
        rows.append((loss.item(), raw.norm().item(), flat().norm().item(), cosine.acos().rad2deg().item()))
        optimizer.step()
    return np.array(rows)


@pytest.mark.parametrize(("clip", "threshold"), [("norm", 0.3), ("value", 0.03)])
def test_both_runs_are_torchs(clip: str, threshold: float) -> None:
    config = experiment(clip, threshold)
    frame = done(ClippingComparison(config, updates=30))
    assert list(frame.columns) == list(clipping.RUN_COLUMNS)
    for name, how in (("free", "off"), ("clipped", clip)):
        rows, expected = variant(frame, name), torch_rows(config, how, 31)
        measured = rows[["loss", "gradient_norm", "clipped_norm", "angle"]].to_numpy()
        np.testing.assert_allclose(measured[:, :3], expected[:, :3], rtol=1e-4)
        np.testing.assert_allclose(measured[:, 3], expected[:, 3], atol=2e-3)
        np.testing.assert_allclose(rows.perplexity, np.exp(expected[:, 0]), rtol=1e-3)
        assert rows.step.tolist() == list(range(31))
        assert rows.clipped.any() == (name == "clipped")
        assert (rows.clipped == (rows.clipped_norm < rows.gradient_norm)).all()
    clipped = variant(frame, "clipped")
    if clip == "norm":
        assert clipped.angle.max() < 1e-5  # the direction stays
    else:
        assert clipped.angle[clipped.clipped].min() > 1


def test_an_angle_worked_out_by_hand() -> None:
    gradient = torch.tensor([3.0, 4.0])
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = gradient.clone()
    torch.nn.utils.clip_grad_value_([parameter], 3.0)
    by_hand = math.degrees(math.atan(4 / 3) - math.atan(3 / 3))  # 53.13° − 45°
    assert angle(gradient, parameter.grad) == pytest.approx(by_hand, abs=1e-12)
    assert angle(gradient, parameter.grad) == pytest.approx(8.1301, abs=1e-4)


def test_small_angles_keep_their_digits() -> None:
    a = torch.tensor([1.0, 0.0], dtype=torch.float64)
    assert angle(a, torch.tensor([1.0, 1e-12], dtype=torch.float64)) == pytest.approx(math.degrees(1e-12))
    assert angle(a, 7 * a) == 0 and angle(a, -a) == 180
    assert math.isnan(angle(a, 0 * a))


def test_the_comparison_is_the_run_of_the_train_page_number_for_number() -> None:
    config = experiment("value", 0.03)
    frame = done(ClippingComparison(config, updates=20))
    for name, how in (("free", "off"), ("clipped", "value")):
        straight = Trainer(replace(config, training=replace(config.training, clip=how)), Corpus(config.text))
        updates = straight.advance(21)
        assert variant(frame, name).loss.tolist() == [update.nll[0] for update in updates]


def test_both_runs_change_their_learning_rate_as_the_experiment_does() -> None:
    config = experiment("value", 0.03)
    config = replace(config, training=replace(config.training, rates=((3, 0.1), (7, 1.0))))
    frame = done(ClippingComparison(config, updates=9))
    clipped = Trainer(config, Corpus(config.text)).advance(10)
    assert variant(frame, "clipped").loss.tolist() == [update.nll[0] for update in clipped]
    for name in ("free", "clipped"):
        assert variant(frame, name).learning_rate.tolist() == [0.5] * 3 + [0.1] * 4 + [1.0] * 3


def test_a_grid_holds_each_learning_rate() -> None:
    config = experiment()
    axes = {"learning_rates": (0.1, 0.3), "thresholds": (0.3, math.inf), "updates": 9}
    changed = replace(config, training=replace(config.training, rates=((3, 2.0),)))
    pd.testing.assert_frame_equal(done(ClippingGrid(changed, **axes)), done(ClippingGrid(config, **axes)))


@pytest.mark.parametrize("make", [ClippingComparison, ClippingGrid])
def test_stopping_and_going_on_gives_the_same(make: type, monkeypatch: pytest.MonkeyPatch) -> None:
    Clock().replace_in(monkeypatch.setattr, pieces)  # a piece takes 1 ms
    expected = done(make(experiment(), updates=12))
    work, seen = make(experiment(), updates=12), [0.0]
    assert work.progress == 0 and len(work.frame()) == 0
    while not work.advance(0.0 if len(seen) % 3 else 0.0035):
        seen.append(work.progress)
        part = work.frame()
        assert part.dtypes.equals(expected.dtypes)
        if make is ClippingComparison:
            rows = expected[expected.step <= part.step.max()].reset_index(drop=True)
            pd.testing.assert_frame_equal(part, rows)
    assert all(a < b for a, b in itertools.pairwise(seen)) and len(seen) > 3
    assert work.progress == 1 and work.advance(0.0)
    pd.testing.assert_frame_equal(work.frame(), expected)


def test_a_run_that_is_not_finite_any_more_ends_there_and_the_other_goes_on() -> None:
    frame = done(ClippingComparison(BURSTING, updates=150))
    free, clipped = variant(frame, "free"), variant(frame, "clipped")
    assert len(free) < 151 and len(clipped) == 151
    numbers = ["loss", "gradient_norm"]
    assert np.isfinite(free[numbers][:-1]).all(axis=None)
    assert not np.isfinite(free[numbers].iloc[-1]).all() and math.isnan(free.angle.iloc[-1])
    assert np.isfinite(clipped[numbers]).all(axis=None)


def test_when_both_have_ended_all_is_done() -> None:
    hopeless = replace(
        BURSTING,
        text=TextConfig("the quick brown fox jumps over the lazy dog"),
        training=replace(BURSTING.training, clip_threshold=1000.0),
    )
    frame = done(ClippingComparison(hopeless, updates=2000))
    assert len(frame) < 200 and set(frame.variant) == {"free", "clipped"}
    grid = ClippingGrid(hopeless, learning_rates=(5.0, 10.0), thresholds=(1000.0, math.inf), updates=2000)
    assert (done(grid).outcome == "diverged").all()


RATES = (0.1, 0.3, 1.0)
THRESHOLDS = {"norm": (0.1, 0.3, math.inf), "value": (0.01, 0.03, math.inf)}


def whole_text_loss(trainer: Trainer) -> float:
    """Mean nats per symbol over all windows, one by one, with torch.nn."""
    corpus = Corpus(trainer.config.text)
    model = TorchModel(trainer.config.network, corpus.signature)
    model.load_state_dict(trainer.network.state_dict())
    batches = [corpus.window_batch(index) for index in range(len(corpus.windows))]
    losses = [loss_of(model(model.encode(b.inputs[:, 0])), masked_targets(b), "sum").item() for b in batches]
    return sum(losses) / corpus.predictions


@pytest.mark.parametrize("clip", ["norm", "value"])
def test_each_cell_of_the_grid_is_a_run_of_its_own(clip: str) -> None:
    config = experiment(clip)
    frame = done(ClippingGrid(config, learning_rates=RATES, thresholds=THRESHOLDS[clip], updates=40))
    assert list(frame.columns) == list(clipping.GRID_COLUMNS)
    pairs = list(itertools.product(RATES, THRESHOLDS[clip]))
    assert list(zip(frame.learning_rate, frame.threshold, strict=True)) == pairs
    for row, (rate, threshold) in zip(frame.itertuples(), pairs, strict=True):
        clips = {"clip": "off"} if threshold == math.inf else {"clip_threshold": threshold}
        settings = replace(config.training, learning_rate=rate, **clips)
        trainer = Trainer(replace(config, training=settings), Corpus(config.text))
        assert row.start == pytest.approx(whole_text_loss(trainer), rel=1e-5)
        trainer.advance(40)
        assert row.loss == pytest.approx(whole_text_loss(trainer), rel=1e-3)
        assert row.perplexity == pytest.approx(math.exp(row.loss))
        assert row.outcome == "learned"
    assert frame.loss.nunique() > 7


def test_the_grid_says_what_became_of_each_run() -> None:
    frame = done(ClippingGrid(BURSTING, learning_rates=(0.1, 10.0), thresholds=(0.01, math.inf), updates=150))
    tanh = replace(BURSTING, network=NetworkConfig("rnn", 8))
    worse = done(ClippingGrid(tanh, learning_rates=(10.0,), thresholds=(math.inf,), updates=3))
    assert frame.outcome.tolist() == ["learned", "learned", "learned", "diverged"]
    assert frame.loss.isna().tolist() == [False, False, False, True] == frame.perplexity.isna().tolist()
    assert worse.outcome.tolist() == ["worse"] and worse.loss[0] > worse.start[0]


@pytest.mark.parametrize("make", [ClippingComparison, ClippingGrid])
def test_what_is_not_allowed_is_refused(make: type) -> None:
    with pytest.raises(Refusal, match=r"^clip must be one of 'norm', 'value'; got 'off'"):
        make(experiment("off"))
    for updates in (0, 2001):
        with pytest.raises(Refusal, match=rf"^updates must be a whole number from 1 to 2000; got {updates}"):
            make(experiment(), updates=updates)
    with pytest.raises(Refusal, match=r"^text is empty"):
        make(experiment(text=TextConfig(" ")))


def test_the_axes_of_a_grid_are_bounded() -> None:
    for values in ((), (0.1, 0.1), tuple(range(1, 10))):
        for name in ("learning_rates", "thresholds"):
            with pytest.raises(ValueError, match=f"^{name} must be 1 to 8 different numbers; got"):
                ClippingGrid(experiment(), **{name: values})
    for name, field in (("learning_rates", "learning_rate"), ("thresholds", "clip_threshold")):
        for value in (0.0, -1.0, math.nan, 1e9):
            with pytest.raises(Refusal, match=f"^{field} must be a number from"):
                ClippingGrid(experiment(), **{name: (value,)})


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_size_that_is_checked_is_that_of_all_replicas(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TextConfig("the quick brown fox\njumps over the lazy\n" * 8, sequence_length=20)
    config = ExperimentConfig(text, NetworkConfig(cell, 32))
    made = Trainer(config, Corpus(text), seeds=[0] * 9)
    made.update()
    monkeypatch.setattr(size, "MAX_TRAINER_BYTES", int(0.8 * made.nbytes))
    check_size(config, Corpus(text))
    with pytest.raises(Refusal, match=r"^9 runs .*choose a smaller batch size"):
        check_size(config, Corpus(text), replicas=9)
    with pytest.raises(Refusal):
        ClippingGrid(config, learning_rates=RATES, thresholds=THRESHOLDS["norm"])
    monkeypatch.setattr(size, "MAX_TRAINER_BYTES", 3 * made.nbytes)
    check_size(config, Corpus(text), replicas=9)


def test_what_is_dropped_or_done_leaves_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    trainers: list[weakref.ref[Trainer]] = []

    def watched(*args: object, **options: object) -> Trainer:
        trainer = Trainer(*args, **options)
        trainers.append(weakref.ref(trainer))
        return trainer

    monkeypatch.setattr(clipping, "Trainer", watched)
    gc.collect()
    gc.disable()
    try:
        dropped = [ClippingComparison(experiment(), updates=9), ClippingGrid(experiment(), updates=9)]
        for work in dropped:
            work.advance(0.0)
        assert len(trainers) == 3 and all(trainer() for trainer in trainers)
        del work, dropped
        assert not any(trainer() for trainer in trainers)
        finished = ClippingComparison(experiment(), updates=9)
        done(finished)
        assert len(trainers) == 5 and not any(trainer() for trainer in trainers)
    finally:
        gc.enable()


# How one run of the exploding case ends is decided by rounding, so another processor may end it in another way.
# What holds is said of several runs.
SEEDS = range(1, 8)


def exploding(seed: int) -> ExperimentConfig:
    return replace(CASES["exploding"], seed=seed)


def test_clipping_saves_the_exploding_case() -> None:
    config = CASES["exploding"]
    assert config.network.hidden_size == 16 and len(Corpus(config.text).batch(0, 0).inputs) == 50
    peaks, ends, saved = [], [], []
    for seed in SEEDS:
        frame = done(ClippingComparison(exploding(seed)))
        free, clipped = variant(frame, "free"), variant(frame, "clipped")
        norms = free.gradient_norm[np.isfinite(free.gradient_norm)]
        peaks.append(norms.max() / norms.median())
        ends.append(free.loss.iloc[-1] if len(free) == len(clipped) else math.inf)
        saved.append(clipped.loss.iloc[-1])
        assert math.isfinite(saved[-1]) and clipped.clipped.mean() > 0.5
    assert np.median(saved) < 1.2
    assert min(peaks) > 5 and np.median(peaks) > 50
    assert np.median(ends) > 1.5


def test_clipping_does_not_help_the_vanishing_case() -> None:
    config = CASES["vanishing"]
    frame = done(ClippingComparison(config))
    free, clipped = variant(frame, "free"), variant(frame, "clipped")
    assert config.network.hidden_size == 16 and len(Corpus(config.text).batch(0, 0).inputs) == 50
    assert clipped.clipped.mean() < 0.05 and clipped.gradient_norm.median() < 0.01
    floor = math.log(memory_floors(Corpus(config.text))[1])  # without memory; with 50 symbols of it, 0
    for run in (free, clipped):
        assert run.loss.iloc[-1] == pytest.approx(floor, abs=0.01)
    assert abs(free.loss.iloc[-1] - clipped.loss.iloc[-1]) < 0.001


def test_in_the_grid_of_the_exploding_case_only_clipping_gets_far() -> None:
    grids = [
        done(ClippingGrid(exploding(seed), learning_rates=(0.3, 1.0), thresholds=(0.1, 0.3, math.inf)))
        for seed in SEEDS
    ]
    free = [grid[grid.threshold == math.inf] for grid in grids]
    clipped = [grid[grid.threshold < math.inf] for grid in grids]
    assert np.median([of_seed.loss.min() for of_seed in clipped]) < 0.5
    lost = pd.concat(free)
    assert (lost.outcome == "diverged").sum() >= 4
    assert (lost.loss.fillna(math.inf) > 0.8).sum() >= len(lost) - 2
    assert (pd.concat(clipped).outcome == "diverged").sum() <= 2


def step_length(**training: object) -> tuple[float, float]:
    """Norm of the gradient and length of the first update of "hello"."""
    settings = TrainingConfig(**{"optimizer": "sgd", "learning_rate": 0.1, **training})
    trainer = Trainer(
        ExperimentConfig(network=NetworkConfig("rnn", 8), training=settings), Corpus(TextConfig())
    )
    before = trainer.network.parameters.clone()
    return trainer.update().gradient_norm[0], (trainer.network.parameters - before).norm().item()


def test_what_undoes_the_factor_between_sum_and_mean() -> None:
    """As the lesson on sum and mean says: Adam does; clipping by norm only where the mean is clipped as well."""
    norm, mean = step_length(clip="off")
    _, summed = step_length(clip="off", reduction="sum")
    assert summed == pytest.approx(4 * mean, rel=1e-4), "four predictions"
    between = {"clip": "norm", "clip_threshold": 2 * norm}  # above the mean's gradient, below the sum's
    assert step_length(**between, reduction="sum")[1] == pytest.approx(
        2 * step_length(**between)[1], rel=1e-4
    )
    below = {"clip": "norm", "clip_threshold": norm / 2}
    assert step_length(**below, reduction="sum")[1] == pytest.approx(step_length(**below)[1], rel=1e-4)
    for optimizer in ("adam", "rmsprop", "adagrad"):
        scaled = {"clip": "off", "optimizer": optimizer}
        assert step_length(**scaled, reduction="sum")[1] == pytest.approx(step_length(**scaled)[1], rel=1e-3)
