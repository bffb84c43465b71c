"""For the room and for the hand: what a newcomer sees, what a teacher's link leaves to learners, what is presented."""

from urllib.parse import parse_qs, urlsplit

import pytest

from playground.config import FIELDS
from playground.presets import LESSONS, PRESETS
from playground.refusal import Refusal
from playground.ui import controls, room
from playground.ui.choices import PAGES
from playground.ui.fields import FIELD_LABELS, LESSON_LABELS, OPTION_LABELS
from tests.ui.pages import Visitor, readable

WITH = {each for names in controls.WITH.values() for each in names}


def expanders(visitor: Visitor) -> dict[str, bool]:
    """Those of the sidebar, and whether they are open."""
    return {block.label: block.proto.expanded for block in visitor.app.sidebar.expander}


def test_every_field_has_its_place_once() -> None:
    assert len(set(room.CONTROLS)) == len(room.CONTROLS)
    assert {*room.CONTROLS, *WITH} - {"preset"} == set(FIELDS)
    assert FIELD_LABELS.keys() >= set(room.CONTROLS) - {"preset"}
    assert {preset.lesson for preset in PRESETS.values()} == set(LESSONS) == set(LESSON_LABELS)
    assert set(room.SETTINGS) <= OPTION_LABELS.keys()


def test_texts_that_teach_the_same_stand_together() -> None:
    lessons = [preset.lesson for preset in PRESETS.values()]
    assert lessons == sorted(lessons, key=lessons.index)


# Simple and full


def test_a_newcomer_sees_cell_text_and_examples_and_the_rest_is_folded_away() -> None:
    visitor = Visitor("en", seed="901")
    beside = {element.key for element in visitor.app.sidebar if not hasattr(element, "children")}
    assert not {"cell", "text", "preset", "play"} & beside
    assert {"hidden_size", "layers", "settings", "lang"} <= beside
    assert expanders(visitor) == {"Training": False, "More settings": False}
    assert "settings" not in visitor.address


def test_full_opens_everything_and_is_in_the_link() -> None:
    visitor = Visitor("en", seed="902").set("settings", "full")
    assert expanders(visitor) == {"Training": True, "More settings": True}
    assert visitor.address["settings"] == "full"
    again = Visitor("en", seed="902", settings="full")
    assert again.widget("settings").value == "full" and all(expanders(again).values())
    again.visit("gradients")
    assert again.address["settings"] == "full" and all(expanders(again).values())


def test_a_complaint_opens_what_it_is_in_and_stands_above_the_picture_on_a_phone() -> None:
    visitor = Visitor("en", batch_size="0")
    assert expanders(visitor) == {"Training": False, "More settings": True}
    sentence = "Batch size must be a whole number from 1 to 64; got 0."
    assert visitor.errors == [sentence] and visitor.beside("batch_size") == sentence
    above = [readable(text.value) for text in visitor.app.main.markdown]
    assert f":material/error: {sentence}" in above
    visitor.set("batch_size", 4)
    assert visitor.errors == [] and not any(expanders(visitor).values())
    assert sentence not in " ".join(text.value for text in visitor.app.main.markdown)


def test_the_name_of_an_example_stays_while_its_settings_are_as_they_were() -> None:
    visitor = Visitor("en", seed="903")
    assert visitor.widget("preset").value == "hello", "what is on screen is one"
    visitor.set("preset", "안녕하세요 (jamo)")
    assert visitor.widget("preset").value == "안녕하세요 (jamo)"
    visitor.set("hidden_size", 9)
    assert visitor.widget("preset").value == "안녕하세요 (jamo)"
    visitor.set("tokens", "character")
    assert visitor.widget("preset").value == "안녕하세요", "the same text, read as another example reads it"
    visitor.set("text", "nobody's")
    assert visitor.widget("preset").value is None


# What learners may change


def shown(visitor: Visitor) -> list[str]:
    return [name for name in room.CONTROLS if visitor.has(name)]


def test_a_link_leaves_to_learners_what_it_names_and_the_rest_holds() -> None:
    visitor = Visitor("en", controls="hidden_size,text", seed="904", cell="gru", layers="2")
    assert shown(visitor) == ["text", "hidden_size"] and list(expanders(visitor)) == ["Training"]
    assert visitor.stage.scene["cell"] == "gru" and visitor.stage.scene["layers"] == 2
    assert visitor.address["controls"] == "text,hidden_size" and not visitor.has("class_link")
    visitor.set("text", "hallo")
    assert visitor.stage.scene["layers"] == 2 and visitor.address["seed"] == "904"
    visitor.visit("gradients")
    assert shown(visitor) == ["text", "hidden_size"] and visitor.address["controls"] == "text,hidden_size"


def test_a_link_may_leave_nothing() -> None:
    visitor = Visitor("en", controls="none", cell="rnn")
    assert shown(visitor) == [] and not expanders(visitor) and not visitor.has("settings")
    assert visitor.has("play") and not visitor.app.exception
    assert visitor.address["controls"] == "none"


@pytest.mark.parametrize("nonsense", ["", "<b>", "seed;drop", "x" * 5000, "nothing,of,this", "None"])
def test_nonsense_hides_nothing(nonsense: str) -> None:
    visitor = Visitor("en", controls=nonsense)
    assert not visitor.app.exception and visitor.errors == []
    assert set(shown(visitor)) == set(room.CONTROLS) - {"nonlinearity"} and "controls" not in visitor.address


def test_what_is_wrong_with_a_hidden_field_is_said() -> None:
    visitor = Visitor("en", controls="text", seed="-4", text="hi")
    assert len(visitor.errors) == 1 and visitor.errors[0].startswith("Seed must be")


def test_the_threshold_of_clipping_goes_with_it() -> None:
    assert Visitor("en", controls="clip").has("clip_threshold")
    assert not Visitor("en", controls="seed").has("clip_threshold")


# The teacher's dialog


def link_in(visitor: Visitor) -> dict[str, str]:
    """What the link in the dialog says."""
    (code,) = visitor.app.code
    return {name: values[0] for name, values in parse_qs(urlsplit(code.value).query).items()}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_teacher_writes_a_link_that_does_what_was_ticked(language: str) -> None:
    visitor = Visitor(language, seed="905", cell="gru")
    visitor.click("class_link")
    assert not visitor.app.exception
    assert "controls" not in link_in(visitor), "everything may be changed"
    for name in room.CONTROLS:
        if name not in ("text", "seed"):
            visitor.widget(f"class.{name}").set_value(False)
    visitor.widget("class.present").set_value(True)
    visitor.press("class_link")
    link = link_in(visitor)
    assert link["controls"] == "text,seed" and link["train.present"] == "tiles,curve"
    learner = Visitor(language, **link)
    assert shown(learner) == ["text", "seed"] and learner.stage.scene["cell"] == "gru"
    assert learner.choices["present"] == "tiles,curve"


# Panels presented


def test_panels_presented_come_from_the_link_and_go_with_the_stage() -> None:
    visitor = Visitor.following("/?present=1&lang=en&seed=906")
    assert visitor.choices["present"] == "tiles,curve"
    visitor.signal("present", {"panels": ["gates"]})
    assert visitor.choices["present"] == "gates" and not visitor.app.exception
    visitor.signal("present", {"panels": []})
    assert "present" not in visitor.choices


@pytest.mark.parametrize(
    "event",
    [None, 3, {}, {"panels": "tiles"}, {"panels": ["<b>"]}, {"panels": [1, 2]}, {"panels": [*"abcd"]}],
)
def test_nonsense_about_panels_is_ignored(event: object) -> None:
    visitor = Visitor.following("/?train.present=odds&lang=en&seed=907")
    visitor.signal("present", event)
    assert not visitor.app.exception and visitor.choices["present"] == "odds"


def test_a_link_with_other_panels_presents_none() -> None:
    visitor = Visitor.following("/?present=everything&lang=en&seed=908")
    assert not visitor.app.exception and "present" not in visitor.choices


@pytest.mark.parametrize("panels", [(), ("tiles",), ("gates", "odds", "curve")])
def test_panels_in_a_link_come_back(panels: tuple[str, ...]) -> None:
    kind = PAGES["train"]["present"].kind
    assert kind.parse("present", kind.show(panels)) == panels


@pytest.mark.parametrize("text", ["tiles,tiles,tiles,nothing", "tiles,curve,odds,gates", "x" * 10_000])
def test_panels_that_there_are_not_or_too_many_are_refused(text: str) -> None:
    with pytest.raises(Refusal, match="present"):
        PAGES["train"]["present"].kind.parse("present", text)
