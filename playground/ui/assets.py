"""The JavaScript and CSS of live components, in `static/`, which Streamlit serves as they are: `/app/static/*`.

A folder each, with `main.js` as its entry, and `shared/` for what any of them may use.
`server.enableStaticServing` is on in `.streamlit/config.toml`; no route of our own is needed for the stage to load.
"""

import hashlib
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WEB = Path(__file__).parent / "static"
PATH = "/app/static"


@cache
def version(directory: Path = WEB) -> str:
    """Eight hexadecimal digits that change when any file under `directory` does."""
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(path.relative_to(directory).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def modules(component: str, directory: Path = WEB) -> tuple[str, ...]:
    """The modules of a live component and those that it may share, by their paths in `directory`, the entry first."""
    own = sorted((directory / component).rglob("*.js"), key=lambda path: (path.name != "main.js", path))
    return tuple(
        path.relative_to(directory).as_posix()
        for path in (*own, *sorted((directory / "shared").glob("*.js")))
    )


class FreshModules:
    """ASGI middleware: browsers ask whether a module has changed before they use the one they keep.

    A module imports its neighbours by name, so after an update of the server all of them have to be of one version.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or f"{PATH}/" not in scope["path"]:
            await self.app(scope, receive, send)
            return

        async def send_fresh(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cache-Control"] = "no-cache"
            await send(message)

        await self.app(scope, receive, send_fresh)
