"""An unexpected error: one friendly sentence for the visitor, a name that finds the traceback in the log."""

import logging
import re

import pytest
from streamlit.testing.v1 import AppTest

from playground.ui.failure import fingerprint, place


def broken_page() -> None:
    import streamlit as st

    from playground.ui.failure import on_script_error

    st.session_state["lang"] = st.query_params.get("lang", "en")
    try:
        raise KeyError("the visitor's own <b>text</b>")
    except KeyError as error:
        assert on_script_error(error) is True


@pytest.mark.parametrize(("language", "words"), [("en", "reload the page"), ("ko", "새로 고치")])
def test_visitor_sees_one_sentence_and_no_detail(language: str, words: str, caplog) -> None:
    page = AppTest.from_function(broken_page)
    page.query_params["lang"] = language
    with caplog.at_level(logging.ERROR, logger="playground.ui.failure"):
        page.run(timeout=30)
    assert not page.exception
    (shown,) = page.error
    assert words in shown.value
    assert "KeyError" not in shown.value and "visitor" not in shown.value and "Traceback" not in shown.value
    name = re.search(r"\b[0-9a-f]{6}\b", shown.value)
    assert name and f"Error {name[0]} shown to a visitor: KeyError" in caplog.text


def caught(function, *arguments) -> Exception:
    with pytest.raises(Exception) as info:
        function(*arguments)
    return info.value


def test_same_bug_has_the_same_name_whatever_the_visitor_typed() -> None:
    def look_up(key: str) -> int:
        return {"a": 1}[key]

    first, second = (caught(look_up, key) for key in ("hello", "안녕"))
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first) != fingerprint(caught(int, "x"))


def test_place_is_the_innermost_line_of_ours() -> None:
    assert re.fullmatch(r"tests/ui/test_failure\.py:\d+", place(caught(int, "x")))
    assert place(ValueError("never raised")) == "outside the playground"


def test_what_the_server_has_no_room_for_is_said_in_its_own_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def script() -> None:
        from playground.refusal import Refusal
        from playground.ui.failure import on_script_error

        on_script_error(Refusal("batch_size", "{field} needs {needed} MB.", needed=9))

    app = AppTest.from_function(script).run()
    assert [error.value for error in app.error] == ["Batch size needs 9 MB\\."]
    assert "shown to a visitor" not in caplog.text
