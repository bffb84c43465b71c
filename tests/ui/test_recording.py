"""A run as a file: small, of one piece, asking nobody, and safe whatever a reader has typed."""

import base64
import hashlib
import html
import json
import re
import struct
from html.parser import HTMLParser
from typing import Any

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig, to_query
from playground.runs.registry import Registry
from playground.runs.track import with_rate
from playground.runs.viewer import Viewer
from playground.ui import keep
from playground.ui import recording as made
from playground.ui.recording import stride, thinned
from tests.ui.recorded import LINK, captions, recorded, settings_of, without_a_page

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=http://evil.example onerror=alert(1)>",
    "\"'&lt;${x}$title",
)
EXPLODING = ExperimentConfig(
    network=NetworkConfig(cell="rnn", nonlinearity="linear"),
    training=TrainingConfig(optimizer="sgd", learning_rate=1.0, clip="off"),
)


class Page(HTMLParser):
    """What is in a document: its elements with their attributes, and the text inside each kind of element."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, "every element ends where it should"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def header(self) -> dict[str, Any]:
        """Of the message inside."""
        message = base64.b64decode(self.texts["script"][0])
        return json.loads(message[4 : 4 + struct.unpack_from("<I", message)[0]])


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_page(monkeypatch)


def watched(config: ExperimentConfig, step: int = 30) -> Viewer:
    viewer = Viewer(Registry(), config)
    viewer.go_to(step)
    viewer.settle()
    return viewer


def test_the_recording_of_hello_is_small_and_asks_nobody() -> None:
    viewer = watched(ExperimentConfig(), 200)
    document = recorded(viewer)
    page = Page(document)
    assert len(document.encode()) <= 2_000_000
    assert [tag for tag, _ in page.elements if tag in ("link", "img", "iframe", "object", "base")] == []
    assert all("src" not in attributes for _, attributes in page.elements)
    assert [each["href"] for each in page.attributes("a")] == [LINK]
    apart = document.replace(html.escape(LINK), "")
    assert re.findall(r"https?:|url\(|@import", apart) == []
    assert (page.header["playhead"], page.header["playing"], page.header["feed"]) == (200, False, "")
    assert page.header["tracks"][0]["frames"]["count"] == len(viewer.frames_to_send())


def test_its_policy_allows_its_own_script_and_style_and_nothing_else() -> None:
    page = Page(recorded(watched(ExperimentConfig(), 3)))
    policy = next(each["content"] for each in page.attributes("meta") if each.get("http-equiv")) or ""
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    message, script = page.texts["script"]
    assert page.attributes("script") == [{"type": "text/plain", "id": "message"}, {}]
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == hashed(script) and rules["style-src"] == hashed(page.texts["style"][0])
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    assert rules["img-src"] == "data: blob:" and re.fullmatch(r"[\w+/=]+", message)


@pytest.mark.parametrize("text", [*HOSTILE, "안녕하세요\n안녕히", "שלום עולם"])
def test_what_a_reader_typed_stays_text(text: str) -> None:
    viewer = watched(ExperimentConfig(text=TextConfig(text=text)), 2)
    link = f"http://localhost:8501/?text={text}"
    page, plain = Page(recorded(viewer, link)), Page(recorded(watched(ExperimentConfig(), 2)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert "".join(page.texts["script"][1:]) == "".join(plain.texts["script"][1:])
    assert "".join(page.texts["bdi"]) == "".join(value for _, value in settings_of(viewer))
    assert text in "".join(page.texts["bdi"])
    assert page.attributes("a")[0]["href"] == link
    assert page.header["tracks"][0]["scene"]["inputs"][0] == text[0]


def test_a_run_that_exploded_is_recorded_up_to_there_and_says_so() -> None:
    viewer = watched(EXPLODING, 10_000)
    assert viewer.explosion is not None
    header = Page(recorded(viewer)).header
    told = header["tracks"][0]["explosion"]
    assert told["step"] == header["playhead"] == viewer.explosion.step
    assert str(told["step"]) in told["sentence"]


def test_all_tracks_of_a_race_are_in_it_with_names_and_settings() -> None:
    viewer = watched(ExperimentConfig(), 0)
    viewer.race([ExperimentConfig(network=NetworkConfig(cell=cell)) for cell in ("rnn", "gru", "lstm")])
    viewer.go_to(12)
    viewer.settle()
    page = Page(recorded(viewer))
    assert [track["scene"]["cell"] for track in page.header["tracks"]] == ["rnn", "gru", "lstm"]
    assert len(page.attributes("dl")) == len(page.texts["h2"]) == 3
    assert {track["frames"]["count"] for track in page.header["tracks"]} == {13}


def test_in_korean_everything_around_the_stage_is_korean(monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_page(monkeypatch, "ko")
    page = Page(recorded(watched(ExperimentConfig(), 2)))
    assert page.attributes("html") == [{"lang": "ko"}]
    words = page.header["tracks"][0]["scene"]["words"]
    for text in (
        words["recording_play"],
        words["recording_kept"],
        page.texts["dt"][0],
        page.texts["p"][-1],
    ):
        assert re.search("[가-힣]", text or ""), text


def test_a_long_recording_is_thinned_on_all_tracks_alike_and_keeps_both_ends() -> None:
    assert stride([500], [3000]) == 1
    every = stride([700, 650], [9000, 9000])
    assert every > 1
    kept = [thinned(list(range(count)), every) for count in (700, 650)]  # type: ignore[arg-type]
    assert (
        sum(map(len, kept)) * 9000 <= made.MOST_BYTES < sum((700 // (every - 1), 650 // (every - 1))) * 9000
    )
    assert [each[0] for each in kept] == [0, 0] and [each[-1] for each in kept] == [699, 649]
    assert kept[1][:-1] == kept[0][: len(kept[1]) - 1]
    assert len(thinned(list(range(5000)), stride([5000], [1]))) <= made.MOST_FRAMES  # type: ignore[arg-type]
    assert stride([2], [10**9]) == 2, "the first and the last stay, however large"


def test_a_run_that_has_changed_since_the_page_spoke_of_it_is_refused() -> None:
    viewer = watched(ExperimentConfig(), 3)
    assert recorded(viewer)
    feed = made.Feed(viewer, lambda: True)  # that has not been told anything
    with pytest.raises(made.Refusal, match="just changed"):
        made.recording(viewer, feed, captions(viewer))


def test_a_file_that_was_offered_before_the_learning_rate_changed_tells_the_present_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = watched(ExperimentConfig(), 3)
    monkeypatch.setattr(keep.address, "of_screen", lambda: ("http://localhost/", to_query(viewer.config)))
    offered = keep.tell(viewer)
    before = offered.captions_at(3)
    viewer.change(with_rate(viewer.config, 0.5))
    keep.tell(viewer)
    now = offered.captions_at(3)
    assert ("Changes of the learning rate", "learning rate 0.5 from step 3") in now.settings[0][1]
    assert before.settings != now.settings and "0.5" not in before.link
    assert now.link.startswith("http://localhost/?") and now.link.endswith("rates=3%3A0.5&train.at=3")
