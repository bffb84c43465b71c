"""Frames without runs of the page: while playing, the stage asks here for the next message.

A run of a Streamlit page costs more than the training it shows. So each viewer has an address of its own, which only
its page knows, and which answers with the same messages as the page. Where a host does not serve it, the page does.
"""

import asyncio
import hashlib
import hmac
import secrets
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playground.refusal import Refusal
from playground.runs.viewer import Viewer
from playground.ui.stage.message import Heard, Scene, message

PATH = "/frames"
TOKEN_BYTES = 24
SHORTEST = 0.05  # seconds between two answers to one viewer
LONGEST_FIELD = 64  # characters of what the stage says it has


class Feed:
    """The messages of one viewer. It lives as long as its session holds it."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self.scene: Scene | None = None  # of the page's last run
        self._lock = threading.Lock()
        self._answered = 0.0
        _feeds[_digest(self.token)] = self

    @property
    def is_slow(self) -> bool:
        """Whether one update of its run takes longer than a turn."""
        return self.viewer.is_slow

    def answer(self, heard: Heard) -> bytes | None:
        """The next message while playing; None where the page has to run: to show that training has stopped."""
        with self._lock:
            viewer, scene = self.viewer, self.scene
            try:
                if scene is None or not viewer.tick():
                    return None
                return message(viewer, scene, heard, feed=self.token)
            except Refusal:  # its run was dropped, and the server is full: the page will say so
                return None

    def is_too_soon(self) -> bool:
        """Whether it was asked a moment ago; else it counts as asked now."""
        now = time.monotonic()
        if now - self._answered < SHORTEST:
            return True
        self._answered = now
        return False


_feeds: weakref.WeakValueDictionary[bytes, Feed] = weakref.WeakValueDictionary()  # by digest of their tokens
# Turns are taken one after the other anyway; here those who wait cost no thread each. Large networks wait apart.
_workers = ThreadPoolExecutor(1, "feed"), ThreadPoolExecutor(1, "slow feed")


def _digest(token: str) -> bytes:
    """What a feed is found by: looking for a token itself would tell by its duration how much of it was right."""
    return hashlib.sha256(token.encode()).digest()


def _feed(token: str) -> Feed | None:
    """The feed of a token, if it is alive."""
    found = _feeds.get(_digest(token))
    return found if found is not None and hmac.compare_digest(found.token, token) else None


async def _answer(request: Request) -> Response:
    """One message, or a refusal without detail: 403 from elsewhere, 410 gone, 429 too soon, 204 run the page."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return _refused(403)
    feed = _feed(request.path_params["token"])
    if feed is None:
        return _refused(410)
    if feed.is_too_soon():
        return _refused(429)
    serial, scene = request.query_params.get("serial", ""), request.query_params.get("scene", "")
    if len(serial) > LONGEST_FIELD or len(scene) > LONGEST_FIELD:
        return _refused(404)
    heard = Heard(int(serial) if serial.isascii() and serial.isdecimal() else -1, scene)
    worker = _workers[feed.is_slow]
    body = await asyncio.get_running_loop().run_in_executor(worker, feed.answer, heard)
    if body is None:
        return _refused(204)
    # Packing it would take longer than training, and spare half of some kilobytes.
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return Response(body, media_type="application/octet-stream", headers=headers)


def _refused(status: int) -> Response:
    return Response(status_code=status, headers={"Cache-Control": "no-store"})


async def _here(_: Request) -> Response:
    """What a stage asks first: whether this address is served at all."""
    return _refused(204)


def feed_routes() -> list[Route]:
    """The routes of all feeds, below `server.baseUrlPath` when the server has one."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base}" if base else ""
    return [
        Route(f"{prefix}{PATH}", _here, methods=["GET"], name="frames-here"),
        Route(f"{prefix}{PATH}/{{token}}", _answer, methods=["POST"], name="frames"),
    ]
