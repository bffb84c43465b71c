"""The train page as a visitor meets it, in both languages, without a browser."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import torch

from playground.config import DEFAULTS, FIELDS, ExperimentConfig
from playground.corpus import Corpus
from playground.presets import PRESETS
from playground.ui import study
from tests.ui.pages import Visitor, corpus_of, raw_state, read_frame, trainer
from tests.ui.reading import HANGUL, english, korean, words_of

pytestmark = pytest.mark.slow

LANGUAGES = ("en", "ko")
KEYS = """
    cell text tokens bos eos hidden_size layers embedding optimizer learning_rate clip clip_threshold
    sequence_length batch_size seed lang play step reset dice speed
"""
VIEWS = list(study.VIEWS)


def table(visitor: Visitor) -> pd.DataFrame:
    """What the download button gives."""
    (stored,) = [data for name, data in visitor.files.items() if name.endswith(".csv")]
    assert stored.startswith("\ufeff".encode()), "without a byte-order mark spreadsheets garble Korean"
    return pd.read_csv(io.BytesIO(stored), encoding="utf-8-sig", keep_default_na=False, na_values=[""])


def reached(visitor: Visitor) -> list[str]:
    """What the page says playing has stopped at."""
    flag = ":green[:material/flag:] **"
    return [each.value[len(flag) :] for each in visitor.app.caption if each.value.startswith(flag)]


# The first visit


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_visit_shows_a_recording(language: str) -> None:
    visitor = Visitor(language)
    assert not visitor.app.exception and visitor.errors == []
    assert visitor.stage.playhead > 50 and visitor.stage.header["playing"] is False
    assert visitor.stage.header["overture"] is True, "the browser plays it from step 0"
    assert not any(str(visitor.stage.playhead) in caption.value for caption in visitor.app.caption[:1])
    steps = visitor.stage.steps
    assert (
        steps[:50] == list(range(50)) and steps[-1] == visitor.stage.playhead and sorted(set(steps)) == steps
    )
    first, last, without_memory = visitor.stage.scene["floors"][1]
    assert first == last == 1
    assert visitor.stage.curve["perplexity"][-1] < without_memory, "it has crossed the floor"
    assert visitor.stage.scene["inputs"] == list("hell") and visitor.stage.scene["targets"] == list("ello")
    assert visitor.stage.header["samples"], "generated text is there at once"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_widget_of_the_issue_is_there(language: str) -> None:
    visitor = Visitor(language)
    assert [key for key in KEYS.split() if not visitor.has(key)] == []
    visitor.set("cell", "rnn")
    assert visitor.has("nonlinearity")


def test_language_of_the_link_beats_that_of_the_browser() -> None:
    assert Visitor("ko").widget("play").label != Visitor("en").widget("play").label
    nonsense = Visitor("en", lang="tlh")
    assert nonsense.widget("lang").value in LANGUAGES and nonsense.widget("play").label == "Play"


def test_language_switch_keeps_the_run() -> None:
    visitor = Visitor("en")
    visitor.click("reset").click("step").click("step")
    visitor.set("lang", "ko")
    assert visitor.widget("step").label == "업데이트 한 번"
    visitor.run()
    assert visitor.stage.playhead == 2 and visitor.address["lang"] == "ko"
    assert visitor.stage.ghosts == []


# Transport


def test_step_makes_one_update() -> None:
    visitor = Visitor("en", seed="31")
    assert visitor.stage.playhead == 0 and visitor.stage.steps == [0]
    for step in (1, 2, 3):
        visitor.click("step")
        assert visitor.stage.playhead == step and visitor.stage.steps == list(range(step + 1))
    updates = trainer(0, seed=31).advance(3)
    expected = [np.exp(update.nll[0]) for update in updates]
    np.testing.assert_allclose(visitor.stage.curve["perplexity"][:3], expected, rtol=1e-5)


def test_play_moves_on_with_every_run_and_pause_stops() -> None:
    visitor = Visitor("en", seed="32")
    visitor.click("play")
    assert visitor.stage.header["playing"] is True
    first = visitor.stage.playhead
    moved = any(
        visitor.run().stage.playhead > first for _ in range(1000)
    )  # until the clock says a step is due
    assert moved and first > 0
    assert visitor.widget("play").label == "Pause"
    visitor.click("play")
    paused = visitor.stage
    assert paused.header["playing"] is False and paused.steps[0] == 0
    visitor.run()
    assert visitor.stage.playhead == paused.playhead and visitor.widget("play").label == "Play"


def test_space_on_the_stage_plays_and_pauses() -> None:
    visitor = Visitor("en", seed="33")
    visitor.signal("toggle", True)
    assert visitor.stage.header["playing"] is True
    visitor.signal("toggle", True)
    assert visitor.stage.header["playing"] is False and not visitor.app.exception


def test_reset_goes_to_step_zero_and_keeps_the_seed() -> None:
    visitor = Visitor("en", seed="34")
    before = visitor.stage.frames
    visitor.click("step").click("step").click("reset")
    assert visitor.stage.playhead == 0 and visitor.address["seed"] == "34" and visitor.stage.ghosts == []
    assert visitor.stage.frames == before


def test_dice_changes_the_seed_and_leaves_a_ghost() -> None:
    visitor = Visitor("en", seed="35")
    visitor.click("step").click("step")
    untrained = visitor.stage.frames[0]
    visitor.click("dice")
    assert visitor.address["seed"] != "35" and int(visitor.address["seed"]) == visitor.widget("seed").value
    assert visitor.stage.playhead == 0 and visitor.stage.frames[0] != untrained
    (ghost,) = visitor.stage.ghosts
    assert ghost["steps"] == [0, 1, 2] and len(ghost["loss"]) == 3 and "35" in ghost["label"]


def test_ghosts_are_three_at_most_and_the_stage_removes_them() -> None:
    visitor = Visitor("en", seed="36")
    for _ in range(5):
        visitor.click("step").click("step").click("dice")
    ghosts = visitor.stage.ghosts
    assert len(ghosts) == 3
    visitor.signal("ghost", {"remove": ghosts[1]["id"]})
    assert [ghost["id"] for ghost in visitor.stage.ghosts] == [ghosts[0]["id"], ghosts[2]["id"]]


def test_stop_at_step() -> None:
    visitor = Visitor("en", seed="37", speed="fast")
    visitor.set("stop_step", 5)
    visitor.click("play")
    for _ in range(5):
        visitor.run()
    assert visitor.stage.playhead == 5 and visitor.stage.header["playing"] is False


def test_stop_at_perplexity() -> None:
    visitor = Visitor("en", seed="38", speed="max")
    visitor.set("stop_perplexity", 3.0)
    visitor.click("play")
    for _ in range(10):
        visitor.run()
    assert visitor.stage.header["playing"] is False
    assert visitor.stage.curve["perplexity"][-1] <= 3 < visitor.stage.curve["perplexity"][-2]


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        ("learned", r"Learned at step \d+: over the last 10 updates"),
        ("crossed", r"At step \d+ it crossed the line k = 1"),
    ],
)
def test_playing_stops_by_itself_with_a_sentence_and_goes_on(stop: str, said: str) -> None:
    link = {} if stop == "learned" else {"train.stop": stop}
    visitor = Visitor("en", speed="max", seed="0", **link).click("play")
    for _ in range(20):
        visitor.run()
    assert visitor.stage.header["playing"] is False
    (sentence,) = reached(visitor)
    assert re.match(said, sentence)
    assert ("train.stop" in visitor.address) == (stop != "learned")
    step = visitor.stage.playhead
    visitor.click("play")
    for _ in range(5):
        visitor.run()
    assert visitor.stage.header["playing"] is True and visitor.stage.playhead > step
    assert not reached(visitor)


def test_a_link_says_where_to_stop() -> None:
    link = {"train.stop": "never", "train.stop_step": "7", "train.stop_perplexity": "1.5"}
    visitor = Visitor("en", seed="45", speed="max", **link)
    assert link.items() <= visitor.address.items() and visitor.errors == []
    visitor.click("play")
    for _ in range(5):
        visitor.run()
    assert visitor.stage.playhead == 7


@pytest.mark.parametrize(
    "link", [{"train.stop": "soon"}, {"train.stop_step": "-1"}, {"train.stop_perplexity": "nan"}]
)
def test_a_link_that_is_wrong_about_it_is_told_so(link: dict[str, str]) -> None:
    visitor = Visitor("en", seed="46", **link)
    assert len(visitor.errors) == 1 and not visitor.app.exception
    assert visitor.widget("stop").value == "learned"


def test_status_is_honest() -> None:
    visitor = Visitor("en", seed="39")
    visitor.click("step").click("step")
    assert any(re.match(r"trained to step 2\b", caption.value) for caption in visitor.app.caption)


@pytest.mark.parametrize("count", [1, 2])
def test_status_counts_others(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from playground.runs.viewer import Viewer

    monkeypatch.setattr(Viewer, "others_training", count)
    stage = Visitor("en").stage
    assert stage.header["others"] == count and "{count}" in stage.scene["words"]["others_training"]


# Settings, the address bar, links

CHANGES = {
    "cell": "gru",
    "text": "abcabd",
    "tokens": "jamo",
    "bos": True,
    "eos": True,
    "hidden_size": 24,
    "layers": 2,
    "embedding": 5,
    "initialization": "orthogonal",
    "forget_bias": 1.0,
    "optimizer": "sgd",
    "clip": "value",
    "clip_threshold": 0.5,
    "reduction": "sum",
    "sequence_length": 3,
    "batch_size": 2,
    "seed": 77,
}


@pytest.mark.parametrize("field", CHANGES)
def test_changing_a_setting_starts_another_run_and_is_in_the_address(field: str) -> None:
    visitor = Visitor("en", seed="40")
    visitor.click("step").click("step")
    visitor.set(field, CHANGES[field])
    assert not visitor.app.exception and visitor.errors == []
    assert visitor.stage.playhead == 0 and len(visitor.stage.ghosts) == 1
    expected = {"cell": "lstm", "text": "hello", "seed": "40", "lang": "en"}
    assert visitor.address == expected | {field: FIELDS[field].show(CHANGES[field])}
    visitor.click("step")
    values = {"seed": 40} | {field: CHANGES[field]}
    perplexity = np.exp(trainer(0, **values).advance(1)[0].nll[0])
    assert visitor.stage.curve["perplexity"][0] == pytest.approx(perplexity, rel=1e-5)


def test_nonlinearity_is_the_vanilla_rnns() -> None:
    visitor = Visitor("en", cell="rnn")
    visitor.set("nonlinearity", "relu")
    assert visitor.address["nonlinearity"] == "relu"
    visitor.set("cell", "lstm")
    visitor.set("cell", "rnn")
    assert visitor.widget("nonlinearity").value == "relu", "a setting out of sight is not lost"


LINK = {
    "cell": "gru",
    "text": "안녕 hello\nzwei",
    "tokens": "jamo",
    "bos": "1",
    "eos": "1",
    "hidden_size": "33",
    "layers": "3",
    "embedding": "7",
    "optimizer": "rmsprop",
    "learning_rate": "0.0123",
    "clip": "value",
    "clip_threshold": "0.25",
    "sequence_length": "9",
    "batch_size": "3",
    "seed": "2147483647",
    "speed": "fast",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_seeds_the_widgets_and_starts_nothing(language: str) -> None:
    visitor = Visitor(language, **LINK)
    for _ in range(3):
        assert not visitor.app.exception and visitor.errors == []
        for field, text in LINK.items():
            value = visitor.widget(field).value
            assert value == (text if field == "speed" else FIELDS[field].parse(field, text)), field
        assert visitor.address == LINK | {"lang": language}
        assert visitor.stage.playhead == 0 and visitor.stage.header["playing"] is False
        assert visitor.stage.steps == [0]
        visitor.run()


@pytest.mark.parametrize(
    "rate",
    [
        "0.0100000001",
        "0.0099999999",
        "0.010000000000000002",
        "9.9999999",
        "0.0123456789",
        "1e-05",
        "10.0",
        "0.333333333",
    ],
)
def test_a_learning_rate_from_a_link_is_kept_to_the_last_digit(rate: str) -> None:
    visitor = Visitor("en", learning_rate=rate)
    for _ in range(3):
        visitor.click("step")
        assert float(visitor.address.get("learning_rate", "0.01")) == float(rate)
    assert visitor.stage.playhead == 3


def test_a_learning_rate_beside_another_of_the_same_looks_stays() -> None:
    """A browser names options by their labels: two of one label become the first of them."""
    visitor = Visitor("en", learning_rate="0.0099999999", seed=49)
    slider = visitor.widget("learning_rate")
    chosen = list(slider.proto.options).index("0.0099999999")
    visitor.run(raw_state(slider.id, string_array_value=[slider.proto.options[chosen]]))
    assert visitor.widget("learning_rate").value == 0.0099999999
    assert visitor.address["learning_rate"] == "0.0099999999" and "rates" not in visitor.address


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["train", "gradients"])
def test_no_two_options_of_a_widget_look_the_same(language: str, page: str) -> None:
    link = {"learning_rate": "0.0099999999", "text": "abab\nabab\nabab cd\nabab cd", "layers": "2"}
    visitor = Visitor(language, page=page, **link)
    panels = (
        ("where", "knobs", "check", "clipping") if page == "gradients" else ("states", "gradients", "odds")
    )
    seen = 0
    for panel in panels:
        visitor.set("panel" if page == "gradients" else "view", panel)
        for element in visitor.elements():
            for name in ("options", "formatted_options"):
                options = [getattr(o, "content", o) for o in getattr(element.proto, name, [])]
                assert len(set(options)) == len(options), f"{element.key}: {options}"
                seen += bool(options)
    assert seen > 20


def test_an_unknown_parameter_is_dropped_and_the_rest_kept() -> None:
    visitor = Visitor("en", seed="5", utm_source="mail", step="1", play="1", preset="ybigta")
    assert visitor.address == {"cell": "lstm", "text": "hello", "seed": "5", "lang": "en"}
    assert visitor.stage.playhead == 0 and visitor.errors == []


def test_going_back_in_the_browser_brings_the_experiment_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.ui.address.URL_SETTLES", 0.0)
    visitor = Visitor("en", seed="41")
    before = visitor.address
    visitor.set("hidden_size", 24)
    visitor.go(before)
    assert visitor.widget("hidden_size").value == 16 and visitor.stage.scene["hidden_size"] == 16
    assert not visitor.app.exception and visitor.address == before


# The learning rate


def test_another_learning_rate_goes_on() -> None:
    visitor = Visitor("en", seed="42")
    for _ in range(3):
        visitor.click("step")
    kept = visitor.stage.frames
    visitor.set("learning_rate", 0.1)
    assert visitor.stage.playhead == 3 and visitor.stage.ghosts == []
    assert visitor.stage.frames[:3] == kept[:3]
    here, before = (read_frame(frames[3], visitor.fields) for frames in (visitor.stage.frames, kept))
    changed = [name for name in here if here[name].tobytes() != before[name].tobytes()]
    assert changed == ["learning_rate"] and here["learning_rate"] == 0.1
    assert visitor.address["rates"] == "3:0.1" and "learning_rate" not in visitor.address
    visitor.click("step").click("step")
    straight = trainer(3, seed=42, rates=((3, 0.1),))
    expected = np.exp([update.nll[0] for update in straight.advance(2)])
    np.testing.assert_allclose(visitor.stage.curve["perplexity"][3:5], expected, rtol=1e-5)
    visitor.set("view", "curve")
    assert table(visitor)["learning_rate"].tolist()[:5] == [0.01] * 3 + [0.1] * 2


# Presets


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets(name: str) -> None:
    visitor = Visitor("en", seed="43")
    visitor.set("preset", name)
    assert not visitor.app.exception and visitor.errors == []
    for field, value in PRESETS[name].values().items():
        shown = visitor.widget(field).value if visitor.has(field) else visitor.app.session_state[field]
        assert shown == value
    assert visitor.widget("preset").value == name, "its name stays in its box"
    visitor.set("eos", not visitor.widget("eos").value)
    assert visitor.widget("preset").value is None, "it is another text now"
    visitor.set("eos", PRESETS[name].eos)
    config = ExperimentConfig.from_values(DEFAULTS | PRESETS[name].values())
    assert visitor.stage.scene["vocabulary"] == list(Corpus(config.text).labels)
    visitor.click("step")
    assert visitor.stage.playhead == 1 and not visitor.app.exception


# Studying


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_the_study_renders(language: str, cell: str, view: str) -> None:
    visitor = Visitor(language, cell=cell, layers="2", seed="44", bos="1")
    for step in range(3):
        visitor.set("view", view) if step == 0 else visitor.click("step")
        assert not visitor.app.exception and visitor.errors == []
        figures = [element for element in visitor.elements() if element.type == "plotly_chart"]
        assert len(figures) == (view != "odds")
        assert len(table(visitor)) > 0 or (view in ("norms", "curve") and visitor.stage.playhead == 0)
        for figure in figures:
            check_figure(json.loads(figure.proto.spec))


def check_figure(spec: dict) -> None:
    """Axis titles, and traces with something in them unless there is nothing to show."""
    layout = spec["layout"]
    axes = [value for name, value in layout.items() if re.fullmatch(r"[xy]axis\d*", name)]
    axes += [layout["scene"][name] for name in ("xaxis", "yaxis", "zaxis")] if "scene" in layout else []
    titled = [axis for axis in axes if axis.get("title", {}).get("text")]
    assert titled or not spec["data"], "no axis says what it shows"


def test_the_study_button_of_the_stage_chooses_the_step() -> None:
    visitor = Visitor("en", seed="45")
    for _ in range(4):
        visitor.click("step")
    visitor.set("view", "odds")
    visitor.signal("study", {"step": 2, "t": 1})
    assert table(visitor)["step"].unique().tolist() == [2]
    assert any("after 2 updates" in caption.value for caption in visitor.app.caption)
    assert visitor.stage.playhead == 4, "studying moves no playhead"
    visitor.click("step")
    assert visitor.stage.playhead == 5 and not visitor.app.exception


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        [],
        "study",
        {"step": "2"},
        {"step": -1},
        {"step": 10**9},
        {"step": 1.5, "t": "x"},
        {"step": True},
        {"step": 1, "t": 10**9},
        {"step": float("nan")},
    ],
)
def test_nonsense_from_the_stage_is_ignored(event: object) -> None:
    visitor = Visitor("en", seed="46")
    visitor.click("step").click("step")
    before = visitor.picture
    visitor.signal("study", event)
    assert not visitor.app.exception
    visitor.signal("ghost", event)
    assert not visitor.app.exception and visitor.picture == before


def test_csv_holds_the_numbers_of_the_trace() -> None:
    visitor = Visitor("en", seed="47", text="hello world")
    for _ in range(3):
        visitor.click("step")
    made = trainer(3, seed=47, text="hello world")
    with torch.inference_mode():
        trace = made.network.trace(corpus_of(made).window_batch(0), reduction="mean").copy()
    visitor.set("view", "states")
    states = table(visitor)
    for name in ("h", "c"):
        values = states[states["quantity"] == name].sort_values(["t", "unit"])["value"].to_numpy()
        np.testing.assert_allclose(values, trace[f"l0.{name}"][:, 0, 0].flatten(), rtol=1e-5, atol=1e-7)
    visitor.set("view", "gates")
    gates = table(visitor)
    for name in "ifgo":
        values = gates[gates["quantity"] == name].sort_values(["t", "unit"])["value"].to_numpy()
        np.testing.assert_allclose(values, trace[f"l0.{name}"][:, 0, 0].flatten(), rtol=1e-5, atol=1e-7)
    visitor.set("view", "gradients")
    gradients = table(visitor)
    norms = gradients[gradients["quantity"] == "mean.h"].sort_values("t")["value"].to_numpy()
    np.testing.assert_allclose(norms, trace["grad.l0.h"][:, 0, 0].norm(dim=-1), rtol=1e-4, atol=1e-9)
    visitor.set("view", "odds")
    odds = table(visitor)
    loss = odds.sort_values("t")["loss"].to_numpy()
    np.testing.assert_allclose(loss, trace["loss"][:, 0, 0], rtol=1e-5)


def test_csv_is_named_after_view_and_step() -> None:
    visitor = Visitor("en", seed="48")
    visitor.click("step")
    visitor.set("view", "gates")
    assert "gates-step-1.csv" in visitor.files


@pytest.mark.parametrize(
    ("language", "words"), [("en", "must use symbols of the training text"), ("ko", "학습 텍스트")]
)
@pytest.mark.parametrize("field", ["probe", "prompt"])
def test_unknown_characters_get_a_sentence_beside_the_field(language: str, words: str, field: str) -> None:
    visitor = Visitor(language, seed="49")
    visitor.click("step")
    before = visitor.picture
    visitor.set(field, "hexlq")
    assert not visitor.app.exception and len(visitor.errors) == 1
    complaint = visitor.beside(field)
    assert words in complaint and "'x'" in complaint and "'q'" in complaint and "'e'" in complaint
    assert "'x'" not in complaint.split("'o'")[0], "what is allowed comes before what was wrong"
    assert visitor.picture == before and visitor.widget(field).value == "hexlq"
    visitor.set(field, "hel")
    assert visitor.errors == []


def test_the_probe_is_read_by_the_network_of_the_step() -> None:
    visitor = Visitor("en", seed="50", bos="1")
    visitor.click("step")
    visitor.set("view", "odds").set("probe", "ollo")
    shown = table(visitor)
    made = trainer(1, seed=50, bos=True)
    corpus = corpus_of(made)
    with torch.inference_mode():
        trace = made.network.trace(corpus.probe_batch(corpus.encode("ollo", "probe")), reduction="mean")
    loss = shown.sort_values("t")["loss"].to_numpy()
    np.testing.assert_allclose(loss, trace["loss"][:4, 0, 0], rtol=1e-5)  # BOS o l l predict o l l o


def test_the_prompt_is_continued_greedily_at_temperature_zero() -> None:
    visitor = Visitor("en")  # the finished run knows hello
    visitor.set("temperature", 0.0).set("prompt", "he")
    (shown,) = visitor.app.text
    given, made = shown.value.split("｜")
    assert given == "he" and made.startswith("llo")


@pytest.mark.parametrize("temperature", [-1.0, 3.0, 1e300])
def test_a_temperature_no_browser_would_send_is_held_in_its_range(temperature: float) -> None:
    visitor = Visitor("en")
    visitor.send("temperature", double_array_value=[temperature])
    assert not visitor.app.exception and len(visitor.app.text) == 1


# Words

QUOTED = {"hell", "ello"}  # the visitor's own text


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_nothing_english_is_left_on_the_korean_page(cell: str) -> None:
    visitor = Visitor(
        "ko", cell=cell, clip="off", learning_rate="0.02", initialization="spectral", layers="2"
    )
    left = set(words_of(visitor))
    for view in VIEWS:
        visitor.set("view", view)
        left |= set(words_of(visitor))
    visitor.click("step").click("dice")
    left |= set(words_of(visitor)) | {ghost["label"] for ghost in visitor.stage.ghosts}
    visitor.set("text", "x").set("probe", "?")
    left |= set(words_of(visitor))
    visitor.click("play")
    left |= set(words_of(visitor))
    assert [text for text in sorted(left) if text not in QUOTED and english(text)] == []


def test_the_korean_page_is_mostly_korean() -> None:
    """That the walk above finds the words: else it would pass on an empty page."""
    words = set(words_of(Visitor("ko")))
    assert len(words) > 80 and sum(bool(HANGUL.search(text)) for text in words) > 60


def test_the_english_page_has_no_korean() -> None:
    assert list(filter(korean, words_of(Visitor("en")))) == []


@pytest.mark.parametrize(("text", "is_english"), [
    ("##### A closer look", True), ("Adam", False), ("LSTM · 시드 3", False), ("h", False), ("PyTorch 기본값", False),
    ("hidden state h", True), ("t = {t}", False), ("by norm", True), ("‖∂L/∂h_t‖", False),
])  # fmt: skip
def test_the_check_for_english_works(text: str, is_english: bool) -> None:
    assert english(text) is is_english


def test_a_choice_is_kept_while_its_widget_is_away() -> None:
    visitor = (
        Visitor(seed=86).set("cell", "rnn").set("nonlinearity", "relu").set("cell", "lstm").set("cell", "rnn")
    )
    assert visitor.widget("nonlinearity").value == visitor.address["nonlinearity"] == "relu"
