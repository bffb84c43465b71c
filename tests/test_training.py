"""Training runs against the same loop in plain torch.nn + torch.optim; replicas; snapshots; explosions."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig, from_query
from playground.corpus import Corpus
from playground.norms import norms_of
from playground.optimizers import OPTIMIZERS
from playground.training import Trainer, Update

pytestmark = pytest.mark.usefixtures("each_engine")

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
    config, corpus = trainer.config, trainer.source
    model = TorchModel(config.network, corpus.signature, torch.float64)
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


@pytest.mark.parametrize("clip", ["off", "norm", "value"])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_200_steps_of_a_sum_are_torchs(optimizer: str, clip: str) -> None:
    config = experiment("gru", optimizer, clip, reduction="sum", rate=RATES[optimizer] / 4)
    updates = assert_equals_torch(config, 200)
    assert updates[-1].loss[0] < updates[0].loss[0] - 0.4


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_restoring_goes_on_bit_for_bit(optimizer: str, dtype: torch.dtype) -> None:
    config = experiment(optimizer=optimizer, text=TextConfig("hello\nworld\nabc", batch_size=2))
    trainer = trainer_for(config, seeds=(0, 1), dtype=dtype)
    trainer.advance(7)
    snapshot = trainer.snapshot()
    expected = trainer.advance(20)
    weights = trainer.network.parameters.clone()

    trainer.advance(3)
    trainer.restore(snapshot)
    assert trainer.step == 7
    assert trainer.advance(20) == expected
    assert torch.equal(trainer.network.parameters, weights)

    elsewhere = trainer_for(config, seeds=(0, 1), dtype=dtype)
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
            trainer.network.trace(Corpus(config.text).window_batch(0))  # writes over the gradients
        if step % 4 == 0:
            trainer.network.trace(trainer.source.batch(99, 0), backward=False)  # and over the buffers
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


# Numbers of any size


def of_query(**query: object) -> Trainer:
    """A trainer for what stands in an address."""
    config, refusals = from_query({name: str(value) for name, value in query.items()})
    assert not refusals
    return Trainer(config, Corpus(config.text))


@settings(max_examples=200)
@given(
    st.lists(
        st.builds(lambda digits, exponent: digits * 10.0**exponent, st.floats(-9, 9), st.integers(-30, 30)),
        min_size=1,
        max_size=12,
    )
)
def test_a_norm_is_that_of_64_bits_whatever_the_size_of_its_entries(entries: list[float]) -> None:
    """Entries from 1e-30 to 1e30: their squares do not fit into 32 bits, at either end."""
    row = torch.tensor([entries, [1.0] * len(entries)], dtype=torch.float32)
    expected = np.linalg.norm(row.numpy().astype(np.float64), axis=1)
    assert norms_of(row)() == pytest.approx(expected.tolist(), rel=1e-5, abs=0)
    assert norms_of(row[:1])() == norms_of(row)()[:1], "each as alone"


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_norm_is_not_finite_only_where_an_entry_is_not(bad: float) -> None:
    assert not math.isfinite(norms_of(torch.tensor([[1.0, bad, 2.0]]))()[0])
    assert norms_of(torch.zeros(2, 3))() == (0.0, 0.0)
    largest = torch.finfo(torch.float32).max
    assert norms_of(torch.full((1, 4), largest))() == pytest.approx((2 * largest,), rel=1e-6)


@pytest.mark.parametrize("size", [1e-25, 1e-3, 1e18, 1e25, 1e37])
@pytest.mark.parametrize("clip", ["off", "norm", "value"])
def test_gradients_of_any_size_are_clipped_as_in_64_bits(clip: str, size: float) -> None:
    trainer = trainer_for(experiment(clip=clip, optimizer="sgd"))
    trainer.measure()
    gradients = trainer.network.gradients
    gradients.copy_(torch.linspace(-1, 1, gradients.numel())[None] * size)
    wide, threshold = gradients.double(), trainer.config.training.clip_threshold
    norm = wide.norm().item()
    if clip == "norm":
        wide *= min(1.0, threshold / (norm + 1e-6))
    elif clip == "value":
        wide = wide.clamp(-threshold, threshold)
    update = trainer.preview()
    assert update.finite and update.gradient_norm[0] == pytest.approx(norm, rel=1e-5)
    assert update.clipped_norm[0] == pytest.approx(wide.norm().item(), rel=1e-5)
    assert update.clipped[0] == (clip != "off" and size > 0.1)
    assert trainer.update() == update
    torch.testing.assert_close(trainer.network.gradients.double(), wide, rtol=1e-4, atol=0)


def test_a_preview_is_the_update_that_follows_and_changes_nothing() -> None:
    trainer, straight = (trainer_for(experiment(clip="norm"), seeds=(0, 3)) for _ in range(2))
    for _ in range(10):
        before, gradients = trainer.snapshot(), trainer.measure()["grad.l0.h"].clone()
        seen = trainer.preview()
        assert trainer.preview() == seen and trainer.step == before.step
        assert torch.equal(trainer.network.parameters, before.parameters)
        assert torch.equal(trainer.measure()["grad.l0.h"], gradients)
        assert trainer.update() == seen == straight.update()


@pytest.mark.parametrize("clip", ["off", "norm", "value"])
def test_clips_are_counted_also_after_going_back(clip: str) -> None:
    config = experiment("rnn", "sgd", clip)
    trainer = Trainer(config, Corpus(config.text), seeds=(0, 5))
    updates = trainer.advance(40)
    counted = [0, 0]
    for update in updates:
        counted = [count + each for count, each in zip(counted, update.clipped, strict=True)]
        assert list(update.clips) == counted
    assert (max(counted) > 0) == (clip != "off")
    again = Trainer(config, Corpus(config.text), seeds=(0, 5))
    again.advance(15)
    snapshot = again.snapshot()
    again.advance(10)
    again.restore(snapshot)
    assert again.advance(25) == updates[15:]


def test_2_4_the_loss_is_what_was_measured() -> None:
    """2.4: computed back from the perplexity it was ∞; 144.869 nats, and millions of them, are numbers."""
    trainer = of_query(
        cell="rnn",
        text="hello",
        seed=2,
        nonlinearity="linear",
        optimizer="sgd",
        learning_rate=5,
        reduction="sum",
        clip="off",
    )
    assert trainer.advance(2)[1].nll[0] == pytest.approx(144.869, abs=1e-3)
    trainer = of_query(
        cell="rnn", text="hello world", nonlinearity="linear", optimizer="sgd", learning_rate=3, clip="off"
    )
    update = trainer.advance(4)[3]
    assert update.nll[0] == pytest.approx(7_699_700, rel=1e-3) and update.finite
    assert update.perplexity == (math.inf,)


SPECTRAL = {
    "cell": "rnn",
    "nonlinearity": "relu",
    "initialization": "spectral",
    "spectral_radius": 5,
    "layers": 3,
    "text": "hello world again and again and more",
    "seed": 644,
}
BROWN_FOX = {
    "cell": "rnn",
    "nonlinearity": "relu",
    "optimizer": "adam",
    "learning_rate": 5,
    "text": "the quick brown fox",
    "seed": 1,
}


@pytest.mark.parametrize(
    "query",
    [SPECTRAL, BROWN_FOX, BROWN_FOX | {"clip": "value"}, BROWN_FOX | {"clip": "off"}],
    ids=["large from the start", "clipped by norm", "by value", "not clipped"],
)
def test_2_5_large_is_not_exploded(query: dict[str, object]) -> None:
    """2.5: the norm was squared in 32 bits and overflowed near 1.8e19: 72 of 99 stops were of this kind."""
    trainer = of_query(**query)
    updates = trainer.advance(30)
    assert len(updates) == 30 and all(update.finite for update in updates)
    assert trainer.explosion() is None and not trainer.exploded
    assert max(update.gradient_norm[0] for update in updates) > 2e19, "else this test shows nothing"
    assert all(math.isfinite(update.gradient_norm[0]) for update in updates)


def test_2_5_clipping_saves_what_was_stopped() -> None:
    """2.5: ReLU, Adam, rate 5, the quick brown fox, seed 1 stopped at step 1; at step 50 it has 4.4 nats or so."""
    for clip in ("norm", "value"):
        assert of_query(**BROWN_FOX, clip=clip).advance(51)[-1].nll[0] < 20


def still(text: str = "hello world again and again") -> Trainer:
    """A linear network in which nothing moves: all weights are 0."""
    trainer = of_query(cell="rnn", nonlinearity="linear", text=text, clip="off", hidden_size=4)
    trainer.network.parameters.zero_()
    return trainer


@pytest.mark.parametrize("embedding", [0, 3])
def test_an_explosion_of_the_gradient_names_the_parameter(embedding: int) -> None:
    """Losses are finite, but going back through time every step multiplies the gradient by 1e4."""
    trainer = of_query(
        cell="rnn", nonlinearity="linear", text="ab" * 20, clip="off", hidden_size=4, embedding=embedding
    )
    named = trainer.network.named_parameters()
    trainer.network.parameters.zero_()
    named["rnn.weight_hh_l0"][0].copy_(1e4 * torch.eye(4))
    named["readout.weight"][0].copy_(torch.arange(8.0).view(2, 4) / 8)
    assert not trainer.preview().finite
    found = trainer.explosion()
    assert (found.step, found.what) == (0, "gradient")
    gradients = trainer.network.named_gradients()
    broken = [name for name, gradient in gradients.items() if not gradient.isfinite().all()]
    assert found.where == broken[0] != list(gradients)[-1]
    values = gradients[broken[0]][~gradients[broken[0]].isfinite()]
    assert repr(found.value) == repr(values[0].item())
    assert torch.isfinite(trainer.measure()["loss"]).all()
    assert not trainer.update().finite and trainer.step == 0
    assert repr(trainer.explosion()) == repr(found)  # NaN is NaN


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_an_explosion_of_the_loss_names_the_timestep(bad: float) -> None:
    """The state doubles itself away: no loss before the timestep at which it is no number any more."""
    trainer = still()
    named = trainer.network.named_parameters()
    named["rnn.weight_hh_l0"][0].copy_(1e10 * torch.eye(4))
    named["rnn.bias_ih_l0"][0, 0] = 1.0
    named["readout.weight"][0, :, 0] = torch.arange(float(named["readout.weight"].shape[1]))
    found = trainer.explosion()
    losses = trainer.measure()["loss"][:, 0, 0]
    first = next(t for t, loss in enumerate(losses.tolist()) if not math.isfinite(loss))
    assert 2 <= first < len(losses) - 1
    assert (found.what, found.where, found.sequence) == ("loss", first + 1, None)
    assert repr(found.value) == repr(losses[first].item())
    named["readout.bias"][0, 0] = bad
    trainer.network.passes += 1
    assert trainer.explosion().where == 1 and not math.isfinite(trainer.explosion().value)


def test_losses_that_are_too_large_only_together_are_called_a_sum() -> None:
    trainer = still()
    assert isinstance(trainer.source, Corpus)
    targets = trainer.source.window_batch(0).targets
    named = trainer.network.named_parameters()
    named["readout.bias"][0].fill_(0.0)
    rare = trainer.network.signature.output_size - 1
    named["readout.bias"][0, rare] = 3e38
    found, losses = trainer.explosion(), trainer.measure()["loss"]
    assert (targets != rare).any() and torch.isfinite(losses).all() and losses.double().sum() > 3.5e38
    assert (found.step, found.what, found.value) == (0, "sum", math.inf)


def test_a_network_that_is_well_has_no_explosion() -> None:
    trainer = trainer_for(experiment(), seeds=(0, 1))
    trainer.advance(3)
    assert trainer.explosion() is None and trainer.explosion(1) is None
    poison(trainer, 1)
    trainer.network.passes += 1
    assert trainer.explosion(0) is None and trainer.explosion(1).step == 3
