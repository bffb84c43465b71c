"""The address that answers with frames: right messages for who holds its token, and nothing for anybody else."""

import asyncio
import gc
import json
from urllib.parse import quote

import numpy as np
import pytest
from starlette.applications import Starlette

from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.ui.stage import feed as feeds
from playground.ui.stage.feed import Feed, feed_routes
from playground.ui.stage.message import Heard, Scene, message

SCENE = Scene.of({"words": {"step": "단계"}, "inputs": ["h"]})


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits between two questions; the bound has a test of its own."""
    monkeypatch.setattr(feeds, "SHORTEST", 0.0)


@pytest.fixture
def feed() -> Feed:
    made = Feed(Viewer(Registry(), ExperimentConfig()))
    made.scene = SCENE
    made.viewer.play()
    return made


def ask(path: str, method: str = "POST", **headers: str) -> tuple[int, bytes]:
    """Status and body of one request to the route, spoken to as the server does."""
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

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
    app = Starlette(routes=feed_routes())
    asyncio.run(app(scope, receive, send))
    body = b"".join(part.get("body", b"") for part in sent)
    return sent[0]["status"], body


def header(body: bytes) -> dict:
    """What a message says, of its only track too."""
    told = json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])
    (track,) = told.pop("tracks")
    return told | track


def test_who_holds_the_token_gets_messages_and_the_playhead_moves(feed: Feed) -> None:
    status, first = ask(f"/frames/{feed.token}")
    told = header(first)
    assert status == 200 and told["playing"] and told["playhead"] == feed.viewer.playhead > 0
    assert told["scene"] == SCENE.described and told["feed"] == feed.token
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


def test_the_route_and_the_page_tell_the_same(feed: Feed) -> None:
    other = Viewer(feed.viewer._registry, feed.viewer.config)
    other.play()
    for viewer in (feed.viewer, other):
        viewer._steps_due = lambda: (0.2, 6)  # pyright: ignore[reportAttributeAccessIssue]
    _, by_route = ask(f"/frames/{feed.token}")
    other.tick()
    by_page = message(other, SCENE, Heard(), feed=feed.token)
    ours, theirs = header(by_route), header(by_page)
    for name in ("run", "rate", "others"):
        ours.pop(name), theirs.pop(name)
    assert ours == theirs
    count, size = ours["frames"]["count"], ours["frames"]["size"]
    assert by_route[-count * size :] == by_page[-count * size :]


def test_it_says_so_where_the_page_has_to_run(feed: Feed) -> None:
    feed.viewer.pause()
    assert ask(f"/frames/{feed.token}") == (204, b"")
    feed.viewer.stop_step = 1
    feed.viewer.play()
    assert ask(f"/frames/{feed.token}") == (204, b"")  # training has stopped with this very tick
    feed.scene = None  # the page has not run yet
    assert ask(f"/frames/{feed.token}") == (204, b"")


@pytest.mark.parametrize(
    "token", ["x", "A" * 32, "A" * 5000, "%00", "..%2f..%2fetc", "안녕", "token with spaces"]
)
def test_a_token_that_is_nobodys_is_refused_without_detail(feed: Feed, token: str) -> None:
    before = feed.viewer.playhead
    assert ask(f"/frames/{token}") == (410, b"")
    assert feed.viewer.playhead == before


def test_a_token_ends_with_its_session(feed: Feed) -> None:
    token = feed.token
    other = Feed(feed.viewer)
    assert other.token != token
    del other
    gc.collect()
    assert ask(f"/frames/{token}")[0] == 200
    gone = Feed(Viewer(Registry(), ExperimentConfig()))
    token = gone.token
    del gone
    gc.collect()
    assert ask(f"/frames/{token}") == (410, b"")


def test_another_site_may_not_ask(feed: Feed) -> None:
    for site in ("cross-site", "same-site", "none"):
        assert ask(f"/frames/{feed.token}", sec_fetch_site=site) == (403, b"")
    assert ask(f"/frames/{feed.token}", sec_fetch_site="same-origin")[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_only_posts_train(feed: Feed, method: str) -> None:
    before = feed.viewer.playhead
    assert ask(f"/frames/{feed.token}", method)[0] == 405
    assert feed.viewer.playhead == before


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


def test_nobody_is_answered_faster_than_a_stage_can_draw(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(feeds, "SHORTEST", 0.05)
    monkeypatch.setattr(feeds.time, "monotonic", lambda: now[0])
    path = f"/frames/{feed.token}"
    assert [ask(path)[0] for _ in range(3)] == [200, 429, 429]
    now[0] += 0.06
    assert ask(path)[0] == 200


def test_it_stands_below_the_servers_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds.st, "get_option", lambda name: "/class/rnn/")
    assert [route.path for route in feed_routes()] == ["/class/rnn/frames", "/class/rnn/frames/{token}"]


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
