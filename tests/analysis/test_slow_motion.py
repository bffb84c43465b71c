"""Slow motion is the update that a trainer makes, and each of its numbers is held to autograd and to that update."""

import math
from dataclasses import replace

import pytest
import torch

from playground.analysis.slow_motion import SlowMotion, Weight, perplexity, slow_motion
from playground.analysis.uses import Pass
from playground.batch import Batch
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.model import perplexity as of_loss
from playground.optimizers import OPTIMIZERS
from playground.passes.autograd import autograd_gradients
from playground.passes.replica import copy_of
from playground.runs.run import Run
from playground.training import Trainer
from tests.kinds import KINDS

TEXTS = {
    "one": TextConfig(text="abcabd"),
    "several": TextConfig(text="abba\nbca\nabcbd\nba\ncab", batch_size=3),
}
HELD = Weight("rnn.weight_hh_l0", 1, 2)


def config(
    cell: str = "lstm",
    phi: str = "tanh",
    *,
    text: str = "one",
    layers: int = 1,
    embedding: int = 0,
    **training,
):
    network = NetworkConfig(cell, hidden_size=4, layers=layers, embedding=embedding, nonlinearity=phi)
    return ExperimentConfig(TEXTS[text], network, TrainingConfig(**training))


def trained(made: ExperimentConfig, steps: int = 3, dtype: torch.dtype = torch.float64) -> Trainer:
    trainer = Trainer(made, Corpus(made.text), dtype=dtype)
    trainer.advance(steps)
    return trainer


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("cell", "phi"), KINDS)
def test_the_uses_of_every_parameter_add_up_to_its_gradient_by_autograd(
    cell: str, phi: str, text: str
) -> None:
    for layers, embedding, reduction in ((1, 0, "mean"), (2, 3, "sum")):
        made = config(cell, phi, text=text, layers=layers, embedding=embedding, reduction=reduction)
        trainer = trained(made)
        batch = trainer.source.batch(made.seed, trainer.step)
        found = Pass(trainer.network, trainer.measure())
        for name, gradient in autograd_gradients(
            copy_of(trainer.network), batch, reduction=reduction
        ).items():
            total = found.uses(name).total().view_as(gradient)
            torch.testing.assert_close(total, gradient, rtol=1e-9, atol=1e-12, msg=name)


@pytest.mark.parametrize(("cell", "phi"), KINDS)
def test_what_comes_back_at_a_timestep_is_what_the_outputs_and_the_later_timestep_send(
    cell: str, phi: str
) -> None:
    trainer = trained(config(cell, phi, layers=2))
    found = Pass(trainer.network, trainer.measure())
    lower, upper = found.layer(0), found.layer(1)
    above = found.of("grad.logits") @ found.parameters["readout.weight"]
    for layer, given in ((lower, upper.to_below), (upper, above)):
        later = torch.cat([layer.to_before[1:], torch.zeros_like(layer.to_before[:1])])
        torch.testing.assert_close(layer.grad_h, given + later, rtol=1e-9, atol=1e-14)


def test_dropout_stands_between_what_a_layer_gets_and_what_it_sends_down() -> None:
    made = config(layers=2)
    made = replace(made, network=replace(made.network, dropout=0.5))
    trainer = trained(made)
    found = Pass(trainer.network, trainer.measure())
    lower, upper = found.layer(0), found.layer(1)
    later = torch.cat([lower.to_before[1:], torch.zeros_like(lower.to_before[:1])])
    torch.testing.assert_close(lower.grad_h, upper.to_below + later, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("clip", ["off", "norm", "value"])
def test_it_is_the_update_of_the_run_to_the_last_bit(optimizer: str, clip: str) -> None:
    made = config(
        "gru", text="several", optimizer=optimizer, clip=clip, clip_threshold=1e-2, learning_rate=0.05
    )
    run = Run(made)
    run.advance(4)
    trainer = Trainer(made, run.corpus)
    trainer.restore(run.snapshot_at(3))
    shown, after = slow_motion(trainer, HELD), run.snapshot_at(4)
    assert torch.equal(trainer.network.parameters, after.parameters)
    for name, state in trainer.snapshot().optimizer.items():
        assert torch.equal(state, after.optimizer[name])
    place = list(run.network_at(4).state_dict()[HELD.parameter].flatten())[HELD.row * 4 + HELD.column]
    assert shown.made.weight_after == float(place)
    assert shown.total_after == pytest.approx(_loss(run, 4, 3), rel=1e-6)


def _loss(run: Run, weights: int, batch: int) -> float:
    """The loss of the batch of one step, read by the weights of another."""
    trainer = Trainer(run.config, run.corpus)
    trainer.restore(replace(run.snapshot_at(weights), step=batch))
    return trainer.preview().loss[0]


def test_the_loss_after_it_leaves_out_what_the_update_left_out() -> None:
    made = config(layers=2)
    trainer = trained(replace(made, network=replace(made.network, dropout=0.5)))
    shown = slow_motion(trainer, HELD)
    trainer.restore(replace(trainer.snapshot(), step=shown.step))
    assert shown.total_after == pytest.approx(trainer.preview().loss[0], rel=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_lines_of_the_rule_are_the_step(optimizer: str) -> None:
    trainer = trained(config(optimizer=optimizer, clip="norm", clip_threshold=0.05))
    shown = slow_motion(trainer, HELD)
    made = shown.made
    assert shown.clip.clipped, "the step should be made of a clipped gradient"
    assert made.weight_before + made.terms[-1].value == pytest.approx(made.weight_after, rel=1e-9)
    assert made.terms[-1].value != 0
    remembered = {term.remembers: term.value for term in made.terms if term.remembers}
    assert remembered == pytest.approx(made.after, rel=1e-9)


@pytest.mark.parametrize(
    ("clip", "threshold"), [("off", 1.0), ("norm", 1e-3), ("norm", 1e3), ("value", 1e-3)]
)
def test_clipping_is_that_of_the_update(clip: str, threshold: float) -> None:
    made = config(clip=clip, clip_threshold=threshold)
    told, shown = trained(made).preview(), slow_motion(trained(made), HELD).clip
    assert (shown.kind, shown.norm, shown.after) == (clip, told.gradient_norm[0], told.clipped_norm[0])
    assert shown.clipped == told.clipped[0] == (threshold == 1e-3 and clip != "off")
    if clip == "value":
        assert shown.clipped_gradient == max(-threshold, min(threshold, shown.gradient))
    else:
        assert shown.clipped_gradient == pytest.approx(shown.gradient * shown.scale, rel=1e-12)


def test_clipping_that_begins_later_is_off_before() -> None:
    late = config(clip_threshold=1e-3, clip_from=4)
    assert [slow_motion(trained(late, steps), HELD).clip.kind for steps in (3, 4)] == ["off", "norm"]


@pytest.mark.parametrize(
    "weight",
    [
        HELD,
        Weight("rnn.weight_ih_l1", 9, 3),
        Weight("rnn.bias_hh_l0", 14),
        Weight("embedding.weight", 1, 2),
        Weight("readout.weight", 2, 1),
        Weight("readout.bias", 1),
    ],
)
@pytest.mark.parametrize("text", TEXTS)
def test_the_shares_of_a_weight_add_up_to_the_gradient_that_the_update_uses(
    weight: Weight, text: str
) -> None:
    shown = slow_motion(trained(config(text=text, layers=2, embedding=3)), weight)
    assert shown.back[0].partial == pytest.approx(math.fsum(each.share for each in shown.back), abs=1e-15)
    assert all(each.share == each.came_back * each.met for each in shown.back)
    assert shown.back[0].partial + shown.others_share == pytest.approx(shown.summed, abs=1e-15)
    assert shown.summed == pytest.approx(shown.clip.gradient, rel=1e-9)
    assert shown.clip.gradient != 0
    assert math.hypot(*shown.norms.values()) == pytest.approx(shown.clip.norm, rel=1e-9)
    if text == "one":
        assert (shown.others_share, shown.others_loss) == (0, 0)
        assert shown.back[0].norm == pytest.approx(shown.norms[weight.parameter], rel=1e-9)


def test_losses_and_perplexity_are_those_of_the_curve_by_both_routes() -> None:
    for text in TEXTS:
        for reduction in ("mean", "sum"):
            trainer = trained(config(text=text, reduction=reduction))
            told, shown = trainer.preview(), slow_motion(trainer, HELD)
            together = math.fsum(shown.losses) + shown.others_loss
            assert together / shown.predictions == pytest.approx(told.nll[0], rel=1e-12)
            assert shown.total == pytest.approx(told.loss[0], rel=1e-12)
            assert math.exp(shown.perplexity.by_mean) == pytest.approx(told.perplexity[0], rel=1e-12)
            assert shown.perplexity.by_product == pytest.approx(shown.perplexity.by_mean, rel=1e-12)
            rows = range(shown.length)
            likely = [float(shown.probabilities[t, shown.targets[t]]) for t in rows]
            assert [math.exp(-loss) for loss in shown.losses] == pytest.approx(likely, rel=1e-12)


def test_perplexity_by_hand() -> None:
    """p = ½ and ⅛: 1/p multiply to 16, of which the square root is 4."""
    losses = [math.log(2), math.log(8)]
    found = perplexity(losses, losses)
    assert found.products == pytest.approx([math.log(2), math.log(16)])
    assert (math.exp(found.by_mean), math.exp(found.by_product)) == pytest.approx((4, 4))
    assert found.product == pytest.approx(math.log(16))
    assert of_loss(found.by_mean) == pytest.approx(4)


def test_a_product_beyond_every_number_keeps_its_logarithm() -> None:
    found = perplexity([900.0, 1000.0], [900.0, 1000.0])
    assert (found.by_product, found.product) == pytest.approx((950.0, 1900.0))
    assert perplexity([1e8], [1e8]).by_product == pytest.approx(1e8)
    assert perplexity([1e30, 1.0], [1e30, 1.0]).product == math.inf


def test_the_sequence_that_is_asked_for_is_shown() -> None:
    corpus = Corpus(TEXTS["several"])
    made = config(text="several")
    step = next(step for step in range(9) if corpus.column(2, made.seed, step) is not None)
    shown: SlowMotion = slow_motion(trained(made, step), HELD, column=corpus.column(2, made.seed, step))
    assert corpus.decode(shown.inputs) == "abcb"
    assert corpus.decode(shown.targets) == "bcbd"
    assert shown.sequences in (2, 3)


def test_a_column_that_only_fills_up_is_not_shown() -> None:
    corpus, made = Corpus(TEXTS["several"]), config(text="several")
    step = 1  # the second batch of an epoch of five sequences has two
    batch: Batch = corpus.batch(made.seed, step)
    empty = next(column for column in range(3) if not batch.mask[:, 0, column].any())
    shown = slow_motion(trained(made, step), HELD, column=empty)
    assert shown.column != empty
    assert shown.length >= 1


def test_what_has_exploded_makes_no_update() -> None:
    trainer = trained(config("rnn", "relu"))
    trainer.network.load_state_dict(
        {name: value * 1e200 for name, value in trainer.network.state_dict().items()}
    )
    with pytest.raises(ValueError, match="not finite at step 3"):
        slow_motion(trainer, HELD)
