"""The headers, without a server: what they say and what they are added to."""

import hashlib
import re
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest

from playground.ui.security import SecurityHeaders, content_security_policy, inline_script_hashes

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
