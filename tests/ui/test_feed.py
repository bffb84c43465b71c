"""The address that answers with frames: right messages for who holds its token, and nothing for anybody else."""

import asyncio
import gc
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from starlette.applications import Starlette

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.passes.edit_list import EDITS
from playground.refusal import Refusal
from playground.runs.reader import Reader
from playground.runs.reading import Question
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.track import Track
from playground.runs.viewer import Viewer
from playground.ui.stage import feed as feeds
from playground.ui.stage import waiting
from playground.ui.stage.feed import Feed, feed_routes
from playground.ui.stage.message import Heard, Scene, message
from tests.runs.straight import Clock

DESCRIBED = {"words": {"step": "단계"}, "inputs": ["h"], "remembers": None}
LONG = 60  # seconds; a test that waits as long has failed


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits between two questions; the bound has a test of its own."""
    monkeypatch.setattr(feeds, "SHORTEST", 0.0)


def playing(viewer: Viewer, *, is_connected: Callable[[], bool] = lambda: True) -> Feed:
    """The feed of a viewer that plays, after a run of its page."""
    made = Feed(viewer, is_connected)
    made.scenes = scenes(viewer)
    viewer.play()
    return made


def scenes(viewer: Viewer) -> tuple[Scene, ...]:
    return tuple(Scene.of(DESCRIBED, track.recording) for track in viewer.tracks)


@pytest.fixture
def feed() -> Feed:
    return playing(Viewer(Registry(), ExperimentConfig()))


@pytest.fixture
def other() -> Feed:
    """Of somebody else."""
    return playing(Viewer(Registry(), ExperimentConfig()))


async def asked(
    app: Starlette, path: str, method: str = "POST", *, left: asyncio.Event | None = None, **headers: str
) -> tuple[int, bytes]:
    """Status and body of one request to the routes, spoken to as the server does. left: whether the client has."""
    sent: list[dict] = []
    to_come = [{"type": "http.request", "body": b"", "more_body": False}]
    left = asyncio.Event() if left is None else left

    async def receive() -> dict:
        if not left.is_set() and to_come:
            return to_come.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(part: dict) -> None:
        sent.append(part)

    bare, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": bare,
        "raw_path": bare.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("localhost", 1),
        "root_path": "",
    }
    await app(scope, receive, send)
    body = b"".join(part.get("body", b"") for part in sent)
    return sent[0]["status"], body


def ask(path: str, method: str = "POST", **headers: str) -> tuple[int, bytes]:
    """The same for one request alone."""
    return asyncio.run(asked(Starlette(routes=feed_routes()), path, method, **headers))


def header(body: bytes) -> dict:
    """What a message says, of its only track too."""
    told = json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])
    (track,) = told.pop("tracks")
    return told | track


def test_who_holds_the_token_gets_messages_and_the_playhead_moves(feed: Feed) -> None:
    status, first = ask(f"/frames/{feed.token}")
    told = header(first)
    assert status == 200 and told["playing"] and told["playhead"] == feed.viewer.playhead > 0
    assert told["scene"] == DESCRIBED and told["feed"] == feed.token
    again = f"/frames/{feed.token}?serial={told['serial']}&scene={told['scene_id']}"
    status, second = ask(again)
    later = header(second)
    assert status == 200 and later["serial"] == told["serial"] + 1 and "scene" not in later


def test_a_frame_is_sent_once_unless_the_message_before_was_lost(feed: Feed) -> None:
    def steps(body: bytes) -> list[int]:
        told = header(body)
        count, size = told["frames"]["count"], told["frames"]["size"]
        return [int(np.frombuffer(body, "<f8", 1, len(body) - (count - k) * size)[0]) for k in range(count)]

    feed.viewer.speed = "max"
    _, first = ask(f"/frames/{feed.token}")
    heard = header(first)["serial"]
    _, second = ask(f"/frames/{feed.token}?serial={heard}")
    assert steps(first) and steps(second) and not set(steps(first)) & set(steps(second))
    _, third = ask(f"/frames/{feed.token}?serial={heard}")  # the second has not arrived
    assert set(steps(second)) < set(steps(third))


def test_the_route_and_the_page_tell_the_same(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    Clock().replace_for_viewers(monkeypatch.setattr)
    other = Viewer(feed.viewer._registry, feed.viewer.config)
    other.play()
    for viewer in (feed.viewer, other):
        viewer._steps_due = lambda: (0.2, 6)  # pyright: ignore[reportAttributeAccessIssue]
    _, by_route = ask(f"/frames/{feed.token}")
    other.tick()
    by_page = message(other, scenes(other), Heard(), feed=feed.token)
    assert by_page is not None
    ours, theirs = header(by_route), header(by_page)
    for name in ("run", "rate", "others"):
        del ours[name], theirs[name]
    assert ours == theirs
    count, size = ours["frames"]["count"], ours["frames"]["size"]
    assert by_route[-count * size :] == by_page[-count * size :]


def test_it_says_so_where_the_page_has_to_run(feed: Feed) -> None:
    feed.viewer.pause()
    assert ask(f"/frames/{feed.token}") == (204, b"")
    feed.viewer.stop_step = 1
    feed.viewer.play()
    assert ask(f"/frames/{feed.token}") == (204, b"")  # training has stopped with this very tick
    feed.scenes = ()  # the page has not run yet
    assert ask(f"/frames/{feed.token}") == (204, b"")


@pytest.mark.parametrize(
    "token", ["x", "A" * 32, "A" * 5000, "%00", "..%2f..%2fetc", "안녕", "token with spaces"]
)
def test_a_token_that_is_nobodys_is_refused_without_detail(feed: Feed, token: str) -> None:
    before = feed.viewer.playhead
    assert ask(f"/frames/{token}") == (410, b"")
    assert feed.viewer.playhead == before


def test_a_token_ends_with_the_connection_of_its_page() -> None:
    connected = [True]
    feed = playing(Viewer(Registry(), ExperimentConfig()), is_connected=lambda: connected[0])
    assert ask(f"/frames/{feed.token}")[0] == 200
    before, connected[0] = feed.viewer.playhead, False
    assert ask(f"/frames/{feed.token}") == (410, b"")
    assert feed.viewer.playhead == before, "it trains no more for who keeps the token"
    connected[0] = True  # the browser has come back to the session
    assert ask(f"/frames/{feed.token}")[0] == 200


def test_a_token_is_forgotten_with_its_session(feed: Feed) -> None:
    token = feed.token
    other = Feed(feed.viewer, lambda: True)
    assert other.token != token
    del other
    gc.collect()
    assert ask(f"/frames/{token}")[0] == 200
    gone = Feed(Viewer(Registry(), ExperimentConfig()), lambda: True)
    token = gone.token
    del gone
    gc.collect()
    assert ask(f"/frames/{token}") == (410, b"")


def test_another_site_may_not_ask(feed: Feed) -> None:
    for site in ("cross-site", "same-site", "none"):
        assert ask(f"/frames/{feed.token}", sec_fetch_site=site) == (403, b"")
    assert ask(f"/frames/{feed.token}", sec_fetch_site="same-origin")[0] == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://class:8502", "http://[", "class:8501", ""]
)
def test_nor_where_the_browser_tells_its_origin_alone(feed: Feed, origin: str) -> None:
    """As browsers do where the address is neither secure nor localhost."""
    assert ask(f"/frames/{feed.token}", origin=origin, host="class:8501") == (403, b"")
    assert ask(f"/frames/{feed.token}", origin=origin) == (403, b"")
    assert feed.viewer.playhead == 0


@pytest.mark.parametrize("origin", ["http://class:8501", "https://class:8501"])
def test_its_own_page_may_ask_wherever_it_is_served(feed: Feed, origin: str) -> None:
    assert ask(f"/frames/{feed.token}", origin=origin, host="class:8501")[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"])
def test_only_posts_train(feed: Feed, method: str) -> None:
    before = feed.viewer.playhead
    assert ask(f"/frames/{feed.token}", method) == (405, b"")
    assert feed.viewer.playhead == before


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"])
def test_the_address_above_all_tokens_is_for_looking(method: str) -> None:
    assert ask("/frames", method) == (405, b"")


@pytest.mark.parametrize(
    "query",
    ["serial=-1", "serial=1e9", "serial=٣", "serial=" + "9" * 32, "scene=" + "a" * 32, "x=1&serial=", ""],
)
def test_what_the_stage_says_it_has_may_be_anything_short(feed: Feed, query: str) -> None:
    assert ask(f"/frames/{feed.token}?{quote(query, safe='=&')}")[0] == 200


def test_what_is_long_is_refused_before_it_is_read(feed: Feed) -> None:
    before = feed.viewer.playhead
    assert ask(f"/frames/{feed.token}?serial={'9' * 100}") == (404, b"")
    assert ask(f"/frames/{feed.token}?scene={'a' * 100_000}") == (404, b"")
    assert feed.viewer.playhead == before


@contextmanager
def stuck(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> Generator[tuple[threading.Event, list[Heard]]]:
    """A feed whose answers take until an event is set, which the end of the block does; and those that were begun."""
    go_on, begun = threading.Event(), list[Heard]()

    def answer(heard: Heard) -> None:
        begun.append(heard)
        assert go_on.wait(LONG)

    monkeypatch.setattr(feed, "answer", answer)
    try:
        yield go_on, begun
    finally:
        go_on.set()


def test_of_twenty_questions_at_once_one_is_answered(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def all_at_once(go_on: threading.Event) -> list[int]:
        app = Starlette(routes=feed_routes())
        answers = asyncio.as_completed([asked(app, f"/frames/{feed.token}") for _ in range(20)], timeout=LONG)
        statuses = [(await answer)[0] for answer in islice(answers, 19)]
        go_on.set()
        return [*statuses, *[(await answer)[0] for answer in answers]]

    with stuck(feed, monkeypatch) as (go_on, begun):
        assert asyncio.run(all_at_once(go_on)) == [429] * 19 + [204]
    assert len(begun) == 1


def test_the_next_answer_is_begun_a_while_after_the_last(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [100.0], list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    def answer(_: Heard) -> None:
        now[0] += 0.5

    monkeypatch.setattr(feeds, "SHORTEST", 0.05)
    monkeypatch.setattr(feeds.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(feed, "answer", answer)
    for asked_after in (0.0, 0.0, 0.02, 0.2):
        now[0] += asked_after
        with monkeypatch.context() as patch:
            patch.setattr(feeds.asyncio, "sleep", sleep)
            assert ask(f"/frames/{feed.token}")[0] == 204
    assert slept == pytest.approx([0, 0.05, 0.03, 0])


@pytest.mark.parametrize("leaves", ["the client", "its page"])
def test_who_has_left_is_not_answered(
    feed: Feed, other: Feed, monkeypatch: pytest.MonkeyPatch, leaves: str
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", None)
    connected = [True]
    monkeypatch.setattr(other, "is_connected", lambda: connected[0])

    async def ask_and_leave(go_on: threading.Event, begun: list[Heard]) -> list[tuple[int, bytes]]:
        app, left = Starlette(routes=feed_routes()), asyncio.Event()
        first = asyncio.create_task(asked(app, f"/frames/{feed.token}"))
        while not begun:
            await asyncio.sleep(0)
        second = asyncio.create_task(asked(app, f"/frames/{other.token}", left=left))
        while not other.ticks.are_out:
            await asyncio.sleep(0)
        if leaves == "the client":
            left.set()
        connected[0] = leaves != "its page"
        go_on.set()
        async with asyncio.timeout(LONG):
            return [await first, await second]

    with stuck(feed, monkeypatch) as (go_on, begun):
        assert asyncio.run(ask_and_leave(go_on, begun)) == [(204, b"")] * 2
    assert other.viewer.playhead == 0 and not other.ticks.are_out
    connected[0] = True
    assert ask(f"/frames/{other.token}")[0] == 200


@pytest.mark.parametrize("whose", ["viewer", "registry"])
def test_a_lock_that_is_held_keeps_nobody_else_waiting(
    feed: Feed, other: Feed, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    lock = feed.viewer._lock if whose == "viewer" else feed.viewer._registry._lock
    is_held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            is_held.set()
            go_on.wait(LONG)

    async def ask_all() -> tuple[bool, list[int]]:
        app = Starlette(routes=feed_routes())
        waits = asyncio.create_task(asked(app, f"/frames/{feed.token}"))
        while not feed.ticks.are_out:
            await asyncio.sleep(0)
        others = [await asked(app, f"/frames/{other.token}"), await asked(app, "/frames", "GET")]
        waited = not waits.done()
        go_on.set()
        return waited, [status for status, _ in [*others, await waits]]

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(LONG)
    try:
        assert asyncio.run(ask_all()) == (True, [200, 204, 200])
    finally:
        go_on.set()
        holder.join()


def test_a_message_is_of_what_the_page_has_described(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person goes over to another network between the tick and the message."""
    viewer, tick = feed.viewer, feed.viewer.tick

    def tick_and_change() -> bool:
        is_on = tick()
        viewer.change(ExperimentConfig(network=NetworkConfig(hidden_size=8)))
        viewer.play()
        return is_on

    with monkeypatch.context() as patch:
        patch.setattr(viewer, "tick", tick_and_change)
        assert ask(f"/frames/{feed.token}") == (204, b"")
    feed.scenes = scenes(viewer)
    status, body = ask(f"/frames/{feed.token}")
    assert status == 200 and header(body)["frames"]["size"] == viewer.run.layout.nbytes


def test_nothing_is_changed_while_a_message_is_put_together(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    could_change, samples = list[bool](), Track.samples

    def try_to_change() -> None:
        could_change.append(feed.viewer._lock.acquire(blocking=False))
        if could_change[-1]:
            feed.viewer._lock.release()

    def samples_and_change(track: Track) -> list:
        person = threading.Thread(target=try_to_change)
        person.start()
        person.join()
        return samples(track)

    monkeypatch.setattr(Track, "samples", samples_and_change)
    assert message(feed.viewer, feed.scenes, Heard()) is not None
    assert ask(f"/frames/{feed.token}")[0] == 200
    assert could_change == [False, False]


def test_what_was_paused_meanwhile_is_shown_by_the_page(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    def tick() -> bool:
        feed.viewer.pause()
        return True

    monkeypatch.setattr(feed.viewer, "tick", tick)
    assert ask(f"/frames/{feed.token}") == (204, b"")


def test_a_message_has_all_tracks_each_with_its_scene() -> None:
    viewer = Viewer(Registry(), ExperimentConfig())
    viewer.race([ExperimentConfig(network=NetworkConfig(cell=cell)) for cell in ("rnn", "gru", "lstm")])
    feed = playing(viewer)
    status, body = ask(f"/frames/{feed.token}")
    told = json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])
    assert status == 200 and told["run"] == "+".join(track.recording for track in viewer.tracks)
    assert [track["scene"] for track in told["tracks"]] == [DESCRIBED] * 3
    assert [track["frames"]["size"] for track in told["tracks"]] == [
        t.run.layout.nbytes for t in viewer.tracks
    ]
    feed.scenes = feed.scenes[:2]
    assert ask(f"/frames/{feed.token}") == (204, b"")


def test_it_stands_below_the_servers_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds.st, "get_option", lambda name: "/class/rnn/")
    assert [route.path for route in feed_routes()] == [
        "/class/rnn/frames",
        "/class/rnn/frames/{token}",
        "/class/rnn/frames/{token}/reading",
    ]


def test_a_stage_can_find_out_whether_the_address_is_served() -> None:
    assert ask("/frames", "GET") == (204, b"")


def test_where_there_is_no_memory_to_train_the_page_is_left_to_say_so(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise Refusal("batch_size", "{field} is too large just now.")

    assert ask(f"/frames/{feed.token}")[0] == 200
    feed.viewer.speed = "max"  # something is due however soon it asks again
    before = feed.viewer.playhead
    with monkeypatch.context() as patch:
        patch.setattr(Run, "advance", refuse)
        assert ask(f"/frames/{feed.token}") == (204, b"")
    assert not feed.viewer.playing and str(feed.viewer.refused) == "batch_size is too large just now."
    assert feed.viewer.playhead == before, "nothing is lost"
    feed.viewer.play()
    assert feed.viewer.refused is None and ask(f"/frames/{feed.token}")[0] == 200


def test_a_run_for_which_there_is_no_room_any_more_is_left_to_the_page(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> bool:
        raise Refusal("batch_size", "{field} is too large just now.")

    monkeypatch.setattr(feed.viewer, "tick", refuse)
    assert ask(f"/frames/{feed.token}") == (204, b"")


def test_a_dropped_run_that_finds_no_room_is_left_to_the_page(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise Refusal("batch_size", "{field} is too large just now.")

    registry = feed.viewer._registry
    monkeypatch.setattr(registry, "open", refuse)
    with registry._lock:
        registry._drop(feed.viewer.run_id)
    assert ask(f"/frames/{feed.token}") == (204, b"")
    assert not feed.viewer.playing and feed.viewer.refused is not None


def test_an_explosion_that_the_page_has_not_put_into_words_is_left_to_it() -> None:
    """One track has ended, and the others go on."""
    training = TrainingConfig("sgd", learning_rate=2.0, clip="off")
    wild = ExperimentConfig(network=NetworkConfig("rnn", nonlinearity="linear"), training=training)
    calm = ExperimentConfig()
    viewer = Viewer(Registry(), calm)
    viewer.race([calm, wild])
    feed = playing(viewer)
    viewer._steps_due = lambda: (0.2, 20)  # pyright: ignore[reportAttributeAccessIssue]
    while ask(f"/frames/{feed.token}")[0] == 200:
        assert viewer.playhead < 500
    assert viewer.playing and viewer.tracks[1].explosion is not None
    first, second = feed.scenes
    feed.scenes = first, replace(second, sentence="It is infinite.")
    status, body = ask(f"/frames/{feed.token}")
    assert status == 200 and b"It is infinite." in body


# What is asked about one step


def asking(edits: str = "h@2>3", *, step: int = 12) -> Feed:
    """A feed whose page has asked, and whose playhead stands on a step."""
    viewer = Viewer(Registry(), ExperimentConfig(network=NetworkConfig("gru", 6)))
    assert viewer.go_to(step) and viewer.settle()
    made = Feed(viewer, lambda: True)
    made.scenes = scenes(viewer)
    made.reader.question = Question(EDITS.parse("edits", edits))
    return made


def answered(body: bytes) -> tuple[dict, dict | None]:
    """What an answer says: of the question, and of its only reading."""
    told = json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])
    (track,) = told["tracks"]
    return told["question"], track["reading"]


def test_a_step_is_read_as_the_page_asks() -> None:
    feed = asking()
    status, body = ask(f"/frames/{feed.token}/reading?step=7")
    question, reading = answered(body)
    assert status == 200 and question["key"] == "h@2>3|None" and question["loss_at"] is None
    assert question["edits"] == [{"text": "h@2>3", "kind": "transplant", "source": 2, "first": 3, "last": 3}]
    size = feed.viewer.run.layout.nbytes
    assert reading == {"step": 7, "edited": size, "beam": None}
    (expected,) = Reader(feed.viewer).at(feed.reader.question, 7)
    assert expected is not None and body[-size:] == expected.edited


@pytest.mark.parametrize("step", [None, 7])
def test_an_answer_is_of_one_run_when_the_page_goes_over_to_another_meanwhile(
    monkeypatch: pytest.MonkeyPatch, step: int | None
) -> None:
    """Numbers of another network, or of another text, would be read as if they were of this one."""
    feed, look_up = asking(), Reader._look_up
    size = feed.viewer.run.layout.nbytes
    if step is None:
        feed.viewer.play()

    def after_going_over(*given: Any) -> Any:
        feed.viewer.open(ExperimentConfig(network=NetworkConfig("lstm", 9), text=TextConfig("mississippi")))
        return look_up(*given)

    monkeypatch.setattr(Reader, "_look_up", after_going_over)
    body = feed.answer(Heard()) if step is None else feed.read(step, {})
    assert feed.viewer.config.network.cell == "lstm" and body is not None
    _, reading = answered(body)
    assert reading is not None and reading["edited"] == size and reading["step"] >= (step or 12)


def test_what_is_asked_can_be_changed_with_the_question() -> None:
    feed = asking("")
    path = f"/frames/{feed.token}/reading?step=3"
    for change, edits in (
        ("add=h%402%3E3", "h@2>3"),
        ("add=l0.h.1%401-%3D0", "h@2>3,l0.h.1@1-=0"),
        ("add=h%401%3E3", "l0.h.1@1-=0,h@1>3"),  # of the same timestep, in its place
        ("remove=l0.h.1%401-%3D0", "h@1>3"),
        ("clear=all", ""),
    ):
        status, body = ask(f"{path}&{change}")
        question, reading = answered(body)
        assert status == 200 and question["key"] == f"{edits}|None" and (reading is None) == (edits == "")
        assert EDITS.show(feed.reader.question.edits) == edits


@pytest.mark.parametrize(
    "forged",
    ["add=h%402%3E2", "add=h%402%3E99", "add=l9.h%401%3D0", "add=l0.f%401%3D1", "add=x%401%3D99", "add=nonsense"],
)  # fmt: skip
def test_a_change_that_fits_nothing_is_left_to_the_page_to_refuse(forged: str) -> None:
    feed = asking()
    assert ask(f"/frames/{feed.token}/reading?step=3&{forged}") == (204, b"")
    assert EDITS.show(feed.reader.question.edits) == "h@2>3"


@pytest.mark.parametrize(
    "query",
    ["", "step=", "step=-1", "step=x", "step=1e3", "step=1.0", "step=٣", "step=" + "9" * 100, "serial=3",
     "step=1&add=" + "h" * 5000, "step=1&add=h%402%3E3&clear=all"],
)  # fmt: skip
def test_what_is_no_question_about_a_step_is_refused(query: str) -> None:
    feed = asking()
    assert ask(f"/frames/{feed.token}/reading?{query}") == (404, b"")
    assert EDITS.show(feed.reader.question.edits) == "h@2>3"


def test_nobody_is_told_of_what_is_to_come_and_nothing_is_trained_for_a_question() -> None:
    feed = asking()
    for step in (13, 10**30):
        assert ask(f"/frames/{feed.token}/reading?step={step}") == (204, b"")
    assert feed.viewer.playhead == feed.viewer.run.step == 12
    feed.scenes = ()
    assert ask(f"/frames/{feed.token}/reading?step=3") == (204, b"")  # the page has not run yet


def test_a_question_about_a_step_has_the_guards_of_all_questions() -> None:
    feed = asking()
    path = f"/frames/{feed.token}/reading?step=3"
    assert ask(path, sec_fetch_site="cross-site") == (403, b"")
    assert ask(path, origin="http://evil.example", host="class:8501") == (403, b"")
    assert ask("/frames/nobody/reading?step=3") == (410, b"")
    assert ask(path, "GET") == (405, b"")
    feed.is_connected = lambda: False
    assert ask(path) == (410, b"")


def test_of_many_questions_about_steps_one_is_answered_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, begun, go_on = asking(), list[int](), threading.Event()

    def read(step: int, change: object) -> None:
        begun.append(step)
        assert go_on.wait(LONG)

    async def all_at_once() -> list[int]:
        app = Starlette(routes=feed_routes())
        questions = [asked(app, f"/frames/{feed.token}/reading?step={step}") for step in range(6)]
        answers = asyncio.as_completed(questions, timeout=LONG)
        statuses = [(await answer)[0] for answer in islice(answers, 5)]
        tick = await asked(app, f"/frames/{feed.token}")  # a question of another kind waits for none of these
        go_on.set()
        return [*statuses, tick[0], *[(await answer)[0] for answer in answers]]

    monkeypatch.setattr(feed, "read", read)
    assert asyncio.run(all_at_once()) == [429] * 5 + [204, 204]
    assert len(begun) == 1


def test_while_playing_a_message_brings_the_reading_of_its_newest_frame() -> None:
    feed = asking()
    feed.viewer.play()
    status, body = ask(f"/frames/{feed.token}")
    told = header(body)
    assert status == 200 and told["question"]["key"] == "h@2>3|None"
    count, size = told["frames"]["count"], told["frames"]["size"]
    newest = np.frombuffer(body, "<f8", 1, len(body) - 2 * size)[0]
    assert count and told["reading"] == {"step": newest, "edited": size, "beam": None}
    feed.reader.question = Question()
    assert "question" not in header(ask(f"/frames/{feed.token}")[1])
