"""The launcher is started in two ways, and starts a server of its own only when it is the program."""

import runpy
from pathlib import Path

import pytest
import streamlit as st

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.mark.parametrize(("name", "started"), [("__main__", 1), ("app", 0)])
def test_python_starts_the_app_and_streamlit_imports_it(
    name: str, started: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python app.py` runs the file as `__main__`, `streamlit run app.py` imports it and serves its `app`."""
    runs: list[st.App] = []
    monkeypatch.setattr(st.App, "run", lambda app: runs.append(app))
    launched = runpy.run_path(str(APP), run_name=name)
    assert isinstance(launched["app"], st.App)
    assert runs == [launched["app"]] * started
