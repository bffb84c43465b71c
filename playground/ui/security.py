"""What a browser may load from this site, who may frame it, and what nobody may ask of it."""

import base64
import hashlib
import logging
import re

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.ui.private_streamlit import index_html

logger = logging.getLogger(__name__)

# Hosted Streamlit sharing shows an app inside a frame of its own pages.
FRAME_ANCESTORS = ("'self'", "https://*.streamlit.app", "https://*.streamlit.io")

NOT_TEXT = 1003  # of the codes with which a websocket is closed: a kind of data that is not accepted
PERMISSIONS = ("camera", "geolocation", "microphone", "midi", "payment", "serial", "usb")


def inline_script_hashes(html: str) -> tuple[str, ...]:
    """CSP sources, `'sha256-…'`, of the scripts written into `html` itself."""
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def content_security_policy() -> str:
    """The policy Streamlit works under: nothing from other hosts, no inline script but its own, no eval.

    - `blob:` scripts: the inline JavaScript of a component is run as a module from a blob.
    - `'unsafe-inline'` styles: Streamlit's style library and Plotly write style elements as they go.
    - `data:` and `blob:` images: icons in style sheets, Plotly's picture download.
    """
    directives = {
        "default-src": ("'self'",),
        "script-src": ("'self'", "blob:", "'wasm-unsafe-eval'", *inline_script_hashes(index_html())),
        "style-src": ("'self'", "'unsafe-inline'"),
        "img-src": ("'self'", "data:", "blob:"),
        "font-src": ("'self'", "data:"),
        "media-src": ("'self'", "data:", "blob:"),
        "connect-src": ("'self'", "data:", "blob:"),
        "worker-src": ("'self'", "blob:"),
        "object-src": ("'none'",),
        "base-uri": ("'self'",),
        "form-action": ("'self'",),
        "frame-ancestors": FRAME_ANCESTORS,
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


class SecurityHeaders:
    """ASGI middleware that adds the headers to every HTTP response and leaves websockets alone.

    There is no X-Frame-Options: it cannot name several hosts, and `frame-ancestors` does its work.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": content_security_policy(),
            "X-Content-Type-Options": "nosniff",
            # The address holds the visitor's text; no other site needs to know it.
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in PERMISSIONS),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)


# Streamlit's counters of sessions and memory, its interface for programs, and a run of the page that no visitor sees:
# for those who look after a server, but open to everybody.
CLOSED = ("/_stcore/metrics/", "/_stcore/agent/", "/_stcore/script-health-check/")


class ClosedPaths:
    """ASGI middleware that answers 404 to `CLOSED`, wherever below `server.baseUrlPath` and however written."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(closed in scope["path"] + "/" for closed in CLOSED):
            await Response(status_code=404)(scope, receive, send)
            return
        await self.app(scope, receive, send)


class BinaryMessages:
    """ASGI middleware that hangs up on a websocket that sends text: no page does, and Streamlit would break over it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return

        async def receive_bytes() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive" or message.get("bytes") is not None:
                return message
            logger.warning("Text came on a websocket, where a page sends bytes; connection closed")
            await send({"type": "websocket.close", "code": NOT_TEXT})
            return {"type": "websocket.disconnect", "code": NOT_TEXT}

        await self.app(scope, receive_bytes, send)
