"""What the pages use of Streamlit that it does not promise to keep. `tests/ui/test_private_streamlit.py` checks it.

The stage relies on two things more, in `static/shared/dom.js`: in attributes, the page's root says whether it runs, and
whether the server is connected.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit import file_util, net_util
from streamlit.delta_generator_singletons import context_dg_stack
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def named_fragment(body: Callable[[], None], name: str) -> Callable[[], None]:
    """A fragment that Streamlit takes for another one whenever `name` is another.

    What Streamlit tells fragments at the same place of a page apart by is the qualified name of their function.
    """

    def named() -> None:
        body()

    named.__qualname__ = name
    return st.fragment(named)


def is_fragment_run() -> bool:
    """Whether a fragment of the page runs by itself now, rather than the whole page."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def connection() -> Callable[[], bool]:
    """Whether the browser of the session whose page runs now is connected, to be asked later from any thread.

    A session outlives its connection by some minutes, in case the browser comes back.
    """
    context = get_script_run_ctx()
    session = "" if context is None else context.session_id
    return lambda: Runtime.exists() and Runtime.instance().is_active_session(session)


def index_html() -> str:
    """The page into which Streamlit's own JavaScript draws everything."""
    return Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")


def load_emojis() -> None:
    """Read the table of emojis now: a page's icon asks for it, and it takes a quarter of a second."""
    import streamlit.emojis  # noqa: F401


def make_stack_of_containers() -> None:
    """Make what remembers in which containers a page stands, now.

    Streamlit makes it at its first use, without a lock: two first visitors at once would get two, and where one of them
    leaves a container, it would be taken off another stack than it was put on.
    """
    context_dg_stack.get()


def ask_nobody_for_own_address() -> None:
    """Spare the server a question to a stranger: which address it has on the internet.

    Streamlit asks for that, for up to two seconds and in the thread that serves everybody, when a websocket comes with
    another site's Origin, and again for each one where the internet cannot be reached.
    """
    net_util._external_ip = net_util.get_internal_ip()
