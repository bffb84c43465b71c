"""Where training leaves numbers out, the page says which of its numbers are of a pass that does."""

from typing import Any

import numpy as np
import pytest

from tests.ui.pages import Visitor
from tests.ui.reading import HANGUL
from tests.ui.test_agreement import csv, shown

DROPOUT: dict[str, Any] = {
    "text": "hello world",
    "layers": "2",
    "hidden_size": "8",
    "dropout": "0.4",
    "seed": "7",
}
SAID = {"en": ("Dropout 0.4:", "What is read here"), "ko": ("드롭아웃 0.4:", "여기서는 아무것도")}


def captions(visitor: Visitor, beginning: str) -> list[str]:
    return [caption.value for caption in visitor.app.caption if caption.value.startswith(beginning)]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_says_once_what_the_picture_shows_and_once_what_is_read(language: str) -> None:
    visitor = Visitor(language, **DROPOUT)
    for beginning in SAID[language]:
        (said,) = captions(visitor, beginning)
        assert said.count(".") == 1 + said.count("0.4") and said.endswith("."), "one sentence"
        assert bool(HANGUL.search(said)) == (language == "ko")


def test_the_gradients_page_says_that_it_reads_with_nothing_left_out() -> None:
    visitor = Visitor("en", page="gradients", **DROPOUT)
    assert len(captions(visitor, SAID["en"][1])) == 1 and captions(visitor, SAID["en"][0]) == []


@pytest.mark.parametrize("values", [{"dropout": "0"}, {"layers": "1"}], ids=str)
def test_where_nothing_is_left_out_nothing_is_said(values: dict[str, str]) -> None:
    for page in ("train", "gradients"):
        visitor = Visitor("en", page=page, **(DROPOUT | values))
        assert [said for beginning in SAID["en"] for said in captions(visitor, beginning)] == []
    whole = Visitor("en", **(DROPOUT | values)).stage.scene["words"]
    assert whole["curve_hint"].startswith("[Perplexity](perplexity) of the whole text")


def test_the_picture_agrees_with_the_curve_and_the_study_does_not() -> None:
    visitor = Visitor("en", **DROPOUT)
    for _ in range(3):
        visitor.click("step")
    frame = shown(visitor)
    assert frame["losses"].mean() == pytest.approx(float(frame["loss"]), rel=1e-5)
    visitor.set("view", "odds")
    losses = csv(visitor, "odds")["loss"].to_numpy()
    assert losses.shape == frame["losses"].shape and np.abs(losses - frame["losses"]).max() > 1e-3
    hints = visitor.stage.scene["words"]
    assert hints["curve_hint"] == hints["curve_hint_batch"] and "left out" in hints["curve_hint"]
