"""Runs of several seeds: each replica has its own curve, frames, samples and end, as if it were alone."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from playground.config import ExperimentConfig, NetworkConfig, RateChange, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs import registry as registry_module
from playground.runs.album import Album
from playground.runs.run import Run
from playground.runs.size import run_bytes
from playground.runs.tape import WAITING_BYTES
from playground.runs.viewer import Viewer
from playground.training import Trainer, Update
from tests.runs.server import LARGE, Server
from tests.runs.straight import Clock, calm_registry, straight

HELLO = ExperimentConfig()
VERSE = ExperimentConfig(
    text=TextConfig(text="the cat sat\nthe dog ran\na bird sang\n" * 3, sequence_length=6, batch_size=4),
    network=NetworkConfig(cell="gru", hidden_size=8),
    training=TrainingConfig(clip="norm", clip_threshold=0.2),
    seed=3,
)
EXPLODES = ExperimentConfig(
    network=NetworkConfig("rnn", 6, nonlinearity="linear"), training=TrainingConfig("sgd", 2.0, "off")
)
SEEDS = 3, 8, 1
BOTH = pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])


class Together:
    """Replicas trained by plain updates, every weight kept."""

    def __init__(self, config: ExperimentConfig, seeds: tuple[int, ...], steps: int) -> None:
        trainer = Trainer(config, Corpus(config.text), seeds=seeds)
        self.weights: list[Tensor] = []  # of each step (R, P)
        self.updates: list[Update] = []
        for _ in range(steps + 1):
            self.weights.append(trainer.network.parameters.clone())
            self.updates.append(trainer.update())

    def measured(self, step: int, replica: int) -> Update:
        """The update of a step, of one replica."""
        update = self.updates[step]
        return Update(
            step,
            (update.loss[replica],),
            (update.nll[replica],),
            (update.gradient_norm[replica],),
            (update.clipped_norm[replica],),
            (update.clipped[replica],),
            update.learning_rate,
            (update.clips[replica],),
            True,
        )

    def payloads(self, run: Run, replica: int) -> list[bytes]:
        """The frame of every step, from an album that is shown all of them in order."""
        album = Album(run.layout, run.config.network, run.watched, run.config.training.reduction)
        with torch.inference_mode():
            frames = [
                album.expose(weights[replica].clone(), self.measured(step, replica))
                for step, weights in enumerate(self.weights)
            ]
            return [frame.payload for frame in frames]


@BOTH
def test_each_replica_is_recorded_bit_for_bit(config: ExperimentConfig) -> None:
    run, expected = Run(config, seeds=SEEDS), Together(config, SEEDS, 70)
    while run.step < 70:
        run.advance(min(9, 70 - run.step), shots=3)
    for replica, tape in enumerate(run.tapes):
        points = tape.curve_points(70)
        for name, column in (("loss", "nll"), ("gradient_norm", "gradient_norm"), ("clips", "clips")):
            wanted = [getattr(update, column)[replica] for update in expected.updates]
            assert getattr(points, name).tolist() == wanted
        payloads = expected.payloads(run, replica)
        for frame in tape.frames(0, 70):
            assert frame.payload == payloads[frame.step]
        assert tape.frames(0, 70)[-1].step == 70
        for step in (33, 69):
            again = run.frame(step, replica=replica)
            network = run.network_at(step, replica=replica)
            assert again is not None and again.payload == payloads[step]
            assert network is not None
            assert torch.equal(network.parameters[0], expected.weights[step][replica])


@BOTH
def test_each_replica_is_the_run_of_its_seed_alone_but_for_rounding(config: ExperimentConfig) -> None:
    run = Run(config, seeds=SEEDS)
    run.advance(25)
    for replica, number in enumerate(SEEDS):
        own = straight(replace(config, seed=number))
        losses = [update.nll[0] for update in own.updates(25)]
        assert run.tapes[replica].curve_points(25).loss.tolist() == pytest.approx(losses, rel=1e-4)
        lone = Run(replace(config, seed=number))
        assert run.samples(0, replica=replica) == lone.samples(0), "the weights of step 0 are the same"
        assert torch.equal(run.snapshot_at(0).parameters[replica], lone.snapshot_at(0).parameters[0])


def test_one_seed_is_the_run_as_it_always_was() -> None:
    run, lone = Run(HELLO, seeds=(7,)), Run(replace(HELLO, seed=7))
    for each in (run, lone):
        each.advance(60, shots=10)
    assert run.config == lone.config == run.name == lone.name
    assert torch.equal(run.snapshot_at(60).parameters, lone.snapshot_at(60).parameters)
    assert [frame.payload for frame in run.frames(0, 60)] == [frame.payload for frame in lone.frames(0, 60)]
    assert run.samples(60) == lone.samples(60) and run.nbytes == lone.nbytes


def test_a_replica_that_explodes_ends_there_and_the_others_go_on_to_their_own_end() -> None:
    seeds = 0, 1
    run = Run(EXPLODES, seeds=seeds)
    trainer = Trainer(EXPLODES, run.corpus, seeds=seeds)
    ends: dict[int, int] = {}
    while len(ends) < 2:
        step = trainer.step
        trainer.update()
        ends |= {replica: step for replica in trainer.exploded if replica not in ends}
    assert ends[0] != ends[1], "else this test shows nothing"
    run.advance(4)
    assert run.advance(1000) > 0 and run.advance(10) == 0
    assert [tape.step for tape in run.tapes] == [ends[0], ends[1]]
    assert run.step == max(ends.values())
    for replica, tape in enumerate(run.tapes):
        explosion, last = tape.explosion, tape.curve_points(1000)
        lone = Run(replace(EXPLODES, seed=seeds[replica]))
        lone.advance(1000)
        assert explosion is not None and lone.explosion is not None
        assert explosion.step == ends[replica] == last.step[-1]
        assert (explosion.what, explosion.where) == (lone.explosion.what, lone.explosion.where)
        assert not tape.newest.finite and tape.frames(0, 1000)[-1].step == ends[replica]
        frame = run.frame(ends[replica], replica=replica)
        assert frame is not None and frame.update == tape.newest
        with pytest.raises(ValueError, match="step must be from 0"):
            run.frame(ends[replica] + 1, replica=replica)
    early = min(ends, key=lambda replica: ends[replica])
    changed = replace(EXPLODES, training=EXPLODES.training.changed(max(ends.values()), 0.1))
    forked = run.fork(changed, max(ends.values()))
    assert forked.tapes[early].explosion == run.tapes[early].explosion
    assert forked.tapes[early].step == ends[early]


def test_what_is_measured_beside_a_replica_that_has_exploded_is_what_its_update_reports() -> None:
    """Clipping included: the newest point of a curve must be the one that stays."""
    trainer = Trainer(VERSE, Corpus(VERSE.text), seeds=SEEDS)
    trainer.advance(5)
    trainer.network.parameters[1] = torch.nan
    trainer.restore(trainer.snapshot())  # it notices
    expected = trainer.preview()
    update = trainer.update()
    assert not update.finite and trainer.exploded == {1} and update.clipped[0]
    assert repr(expected) == repr(update)
    assert repr(trainer.preview()) == repr(trainer.update())


def test_a_run_of_many_seeds_bends_and_comes_back() -> None:
    run, other = Run(HELLO, seeds=SEEDS), Run(HELLO, seeds=SEEDS)
    run.advance(50)
    other.advance(90)
    before = run.nbytes
    assert run.thin_tape() and run.park() and run.nbytes < before
    assert run.advance(40) == 40
    for mine, theirs in zip(run.tapes, other.tapes, strict=True):
        assert mine.curve_points(90).loss.tolist() == theirs.curve_points(90).loss.tolist()
        assert mine.frames(90, 90)[0].payload == theirs.frames(90, 90)[0].payload


def test_the_rate_of_all_replicas_changes_at_once() -> None:
    run = Run(HELLO, seeds=SEEDS)
    run.advance(30)
    changed = replace(HELLO, training=HELLO.training.changed(12, 0.1))
    forked = run.fork(changed, 12)
    forked.advance(30 - forked.step)
    straight_on = Run(changed, seeds=SEEDS)
    straight_on.advance(30)
    assert forked.config.training.rates == (RateChange(12, 0.1),) and forked.seeds == SEEDS
    assert torch.equal(forked.snapshot_at(30).parameters, straight_on.snapshot_at(30).parameters)
    for mine, theirs, before in zip(forked.tapes, straight_on.tapes, run.tapes, strict=True):
        assert mine.curve_points(30).loss.tolist() == theirs.curve_points(30).loss.tolist()
        assert mine.curve_points(12).loss.tolist() == before.curve_points(12).loss.tolist()
        assert mine.frames(12, 12)[0].payload == theirs.frames(12, 12)[0].payload


def test_samples_that_nobody_reads_are_not_drawn_until_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    draw = Run._draw

    def counted(run: Run, replica: int, step: int, weights: Tensor):
        drawn.append(replica)
        return draw(run, replica, step, weights)

    monkeypatch.setattr(Run, "_draw", counted)
    run = Run(HELLO, seeds=SEEDS)
    run.advance(40)
    weights = run.snapshot_at(0).parameters[0].nbytes
    assert weights * len(run.tapes[0].drafts) < WAITING_BYTES and not drawn
    samples = run.samples(40, replica=1)
    assert set(drawn) == {1} and len(drawn) == len(samples) == len(run.tapes[1].drafts)
    assert run.samples(40, replica=1) == samples and len(drawn) == len(samples)


# In the registry, and on tracks


def test_equal_seeds_share_a_run_and_others_do_not() -> None:
    registry = calm_registry()
    shared = registry.open("a", HELLO, seeds=SEEDS)
    assert registry.open("b", HELLO, seeds=SEEDS) == shared
    assert registry.open("b", replace(HELLO, seed=99), seeds=SEEDS) == shared, (
        "its own seed is not one of them"
    )
    different = {shared, registry.open("a", HELLO), registry.open("a", HELLO, seeds=SEEDS[::-1])}
    assert len(different) == len(registry) == 3
    assert registry.open("c", replace(HELLO, seed=5), seeds=(5,)) == registry.open(
        "d", replace(HELLO, seed=5)
    )


def test_many_seeds_are_admitted_by_what_all_of_them_take(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(Clock().replace_in(monkeypatch.setattr, registry_module))
    corpus = Corpus(LARGE.text)
    needed = run_bytes(LARGE, corpus, replicas=4)
    assert 3 * run_bytes(LARGE, corpus) < needed <= 4 * run_bytes(LARGE, corpus)
    server.set_room(needed - 1)
    with pytest.raises(Refusal, match="MB of memory"):
        server.registry.open("a", LARGE, seeds=range(4))
    server.set_room(needed)
    run = server.registry.get("a", server.registry.open("a", LARGE, seeds=range(4)))
    assert run is not None and run.nbytes <= needed, "what is reckoned is held"
    assert run.nbytes > 3 * Run(LARGE).nbytes


def test_tracks_of_one_run_show_its_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock().replace_for_viewers(monkeypatch.setattr)
    registry = calm_registry()
    viewer = Viewer(registry, HELLO)
    viewer.sow(SEEDS)
    assert len(viewer.tracks) == 3 and len({track.run_id for track in viewer.tracks}) == 1
    assert [track.config.seed for track in viewer.tracks] == list(SEEDS)
    viewer._steps_due = lambda: (0.2, 6)  # pyright: ignore[reportAttributeAccessIssue]
    viewer.play()
    for _ in range(5):
        viewer.tick()
    viewer.pause()
    assert viewer.settle() and viewer.run.step == viewer.playhead == 30
    expected = Together(HELLO, SEEDS, 31)
    for replica, track in enumerate(viewer.tracks):
        losses = [update.nll[replica] for update in expected.updates[:31]]
        assert track.curve_points().loss.tolist() == losses
        frames = track.frames_to_send(playing=False)
        assert [frame.step for frame in frames] == list(range(31))
        assert frames[30].payload == expected.payloads(track.run, replica)[30]
        assert track.samples() == track.run.samples(30, replica=replica)
    shown = viewer.shown
    viewer.change(replace(shown, training=replace(shown.training, learning_rate=0.1)))
    assert len({track.run_id for track in viewer.tracks}) == 1 and viewer.run.seeds == SEEDS
    registry._drop(viewer.run_id)
    assert viewer.settle() and viewer.run.seeds == SEEDS and viewer.playhead == 30
    viewer.alone()
    assert registry._entries[viewer.run_id].watched.keys() == {viewer.id}
