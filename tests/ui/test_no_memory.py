"""Who cannot train for want of memory reads one sentence, and loses nothing."""

import pytest

from playground.refusal import Refusal
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from tests.ui.pages import Visitor

TEMPLATE = (
    "These settings together need {needed} MB of memory, and this server has {free} left beside those who train just "
    "now; choose a smaller batch size, sequence length, hidden size or number of layers, or try again later."
)


def refuse(*_: object, **__: object) -> None:
    raise Refusal("batch_size", TEMPLATE, needed=91, free=12)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_who_cannot_train_reads_one_sentence_and_goes_on_later(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(language, hidden_size=5, seed={"en": 4321, "ko": 4322}[language])  # runs of their own
    visitor.click("step")
    before = visitor.stage.playhead
    with monkeypatch.context() as patch:
        patch.setattr(Run, "advance", refuse)
        for key in ("play", "step"):
            visitor.click(key)
            visitor.run()
            (said,) = [warning.value for warning in visitor.app.warning if "91" in warning.value]
            assert "12" in said and ("server" in said) == (language == "en")
            assert visitor.stage.playhead == before and not visitor.stage.header["playing"]
            assert not visitor.app.exception
    visitor.click("step")
    assert visitor.stage.playhead == before + 1 and not visitor.app.warning


def test_a_reset_that_needs_another_run_is_refused_beside_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the changes of the learning rate that is the run of another experiment."""
    visitor = Visitor(hidden_size=5, seed=4323)
    visitor.click("step")
    with monkeypatch.context() as patch:
        patch.setattr(Viewer, "reset", refuse)
        visitor.click("reset")
    assert visitor.stage.playhead == 1 and not visitor.app.exception
    assert [error for error in visitor.errors if "91" in error]
    columns = visitor.app.columns
    (beside,) = [column for column in columns if "batch_size" in [each.key for each in column.number_input]]
    assert not beside.error, "in half of the width a sentence is a pile of words"
