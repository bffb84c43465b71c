"""A visitor without a browser: speaks Streamlit's websocket protocol and behaves as its page does.

The page's behaviour that matters here, as in Streamlit 1.67's front end:

- it asks for a first run when the socket opens; every later request carries the address bar's query,
  which the server may have changed meanwhile, and the hashes of the large messages that the page still holds;
- a click sends the button's trigger; if the button is inside a fragment, for that fragment alone;
- a component's trigger goes out in the same way, as a list of events under an identifier derived from the
  component's own. So the stage asks for its next message, at the times that `Clock` keeps.

Left out: the values of all other widgets, which the page repeats with every request. Nobody changes them here.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

STAGE = "stage"
NETWORK = ("cell", "hidden_size", "layers")  # what a scene tells of the experiment by the names of its fields
PATIENCE = 3.0  # seconds without a new message after which the stage asks again
LOOK = 0.02  # seconds until the stage looks again whether the page has come to its end
SOON = 5 * LOOK  # seconds until it asks again where its question before is still being answered
CACHE_AGE = 2  # full runs for which the page keeps a large message that it has not seen again


@dataclass(frozen=True)
class StageMessage:
    """One message to the stage, taken apart; the layout is that of `playground.runs.wire.encode`."""

    payload: bytes

    @cached_property
    def header(self) -> dict[str, Any]:
        """Everything but bulk numbers, what belongs to the only track among it."""
        header = json.loads(self.payload[4 : self._curve_at])
        (track,) = header.pop("tracks")
        return header | track

    @property
    def playhead(self) -> int:
        """Newest training step that may be shown."""
        return self.header["playhead"]

    @property
    def playing(self) -> bool:
        """Whether the viewer plays."""
        return self.header["playing"]

    @property
    def serial(self) -> int:
        """Another for every message of a viewer."""
        return self.header["serial"]

    @property
    def tick(self) -> float:
        """Seconds between two questions of the stage, at least."""
        return self.header["tick"]

    @cached_property
    def curve(self) -> dict[str, np.ndarray]:
        """Columns of the learning curve by name."""
        count, at = self.header["curve"]["count"], self._curve_at
        columns: dict[str, np.ndarray] = {}
        for name, kind in self.header["curve"]["columns"]:
            columns[name] = np.frombuffer(self.payload, f"<{kind}", count, at)
            at += -(-columns[name].nbytes // 8) * 8
        return columns

    @cached_property
    def frames(self) -> tuple[bytes, ...]:
        """The frames, oldest first."""
        count, size = self.header["frames"]["count"], self.header["frames"]["size"]
        start = len(self.payload) - count * size
        return tuple(self.payload[start + size * k : start + size * (k + 1)] for k in range(count))

    @property
    def steps(self) -> list[int]:
        """Training step of each frame, its first number."""
        return [int(np.frombuffer(frame, "<f8", 1)[0]) for frame in self.frames]

    @property
    def _curve_at(self) -> int:
        return 4 + int.from_bytes(self.payload[:4], "little")


def check_network(message: StageMessage, query: str) -> None:
    """See that a page shows the network that its address asks for: what is refused is not to be measured as if it were.

    Raises:
        ValueError: with what is shown and what was asked for.
    """
    scene = message.header["scene"]
    for name, asked in parse_qs(query).items():
        if name in NETWORK and str(scene[name]) != asked[-1]:
            raise ValueError(f"the page shows {name} {scene[name]}, but was asked for {asked[-1]}")


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


def component_trigger(component_id: str, event: str, value: Any) -> WidgetState:
    """What the page sends when a component calls `setTriggerValue(event, value)`."""
    events = json.dumps([{"event": event, "value": value}], separators=(",", ":"))
    return WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{component_id}__events", json_trigger_value=events)


class Frames:
    """The stage's own way to the server: posts to the address that its messages name, on a connection kept open."""

    def __init__(self, url: str, cookie: str = "") -> None:
        self._host, self._port = urlsplit(url).hostname or "localhost", urlsplit(url).port or 80
        self._head = f"Host: {self._host}:{self._port}\r\nContent-Length: 0\r\n"
        self._head += f"Cookie: {cookie}\r\n" if cookie else ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, token: str, serial: int, scene: str) -> tuple[int, bytes, int]:
        """Status, body and the number of all bytes of one answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        path = f"/frames/{token}?serial={serial}&scene={scene}"
        writer.write(f"POST {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
        return int(head.split()[1]), body, len(head) + len(body)

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Clock:
    """Asks for the next message once the last one is there, its time has come and the page has come to its end.
    Asks again if none comes.

    The same as the stage's own, `playground/ui/static/shared/clock.js`.

    Attributes:
        repeated: questions asked again after `PATIENCE`.
    """

    def __init__(
        self, ask: Callable[[int], Awaitable[StageMessage | None]], is_page_running: Callable[[], bool]
    ) -> None:
        self.repeated = 0
        self._ask = ask
        self._is_page_running = is_page_running
        self._serial = -1
        self._asked = -float("inf")
        self._asking: asyncio.Task[None] | None = None

    def received(self, message: StageMessage) -> None:
        """To be called with every message to the stage."""
        if not message.playing:
            self.stop()
        elif message.serial > self._serial:
            self.stop()
            self._serial = message.serial
            wait = self._asked + message.tick - time.perf_counter()
            self._asking = asyncio.create_task(self._keep_asking(max(0.0, wait), message.serial))

    def stop(self) -> None:
        """Ask no more until the next message."""
        if self._asking is not None:
            self._asking.cancel()
        self._asking, self._serial = None, -1

    async def _keep_asking(self, wait: float, serial: int) -> None:
        heard = time.perf_counter()
        try:
            await asyncio.sleep(wait)
            while self._is_page_running() and time.perf_counter() - heard < PATIENCE:
                await asyncio.sleep(LOOK)
            while True:
                self._asked = time.perf_counter()
                answer = await self._ask(serial)
                if answer is None:
                    await asyncio.sleep(PATIENCE)
                    self.repeated += 1
                else:
                    serial = self._serial = answer.serial
                    await asyncio.sleep(max(0.0, self._asked + answer.tick - time.perf_counter()))
        except (ConnectionError, ConnectionClosed, asyncio.IncompleteReadError):
            return


@dataclass(frozen=True, slots=True)
class Answer:
    """One run of the script or of a fragment, seen from the page. Times in seconds of `time.perf_counter`.

    Attributes:
        asked: when the oldest request was sent that this run answers.
        began: when the page heard that the run had begun.
        shown: when its picture came; of a full run without one, when it had finished.
        finished: when the page heard that it had finished.
        size: bytes received since the answer before.
        playhead: training step in the newest stage message.
        is_tick: a run of the stage's fragment alone. is_page: a run of the whole page.
    """

    asked: float
    began: float
    shown: float
    finished: float
    size: int
    playhead: int
    is_tick: bool
    is_page: bool


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
        lost: fragment runs whose picture was never sent, because the next run began before.
    """

    _socket: ClientConnection
    _query: str
    _url: str
    stage: StageMessage | None = None
    answers: list[Answer] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    lost: int = 0
    by_page: bool = False  # frames come by runs of the page, as where a host does not serve their own address
    cookie: str = ""
    path: str = ""  # of the page, below the server's; the front page's is empty
    _page: str = ""
    _buttons: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → widget id, fragment
    _sliders: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → widget id, fragment
    _components: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → widget id, fragment
    _stage_at: tuple[str, str] = ("", "")  # widget id, fragment
    _cache: dict[str, _Cached] = field(default_factory=dict)
    _waiting: list[float] = field(default_factory=list)  # when each request was sent
    _served: list[float] = field(default_factory=list)
    _last_served: float = 0.0
    _began: float = 0.0
    _received: int = 0
    _parts: tuple[str, ...] = ()  # fragments of this run; none: the whole page
    _is_cut: bool = False  # whether the run before was one of a part, and is said to have ended early
    _is_running: bool = False
    _shown: float | None = None  # when this run's picture came
    _reader: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _clock: Clock = field(init=False)
    _frames: Frames = field(init=False)

    def __post_init__(self) -> None:
        self._frames = Frames(self._url, self.cookie)
        self._clock = Clock(self._ask_for_more, lambda: self._is_running)

    @property
    def _is_tick(self) -> bool:
        """Whether this run is one of the stage's fragment alone, which is on the front page. Its name is another after
        each run of the page; the other parts keep theirs, and have sliders."""
        others = {fragment for _, fragment in self._sliders.values()}
        return not self.path and self._parts != () and others.isdisjoint(self._parts)

    @property
    def address(self) -> str:
        """The query in the address bar."""
        return self._query

    @property
    def repeated(self) -> int:
        """How often the stage asked again because no new message came."""
        return self._clock.repeated

    @property
    def unanswered_since(self) -> float | None:
        """When the oldest request was sent that no picture has answered yet."""
        return min(self._served + self._waiting, default=None)

    @classmethod
    async def open(
        cls,
        url: str,
        query: str = "",
        *,
        cookie: str = "",
        by_page: bool = False,
        path: str = "",
        timeout: float = 30.0,
    ) -> Self:
        """Open the page at `url` with a query string and wait for its first full run.

        cookie: as a `Cookie` header has it, name=value. by_page: get frames by runs of the page alone. path: of a page
        that is not the front page.

        Raises:
            ValueError: if its stage shows another network.
        """
        parts = urlsplit(url)
        socket = await connect(
            f"ws://{parts.netloc}/_stcore/stream",
            origin=Origin(url),
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": cookie} if cookie else None,
            compression=None,
            max_size=None,
            ping_interval=None,
        )
        session = cls(socket, query, url, by_page=by_page, cookie=cookie, path=path)
        session._reader = asyncio.create_task(session._read())
        await session._ask()
        await session.until(lambda: any(not answer.is_tick for answer in session.answers), timeout)
        if session.stage is not None:
            check_network(session.stage, query)
        return session

    async def click(self, key: str, *, timeout: float = 30.0) -> Answer:
        """Click the button with this key and wait until the run that it causes has finished.

        Raises:
            KeyError: if the page has no such button.
        """
        widget, fragment = self._buttons[key]
        return await self._answer(fragment, WidgetState(id=widget, trigger_value=True), timeout)

    async def trigger(self, key: str, event: str, value: Any, *, timeout: float = 30.0) -> Answer:
        """Send what a component does when it calls `setTriggerValue`, and wait until the run has finished.

        Raises:
            KeyError: if the page has no such component.
        """
        widget, fragment = self._components[key]
        return await self._answer(fragment, component_trigger(widget, event, value), timeout)

    async def choose(self, key: str, option: str, *, timeout: float = 30.0) -> Answer:
        """Move the slider of options with this key, and wait until the page, or the part it stands in, has run.

        Raises:
            KeyError: if the page has no such slider.
        """
        widget, fragment = self._sliders[key]
        state = WidgetState(id=widget)
        state.string_array_value.data.append(option)
        return await self._answer(fragment, state, timeout)

    async def _answer(self, fragment: str, state: WidgetState, timeout: float) -> Answer:
        """Send what has happened to a widget, and wait for the run that it causes."""
        before, sent = len(self.answers), time.perf_counter()
        await self._ask(fragment, state)

        def answers() -> list[Answer]:
            return [answer for answer in self.answers[before:] if answer.began >= sent and not answer.is_tick]

        await self.until(answers, timeout)
        return answers()[0]

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
        self._clock.stop()
        await self._frames.close()
        await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def _ask_for_more(self, serial: int) -> StageMessage | None:
        """The stage's next question: to the address of its frames, or to the page, where that does not answer.

        Returns the message, if it has come already.
        """
        stage = self.stage
        if stage is None:
            return None
        scene = stage.header["scene_id"]
        if not self.by_page and (token := stage.header["feed"]):
            asked = time.perf_counter()
            while (answer := await self._frames.ask(token, serial, scene))[0] == 429:
                await asyncio.sleep(SOON)
            status, body, size = answer
            if status == 200:
                shown, self.stage = time.perf_counter(), StageMessage(body)
                at = self.stage.playhead
                self.answers.append(Answer(asked, asked, shown, shown, size, at, is_tick=True, is_page=False))
                self._changed.set()
                return self.stage
        widget, fragment = self._stage_at
        await self._ask(fragment, component_trigger(widget, "tick", {"serial": serial, "scene": scene}))
        return None

    async def _ask(self, fragment: str = "", trigger: WidgetState | None = None) -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self._query
        asked.page_script_hash = self._page
        asked.page_name = "" if self._page else self.path
        asked.fragment_id = fragment
        asked.cached_message_hashes.extend(self._cache)
        asked.context_info.timezone = "Asia/Seoul"
        asked.context_info.timezone_offset = -540
        asked.context_info.locale = "en-US"
        asked.context_info.url = f"{self._url}/{self.path}"
        asked.context_info.color_scheme = "light"
        if trigger is not None:
            asked.widget_states.widgets.append(trigger)
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
            self._clock.stop()
            self._changed.set()

    def _take(self, message: ForwardMsg) -> None:
        message = self._resolved(message)
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._take_delta(message)
        elif kind == "new_session":
            self._begin(message)
        elif kind == "script_finished":
            self._is_cut = (
                self._parts != () and message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
            )
            if not self._is_cut:
                self._finish()
        elif kind == "session_status_changed":
            self._is_running = message.session_status_changed.script_is_running
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
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
            identifier = element.bidi_component.id
            self._components[user_key(identifier)] = identifier, message.delta.fragment_id
            picture = stage_message(message)
            if picture is not None:
                self.stage, self._shown = picture, time.perf_counter()
                self._stage_at = element.bidi_component.id, message.delta.fragment_id
                self._clock.received(picture)
        elif kind == "button":
            self._buttons[user_key(element.button.id)] = (element.button.id, message.delta.fragment_id)
        elif kind == "slider":
            self._sliders[user_key(element.slider.id)] = (element.slider.id, message.delta.fragment_id)
        elif kind == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message}")

    def _begin(self, message: ForwardMsg) -> None:
        """Note that a run begins. The run of a part before it was cut short, and is no answer, if it has asked for the
        whole page; else it was done, and the server only says so of what it had not sent yet."""
        if self._is_cut and message.metadata.run.fragment_ids:
            self._finish()
        self._is_cut = False
        self._page = message.new_session.page_script_hash
        self._began = time.perf_counter()
        self._served += self._waiting
        self._waiting = []
        self._parts = tuple(message.metadata.run.fragment_ids)
        self._shown = None

    def _finish(self) -> None:
        """Note the answer. What a run has not sent when the next one begins is dropped by the server, all but
        the word that it has finished; then its requests are still to be answered."""
        if self._is_tick and self._shown is None:
            self.lost += 1
            return
        now = time.perf_counter()
        asked = min(self._served, default=self._last_served)
        self._last_served = max(self._served, default=self._last_served)
        self._served = []
        playhead = self.stage.playhead if self.stage else 0
        shown = self._shown or now
        runs = {"is_tick": self._is_tick, "is_page": not self._parts}
        self.answers.append(Answer(asked, self._began, shown, now, self._received, playhead, **runs))
        self._received = 0
        self._age_cache()

    def _age_cache(self) -> None:
        """Forget large messages as the page does: after a run of fragments only their own."""
        for digest, kept in list(self._cache.items()):
            kept.age += 1
            if kept.age > CACHE_AGE and (not self._parts or kept.fragment in self._parts):
                del self._cache[digest]
