"""What the pages rely on in Streamlit without a promise."""

import subprocess
import sys
from types import SimpleNamespace

from streamlit import net_util
from streamlit.runtime import Runtime
from streamlit.testing.v1 import AppTest
from streamlit.web.server.server_util import is_url_from_allowed_origins

from playground.ui import private_streamlit


def test_a_fragment_of_another_name_is_another_fragment() -> None:
    def page() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

        from playground.ui.private_streamlit import named_fragment

        def body() -> None:
            st.session_state.identifier = ThreadState.get().fragment_id

        named_fragment(body, st.session_state.name)()

    app, identifiers = AppTest.from_function(page), []
    for name in ("one", "one", "two"):
        app.session_state["name"] = name
        app.run()
        identifiers.append(app.session_state["identifier"])
    first, again, other = identifiers
    assert first == again != other


def test_a_fragment_knows_whether_it_runs_by_itself() -> None:
    def page() -> None:
        import streamlit as st

        from playground.ui.private_streamlit import is_fragment_run

        @st.fragment(key="part")
        def part() -> None:
            st.session_state.part = is_fragment_run()

        st.session_state.page = is_fragment_run()
        part()
        st.button("part", on_click=lambda: st.rerun("part"))

    app = AppTest.from_function(page).run()
    assert app.session_state["page"] is False and app.session_state["part"] is False
    app.button[0].click().run()
    assert app.session_state["part"] is True
    app.run()
    assert app.session_state["part"] is False


def test_a_page_knows_later_whether_its_browser_is_connected(monkeypatch) -> None:
    def page() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        from playground.ui.private_streamlit import connection

        context = get_script_run_ctx()
        assert context is not None
        st.session_state.session, st.session_state.is_connected = context.session_id, connection()

    kept = AppTest.from_function(page).run().session_state
    monkeypatch.setattr(Runtime, "exists", lambda: False)
    assert not kept["is_connected"]()
    connected: set[str] = {kept["session"]}
    runtime = SimpleNamespace(is_active_session=lambda session: session in connected)
    monkeypatch.setattr(Runtime, "exists", lambda: True)
    monkeypatch.setattr(Runtime, "instance", lambda: runtime)
    assert kept["is_connected"]()
    connected.clear()
    assert not kept["is_connected"]()


def test_streamlits_own_page_has_scripts_and_a_root() -> None:
    html = private_streamlit.index_html()
    assert "<script" in html and 'id="root"' in html


def test_the_icon_of_a_page_needs_what_is_loaded_before() -> None:
    program = (
        "import sys; from playground.ui.private_streamlit import load_emojis; "
        "assert 'streamlit.emojis' not in sys.modules; load_emojis(); "
        "assert sys.modules['streamlit.emojis'].ALL_EMOJIS"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_there_is_one_stack_of_containers_before_the_first_visitor() -> None:
    program = (
        "from streamlit.delta_generator_singletons import context_dg_stack as stack; "
        "from playground.ui.launch import rehearse; "
        "assert stack._context_var is None; rehearse(); made = stack._context_var; "
        "assert made is not None and len(stack.get()) == 1 and stack._context_var is made"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_origin_of_another_site_is_refused_without_a_question_to_the_internet(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda url, **_: asked.append(url))
    monkeypatch.setattr(net_util, "_external_ip", None)
    assert not is_url_from_allowed_origins("http://example.org")
    assert asked  # as Streamlit does by itself
    asked.clear()
    private_streamlit.ask_nobody_for_own_address()
    assert not is_url_from_allowed_origins("http://example.org")
    assert asked == []
