"""A real server under forged messages: it stays up, answers with little, and its log stays short."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from benchmarks.session import Session
from tests.serving import Server, serve

pytestmark = pytest.mark.slow

REPEATED = 5
FORGED: dict[str, bytes | str] = {
    "no protobuf": b"\xff\xff\xff",
    "text": "hello",
    "nothing": b"",
    "shutdown": BackMsg(debug_shutdown_runtime=True).SerializeToString(),
    "hang up": BackMsg(debug_disconnect_websocket=True).SerializeToString(),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


async def send(url: str, message: bytes | str, *, origin: str) -> None:
    """Open a websocket, send one message and leave, or be thrown out."""
    stream = url.replace("http", "ws") + "/_stcore/stream"
    try:
        async with connect(stream, origin=Origin(origin), subprotocols=[Subprotocol("streamlit")]) as socket:
            await socket.send(message)
    except (ConnectionClosed, InvalidStatus):
        pass


def test_log_has_one_line_for_each_kind(server: Server) -> None:
    async def forge() -> None:
        for message in FORGED.values():
            for _ in range(REPEATED):
                await send(server.url, message, origin=server.url)
        for number in range(REPEATED):
            await send(server.url, b"", origin=f"http://another{number}.example")
        page = await Session.open(server.url)  # whoever behaves is served
        await page.close()

    before = server.log()
    asyncio.run(forge())
    lines = server.log().removeprefix(before).splitlines()
    assert len(lines) == len(FORGED) + 1, lines
    assert not [line for line in lines if "Traceback" in line or line.startswith(" ")]


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/%6detrics/", "/_stcore/agent/openapi.json"])
def test_nothing_is_open_that_only_its_keeper_needs(server: Server, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as info:
        urllib.request.urlopen(server.url + path, timeout=10)
    assert info.value.code == 404 and info.value.read() == b""
    assert info.value.headers["X-Content-Type-Options"] == "nosniff"
