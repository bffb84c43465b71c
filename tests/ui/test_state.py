"""What a session remembers: in one place, and every key of it documented."""

import dataclasses
import re
from pathlib import Path

from playground.config import FIELDS
from playground.ui import state
from playground.ui.choices import PAGES, key
from playground.ui.state import Session
from tests.ui.pages import ROOT, Visitor

SPEAKING = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "playground").rglob("*.py")]


def test_one_file_touches_session_state() -> None:
    touching = [path for path in SPEAKING if "session_state" in path.read_text(encoding="utf-8")]
    assert touching == [Path(state.__file__)]


def test_every_field_of_a_session_is_explained() -> None:
    explained = re.findall(r"(?:^| )(\w+): ", Session.__doc__ or "", flags=re.MULTILINE)
    assert {each.name for each in dataclasses.fields(Session)} <= set(explained)


def test_our_own_stands_under_one_key() -> None:
    """All other keys are those of fields and of widgets."""
    visitor = Visitor("en", seed=501).click("step").set("view", "odds").click("dice")
    widgets = {element.key for element in visitor.elements()}
    visitor.visit("gradients")
    widgets |= {element.key for element in visitor.elements()}
    visitor.visit("train")
    remembered = visitor.app.session_state._state.filtered_state
    keys = {name for name in remembered if not name.startswith("$$")}
    chosen = {key(page, name) for page, fields in PAGES.items() for name in fields}
    assert keys - widgets - FIELDS.keys() - chosen == {state.SESSION}
