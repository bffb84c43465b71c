"""The benchmarks' own parts: they decode what is sent, rivals do the same work, what is printed was measured."""

import asyncio
import json
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.components.v2.bidi_component.serialization import deserialize_trigger_list
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

from benchmarks import classroom, gradients, shapes
from benchmarks.fair import fair_shares, step_seconds
from benchmarks.process import peak_growth
from benchmarks.reference import TorchTraining
from benchmarks.session import (
    LOOK,
    PATIENCE,
    Answer,
    Session,
    StageMessage,
    check_network,
    stage_message,
    user_key,
)
from benchmarks.shared import shared_training
from benchmarks.subject import Subject
from benchmarks.table import Row, Table, Target, show
from benchmarks.tasks import TorchTask, config_for, task_of
from benchmarks.texts import random_text
from benchmarks.tick import TOGETHER, ticks, updates_with_frames
from benchmarks.turns import SLICE, medians
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.limits import Limits
from playground.runs import track as tracks
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.size import check_size
from playground.runs.viewer import Viewer
from playground.runs.wire import Track, encode
from playground.studies.clipping import CASES
from playground.studies.knobs import Knobs
from playground.training import Trainer

FRAGMENT = "beat"
STAGE_ID = "$$ID-0123abcd-stage"
TICK = 0.1


@pytest.fixture(scope="module")
def viewer() -> Viewer:
    """A viewer ten steps into a run."""
    made = Viewer(Registry(), ExperimentConfig())
    for _ in range(10):
        made.step_once()
    return made


def payload_of(viewer: Viewer, *, playing: bool = False, serial: int = 1) -> bytes:
    header = {
        "playhead": viewer.playhead,
        "playing": playing,
        "serial": serial,
        "tick": TICK,
        "note": "안녕",
        "feed": "",
    }
    track = Track({"scene_id": "ab12"}, viewer.run.curve_points(viewer.playhead), viewer.frames_to_send())
    return encode(header, [track])


def stage_delta(payload: bytes) -> ForwardMsg:
    message = ForwardMsg()
    message.delta.fragment_id = FRAGMENT
    component = message.delta.new_element.bidi_component
    component.id, component.bytes = STAGE_ID, payload
    return message


def test_the_decoder_reads_what_the_server_encodes(viewer: Viewer):
    message = StageMessage(payload_of(viewer))
    curve, frames = viewer.run.curve_points(viewer.playhead), viewer.run.frames(0, viewer.playhead)
    assert message.header["note"] == "안녕"
    assert (message.playhead, message.playing) == (10, False)
    assert message.steps == [frame.step for frame in frames] == list(range(11))
    assert list(message.frames) == [frame.payload for frame in frames]
    assert message.curve["step"].tolist() == curve.step.tolist()
    np.testing.assert_allclose(message.curve["loss"], curve.loss, rtol=1e-6)
    np.testing.assert_allclose(message.curve["gradient_norm"], curve.gradient_norm, rtol=1e-6)
    np.testing.assert_allclose(message.curve["clipped_norm"], curve.clipped_norm, rtol=1e-6)
    assert message.curve["clipped"].tolist() == curve.clipped.tolist()


def test_only_the_stage_is_taken_for_the_stage(viewer: Viewer):
    payload = payload_of(viewer)
    message = stage_delta(payload)
    found = stage_message(message)
    assert found is not None and found.payload == payload
    message.delta.new_element.bidi_component.id = "$$ID-0123abcd-other"
    assert stage_message(message) is None
    assert stage_message(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)) is None


@pytest.mark.parametrize("query", [classroom.LARGE, classroom.LARGEST], ids=["large", "largest"])
def test_what_a_class_trains_may_be_trained(query: dict[str, object]):
    """A page that refuses what a link asks for trains something small instead."""
    config = ExperimentConfig.from_values(dict(ExperimentConfig().values()) | query)
    assert config.network.hidden_size == query["hidden_size"]
    check_size(config, Corpus(config.text), most=Limits().run_mb * 1_000_000)


@pytest.mark.parametrize(
    ("steps", "seconds", "most", "fair"),
    [
        ((2, 4, 6), (1, 1, 1), 30, (4, 4, 4)),  # all alike: 12 in all
        ((10, 0), (1, 5), 30, (5, 1)),  # 10 s of time, 5 for each
        (
            (30, 30, 2),
            (1, 1, 20),
            30,
            (30, 30, 2),
        ),  # nobody wants more than 30, and the third has what is left
        ((5, 30, 0), (1, 1, 20), 10, (10, 10, 0.75)),  # 35 s: twice 10, and 15 are left
        ((0, 0), (1, 2), 30, (0, 0)),
    ],
)
def test_fair_shares_are_equal_turns_of_the_time_that_was_used(
    steps: tuple[float, ...], seconds: tuple[float, ...], most: float, fair: tuple[float, ...]
):
    assert fair_shares(steps, seconds, most) == pytest.approx(fair)
    slower = [3 * each for each in seconds]  # on a busy machine
    assert fair_shares(steps, slower, most) == pytest.approx(fair)


def test_a_step_takes_as_long_as_the_fastest_after_the_first(monkeypatch: pytest.MonkeyPatch):
    """The first one warms up, and what else the machine does makes some take longer."""
    looks = iter([0.0, 0.5, 1.0, 4.0, 5.0, 7.0, 8.0, 12.0])
    monkeypatch.setattr("benchmarks.fair.time", SimpleNamespace(thread_time=lambda: next(looks)))
    assert step_seconds(classroom.trained()) == 2.0


def test_a_page_that_shows_another_network_is_not_measured():
    scene = {"cell": "lstm", "hidden_size": 16, "layers": 1}
    message = StageMessage(encode({"scene": scene}, [Track({}, Run(ExperimentConfig()).curve_points(0), [])]))
    check_network(message, "text=hello&cell=lstm&hidden_size=16&layers=1&batch_size=64")
    for query in ("hidden_size=128", "cell=lstm&layers=3", "cell=gru"):
        with pytest.raises(ValueError, match="but was asked for"):
            check_network(message, query)


def test_a_widgets_key_is_the_end_of_its_identifier():
    assert user_key("$$ID-0123abcd-play") == "play"
    assert user_key("$$ID-0123abcd-with-hyphens") == "with-hyphens"


class Jump(selectors.DefaultSelector):
    """Waits for nothing: whatever a loop would have waited has passed at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


@pytest.fixture
def play_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine on a clock that jumps from timer to timer, so that no other work on the machine delays one."""

    def play_out(coroutine: Coroutine[Any, Any, Any]) -> Any:
        selector = Jump()
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
            monkeypatch.setattr(runner.get_loop(), "time", lambda: selector.now)
            monkeypatch.setattr("benchmarks.session.time", SimpleNamespace(perf_counter=lambda: selector.now))
            return runner.run(coroutine)

    return play_out


class Socket:
    """Stands in for a websocket: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[BackMsg] = []

    async def send(self, data: bytes) -> None:
        self.sent.append(BackMsg.FromString(data))


@pytest.fixture
def socket() -> Socket:
    return Socket()


def opened(socket: Socket) -> Session:
    return Session(cast(ClientConnection, socket), "", "http://127.0.0.1")


def began(*fragments: str) -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.page_script_hash = "page"
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def finished() -> ForwardMsg:
    return ForwardMsg(script_finished=ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


def hear(session: Session, *messages: ForwardMsg) -> None:
    for message in messages:
        session._take(message)


def test_a_tick_counts_from_the_oldest_request_it_answers_and_only_with_a_picture(
    socket: Socket, viewer: Viewer
):
    async def play() -> Session:
        session = opened(socket)
        await session._ask(FRAGMENT)
        first = session.unanswered_since
        await session._ask(FRAGMENT)
        hear(session, began(FRAGMENT), finished())
        assert session.unanswered_since == first
        hear(session, began(FRAGMENT), stage_delta(payload_of(viewer)), finished())
        assert first == session.answers[0].asked
        return session

    session = asyncio.run(play())
    (answer,) = session.answers
    assert session.lost == 1 and session.unanswered_since is None
    assert answer.is_tick and answer.playhead == 10
    assert answer.asked < answer.began <= answer.shown <= answer.finished


def test_a_request_sent_during_a_run_is_answered_by_the_next(socket: Socket, viewer: Viewer):
    async def play() -> list[Answer]:
        session = opened(socket)
        await session._ask(FRAGMENT)
        hear(session, began(FRAGMENT), stage_delta(payload_of(viewer)))
        await session._ask(FRAGMENT)
        hear(session, finished(), began(FRAGMENT), stage_delta(payload_of(viewer)), finished())
        return session.answers

    first, second = asyncio.run(play())
    assert first.asked < first.shown < second.asked < second.shown


def test_the_stage_asks_as_streamlit_reads_it(socket: Socket, viewer: Viewer):
    async def play() -> None:
        session = opened(socket)
        hear(session, began(), stage_delta(payload_of(viewer, playing=True, serial=7)))
        await asyncio.sleep(0)  # asks at once: it has not asked before
        await asyncio.sleep(0)
        session._clock.stop()

    asyncio.run(play())
    (asked,) = (message.rerun_script for message in socket.sent)
    (trigger,) = asked.widget_states.widgets
    assert asked.fragment_id == FRAGMENT and asked.page_script_hash == "page" and not asked.is_auto_rerun
    assert trigger.id == _make_trigger_id(STAGE_ID, "events")
    assert deserialize_trigger_list(trigger.json_trigger_value) == [
        {"event": "tick", "value": {"serial": 7, "scene": "ab12"}}
    ]


def test_the_stage_asks_once_for_each_new_message_and_not_before_its_time(
    socket: Socket, viewer: Viewer, play_out: Callable
):
    async def play() -> list[int]:
        session = opened(socket)
        sent = []
        for serial, playing, wait in (
            (1, True, 0.01),  # at once
            (1, True, 2 * TICK),  # known already
            (2, True, 0.01),  # long enough ago: at once
            (3, True, 0.001),  # too early
            (3, True, 2 * TICK),
            (4, False, 2 * TICK),  # paused
        ):
            hear(session, stage_delta(payload_of(viewer, playing=playing, serial=serial)))
            await asyncio.sleep(wait)
            sent.append(len(socket.sent))
        return sent

    assert play_out(play()) == [1, 1, 2, 2, 3, 3]


def test_the_stage_asks_only_when_the_page_has_come_to_its_end(
    socket: Socket, viewer: Viewer, play_out: Callable
):
    def status(is_running: bool) -> ForwardMsg:
        message = ForwardMsg()
        message.session_status_changed.script_is_running = is_running
        return message

    async def play() -> list[int]:
        session = opened(socket)
        sent = []
        for message in (status(True), stage_delta(payload_of(viewer, playing=True)), status(False)):
            hear(session, message)
            await asyncio.sleep(3 * LOOK)
            sent.append(len(socket.sent))
        session._clock.stop()
        return sent

    assert play_out(play()) == [0, 0, 1]


def test_the_stage_asks_again_when_no_message_comes(socket: Socket, viewer: Viewer, play_out: Callable):
    async def play() -> Session:
        session = opened(socket)
        hear(session, stage_delta(payload_of(viewer, playing=True)))
        await asyncio.sleep(2.5 * PATIENCE)
        hear(session, stage_delta(payload_of(viewer, serial=2)))
        await asyncio.sleep(5 * PATIENCE)
        return session

    session = play_out(play())
    assert session.repeated == 2 == len(socket.sent) - 1
    assert len({message.SerializeToString() for message in socket.sent}) == 1


def test_a_tick_is_measured_with_all_that_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(tracks.Track, "frames_to_send", _noting(made, tracks.Track.frames_to_send))
    played = ticks(ExperimentConfig(), 0.5)
    assert played.seconds > 0 and played.steps >= 1 and sum(made) >= played.steps
    frames = updates_with_frames(ExperimentConfig())()
    assert len(set(frames)) == TOGETHER


def _noting(made: list[int], send: Callable[..., Any]) -> Callable[..., Any]:
    """`frames_to_send` that notes how many."""

    def noted(*args: Any, **named: Any) -> Any:
        frames = send(*args, **named)
        made.append(len(frames))
        return frames

    return noted


def test_equal_runs_are_trained_once():
    rows = {row.name: row.value for row in shared_training(3, 0.5).rows}
    ratio = rows["equal / one, updates"]
    assert ratio is not None and 0 < ratio < 2.5, "three runs of their own make three times as many"


def test_sides_take_turns_and_each_is_timed_by_itself(monkeypatch: pytest.MonkeyPatch):
    clock = SimpleNamespace(now=0.0, process_time=lambda: clock.now, perf_counter=lambda: clock.now)
    monkeypatch.setattr("benchmarks.turns.time", clock)
    worked = []

    def side(name: str, seconds: float) -> None:
        worked.append(name)
        clock.now += seconds

    sides = [lambda: side("short", SLICE / 4), lambda: side("long", 2 * SLICE)]
    short, long = medians(sides, 6 * SLICE)
    assert (short, long) == pytest.approx((SLICE / 4, 2 * SLICE))
    assert worked == [*["short"] * 4, "long"] * 2


def test_memory_that_is_given_back_counts_at_its_peak():
    size = 64_000_000
    assert peak_growth(lambda: b"x" * size) == pytest.approx(size, rel=0.1)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cell", gradients.KINDS)
def test_the_rival_of_the_grid_is_the_same_training(case: str, cell: str):
    config = replace(CASES[case], network=replace(CASES[case].network, cell=cell))
    corpus = Corpus(config.text)
    ours, theirs = Trainer(config, corpus), TorchTraining(config, corpus, batches=4)
    expected = []
    for _ in range(4):
        expected.append(ours.update().nll[0])
        theirs.update()
    np.testing.assert_allclose(theirs.losses, expected, rtol=1e-4)
    assert len(set(expected)) == 4


def rows_of(table: Table) -> dict[str, list[float]]:
    """The values of a table by the names of its rows, in order."""
    found: dict[str, list[float]] = {}
    for row in table.rows:
        assert row.value is not None
        found.setdefault(row.name.strip(), []).append(row.value)
    return found


@pytest.fixture
def only_gru(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "KINDS", ("gru",))


@pytest.mark.usefixtures("only_gru")
def test_the_page_and_its_rivals_take_longer_for_longer_sequences():
    rows = rows_of(gradients.opening([(3, 4), (24, 4)], 0))
    (short,), (long,) = rows.values()
    assert long > short
    rows = rows_of(gradients.influence([(3, 4), (24, 4)], 0))
    (ours,), by_loss, ratios = (
        rows[name] for name in ("gru, T = 24, H = 4: ours", "autograd, loss by loss", "that many times ours")
    )
    assert by_loss[1] > 4 * by_loss[0]
    assert ratios[2] == pytest.approx(by_loss[1] / ours)


@pytest.mark.parametrize("cell", gradients.KINDS)
def test_autograds_influence_is_ours_whichever_way_it_is_asked(cell: str):
    subject = Subject(cell, 7, 5)
    ours = subject.influence()
    later = torch.ones(7, 7).triu(1).bool()
    for theirs in (subject.influence_by_autograd(), subject.influence_by_autograd_at_once()):
        assert list(theirs) == list(ours) == (["h", "c"] if cell == "lstm" else ["h"])
        assert gradients.difference(ours, theirs, 1e-4) > 0  # computed by others, so the last digit differs
        assert torch.equal(theirs["h"].isnan(), later)
        wrong = {name: values.clone() for name, values in theirs.items()}
        wrong["h"][6, 0] *= 1.01
        with pytest.raises(ValueError, match=r"must agree to 0\.0001; they are 9\.9e-03 apart"):
            gradients.difference(ours, wrong, 1e-4)
        wrong["h"][0, 6] = 0
        with pytest.raises(ValueError, match="do not stand at the same places"):
            gradients.difference(ours, wrong, 1e-4)


@pytest.mark.usefixtures("only_gru")
def test_draws_by_autograd_are_scaled_up_to_as_many_as_ours():
    short, long = (rows_of(gradients.draws(Knobs(length=length, hidden_size=3), 20, 0)) for length in (4, 40))
    (ours,), (theirs,) = short["gru: drawn and measured"], short["autograd, measured only"]
    assert short["that many times ours"] == [pytest.approx(theirs / ours)]
    assert long["autograd, measured only"][0] > 3 * theirs


def test_the_grid_and_its_rival_are_timed_per_update():
    def measured(length: int, size: int) -> tuple[float, float]:
        return gradients.grid_and_single(
            ExperimentConfig(
                TextConfig(random_text(4, length), sequence_length=length),
                NetworkConfig("gru", hidden_size=size),
                TrainingConfig("momentum", 0.1, clip="norm", clip_threshold=1.0),
            ),
            updates=10,
        )

    (short, short_single), (long, long_single) = measured(4, 4), measured(48, 16)
    assert long > short and long_single > short_single, "twelve times as many timesteps"
    assert long < 36 * long_single, "36 runs side by side take less than one after the other"


def test_rivals_of_the_models_that_came_before_do_the_same_work():
    if (sides := shapes.hmm_sides(2)) is not None:
        theirs, ours = (cast(Any, side()) for side in sides)
        np.testing.assert_allclose(ours.tables.transition[0], theirs.transmat_, atol=1e-9)
        np.testing.assert_allclose(ours.tables.emission[0], theirs.emissionprob_, atol=1e-9)
    sides = shapes.ngram_sides()
    assert sides is not None
    theirs, ours = (side() for side in sides)
    assert ours == pytest.approx(theirs) and len(set(ours)) > 3


def test_a_library_that_is_missing_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shapes, "_library", lambda name: None)
    rows = shapes.before(0).rows
    assert [row.value for row in rows] == [None] * 4
    assert all(row.note.endswith("is not installed") and row.verdict == "" for row in rows)


@pytest.mark.parametrize("kind", shapes.DEEPER)
def test_stacked_and_both_ways_the_rival_learns_the_same(kind: str):
    task, config = task_of("each step", 4), config_for("gru")
    config = replace(config, network=replace(config.network, **shapes.DEEPER[kind]))
    ours, theirs = Trainer(config, task), TorchTask(config, task)
    expected = []
    for _ in range(4):
        expected.append(ours.update().nll[0])
        theirs.update()
    np.testing.assert_allclose(theirs.losses, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("value", "target", "verdict"),
    [
        (4.0, Target("≤", 4), "ok"),
        (4.1, Target("≤", 4), "missed"),
        (25.0, Target("≥", 25), "ok"),
        (24.9, Target("≥", 25), "missed"),
        (None, Target("≤", 4), "missed"),
        (1.0, None, ""),
    ],
)
def test_a_verdict_is_the_target_held_against_the_value(
    value: float | None, target: Target | None, verdict: str
):
    assert Row("x", value, "s", target).verdict == verdict


def test_a_table_says_what_was_measured_and_what_was_wanted(capsys: pytest.CaptureFixture[str]):
    table = Table("One visitor")
    table.add("first visit", 3.2, "s", Target("≤", 4), "cold")
    table.add("click", 412.4, "ms", Target("≤", 300))
    table.add("never", None)
    show([table], as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "One visitor"
    assert lines[2].split() == ["first", "visit", "3.2", "s", "≤", "4", "s", "ok", "cold"]
    assert lines[3].split() == ["click", "412", "ms", "≤", "300", "ms", "missed"]
    assert lines[4].split() == ["never", "not", "measured"]
    show([table], as_json=True)
    (described,) = json.loads(capsys.readouterr().out)["tables"]
    assert [row["value"] for row in described["rows"]] == [3.2, 412.4, None]
    assert [row["verdict"] for row in described["rows"]] == ["ok", "missed", None]
