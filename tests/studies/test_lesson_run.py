"""Recorded lessons: every number of a frame against autograd through the readable cells, in 64 bits."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from playground.batch import NOTHING, Batch
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.jobs.size import held_bytes
from playground.models.bridge import EncoderDecoder
from playground.models.network import Network
from playground.passes.replica import Replica, replica_of
from playground.passes.unroll import States, Unrolled, unroll
from playground.passes.writing import encoder_and_decoder, own_answers
from playground.refusal import Refusal
from playground.studies.lesson_run import MOST_FRAMES, LessonFrame, LessonRun, kept_steps
from playground.tasks import TASKS, Task
from playground.tasks.own import OWN
from playground.tasks.packing import columns
from playground.tasks.translation import Translation
from playground.training import Trainer

UPDATES = 3
CONFIG = TaskConfig(NetworkConfig("gru", 4), TrainingConfig(learning_rate=0.05), seed=7)
BOTH_WAYS = TaskConfig(NetworkConfig("lstm", 3, 2, bidirectional=True), seed=2)
PAIRS = OWN["delayed"](lines="ab → ba\nb → b\nabba → abba\na → a")
CASES: dict[str, tuple[TaskConfig, Task]] = {
    "vectors": (CONFIG, TASKS["one-to-one"]()),
    "one input": (CONFIG, TASKS["one-to-many"]()),
    "the mean of all h": (CONFIG, TASKS["many-to-one"](readout="mean")),
    "numbers": (CONFIG, TASKS["adding"](length=10)),
    "both ways": (BOTH_WAYS, TASKS["each step"]()),
    "both ways, short lines": (BOTH_WAYS, OWN["each step"](lines="a/x b/y\na/y c/x b/x a/y\nc/x")),
    "delayed": (CONFIG, TASKS["delayed"]()),
    "read late": (CONFIG, PAIRS),
}


def recorded(config: TaskConfig, task: Task, updates: int = UPDATES, **choices: bool | int) -> LessonRun:
    run = LessonRun(config, task, updates=updates, dtype=torch.float64, **choices)
    run.advance()
    return run


def leaves(replica: Replica) -> Replica:
    """The same network, to be followed by autograd."""
    named = {name: value.clone().requires_grad_() for name, value in replica.parameters.items()}
    return Replica(replica.config, replica.signature, named)


def states(read: Unrolled) -> list[Tensor]:
    """h of every layer at every timestep."""
    return [step.h for steps in read.steps for step in steps]


def agrees(frame: LessonFrame, read: Unrolled, h: list[Tensor], shape: tuple[int, ...]) -> None:
    """A frame is what an unrolled network says: `h` of all layers, in the order of `shape` (L, D, T)."""
    mask = read.predicted[:, 0]
    gradients = torch.autograd.grad(read.losses.sum(), h, allow_unused=True)
    norms = [0.0 if gradient is None else gradient.norm().item() for gradient in gradients]
    np.testing.assert_allclose(frame.gradients, np.reshape(norms, shape), rtol=1e-5, atol=1e-12)
    expected = torch.stack(h)[:, 0].detach().reshape(*shape, -1)
    np.testing.assert_allclose(frame.states, expected, rtol=1e-6, atol=1e-7)
    outputs = read.outputs[:, 0].detach()
    if read.model.signature.loss == "cross_entropy":
        outputs = outputs.softmax(-1)
    answered = slice(len(frame.outputs) - len(outputs), None)
    np.testing.assert_allclose(frame.outputs[answered], outputs, rtol=1e-6, atol=1e-7)
    losses = read.losses[:, 0].detach().masked_fill(~mask, math.nan)
    np.testing.assert_allclose(frame.losses[answered], losses, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(frame.mask[answered], mask)


@pytest.mark.parametrize("case", CASES)
def test_a_frame_is_what_autograd_finds(case: str) -> None:
    config, task = CASES[case]
    frame = recorded(config, task, watched=2).frames[-1]
    trainer = Trainer(config, task, dtype=torch.float64)
    trainer.advance(UPDATES)
    one = columns(task.held_out(), torch.tensor([2]))
    read = unroll(leaves(replica_of(trainer.network)), one)
    directions = 1 + config.network.bidirectional
    agrees(frame, read, states(read), (config.network.layers, directions, len(one.mask)))
    assert frame.step == UPDATES
    assert frame.loss == trainer.preview().nll[0]
    outputs = unroll(replica_of(trainer.network), task.held_out()).outputs[:, None]
    success = task.success(outputs, task.held_out())
    assert (frame.success, frame.n) == (pytest.approx(success.values[0], abs=1e-9), success.n)
    assert frame.decoder_from is None


@pytest.mark.parametrize("feed", ["target", "nothing"])
def test_a_decoder_goes_on_where_the_encoder_ends_and_its_losses_come_back(feed: str) -> None:
    task = TASKS["delayed"](feed=feed)
    assert isinstance(task, Translation)
    frame = recorded(CONFIG, task, has_decoder=True).frames[0]
    network = with_decoder(task)
    encoder, decoder = map(leaves, encoder_and_decoder(network))
    read, written = task.halves(columns(task.held_out(), torch.tensor([0])))
    reading = unroll(encoder, read)
    writing = unroll(decoder, written, States(reading.final.layers))
    h = states(reading) + states(writing)
    agrees(frame, writing, h, (1, 1, len(h)))
    assert frame.decoder_from == task.reading == 3
    assert np.isnan(frame.outputs[:3]).all() and np.isnan(frame.losses[:3]).all()


def with_decoder(task: Translation) -> EncoderDecoder:
    signatures = task.encoder_signature, task.decoder_signature
    return EncoderDecoder(CONFIG.network, *signatures, task.halves, seeds=[CONFIG.seed], dtype=torch.float64)


def fed_by_whole_passes(network: Network | EncoderDecoder, task: Translation, batch: Batch) -> Batch:
    """What is read while writing, from one pass of the whole sequence a symbol: the slow way."""
    for t in range(task.reading, len(batch.mask) - 1):
        with torch.inference_mode():
            outputs = network.run(batch, reduction="sum", backward=False).outputs[t - len(batch.mask), 0]
        inputs = batch.inputs.clone()
        fed = inputs[t + 1, 0] != NOTHING
        inputs[t + 1, 0, fed] = outputs.argmax(-1)[fed] + len(task.read_symbols)
        batch = Batch(inputs, batch.targets, batch.mask, batch.reset)
    return batch


@pytest.mark.parametrize("task", [TASKS["delayed"](), TASKS["dates"](batch_size=3), PAIRS], ids=str)
@pytest.mark.parametrize("has_decoder", [False, True])
def test_own_answers_are_those_of_whole_passes(task: Translation, has_decoder: bool) -> None:
    network = with_decoder(task) if has_decoder else Network(CONFIG.network, task.signature, seeds=[3])
    batch = task.batch(0, 0)
    own = own_answers(network, task, batch)
    assert torch.equal(own.inputs, fed_by_whole_passes(network, task, batch).inputs)
    assert not torch.equal(own.inputs, batch.inputs), "untrained, it does not answer what it should"


def test_who_feeds_itself_is_shown_reading_what_it_has_answered() -> None:
    for has_decoder in (False, True):
        run = recorded(CONFIG, TASKS["delayed"](), feeds_itself=True, has_decoder=has_decoder)
        for frame in run.frames:
            assert frame.shown.read[4] == frame.shown.answered[3]
        assert run.frames[0].shown.read[4] != run.frames[0].shown.asked[3]


def test_who_feeds_itself_trains_on_what_it_answers() -> None:
    task = TASKS["delayed"]()
    fed, taught = (recorded(CONFIG, task, feeds_itself=itself).frames[0].loss for itself in (True, False))
    network = Network(CONFIG.network, task.signature, seeds=[CONFIG.seed], dtype=torch.float64)
    assert isinstance(task, Translation)
    for batch, loss in ((task.batch(7, 0), taught), (own_answers(network, task, task.batch(7, 0)), fed)):
        assert network.trace(batch)["nll"].item() == pytest.approx(loss, abs=1e-12)
    assert fed != taught


def test_the_same_arguments_give_the_same_frames_in_turns_too() -> None:
    task = TASKS["each step"]()
    runs = [LessonRun(CONFIG, task, updates=20) for _ in range(2)]
    runs[0].advance()
    turns = 0
    while not runs[1].advance(0.0):
        turns += 1
    assert turns >= 20
    assert [frame.step for frame in runs[0].frames] == list(kept_steps(20))
    for one, other in zip(runs[0].frames, runs[1].frames, strict=True):
        assert (one.step, one.loss, one.success, one.shown) == (
            other.step,
            other.loss,
            other.success,
            other.shown,
        )
        np.testing.assert_array_equal(one.states, other.states)
        np.testing.assert_array_equal(one.gradients, other.gradients)


def test_another_example_is_read_with_the_weights_of_each_frame() -> None:
    task = TASKS["each step"]()
    run = LessonRun(CONFIG, task, updates=20, keeps_weights=True)
    run.advance(0.0)
    assert len(run.frames_of(4)) == len(run.frames) < len(kept_steps(20))
    run.advance()
    other = LessonRun(CONFIG, task, updates=20, watched=4)
    other.advance()
    for one, expected in zip(run.frames_of(4), other.frames, strict=True):
        assert (one.step, one.loss, one.shown) == (expected.step, expected.loss, expected.shown)
        np.testing.assert_array_equal(one.gradients, expected.gradients)
    assert run.frames_of(4)[0] is run.frames_of(4)[0], "read once"
    assert run.frames_of(0) == run.frames
    assert run.count == task.held_out().mask.shape[2]
    with pytest.raises(ValueError, match="keeps_weights=True"):
        other.frames_of(3)


def test_a_curve_is_that_of_the_frames() -> None:
    run = recorded(CONFIG, TASKS["each step"](), updates=20)
    assert run.curve().to_dict("list") == {
        name: [getattr(frame, name) for frame in run.frames] for name in ("step", "loss", "success")
    }


def test_weights_that_are_kept_are_bounded() -> None:
    config = TaskConfig(NetworkConfig("lstm", 64, 3, bidirectional=True))
    run = LessonRun(config, TASKS["each step"](), updates=3000, keeps_weights=True)
    run.advance(0.0)
    assert run.needs < 150_000_000
    few = 24_000_000 // (4 * sum(run.parameters.values()))
    assert 2 < few < MOST_FRAMES


def test_being_looked_at_changes_no_training() -> None:
    task = TASKS["names"](batch_size=8)
    config = TaskConfig(NetworkConfig("lstm", 5, 2, dropout=0.5), seed=3)
    run = LessonRun(config, task, updates=40)
    run.advance()
    trainer = Trainer(config, task)
    for frame in run.frames:
        trainer.advance(frame.step - trainer.step)
        assert frame.loss == trainer.preview().nll[0]


@pytest.mark.parametrize("updates", [1, 2, 59, 60, 61, 400, 3000])
def test_frames_are_few_and_have_both_ends(updates: int) -> None:
    steps = kept_steps(updates)
    assert (steps[0], steps[-1]) == (0, updates)
    assert len(steps) <= min(MOST_FRAMES, updates + 1)
    assert list(steps) == sorted(set(steps))
    assert len(steps) > min(MOST_FRAMES, updates) / 2


def test_nothing_that_is_not_read_is_read_as_anything() -> None:
    frame = recorded(CONFIG, TASKS["one-to-many"]()).frames[0]
    assert frame.reads.tolist() == [True] + [False] * (len(frame.reads) - 1)
    assert frame.inputs.sum(-1).tolist() == frame.reads.astype(float).tolist()


def test_a_training_that_explodes_ends_with_a_frame_of_where_it_did() -> None:
    config = TaskConfig(NetworkConfig("rnn", 4, nonlinearity="linear"), TrainingConfig("sgd", 10.0, "off"))
    run = LessonRun(config, TASKS["adding"](length=10), updates=500)
    run.advance()
    assert run.progress == 1
    assert run.explosion is not None
    assert run.frames[-1].step == run.explosion.step < 500


def test_parameters_are_counted_by_layer_and_direction() -> None:
    config = TaskConfig(NetworkConfig("gru", 3, 2, embedding=5, bidirectional=True))
    task = TASKS["each step"]()
    counts = LessonRun(config, task, updates=1).parameters
    first, second = (3 * 3 * (width + 3) + 2 * 3 * 3 for width in (5, 6))
    read, answers = task.signature.input_size, task.signature.output_size
    assert dict(counts) == {
        "embedding": 5 * read,
        "l0": first,
        "l0_reverse": first,
        "l1": second,
        "l1_reverse": second,
        "readout": answers * (6 + 1),
    }
    both = LessonRun(CONFIG, TASKS["delayed"](), updates=1, has_decoder=True).parameters
    assert list(both) == ["encoder.l0", "decoder.l0", "decoder.readout"]


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(Refusal, match="updates must be a whole number from 1 to 3000"):
        LessonRun(CONFIG, TASKS["names"](), updates=0)
    with pytest.raises(ValueError, match="bidirectional must be False"):
        LessonRun(BOTH_WAYS, TASKS["delayed"](), updates=1, has_decoder=True)


def test_a_lesson_lets_go_of_its_buffers_when_it_is_learned() -> None:
    run = LessonRun(CONFIG, TASKS["names"](), updates=60, keeps_weights=True)
    run.advance()
    frames = sum(frame.states.nbytes + frame.outputs.nbytes for frame in run.frames)
    assert frames < held_bytes(run) < 0.3 * run.needs
    watched = run.frames_of(3)
    assert held_bytes(run) < 0.4 * run.needs, "also after another example was read"
    again = LessonRun(CONFIG, TASKS["names"](), updates=60, watched=3)
    again.advance()
    np.testing.assert_array_equal(watched[-1].states, again.frames[-1].states)
