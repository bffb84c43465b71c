"""The launcher: `streamlit run app.py` and `python app.py` serve `playground/ui/shell.py` with headers and routes."""

import os

# Read by torch's and NumPy's thread pools when they are first imported, hence before everything else.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from playground.ui.assets import FreshModules
from playground.ui.failure import on_script_error
from playground.ui.launch import warm_up
from playground.ui.log import keep_log_short
from playground.ui.private_streamlit import ask_nobody_for_own_address
from playground.ui.security import BinaryMessages, ClosedPaths, SecurityHeaders
from playground.ui.stage.feed import feed_routes


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up before the first visitor; a server has nothing to tidy when it ends."""
    ask_nobody_for_own_address()
    warm_up()
    keep_log_short()
    yield


app = st.App(
    "playground/ui/shell.py",
    lifespan=lifespan,
    routes=feed_routes(),
    middleware=[
        Middleware(FreshModules),
        Middleware(SecurityHeaders),
        Middleware(ClosedPaths),
        Middleware(BinaryMessages),
    ],
    on_script_error=on_script_error,
)

if __name__ == "__main__":
    app.run()
