"""Training runs against the same loop in plain torch.nn + torch.optim; replicas; snapshots; explosions."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig, from_query
from playground.corpus import Corpus
from playground.optimizers import OPTIMIZERS
from playground.training import Trainer, Update

# A learning rate at which each optimiser learns "hello" and clipping has something to do.
RATES = {"sgd": 0.5, "momentum": 0.1, "rmsprop": 0.01, "adagrad": 0.1, "adam": 0.02}
THRESHOLDS = {"off": 1.0, "norm": 0.3, "value": 0.03}
TORCH_OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9),
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
}


def experiment(
    cell: str = "lstm",
    optimizer: str = "adam",
    clip: str = "norm",
    *,
    text: TextConfig | None = None,
    reduction: str = "mean",
    rate: float | None = None,
    seed: int = 0,
    layers: int = 1,
) -> ExperimentConfig:
    return ExperimentConfig(
        text or TextConfig("hello"),
        NetworkConfig(cell, 8, layers),
        TrainingConfig(optimizer, rate or RATES[optimizer], clip, THRESHOLDS[clip], reduction),
        seed,
    )


def trainer_for(config: ExperimentConfig, seeds=None, dtype: torch.dtype = torch.float32) -> Trainer:
    return Trainer(config, Corpus(config.text), seeds=seeds, dtype=dtype)


def torch_run(trainer: Trainer, steps: int) -> list[tuple[float, float, float]]:
    """Loss, and gradient norm before and after clipping, of each step of the usual training loop."""
    config, corpus = trainer.config, trainer.corpus
    model = TorchModel(config.network, len(corpus.vocabulary), torch.float64)
    model.load_state_dict(trainer.network.state_dict(), strict=True)
    parameters = list(model.parameters())
    optimizer = TORCH_OPTIMIZERS[config.training.optimizer](parameters, lr=config.training.learning_rate)
    curve = []
    for step in range(steps):
        batch = corpus.batch(config.seed, step)
        optimizer.zero_grad()
        loss = loss_of(
            model(model.encode(batch.inputs[:, 0])), masked_targets(batch), config.training.reduction
        )
        loss.backward()
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        before = torch.nn.utils.get_total_norm(gradients)
        if config.training.clip == "norm":
            torch.nn.utils.clip_grad_norm_(parameters, config.training.clip_threshold)
        elif config.training.clip == "value":
            torch.nn.utils.clip_grad_value_(parameters, config.training.clip_threshold)
        curve.append((loss.item(), before.item(), torch.nn.utils.get_total_norm(gradients).item()))
        optimizer.step()
    return curve


def assert_equals_torch(config: ExperimentConfig, steps: int) -> list[Update]:
    trainer = trainer_for(config, dtype=torch.float64)
    expected = torch_run(trainer, steps)
    updates = trainer.advance(steps)
    curve = [(u.loss[0], u.gradient_norm[0], u.clipped_norm[0]) for u in updates]
    torch.testing.assert_close(torch.tensor(curve), torch.tensor(expected), rtol=0, atol=1e-6)
    assert [u.step for u in updates] == list(range(steps))
    return updates


@pytest.mark.parametrize("clip", ["off", "norm", "value"])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize("cell", list(CELLS))
def test_200_steps_are_torchs(cell: str, optimizer: str, clip: str) -> None:
    updates = assert_equals_torch(experiment(cell, optimizer, clip), 200)
    assert updates[-1].nll[0] < updates[0].nll[0] - 0.1  # and it learned something
    assert any(u.clipped[0] for u in updates) == (clip != "off")


@pytest.mark.parametrize("cell", list(CELLS))
def test_mini_batches_with_padding_summed_and_stacked_are_torchs(cell: str) -> None:
    text = TextConfig("one\nthree\nseventeen\nelf\nno", bos=True, eos=True, sequence_length=4, batch_size=2)
    updates = assert_equals_torch(experiment(cell, text=text, reduction="sum", layers=2), 40)
    assert len({u.loss[0] / u.nll[0] for u in updates}) > 1  # batches of different numbers of predictions


@settings(max_examples=8)
@given(
    text=st.lists(st.text("abcé", min_size=2, max_size=7), min_size=1, max_size=4).map("\n".join),
    cell=st.sampled_from(list(CELLS)),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
    clip=st.sampled_from(list(THRESHOLDS)),
    reduction=st.sampled_from(["mean", "sum"]),
    seed=st.integers(0, 2**31 - 1),
)
def test_any_run_is_torchs(
    text: str, cell: str, optimizer: str, clip: str, reduction: str, seed: int
) -> None:
    config = TextConfig(text, bos=True, sequence_length=3, batch_size=2)
    rate = RATES[optimizer] / 10
    assert_equals_torch(
        experiment(cell, optimizer, clip, text=config, reduction=reduction, rate=rate, seed=seed), 10
    )


@pytest.mark.parametrize("clip", ["off", "norm", "value"])
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_replica_is_the_run_with_its_seed_alone(cell: str, clip: str) -> None:
    many_lines = TextConfig("hello\nworld\nabc\nfour", batch_size=2)  # each seed shuffles for itself
    for text, optimizer in ((None, "adam"), (many_lines, "rmsprop")):
        config = experiment(cell, optimizer, clip, text=text)
        together = trainer_for(config, seeds=range(8), dtype=torch.float64).advance(40)
        for replica in (0, 3, 7):
            alone = trainer_for(config, seeds=(replica,), dtype=torch.float64).advance(40)
            for theirs, ours in zip(together, alone, strict=True):
                for name in ("loss", "nll", "gradient_norm", "clipped_norm", "clipped"):
                    assert getattr(theirs, name)[replica] == pytest.approx(getattr(ours, name)[0], abs=1e-9)


def test_the_configs_seed_is_the_default() -> None:
    config = experiment(seed=7)
    assert trainer_for(config).advance(3) == trainer_for(config, seeds=(7,)).advance(3)
    assert trainer_for(config).advance(3) != trainer_for(config, seeds=(8,)).advance(3)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_restoring_goes_on_bit_for_bit(optimizer: str) -> None:
    config = experiment(optimizer=optimizer, text=TextConfig("hello\nworld\nabc", batch_size=2))
    trainer = trainer_for(config, seeds=(0, 1))
    trainer.advance(7)
    snapshot = trainer.snapshot()
    expected = trainer.advance(20)
    weights = trainer.network.parameters.clone()

    trainer.advance(3)
    trainer.restore(snapshot)
    assert trainer.step == 7
    assert trainer.advance(20) == expected
    assert torch.equal(trainer.network.parameters, weights)

    elsewhere = trainer_for(config, seeds=(0, 1))
    elsewhere.restore(snapshot)
    assert elsewhere.advance(20) == expected
    assert torch.equal(elsewhere.network.parameters, weights)


def test_a_snapshot_does_not_change_and_knows_its_size() -> None:
    trainer = trainer_for(experiment())
    snapshot = trainer.snapshot()
    before = snapshot.parameters.clone()
    trainer.advance(3)
    assert torch.equal(snapshot.parameters, before)
    assert not snapshot.optimizer["average"].any()
    assert snapshot.nbytes == 3 * before.nbytes + 4  # weights, two moments, one counter


def test_one_by_one_or_many_at_once_and_looking_or_not_is_the_same() -> None:
    config = experiment(text=TextConfig("hello\nworld\nabc", batch_size=2))
    expected = trainer_for(config).advance(10)
    trainer = trainer_for(config)
    made = []
    for step in range(10):
        trainer.measure()
        if step % 2:
            trainer.measure()
        if step % 3 == 0:
            trainer.network.trace(trainer.corpus.window_batch(0))  # writes over the gradients
        if step % 4 == 0:
            trainer.network.trace(trainer.corpus.batch(99, 0), backward=False)  # and over the buffers
        made.append(trainer.update())
    assert made == expected


def test_measure_does_not_change_anything_and_is_computed_once() -> None:
    trainer = trainer_for(experiment())
    trainer.advance(2)
    before = trainer.snapshot()
    trace = trainer.measure()
    passes = trainer.network.passes
    loss = trace["total"].item()
    assert torch.equal(trainer.network.parameters, before.parameters) and trainer.step == 2
    trainer.measure()
    update = trainer.update()
    assert trainer.network.passes == passes
    assert update.step == 2 and update.loss[0] == pytest.approx(loss)
    assert trainer.measure()["total"].item() != loss


def test_update_records_what_the_buffers_hold() -> None:
    trainer = trainer_for(experiment(clip="off", optimizer="sgd", rate=0.1))
    trace = trainer.measure()
    losses, before = trace["loss"].clone(), trainer.network.parameters.clone()
    gradient = trainer.network.gradients.clone()
    update = trainer.update()
    assert update.nll[0] == pytest.approx(losses.mean().item(), rel=1e-6)
    assert update.perplexity[0] == pytest.approx(math.exp(update.nll[0]))
    assert update.gradient_norm[0] == pytest.approx(gradient.norm().item(), rel=1e-6)
    assert update.clipped_norm == update.gradient_norm and update.clipped == (False,)
    assert (update.learning_rate, update.finite) == (0.1, True)
    torch.testing.assert_close(trainer.network.parameters, before - 0.1 * gradient)
    assert torch.equal(trace["loss"], losses)  # still there after the update


def test_clipping_by_norm_keeps_the_direction_and_by_value_each_bound() -> None:
    for clip, threshold in (("norm", 0.3), ("value", 0.03)):
        trainer = trainer_for(experiment(clip=clip), dtype=torch.float64)
        trainer.measure()
        before = trainer.network.gradients.clone()
        update = trainer.update()
        after = trainer.network.gradients
        assert update.clipped[0] and update.clipped_norm[0] == pytest.approx(after.norm().item())
        if clip == "norm":
            assert update.clipped_norm[0] == pytest.approx(threshold, rel=1e-5)
            assert torch.cosine_similarity(before, after) == pytest.approx(1)
        else:
            assert torch.equal(after, before.clamp(-threshold, threshold))


def test_the_learning_rate_changes_while_training_as_the_config_says() -> None:
    """Plain gradient descent by hand: each update moves the weights by the rate that holds at its step."""
    config = experiment(optimizer="sgd", clip="off")
    rates = ((2, 0.25), (3, 0.5))
    trainer = trainer_for(
        replace(config, training=replace(config.training, learning_rate=0.125, rates=rates))
    )
    for rate in (0.125, 0.125, 0.25, 0.5, 0.5):
        before = trainer.network.parameters.clone()
        trainer.measure()
        step = rate * trainer.network.gradients
        assert trainer.update().learning_rate == rate
        torch.testing.assert_close(trainer.network.parameters, before - step)


def poison(trainer: Trainer, replica: int) -> None:
    trainer.network.named_parameters()["readout.bias"][replica, 0] = math.nan


def test_an_exploded_run_stands_still() -> None:
    trainer = trainer_for(experiment())
    trainer.advance(5)
    poison(trainer, 0)
    weights = trainer.network.parameters.clone()
    updates = trainer.advance(10)
    assert len(updates) == 1 and not updates[0].finite and updates[0].step == 5
    assert math.isnan(updates[0].nll[0]) and math.isnan(updates[0].perplexity[0])
    assert trainer.step == 5
    torch.testing.assert_close(trainer.network.parameters, weights, rtol=0, atol=0, equal_nan=True)


def test_a_learning_rate_that_is_far_too_large_ends_in_an_update_that_says_so() -> None:
    config = ExperimentConfig(
        TextConfig("hello"),
        NetworkConfig("rnn", nonlinearity="linear"),
        TrainingConfig("sgd", 10.0, clip="off"),
    )
    trainer = trainer_for(config)
    updates = trainer.advance(500)
    assert len(updates) < 500
    assert [u.finite for u in updates[:-1]] == [True] * (len(updates) - 1) and not updates[-1].finite
    assert trainer.network.parameters.isfinite().all()
    assert not trainer.update().finite


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_an_exploded_replica_stands_still_and_the_others_go_on(optimizer: str) -> None:
    config = experiment(optimizer=optimizer)
    healthy = trainer_for(config, seeds=range(3)).advance(20)
    trainer = trainer_for(config, seeds=range(3))
    trainer.advance(5)
    poison(trainer, 1)
    broken = trainer.network.parameters[1].clone()
    snapshot = trainer.snapshot()
    for _ in range(2):
        updates = [trainer.update() for _ in range(15)]
        assert not any(u.finite for u in updates) and trainer.step == 20
        for expected, update in zip(healthy[5:], updates, strict=True):
            for replica in (0, 2):
                assert update.nll[replica] == expected.nll[replica]
                assert update.clipped[replica] == expected.clipped[replica]
        torch.testing.assert_close(trainer.network.parameters[1], broken, rtol=0, atol=0, equal_nan=True)
        assert trainer.network.parameters[::2].isfinite().all()
        trainer.restore(snapshot)


def test_nbytes_grows_with_the_state() -> None:
    sgd, adam = (trainer_for(experiment(optimizer=name)) for name in ("sgd", "adam"))
    assert adam.nbytes - sgd.nbytes == 2 * adam.network.parameters.nbytes + 4


@pytest.mark.parametrize("clip", ["norm", "value"])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_a_replica_is_the_run_with_its_learning_rate_and_threshold_alone(optimizer: str, clip: str) -> None:
    text = TextConfig("hello\nworld\nabc\nfour", batch_size=2)
    config = experiment("rnn", optimizer, clip, text=text)
    seeds = (0, 0, 0, 3)
    rates = [RATES[optimizer] * factor for factor in (0.3, 1, 1.5, 1)]
    thresholds = [THRESHOLDS[clip] * factor for factor in (0.5, 2, math.inf, 1)]
    trainer = Trainer(
        config,
        Corpus(text),
        seeds=seeds,
        learning_rates=rates,
        clip_thresholds=thresholds,
        dtype=torch.float64,
    )
    together = trainer.advance(60)
    for replica, (seed, rate, threshold) in enumerate(zip(seeds, rates, thresholds, strict=True)):
        clips = {"clip": "off"} if threshold == math.inf else {"clip_threshold": threshold}
        settings = replace(config.training, learning_rate=rate, **clips)
        single = trainer_for(replace(config, training=settings), (seed,), torch.float64)
        alone = single.advance(60)
        for theirs, ours in zip(together, alone, strict=True):
            for name in ("loss", "nll", "gradient_norm", "clipped_norm", "clipped"):
                assert getattr(theirs, name)[replica] == pytest.approx(getattr(ours, name)[0], abs=1e-9)
        weights = trainer.network.parameters[replica : replica + 1]
        torch.testing.assert_close(weights, single.network.parameters, rtol=0, atol=1e-9)
    assert [any(u.clipped[r] for u in together) for r in range(4)] == [True, True, False, True]


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_restoring_replicas_with_rates_of_their_own_goes_on_bit_for_bit(optimizer: str) -> None:
    config = experiment("rnn", optimizer)
    trainer = Trainer(config, Corpus(config.text), seeds=(0, 0), learning_rates=(0.01, 0.02))
    trainer.advance(5)
    snapshot = trainer.snapshot()
    expected = trainer.advance(10)
    trainer.restore(snapshot)
    assert trainer.advance(10) == expected


def test_a_replica_whose_rate_is_too_large_explodes_alone() -> None:
    config = ExperimentConfig(
        TextConfig("hello"), NetworkConfig("rnn", nonlinearity="linear"), TrainingConfig("sgd", clip="off")
    )
    trainer = Trainer(config, Corpus(config.text), seeds=(0, 0), learning_rates=(10.0, 0.1))
    updates = trainer.advance(500)
    assert len(updates) == 500 and trainer.exploded == {0} == trainer.snapshot().exploded
    assert updates[-1].nll[1] < 0.5 * updates[0].nll[1]


def test_as_many_rates_and_thresholds_as_seeds() -> None:
    for name in ("learning_rates", "clip_thresholds"):
        with pytest.raises(ValueError, match=f"^{name} must be as many as seeds, 1; got 2$"):
            Trainer(experiment(), Corpus(TextConfig("hello")), **{name: (0.1, 0.2)})


def test_an_explosion_names_the_first_loss_that_is_no_number_and_its_sequence() -> None:
    query = {
        "text": "ab\nhello again and again",
        "cell": "rnn",
        "nonlinearity": "linear",
        "optimizer": "sgd",
        "learning_rate": "3",
        "clip": "off",
        "seed": "1",
    }
    config, refusals = from_query(query)
    assert not refusals
    trainer = Trainer(config, Corpus(config.text))
    while trainer.update().finite:
        pass
    found = trainer.explosion()
    assert found is not None and (found.step, found.what) == (trainer.step, "loss")
    losses = trainer.measure()["loss"][:, 0]  # (T, B), 0 where nothing is to be predicted
    assert isinstance(found.where, int) and found.sequence == 2, (
        "the short line has one loss, which is finite"
    )
    assert not losses[found.where - 1, found.sequence - 1].isfinite()
    assert losses[: found.where - 1].isfinite().all()
