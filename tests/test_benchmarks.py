"""The benchmarks' own parts: what they decode is what the server encodes, what they print is what they measured."""

import asyncio
import json

import numpy as np
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.classroom import shared_training
from benchmarks.session import Session, StageMessage, stage_message, user_key
from benchmarks.table import Row, Table, Target, show
from playground.config import ExperimentConfig
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer
from playground.runs.wire import encode

FRAGMENT = "beat"


@pytest.fixture(scope="module")
def viewer() -> Viewer:
    """A viewer ten steps into a run."""
    made = Viewer(Registry(), ExperimentConfig())
    for _ in range(10):
        made.step_once()
    return made


def payload_of(viewer: Viewer) -> bytes:
    header = {"playhead": viewer.playhead, "playing": viewer.playing, "note": "안녕"}
    return encode(header, viewer.run.curve_points(viewer.playhead), viewer.frames_to_send())


def stage_delta(payload: bytes) -> ForwardMsg:
    message = ForwardMsg()
    message.delta.fragment_id = FRAGMENT
    component = message.delta.new_element.bidi_component
    component.id, component.bytes = "$$ID-0123abcd-stage", payload
    return message


def test_the_decoder_reads_what_the_server_encodes(viewer: Viewer):
    message = StageMessage(payload_of(viewer))
    curve, frames = viewer.run.curve_points(viewer.playhead), viewer.run.frames(0, viewer.playhead)
    assert message.header["note"] == "안녕"
    assert (message.playhead, message.playing) == (10, False)
    assert message.steps == [frame.step for frame in frames] == list(range(11))
    assert list(message.frames) == [frame.payload for frame in frames]
    assert message.curve["step"].tolist() == curve.step.tolist()
    np.testing.assert_allclose(message.curve["perplexity"], curve.perplexity, rtol=1e-6)
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


def test_a_widgets_key_is_the_end_of_its_identifier():
    assert user_key("$$ID-0123abcd-play") == "play"
    assert user_key("$$ID-0123abcd-with-hyphens") == "with-hyphens"


class Socket:
    """Stands in for a websocket: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def send(self, data: bytes) -> None:
        self.sent.append(data)


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


def test_a_tick_counts_from_the_oldest_request_it_answers_and_only_with_a_picture(viewer: Viewer):
    async def play() -> Session:
        session = Session(Socket(), "", "http://127.0.0.1")  # type: ignore[arg-type]
        await session._ask(fragment=FRAGMENT, is_tick=True)
        await session._ask(fragment=FRAGMENT, is_tick=True)
        hear(session, began(FRAGMENT), finished())
        hear(session, began(FRAGMENT), stage_delta(payload_of(viewer)), finished())
        return session

    session = asyncio.run(play())
    (answer,) = session.answers
    assert session.lost == 1
    assert answer.is_tick and answer.playhead == 10
    assert answer.asked < answer.began <= answer.finished


def test_timers_follow_the_server_and_end_with_a_full_run():
    async def play() -> tuple[int, int, int]:
        socket = Socket()
        session = Session(socket, "", "http://127.0.0.1")  # type: ignore[arg-type]
        start = ForwardMsg()
        start.auto_rerun.fragment_id, start.auto_rerun.interval = FRAGMENT, 0.01
        hear(session, start)
        await asyncio.sleep(0.1)
        ticks = len(socket.sent)
        hear(session, start, began(FRAGMENT), finished())
        await asyncio.sleep(0.1)
        more = len(socket.sent)
        hear(session, began())
        await asyncio.sleep(0.05)
        return ticks, more, len(socket.sent)

    ticks, more, last = asyncio.run(play())
    assert 0 < ticks < more == last


def test_equal_runs_are_trained_once():
    rows = {row.name: row.value for row in shared_training(3, 0.5).rows}
    ratio = rows["equal / one, updates"]
    assert ratio is not None and 0 < ratio < 2


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
