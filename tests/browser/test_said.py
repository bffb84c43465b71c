"""What the panels say, to those who listen and to those who point, is what the trace says."""

import re
from math import exp

import pytest
from playwright.sync_api import Locator, Page, expect

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.runs.run import Run

STEPS = 3
CONFIG = ExperimentConfig(text=TextConfig(text="hello"), network=NetworkConfig(cell="gru"), seed=5)


def said(stage: Locator, panel: str, place: int = 0) -> str:
    """The text alternative of a panel's picture, without the marks that keep the direction of a user's text."""
    label = stage.locator(f"section.{panel} [role=img]").nth(place).get_attribute("aria-label") or ""
    return re.sub("[\u2068\u2069]", "", label)


def test_descriptions_and_tips_tell_what_was_measured(page: Page) -> None:
    run = Run(CONFIG)
    run.advance(STEPS)
    trace, point = run.trace_at(STEPS), run.curve_points(STEPS)
    probabilities = trace["probabilities"][:, 0, 0]

    page.goto("/?text=hello&cell=gru&seed=5")
    stage = page.get_by_test_id("stage")
    stage.wait_for()
    for step in range(1, STEPS + 1):
        page.locator(".st-key-step button:visible").first.click()
        expect(stage).to_have_attribute("data-step", str(step))
    stage.focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")  # from the second l to the second timestep: e, then l
    expect(stage.locator("section.tiles [role=img]")).to_have_attribute("aria-label", re.compile("At t = 2"))
    expect(stage.locator("section.curve [role=img]")).to_have_attribute(
        "aria-label", re.compile(rf"step {STEPS}\.")
    )

    target = run.corpus.labels.index("l")
    probability = float(probabilities[1, target])
    found = re.search(r"input e, target l, probability ([\d.]+), loss ([\d.]+) nats", said(stage, "tiles"))
    assert float(found[1]) == pytest.approx(probability, rel=5e-3)
    assert float(found[2]) == pytest.approx(float(trace["loss"][1, 0, 0]), rel=5e-3)
    found = re.search(r"Perplexity ([\d.]+) at", said(stage, "curve"))
    assert float(found[1]) == pytest.approx(exp(point.loss[-1]), rel=5e-3)
    odds = dict(re.findall(r"([helo]) (\d\.\d+)", said(stage, "odds").split(":")[1]))
    assert {label: float(text) for label, text in odds.items()} == {
        label: pytest.approx(float(probabilities[1, place]), abs=6e-4)
        for place, label in enumerate(run.corpus.labels)
    }
    for place, gate in enumerate("rzn"):
        label = said(stage, "gates", place)
        assert label.startswith(f"{gate} ")
        mean = float(re.search(r"≈ ([−\d.]+)\.$", label)[1].replace("−", "-"))
        assert mean == pytest.approx(float(trace[f"l0.{gate}"][1, 0, 0].mean()), abs=0.011)

    box = stage.locator("section.tiles [role=img]").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + box["height"] / 2)
    tip = stage.locator(".tip")
    expect(tip).to_contain_text("t = 1")
    first = float(re.search(r"probability ([\d.]+)", tip.inner_text())[1])
    assert first == pytest.approx(float(probabilities[0, run.corpus.labels.index("e")]), rel=5e-3)
