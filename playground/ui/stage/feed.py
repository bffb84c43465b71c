"""Frames without runs of the page: while playing, the stage asks here for the next message.

A run of a Streamlit page costs more than the training it shows. So each viewer has an address of its own, which only
its page knows, and which answers with the same messages as the page. Where a host does not serve it, the page does.

Beside that it answers what only this viewer asks about one training step, a reading (`playground.runs.reading`).

Whoever asks by hand gets no more than a stage: of each kind one question of a feed is answered at a time, in the line
with all others, and a feed ends with the connection of its page. So a person has as many places in the line as open
pages, and as many again while asking what if.

All of this but the answers of a `Feed` happens in the thread that serves everybody: nothing in it may wait for a lock.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
import weakref
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from playground.passes.edit_list import MAX_LENGTH
from playground.refusal import Refusal
from playground.runs.reader import Reader, moment
from playground.runs.viewer import Viewer
from playground.ui.stage.asked import changed
from playground.ui.stage.message import Heard, Scene, message, readings
from playground.ui.stage.waiting import WaitingLine

PATH = "/frames"
TOKEN_BYTES = 24
SHORTEST = 0.05  # seconds from one answer to a viewer until the next is begun
LONGEST_FIELD = 64  # characters of what the stage says it has
CHANGES = ("add", "remove", "clear")  # of what is asked about a step


class Questions:
    """The questions of one kind that a stage asks, one after the other.

    Attributes:
        are_out: whether one waits for its answer.
    """

    def __init__(self) -> None:
        self.are_out = False
        self._answered = -float("inf")

    @contextmanager
    def one(self) -> Generator[float]:
        """The time from a question to its answer. Gives the seconds for which the answer is not to be begun yet."""
        self.are_out = True
        try:
            yield max(0.0, self._answered + SHORTEST - time.monotonic())
        finally:
            self._answered = time.monotonic()
            self.are_out = False


class Feed:
    """The messages of one viewer. It lives as long as its session holds it, and answers while its page is connected.

    Args:
        viewer: whose messages.
        is_connected: whether the page is. It is asked in the thread that serves everybody.

    Attributes:
        token: names it; only its page is told.
        scenes: of the page's last run, one a track.
        reader: who answers what this viewer asks about a step; the page tells it the question.
        ticks, steps: the questions for the next message, and those about a step.
    """

    def __init__(self, viewer: Viewer, is_connected: Callable[[], bool]) -> None:
        self.viewer = viewer
        self.is_connected = is_connected
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self.scenes: tuple[Scene, ...] = ()
        self.reader = Reader(viewer)
        self.ticks, self.steps = Questions(), Questions()
        _feeds[_digest(self.token)] = self

    def answer(self, heard: Heard) -> bytes | None:
        """The next message while playing; None where the page has to run: to say that training has stopped,
        or what it is now."""
        viewer, scenes = self.viewer, self.scenes
        try:
            if not scenes or not viewer.tick():
                return None
            return message(viewer, scenes, heard, feed=self.token, reader=self.reader, while_playing=True)
        except Refusal:  # its run was dropped, and perhaps the server is full: the page will say so
            return None

    def read(self, step: int, change: Mapping[str, str]) -> bytes | None:
        """What the viewer asks, answered at a training step; None where there is nothing to tell, or no time yet.

        change: of what is asked (`changed`), which the page hears of as well, and is told of by then.
        """
        viewer, scenes = self.viewer, self.scenes
        try:
            with viewer.held():
                fits = len(scenes) == len(viewer.tracks) and all(map(Scene.fits, scenes, viewer.tracks))
                if not fits or step > viewer.playhead:  # of what is to come nobody is told
                    return None
                watched = moment(viewer.tracks)
            if change:
                asked = self.reader.question
                self.reader.question = replace(asked, edits=changed(asked.edits, change, viewer))
            return readings(self.reader, scenes, watched, step)
        except Refusal:
            return None


_feeds: weakref.WeakValueDictionary[bytes, Feed] = weakref.WeakValueDictionary()  # by digest of their tokens


def _digest(token: str) -> bytes:
    """What a feed is found by: looking for a token itself would tell by its duration how much of it was right."""
    return hashlib.sha256(token.encode()).digest()


def _feed(token: str) -> Feed | None:
    """The feed of a token, if it is alive."""
    found = _feeds.get(_digest(token))
    return found if found is not None and hmac.compare_digest(found.token, token) else None


class _Lines:
    """Where questions of one kind wait, of large networks apart, and how they are answered.

    Args:
        kind: a name.
        answer: what answers a question that a request asks of a feed; None where it asks what nobody may.
        questions: of a feed, those of this kind.
    """

    def __init__(
        self,
        kind: str,
        answer: Callable[[Feed, Mapping[str, str]], Callable[[], bytes | None] | None],
        questions: Callable[[Feed], Questions],
    ) -> None:
        self._quick = WaitingLine(kind)
        self._slow = WaitingLine(f"slow {kind}")
        self._answer, self._questions = answer, questions

    async def __call__(self, request: Request) -> Response:
        """One answer, or a refusal without detail: 403 from elsewhere, 410 gone, 429 asked already, 404 no question,
        204 nothing to tell: the page has to run."""
        if not _is_from_here(request):
            return _refused(403)
        feed = _feed(request.path_params["token"])
        if feed is None or not feed.is_connected():
            return _refused(410)
        questions = self._questions(feed)
        if questions.are_out:
            return _refused(429)
        answer = self._answer(feed, request.query_params)
        if answer is None:
            return _refused(404)

        async def has_left() -> bool:
            return not feed.is_connected() or await request.is_disconnected()

        with questions.one() as too_soon:
            await asyncio.sleep(too_soon)
            line = self._slow if feed.viewer.is_slow else self._quick
            with feed.viewer.asking():
                body = await line.answer(answer, unless=has_left)
        return _refused(204) if body is None else _told(body)


def _next_message(feed: Feed, query: Mapping[str, str]) -> Callable[[], bytes | None] | None:
    """What a stage asks while playing, with what it has."""
    serial, scene = query.get("serial", ""), query.get("scene", "")
    if len(serial) > LONGEST_FIELD or len(scene) > LONGEST_FIELD:
        return None
    return partial(feed.answer, Heard(-1 if (known := _whole(serial)) is None else known, scene))


def _reading(feed: Feed, query: Mapping[str, str]) -> Callable[[], bytes | None] | None:
    """What a stage asks about a training step, perhaps with a change of what it asks."""
    step, change = query.get("step", ""), {name: query[name] for name in CHANGES if name in query}
    too_long = len(step) > LONGEST_FIELD or any(len(text) > MAX_LENGTH for text in change.values())
    if too_long or len(change) > 1 or (known := _whole(step)) is None:
        return None
    return partial(feed.read, known, change)


def _whole(text: str) -> int | None:
    """A whole number from 0; None if it is none."""
    return int(text) if text.isascii() and text.isdecimal() else None


def _told(body: bytes) -> Response:
    # Packing it would take longer than training, and spare half of some kilobytes.
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return Response(body, media_type="application/octet-stream", headers=headers)


def _is_from_here(request: Request) -> bool:
    """Whether a page of this site asks, as far as its browser says so; what is no browser says nothing.

    Browsers leave out `Sec-Fetch-Site` where a site has neither a certificate nor the name localhost.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


def _refused(status: int, **headers: str) -> Response:
    return Response(status_code=status, headers={"Cache-Control": "no-store", **headers})


async def _here(_: Request) -> Response:
    """What a stage asks first: whether this address is served at all."""
    return _refused(204)


class _Endpoint:
    """An address that answers some methods, and refuses others without a word."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]], *methods: str) -> None:
        self._answer, self._methods = answer, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        is_known = request.method in self._methods
        response = await self._answer(request) if is_known else _refused(405, Allow=", ".join(self._methods))
        await response(scope, receive, send)


def feed_routes() -> list[Route]:
    """The routes of all feeds, below `server.baseUrlPath` when the server has one. Large networks wait apart."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base}" if base else ""
    ticks = _Lines("feed", _next_message, lambda feed: feed.ticks)
    steps = _Lines("reading", _reading, lambda feed: feed.steps)
    return [
        Route(f"{prefix}{PATH}", _Endpoint(_here, "GET", "HEAD"), name="frames-here"),
        Route(f"{prefix}{PATH}/{{token}}", _Endpoint(ticks, "POST"), name="frames"),
        Route(f"{prefix}{PATH}/{{token}}/reading", _Endpoint(steps, "POST"), name="frames-reading"),
    ]
