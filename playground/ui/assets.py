"""The stage's JavaScript and CSS, served as they are: `/stage-web/<version>/*.js`, `…/*.css`.

The version is part of the path, so that modules which import their neighbours get those of the same version.
"""

import hashlib
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parent / "stage" / "web"
PATH = "/stage-web"
YEAR = 365 * 24 * 60 * 60


@cache
def version(directory: Path = WEB) -> str:
    """Eight hexadecimal digits that change when any file under `directory` does."""
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(path.relative_to(directory).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


class StageFiles(StaticFiles):
    """Static files that a browser keeps for a year: another version has another address."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response


def stage_route(directory: Path = WEB) -> Mount:
    """The route that serves `directory`, below `server.baseUrlPath` when the server has one."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    path = f"{PATH}/{version(directory)}"
    return Mount(f"/{base}{path}" if base else path, app=StageFiles(directory=directory), name="stage-web")
