"""The page says which engine computes its updates: the one that the trainer of the run on screen has chosen."""

from types import MappingProxyType

import pytest

from playground.cells.gru_fast import FastGRU
from playground.kernels.engine import can_compile, using
from playground.models import form
from playground.models.network import Network
from playground.runs.viewer import Viewer
from tests.ui.pages import Visitor

SAID = {"en": "Updates are computed by: ", "ko": "업데이트 계산: "}
LOOPS = {"en": "compiled loops", "ko": "컴파일된 반복문"}
needs_loops = pytest.mark.skipif(not can_compile(), reason="an extra: see requirements-fast.txt")


def viewer(visitor: Visitor) -> Viewer:
    return visitor.app.session_state["session"].viewer


def said(visitor: Visitor) -> str:
    """What is said of the engine, in the sidebar."""
    beginning = SAID[visitor.language]
    (line,) = [each.value for each in visitor.app.sidebar.caption if each.value.startswith(beginning)]
    return line.removeprefix(beginning)


def computes(visitor: Visitor) -> str:
    """What in fact computes the runs on screen, each engine once."""
    found: dict[str, None] = {}
    for track in viewer(visitor).tracks:
        run = track.run
        trainer = run._trainer
        assert trainer is not None and isinstance(trainer.network, Network)
        workspace = trainer.network.workspace(run.corpus.batch(run.config.seed, 0))
        found[LOOPS[visitor.language] if workspace.over_time.is_compiled else "PyTorch"] = None
    return ", ".join(found)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("loops", [False, pytest.param(True, marks=needs_loops)], ids=["torch", "compiled"])
def test_the_page_says_which_engine_computes(loops: bool, language: str) -> None:
    with using(loops=loops):
        visitor = Visitor(language, text="hello", cell="gru", hidden_size=4, seed=911 + loops)
        assert said(visitor) == computes(visitor) == (LOOPS[language] if loops else "PyTorch")
        viewer(visitor).sow((921 + loops, 923, 925))
        visitor.run()
        assert len(viewer(visitor).tracks) == 3
        assert said(visitor) == computes(visitor) == (LOOPS[language] if loops else "PyTorch")


@needs_loops
def test_a_race_in_which_one_cell_has_no_compiled_loops_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    others = {fast: loops for fast, loops in form.COMPILED.items() if fast is not FastGRU}
    monkeypatch.setattr(form, "COMPILED", MappingProxyType(others))
    visitor = Visitor("en", text="hello", cell="lstm", seed=931).click("race")
    assert len(viewer(visitor).tracks) == 3
    assert said(visitor) == computes(visitor) and set(said(visitor).split(", ")) == {LOOPS["en"], "PyTorch"}
