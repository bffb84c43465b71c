"""A race on the Train page: begun and ended by one click, held by the address, and true to the sidebar."""

from itertools import pairwise
from typing import Any

import pytest

from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.runs.viewer import Viewer
from playground.ui.fields import option_label
from tests.ui.pages import Visitor, families, readable
from tests.ui.reading import HANGUL


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a reader who takes a moment between two clicks."""
    monkeypatch.setattr("playground.ui.address.URL_SETTLES", 0.0)


def viewer(visitor: Visitor) -> Viewer:
    return visitor.app.session_state["session"].viewer


def configs(visitor: Visitor) -> list[ExperimentConfig]:
    return [track.config for track in viewer(visitor).tracks]


def cells(visitor: Visitor) -> list[str]:
    assert not visitor.app.exception
    return [config.network.cell for config in configs(visitor)]


def complaint(visitor: Visitor) -> str:
    """The sentence directly below the row of buttons."""
    for siblings in families(visitor.app._tree):
        for row, below in pairwise(siblings):
            keys = {element.key for element in row.children.values()} if hasattr(row, "children") else set()
            if "play" in keys and getattr(below, "type", "") == "error":
                return readable(below.value)
    return ""


def reloaded(visitor: Visitor) -> Visitor:
    """The same address in a new session."""
    return Visitor(visitor.language, **{name: v for name, v in visitor.address.items() if name != "lang"})


@pytest.mark.parametrize("cell", ["rnn", "lstm", "mgu"])
def test_one_click_begins_and_one_ends(cell: str) -> None:
    visitor = Visitor("en", cell=cell, seed=811)
    assert not visitor.has("alone") and "train.race" not in visitor.address
    visitor.click("race")
    others = [other for other in ("rnn", "gru", "lstm") if other != cell]
    assert cells(visitor) == [cell, *others] and visitor.errors == []
    assert visitor.address["train.race"] == ",".join(others)
    header = visitor.stage.header
    scenes = [visitor.stage.scene, *(track["scene"] for track in header["beside"])]
    assert [scene["name"] for scene in scenes] == [option_label(each) for each in (cell, *others)]
    assert not any(scene["parted"] for scene in scenes)
    assert len(header["beside"]) == len(others) and header["playhead"] == 0 and header["playing"] is False
    visitor.click("step").click("alone")
    assert cells(visitor) == [cell] and "train.race" not in visitor.address and visitor.has("race")
    assert visitor.stage.playhead == 1, "the first goes on from where it is"


def test_who_races_is_chosen_among_cells_and_seeds() -> None:
    visitor = Visitor("en", cell="gru", seed=812).click("race")
    visitor.set("race_beside", ["mgu", "seed2"])
    assert [(config.network.cell, config.seed) for config in configs(visitor)] == [
        ("gru", 812),
        ("mgu", 812),
        ("gru", 814),
    ]
    assert visitor.address["train.race"] == "mgu,seed2"
    assert "gru" not in visitor.widget("race_beside").options
    visitor.set("race_beside", [])
    assert cells(visitor) == ["gru"] and visitor.has("race")


def test_a_reload_brings_the_race_back_and_does_not_count_as_an_act() -> None:
    visitor = Visitor("ko", cell="gru", seed=813).click("race")
    again = reloaded(visitor)
    assert configs(again) == configs(visitor) and again.address == visitor.address
    assert again.stage.header["fresh"] is True, "the stage may take it to where it was"
    digest = again.stage.header["digest"]
    assert digest.count("+") == 2
    again.signal("resume", {"digest": digest, "step": 7, "playing": False})
    assert again.stage.playhead == 7 and cells(again) == ["gru", "rnn", "lstm"]


def test_a_field_changes_all_and_a_rate_forks_all() -> None:
    visitor = Visitor("en", cell="gru", seed=814).click("race")
    visitor.set("text", "abcabd").set("hidden_size", 8)
    assert {(config.text.text, config.network.hidden_size) for config in configs(visitor)} == {("abcabd", 8)}
    visitor.click("step").click("step").set("learning_rate", 0.05)
    assert [config.training.rates for config in configs(visitor)] == [((2, 0.05),)] * 3
    assert visitor.stage.playhead == 2
    visitor.click("dice")
    assert len({config.seed for config in configs(visitor)}) == 1 and configs(visitor)[0].seed != 814
    assert visitor.stage.playhead == 0 and cells(visitor) == ["gru", "rnn", "lstm"]
    visitor.click("step").click("reset")
    assert visitor.stage.playhead == 0 and cells(visitor) == ["gru", "rnn", "lstm"]


def test_a_cell_of_the_race_that_the_sidebar_takes_changes_places() -> None:
    visitor = Visitor("en", cell="gru", seed=815).click("race")
    visitor.set("cell", "lstm")
    assert cells(visitor) == ["lstm", "rnn", "gru"] and visitor.address["train.race"] == "rnn,gru"
    visitor.set("cell", "mgu")
    assert cells(visitor) == ["mgu", "rnn", "gru"]


def test_back_ends_the_race_and_forward_begins_it() -> None:
    visitor = Visitor("en", cell="gru", seed=816)
    alone = visitor.address
    racing = visitor.click("race").address
    visitor.go(alone)
    assert cells(visitor) == ["gru"] and visitor.address == alone
    visitor.go(racing)
    assert cells(visitor) == ["gru", "rnn", "lstm"] and visitor.address == racing
    visitor.set("seed", 817)
    other = visitor.address
    visitor.go(racing)
    assert {config.seed for config in configs(visitor)} == {816} and visitor.address == racing
    visitor.go(other)
    assert {config.seed for config in configs(visitor)} == {817} and cells(visitor) == ["gru", "rnn", "lstm"]


def test_another_page_and_another_language_change_nothing() -> None:
    visitor = Visitor("en", cell="gru", seed=818).click("race")
    before = configs(visitor)
    visitor.set("lang", "ko")
    assert configs(visitor) == before and visitor.address["train.race"] == "rnn,lstm"
    visitor.visit("gradients")
    assert configs(visitor) == before and "train.race" not in visitor.address
    visitor.visit("train")
    assert configs(visitor) == before and visitor.address["train.race"] == "rnn,lstm"


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "said",
    [
        "lstn",
        "",
        ",",
        "gru,gru2",
        "gru,lstm,mgu,seed1",
        "gru," * 9,
        "x" * 5000,
        "<b>",
        "\0",
        "norm1@x",
        "seed9",
    ],
)
def test_a_forged_race_is_said_in_a_sentence_and_the_rest_of_the_link_counts(
    language: str, said: str
) -> None:
    visitor = Visitor(language, cell="rnn", hidden_size=8, seed=819, race=said)
    assert cells(visitor) == ["rnn"] and configs(visitor)[0].network.hidden_size == 8
    assert "train.race" not in visitor.address and visitor.has("race")
    if said:
        (sentence,) = visitor.errors
        assert complaint(visitor) == sentence and bool(HANGUL.search(sentence)) is (language == "ko")
        assert len(sentence) < 300
        assert visitor.run().errors == [sentence], "a rerun is no answer to the reader"
        assert visitor.click("race").errors == []


@pytest.mark.parametrize(("said", "wanted"), [("gru", []), ("gru,lstm", ["lstm"]), ("lstm,lstm", ["lstm"])])
def test_nobody_races_against_itself(said: str, wanted: list[str]) -> None:
    visitor = Visitor("en", cell="gru", seed=820, race=said)
    assert cells(visitor) == ["gru", *wanted] and visitor.errors == []
    assert visitor.address.get("train.race", "") == ",".join(wanted)


@pytest.mark.parametrize("value", [["string"], ["gru", "\ud800"[:0]], ["rnn"] * 50])
def test_pills_that_no_pills_would_send(value: list[str]) -> None:
    visitor = Visitor("en", cell="lstm", seed=821).click("race")
    visitor.send("race_beside", string_array_value=value)
    assert not visitor.app.exception and cells(visitor)[0] == "lstm"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_race_that_cannot_be_held_is_refused_beside_the_control_and_nothing_is_lost(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(language, cell="gru", seed=822).click("step").click("step")
    name = visitor.stage.header["run"]

    def full(*_: Any, **__: Any) -> None:
        raise Refusal(
            "batch_size", "The text must be at least {length} symbols long; got {count}.", length=1, count=2
        )

    with monkeypatch.context() as patched:
        patched.setattr("playground.runs.leases.Leases.open", full)
        visitor.click("race")
        (sentence,) = visitor.errors
        assert complaint(visitor) == sentence
    assert cells(visitor) == ["gru"] and visitor.stage.header["run"] == name and visitor.stage.playhead == 2
    assert "train.race" not in visitor.address
    visitor.click("race")
    assert cells(visitor) == ["gru", "rnn", "lstm"] and visitor.errors == []


def test_a_refused_setting_leaves_the_race_as_it_is() -> None:
    visitor = Visitor("en", cell="gru", seed=823).click("race")
    before = configs(visitor)
    visitor.set("text", "a")
    assert configs(visitor) == before and len(visitor.errors) == 1
    visitor.set("text", "hello again")
    assert {config.text.text for config in configs(visitor)} == {"hello again"} and len(configs(visitor)) == 3
