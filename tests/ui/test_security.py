"""The headers, without a server: what they say and what they are added to."""

import hashlib
import re
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest

from playground.ui.security import (
    BinaryMessages,
    ClosedPaths,
    SecurityHeaders,
    content_security_policy,
    inline_script_hashes,
)

FIGURES = Path(__file__).resolve().parents[2] / "playground" / "figures"


def sent_through(scope: dict, *messages: dict) -> list[dict]:
    """What arrives at the server when the app behind the middleware sends `messages`."""
    arrived: list[dict] = []

    async def app(_scope, _receive, send) -> None:
        for message in messages:
            await send(message)

    async def send(message) -> None:
        arrived.append(message)

    with suppress(StopIteration):  # nothing here waits, so the coroutine ends at its first step
        SecurityHeaders(app)(scope, None, send).send(None)  # pyright: ignore[reportArgumentType]
    return arrived


def test_http_answers_get_the_headers_once_and_keep_their_own() -> None:
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"text/html"), (b"referrer-policy", b"unsafe-url")],
    }
    body = {"type": "http.response.body", "body": b"hello"}
    arrived = sent_through({"type": "http"}, start, body)
    headers = arrived[0]["headers"]
    assert dict(headers)[b"content-type"] == b"text/html"
    assert [value for name, value in headers if name == b"referrer-policy"] == [b"same-origin"]
    assert [value for name, value in headers if name == b"x-content-type-options"] == [b"nosniff"]
    assert arrived[1] is body


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_scopes_pass_untouched(kind: str) -> None:
    message = {"type": f"{kind}.accept", "headers": []}
    assert sent_through({"type": kind}, message) == [{"type": f"{kind}.accept", "headers": []}]


async def _says_hello(_scope, _receive, send) -> None:
    """An app that answers everything."""
    await send({"type": "http.response.start", "status": 200})


def status(path: str) -> int:
    """What the app behind `ClosedPaths` answers at a path, as the server has decoded it."""
    arrived: list[dict] = []

    async def send(message) -> None:
        arrived.append(message)

    with suppress(StopIteration):
        ClosedPaths(_says_hello)({"type": "http", "path": path}, None, send).send(None)  # pyright: ignore[reportArgumentType]
    return arrived[0]["status"]


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/metrics/", "/below/a/path/_stcore/metrics", "/_stcore/agent/mcp"],
)
def test_what_is_for_those_who_look_after_a_server_is_closed(path: str) -> None:
    assert status(path) == 404


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/health", "/_stcore/host-config", "/_stcore/stream", "/gradients"]
)
def test_what_pages_need_is_open(path: str) -> None:
    assert status(path) == 200


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        ({"type": "websocket.receive", "text": "hello"}, "websocket.disconnect"),
        ({"type": "websocket.receive", "bytes": None, "text": ""}, "websocket.disconnect"),
        ({"type": "websocket.receive", "bytes": b"", "text": None}, "websocket.receive"),
        ({"type": "websocket.connect"}, "websocket.connect"),
    ],
)
def test_a_websocket_that_sends_text_is_closed(message: dict, heard: str) -> None:
    sent: list[dict] = []
    received: list[dict] = []

    async def app(_scope, receive, _send) -> None:
        received.append(await receive())

    async def receive() -> dict:
        return message

    async def send(answer) -> None:
        sent.append(answer)

    with suppress(StopIteration):
        BinaryMessages(app)({"type": "websocket"}, receive, send).send(None)  # pyright: ignore[reportArgumentType]
    assert received[0]["type"] == heard
    assert sent == ([] if heard == message["type"] else [{"type": "websocket.close", "code": 1003}])


def test_policy_names_who_may_frame_and_forbids_eval_and_strange_scripts() -> None:
    directives = dict(part.split(" ", 1) for part in content_security_policy().split("; "))
    assert directives["frame-ancestors"] == "'self' https://*.streamlit.app https://*.streamlit.io"
    assert directives["default-src"] == "'self'"
    script = directives["script-src"].split()
    assert "'unsafe-eval'" not in script and "'unsafe-inline'" not in script
    assert not [source for source in script if source.startswith("http") or source == "*"]


def test_inline_scripts_are_allowed_by_their_hash() -> None:
    script = "\n  window.prerenderReady = false\n"
    expected = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = f'<script>{script}</script><script type="module" src="./index.js"></script>'
    assert inline_script_hashes(html) == (f"'sha256-{expected}'",)


def test_figures_use_no_chart_that_needs_eval() -> None:
    """Plotly compiles the WebGL kinds below with `Function(…)`, which the policy forbids."""
    needs_eval = re.compile(r"Scatter(polar)?gl|Parcoords|Splom|plotly\.express", re.IGNORECASE)
    assert [file.name for file in FIGURES.glob("*.py") if needs_eval.search(file.read_text("utf-8"))] == []
