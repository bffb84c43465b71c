"""Response headers that tell a browser what this site may load, and who may frame it."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.ui.private_streamlit import index_html

# Hosted Streamlit sharing shows an app inside a frame of its own pages.
FRAME_ANCESTORS = ("'self'", "https://*.streamlit.app", "https://*.streamlit.io")

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
