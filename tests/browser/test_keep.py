"""What a reader takes along: the recording opened from a disk, number by number; link, picture and print of a page."""

import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer
from tests.browser.visit import WATCH, Visit, until
from tests.ui.recorded import recorded, without_a_page

HOSTILE = "</script><script>alert(1)</script>"
EXPLODING = ExperimentConfig(
    text=TextConfig(text=HOSTILE),
    network=NetworkConfig(cell="rnn", nonlinearity="linear"),
    training=TrainingConfig(optimizer="sgd", learning_rate=1.0, clip="off"),
)
STEPS = (0, 7, 40)


@pytest.fixture
def disk(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A tab without a network, and what it complained about or asked for beside the file that it opened."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page, heard = context.new_page(), list[str]()
    page.add_init_script(WATCH)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text))
    page.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: None if request.is_navigation_request() else heard.append(request.url))
    yield page, heard
    context.close()


def opened(page: Page, file: Path, viewer: Viewer) -> None:
    file.write_text(recorded(viewer), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.get_by_test_id("stage")).to_have_attribute("data-step", "0")


def scrub(page: Page, step: int) -> None:
    page.locator("footer input").evaluate(
        "(bar, step) => { bar.value = step; bar.dispatchEvent(new Event('input')); }", step
    )
    expect(page.get_by_test_id("stage")).to_have_attribute("data-step", str(step))


def test_a_recording_plays_from_a_disk_and_shows_the_numbers_of_its_run(
    disk: tuple[Page, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_page(monkeypatch)
    page, heard = disk
    viewer = Viewer(Registry(), ExperimentConfig())
    viewer.go_to(STEPS[-1])
    viewer.settle()
    opened(page, tmp_path / "hello.html", viewer)
    stage = page.get_by_test_id("stage")
    page.locator(".play").click()
    expect(stage).to_have_attribute("data-step", str(STEPS[-1]))
    expect(page.locator(".play")).to_have_text("Play")  # it has come to its end
    assert int(stage.get_attribute("data-frames") or 0) > 10
    hidden = page.locator(":is([data-server], .study-button)").evaluate_all(
        "all => all.map((e) => e.offsetHeight)"
    )
    assert hidden and not any(hidden)
    for step in STEPS:
        scrub(page, step)
        trace = viewer.run.trace_at(step)
        perplexity = math.exp(trace["loss"][:, 0, 0].mean().item())
        shown = page.locator(".readout .perplexity dd")
        assert float(shown.text_content() or "") == pytest.approx(perplexity, rel=0.006)
        t = int(stage.get_attribute("data-t") or 0)
        until(page, partial(says_odds, page, trace["probabilities"][t, 0, 0].tolist()))
        assert_states(page, trace["l0.h"][:, 0, 0])
    assert heard == [] and page.evaluate("window.violations") == []


def says_odds(page: Page, odds: list[float]) -> bool:
    """Whether the panel tells those who listen these probabilities, in the order of the vocabulary."""
    label = page.locator(".odds [role=img]").get_attribute("aria-label") or ""
    said = [float(number) for number in re.findall(r"\d\.\d{3}", label.rpartition(": ")[2])]
    return said == pytest.approx(odds, abs=0.0011)


def assert_states(page: Page, h) -> None:
    """Some cells of the hidden state say what the trace says, as exactly as eight bits can."""
    plot, seen = page.locator(".panel.state .plot"), set[tuple[int, int]]()
    box = plot.bounding_box()
    assert box is not None
    for across, down in ((0.3, 0.2), (0.5, 0.5), (0.8, 0.3), (0.95, 0.6)):
        plot.hover(position={"x": box["width"] * across, "y": box["height"] * down})
        said = page.locator(".tip").text_content() or ""
        found = re.fullmatch(r"unit (\d+) · t = (\d+)\s+h ≈ (−?)([\d.]+)", said)
        assert found, said
        unit, t, value = int(found[1]) - 1, int(found[2]) - 1, float(found[4]) * (-1 if found[3] else 1)
        assert value == pytest.approx(h[t, unit].item(), abs=0.012)
        seen.add((unit, t))
    page.mouse.move(0, 0)
    assert len(seen) == 4


def test_a_recording_of_a_run_that_exploded_says_so_and_does_nothing_that_was_typed(
    disk: tuple[Page, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_page(monkeypatch)
    page, heard = disk
    viewer = Viewer(Registry(), EXPLODING)
    viewer.go_to(10_000)
    viewer.settle()
    assert viewer.explosion is not None
    opened(page, tmp_path / "exploded.html", viewer)
    expect(page.locator(".notice")).to_contain_text(f"{viewer.explosion.step:,}")
    page.locator(".play").click()
    expect(page.get_by_test_id("stage")).to_have_attribute("data-step", str(viewer.playhead))
    expect(page.locator(".told dl")).to_contain_text(HOSTILE)
    assert heard == [] and page.evaluate("window.violations") == []


def test_link_picture_recording_and_print_of_a_page(page: Page, tmp_path: Path) -> None:
    visit = Visit(page)
    visit.open("/?text=abcabd&seed=104&train.at=6&train.t=3")
    assert (visit.until("step", "= 6"), visit.number("t")) == (6, 2)
    panel = page.locator(".panel.gates")
    panel.hover()
    with page.expect_download() as picture:
        panel.locator(".save").click()
    assert picture.value.suggested_filename == "lstm-abcabd-6-gates.png"
    size = page.evaluate(
        """async (bytes) => {
          const image = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const canvas = new OffscreenCanvas(image.width, image.height);
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
          return [image.width, new Set(pixels).size];
        }""",
        list(picture.value.path().read_bytes()),
    )
    box = panel.bounding_box()
    assert box is not None and size[0] > 2 * box["width"] and size[1] > 50
    with page.expect_download() as file:
        page.locator(".st-key-recording button:visible").first.click()
    assert file.value.suggested_filename == "lstm-abcabd-6.html"
    assert 'id="message"' in file.value.path().read_text(encoding="utf-8")
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.stage.press("ArrowRight")
    page.locator(".copy-button").click()
    expect(page.locator(".said")).to_have_text("Copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "train.at=6" in link and "train.t=4" in link and "text=abcabd" in link
    visit.check()
