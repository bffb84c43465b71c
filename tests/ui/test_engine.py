"""The page says which engine computes its updates: the one that the trainer of the run on screen has chosen."""

import pytest

from playground.kernels.engine import can_compile, using
from playground.models.form import MOST_OF_REPLICAS, MOST_SEQUENCES
from playground.models.network import Network
from playground.runs.viewer import Viewer
from tests.ui.pages import Visitor

SAID = {"en": "Updates are computed by: ", "ko": "업데이트 계산: "}
LOOPS = {"en": "compiled loops", "ko": "컴파일된 반복문"}
LINES = "\n".join(f"{number:03d}" for number in range(2 * MOST_SEQUENCES))


def viewer(visitor: Visitor) -> Viewer:
    return visitor.app.session_state["session"].viewer


def said(visitor: Visitor) -> str:
    """What is said of the engine, in the sidebar."""
    beginning = SAID[visitor.language]
    (line,) = [each.value for each in visitor.app.sidebar.caption if each.value.startswith(beginning)]
    return line.removeprefix(beginning)


def computes(visitor: Visitor) -> str:
    """What in fact computes all runs on screen."""
    found = set()
    for track in viewer(visitor).tracks:
        run = track.run
        trainer = run._trainer
        assert trainer is not None and isinstance(trainer.network, Network)
        workspace = trainer.network.workspace(run.corpus.batch(run.config.seed, 0))
        found.add(LOOPS[visitor.language] if workspace.over_time.is_compiled else "PyTorch")
    (engine,) = found
    return engine


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("loops", [False, True], ids=["torch", "compiled"])
def test_the_page_says_which_engine_computes(loops: bool, language: str) -> None:
    if loops and not can_compile():
        pytest.skip("there are no compiled loops: see requirements-fast.txt")
    with using(loops=loops):
        visitor = Visitor(language, text=LINES, cell="gru", hidden_size=4, seed=911 + loops)
        for batch in (1, MOST_SEQUENCES, MOST_SEQUENCES + 1):
            visitor.set("batch_size", batch)
            is_small = loops and batch <= MOST_SEQUENCES
            assert said(visitor) == computes(visitor) == (LOOPS[language] if is_small else "PyTorch")


@pytest.mark.skipif(not can_compile(), reason="an extra: see requirements-fast.txt")
@pytest.mark.parametrize("batch", [MOST_OF_REPLICAS, MOST_OF_REPLICAS + 1])
def test_of_several_seeds_the_engine_of_their_run_is_said(batch: int) -> None:
    visitor = Visitor("en", text=LINES, hidden_size=4, seed=921, batch_size=batch)
    viewer(visitor).sow((921, 922, 923))
    visitor.run()
    assert len(viewer(visitor).tracks) == 3
    assert said(visitor) == computes(visitor) == (LOOPS["en"] if batch == MOST_OF_REPLICAS else "PyTorch")


def test_a_race_has_one_line() -> None:
    visitor = Visitor("en", text="hello", cell="gru", seed=931).click("race")
    assert len(viewer(visitor).tracks) == 3 and said(visitor) == computes(visitor)
