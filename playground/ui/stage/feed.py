"""Frames without runs of the page: while playing, the stage asks here for the next message.

A run of a Streamlit page costs more than the training it shows. So each viewer has an address of its own, which only
its page knows, and which answers with the same messages as the page. Where a host does not serve it, the page does.

Whoever asks by hand gets no more than a stage: one question of a feed is answered at a time, in the line with all
others, and a feed ends with the connection of its page. So a person has as many places in the line as open pages.

All of this but `Feed.answer` happens in the thread that serves everybody: nothing in it may wait for a lock.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
import weakref
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from playground.refusal import Refusal
from playground.runs.viewer import Viewer
from playground.ui.stage.message import Heard, Scene, message
from playground.ui.stage.waiting import WaitingLine

PATH = "/frames"
TOKEN_BYTES = 24
SHORTEST = 0.05  # seconds from one answer to a viewer until the next is begun
LONGEST_FIELD = 64  # characters of what the stage says it has


class Feed:
    """The messages of one viewer. It lives as long as its session holds it, and answers while its page is connected.

    Args:
        viewer: whose messages.
        is_connected: whether the page is. It is asked in the thread that serves everybody.

    Attributes:
        token: names it; only its page is told.
        scenes: of the page's last run, one a track.
        is_asked: whether a question waits for its answer.
    """

    def __init__(self, viewer: Viewer, is_connected: Callable[[], bool]) -> None:
        self.viewer = viewer
        self.is_connected = is_connected
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self.scenes: tuple[Scene, ...] = ()
        self.is_asked = False
        self._answered = -float("inf")
        _feeds[_digest(self.token)] = self

    @contextmanager
    def question(self) -> Generator[float]:
        """The time from a question to its answer. Gives the seconds for which the answer is not to be begun yet."""
        self.is_asked = True
        try:
            yield max(0.0, self._answered + SHORTEST - time.monotonic())
        finally:
            self._answered = time.monotonic()
            self.is_asked = False

    def answer(self, heard: Heard) -> bytes | None:
        """The next message while playing; None where the page has to run: to say that training has stopped,
        or what it is now."""
        viewer, scenes = self.viewer, self.scenes
        try:
            if not scenes or not viewer.tick():
                return None
            with viewer.held():
                if not viewer.playing:  # stopped since: the page is about to show all of it
                    return None
                return message(viewer, scenes, heard, feed=self.token)
        except Refusal:  # its run was dropped, and perhaps the server is full: the page will say so
            return None


_feeds: weakref.WeakValueDictionary[bytes, Feed] = weakref.WeakValueDictionary()  # by digest of their tokens


def _digest(token: str) -> bytes:
    """What a feed is found by: looking for a token itself would tell by its duration how much of it was right."""
    return hashlib.sha256(token.encode()).digest()


def _feed(token: str) -> Feed | None:
    """The feed of a token, if it is alive."""
    found = _feeds.get(_digest(token))
    return found if found is not None and hmac.compare_digest(found.token, token) else None


async def _answer(quick: WaitingLine, slow: WaitingLine, request: Request) -> Response:
    """One message, or a refusal without detail: 403 from elsewhere, 410 gone, 429 asked already, 204 run the page."""
    if not _is_from_here(request):
        return _refused(403)
    feed = _feed(request.path_params["token"])
    if feed is None or not feed.is_connected():
        return _refused(410)
    if feed.is_asked:
        return _refused(429)
    serial, scene = request.query_params.get("serial", ""), request.query_params.get("scene", "")
    if len(serial) > LONGEST_FIELD or len(scene) > LONGEST_FIELD:
        return _refused(404)
    heard = Heard(int(serial) if serial.isascii() and serial.isdecimal() else -1, scene)

    async def has_left() -> bool:
        return not feed.is_connected() or await request.is_disconnected()

    with feed.question() as too_soon:
        await asyncio.sleep(too_soon)
        line = slow if feed.viewer.is_slow else quick
        body = await line.answer(feed, partial(feed.answer, heard), unless=has_left)
    if body is None:
        return _refused(204)
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
    quick = WaitingLine("feed")
    answer = partial(_answer, quick, WaitingLine("slow feed", beside=quick))
    return [
        Route(f"{prefix}{PATH}", _Endpoint(_here, "GET", "HEAD"), name="frames-here"),
        Route(f"{prefix}{PATH}/{{token}}", _Endpoint(answer, "POST"), name="frames"),
    ]
