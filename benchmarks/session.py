"""A visitor without a browser: speaks Streamlit's websocket protocol and behaves as its page does.

The page's behaviour that matters here, as in Streamlit 1.67's front end:

- it asks for a first run when the socket opens; every later request carries the address bar's query,
  which the server may have changed meanwhile, and the hashes of the large messages that the page still holds;
- a click sends the button's trigger; if the button is inside a fragment, for that fragment alone;
- an `AutoRerun` message starts a timer that asks for the fragment's rerun at every interval, whether or not
  the last one was answered; the server merges those that wait. A full run and `StopAutoRerun` end the timers.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

STAGE = "stage"
CACHE_AGE = 2  # full runs for which the page keeps a large message that it has not seen again


@dataclass(frozen=True)
class StageMessage:
    """One message to the stage, taken apart; the layout is that of `playground.runs.wire.encode`."""

    payload: bytes

    @cached_property
    def header(self) -> dict[str, Any]:
        """Everything but bulk numbers."""
        return json.loads(self.payload[4 : self._curve_at])

    @property
    def playhead(self) -> int:
        """Newest training step that may be shown."""
        return self.header["playhead"]

    @property
    def playing(self) -> bool:
        """Whether the viewer plays."""
        return self.header["playing"]

    @cached_property
    def curve(self) -> dict[str, np.ndarray]:
        """Columns of the learning curve: step, perplexity, gradient_norm, clipped_norm, clipped."""
        count, at = self.header["curve"]["count"], self._curve_at
        columns: dict[str, np.ndarray] = {}
        for name, kind in (
            ("step", "<u4"),
            ("perplexity", "<f4"),
            ("gradient_norm", "<f4"),
            ("clipped_norm", "<f4"),
            ("clipped", "u1"),
        ):
            columns[name] = np.frombuffer(self.payload, kind, count, at)
            at += columns[name].nbytes
        return columns

    @cached_property
    def frames(self) -> tuple[bytes, ...]:
        """The frames, oldest first."""
        count, size = self.header["frames"]["count"], self.header["frames"]["size"]
        points = self.header["curve"]["count"]
        at = self._curve_at + 16 * points + -(-points // 4) * 4
        return tuple(self.payload[at + size * index : at + size * (index + 1)] for index in range(count))

    @property
    def steps(self) -> list[int]:
        """Training step of each frame."""
        return [int.from_bytes(frame[:4], "little") for frame in self.frames]

    @property
    def _curve_at(self) -> int:
        return 4 + int.from_bytes(self.payload[:4], "little")


def stage_message(message: ForwardMsg) -> StageMessage | None:
    """What a message from the server brings for the stage, if anything."""
    if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
        return None
    element = message.delta.new_element
    if element.WhichOneof("type") != "bidi_component" or user_key(element.bidi_component.id) != STAGE:
        return None
    return StageMessage(element.bidi_component.bytes)


def user_key(widget_id: str) -> str:
    """The key that the page gave a widget: `$$ID-<hash>-<key>`."""
    return widget_id.split("-", 2)[-1]


@dataclass(frozen=True, slots=True)
class Answer:
    """One run of the script or of a fragment, seen from the page. Times in seconds of `time.perf_counter`.

    Attributes:
        asked: when the oldest request was sent that this run answers.
        began: when the page heard that the run had begun.
        finished: when the page heard that it had finished.
        size: bytes received in between.
        playhead: training step in the newest stage message.
        is_tick: a fragment's run, asked for by its timer.
    """

    asked: float
    began: float
    finished: float
    size: int
    playhead: int
    is_tick: bool


@dataclass(slots=True)
class _Cached:
    message: ForwardMsg
    age: int
    fragment: str


@dataclass(slots=True)
class Session:
    """One open page.

    Attributes:
        stage: the newest message to the stage.
        answers: every finished run, oldest first.
        exceptions: texts of exceptions that the page showed.
        lost: fragment runs whose picture was never sent, because the next one began before.
    """

    _socket: ClientConnection
    _query: str
    _url: str
    stage: StageMessage | None = None
    answers: list[Answer] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    lost: int = 0
    _page: str = ""
    _buttons: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → widget id, fragment
    _timers: dict[str, tuple[float, asyncio.Task[None]]] = field(default_factory=dict)
    _cache: dict[str, _Cached] = field(default_factory=dict)
    _waiting: list[float] = field(default_factory=list)  # when each request was sent
    _served: list[float] = field(default_factory=list)
    _last_served: float = 0.0
    _began: float = 0.0
    _received: int = 0
    _is_tick: bool = False
    _has_picture: bool = False
    _reader: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def open(cls, url: str, query: str = "", *, timeout: float = 30.0) -> Self:
        """Open the page at `url` with a query string and wait for its first full run."""
        parts = urlsplit(url)
        socket = await connect(
            f"ws://{parts.netloc}/_stcore/stream",
            origin=Origin(url),
            subprotocols=[Subprotocol("streamlit")],
            compression=None,
            max_size=None,
            ping_interval=None,
        )
        session = cls(socket, query, url)
        session._reader = asyncio.create_task(session._read())
        await session._ask()
        await session.until(lambda: any(not answer.is_tick for answer in session.answers), timeout)
        return session

    async def click(self, key: str, *, timeout: float = 30.0) -> Answer:
        """Click the button with this key and wait until the run that it causes has finished.

        Raises:
            KeyError: if the page has no such button.
        """
        widget, fragment = self._buttons[key]
        before = len(self.answers)
        sent = time.perf_counter()
        await self._ask(fragment=fragment, trigger=widget)

        def answered() -> bool:
            return any(answer.began >= sent and not answer.is_tick for answer in self.answers[before:])

        await self.until(answered, timeout)
        return next(answer for answer in self.answers[before:] if answer.began >= sent and not answer.is_tick)

    async def until(self, is_so: Any, timeout: float) -> None:
        """Wait until a condition on this session holds; it is looked at after every message.

        Raises:
            TimeoutError: if it does not hold in time.
            ConnectionError: if the server hung up.
        """
        async with asyncio.timeout(timeout):
            while not is_so():
                if self._reader is not None and self._reader.done():
                    raise ConnectionError("the server closed the connection")
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        """Close the page as a closed tab does."""
        self._stop_timers()
        await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def _ask(self, *, fragment: str = "", trigger: str | None = None, is_tick: bool = False) -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self._query
        asked.page_script_hash = self._page
        asked.fragment_id = fragment
        asked.is_auto_rerun = is_tick
        asked.cached_message_hashes.extend(self._cache)
        asked.context_info.timezone = "Asia/Seoul"
        asked.context_info.timezone_offset = -540
        asked.context_info.locale = "en-US"
        asked.context_info.url = f"{self._url}/?{self._query}"
        asked.context_info.color_scheme = "light"
        if trigger is not None:
            asked.widget_states.widgets.add(id=trigger, trigger_value=True)
        self._waiting.append(time.perf_counter())
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        try:
            async for data in self._socket:
                if isinstance(data, bytes):
                    self._received += len(data)
                    self._take(ForwardMsg.FromString(data))
        except ConnectionClosed:
            pass
        finally:
            self._stop_timers()
            self._changed.set()

    def _take(self, message: ForwardMsg) -> None:
        message = self._resolved(message)
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._take_delta(message)
        elif kind == "new_session":
            self._begin(message)
        elif kind == "script_finished":
            self._finish()
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop_timer(fragment)
        self._changed.set()

    def _resolved(self, message: ForwardMsg) -> ForwardMsg:
        """The message itself, or the large one that the page already holds and this one refers to."""
        if message.WhichOneof("type") == "ref_hash":
            kept = self._cache[message.ref_hash]
            kept.age = 0
            return kept.message
        if message.metadata.cacheable:
            self._cache.setdefault(message.hash, _Cached(message, 0, message.delta.fragment_id))
        return message

    def _take_delta(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "bidi_component":
            picture = stage_message(message)
            if picture is not None:
                self.stage, self._has_picture = picture, True
        elif kind == "button":
            self._buttons[user_key(element.button.id)] = (element.button.id, message.delta.fragment_id)
        elif kind == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message}")

    def _begin(self, message: ForwardMsg) -> None:
        self._page = message.new_session.page_script_hash
        self._began = time.perf_counter()
        self._served += self._waiting
        self._waiting = []
        self._is_tick = bool(message.metadata.run.fragment_ids)
        self._has_picture = False
        if not self._is_tick:
            self._stop_timers()

    def _finish(self) -> None:
        """Note the answer. What a run has not sent when the next one begins is dropped by the server, all but
        the word that it has finished; then its requests are still to be answered."""
        if self._is_tick and not self._has_picture:
            self.lost += 1
            return
        now = time.perf_counter()
        asked = min(self._served, default=self._last_served)
        self._last_served = max(self._served, default=self._last_served)
        self._served = []
        playhead = self.stage.playhead if self.stage else 0
        self.answers.append(Answer(asked, self._began, now, self._received, playhead, self._is_tick))
        self._received = 0
        self._age_cache()

    def _age_cache(self) -> None:
        """Forget large messages as the page does: after a fragment's run only the fragment's own."""
        for digest, kept in list(self._cache.items()):
            kept.age += 1
            if kept.age > CACHE_AGE and (kept.fragment or not self._is_tick):
                del self._cache[digest]

    def _start_timer(self, fragment: str, interval: float) -> None:
        present = self._timers.get(fragment)
        if present is not None and present[0] == interval:
            return
        self._stop_timer(fragment)
        self._timers[fragment] = (interval, asyncio.create_task(self._tick(fragment, interval)))

    def _stop_timer(self, fragment: str) -> None:
        if fragment in self._timers:
            self._timers.pop(fragment)[1].cancel()

    def _stop_timers(self) -> None:
        for fragment in list(self._timers):
            self._stop_timer(fragment)

    async def _tick(self, fragment: str, interval: float) -> None:
        due = time.perf_counter()
        try:
            while True:
                due = max(due + interval, time.perf_counter())
                await asyncio.sleep(due - time.perf_counter())
                await self._ask(fragment=fragment, is_tick=True)
        except ConnectionClosed:
            return
