"""What the page and the stage both know of presenting: which panels there are, and what stands in the link."""

import json
import re

from playground.ui import room
from playground.ui.assets import WEB
from tests.web.node import node

STAGE = WEB / "stage"


def test_page_and_stage_know_the_same_panels() -> None:
    script = f"""
        import {{ BESIDE, PANELS }} from "{(STAGE / "panels.js").as_uri()}";
        console.log(JSON.stringify([...PANELS, ...BESIDE].map(({{ name }}) => name)));
    """
    done = node("--input-type=module", "-e", script)
    assert json.loads(done.stdout) == list(room.PANELS)


def test_both_present_the_same_where_nothing_is_chosen_and_as_many_at_most() -> None:
    told = (STAGE / "presenter.js").read_text(encoding="utf-8")
    most, usual = re.findall(r"^const (?:MOST|USUAL) = (.+);$", told, re.MULTILINE)
    assert int(most) == room.MOST_PANELS and json.loads(usual) == list(room.PRESENTED)
