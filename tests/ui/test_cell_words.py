"""Every cell has a name, words for all that is drawn of it, a colour and its sections, in both languages and themes."""

import re

import pytest

from playground.cells import CELLS
from playground.figures.theme import COLOURS
from playground.runs.layout import SLOPE
from playground.ui.assets import WEB
from playground.ui.cell_words import WORDS, figure_words, stage_words
from playground.ui.fields import OPTION_LABELS
from playground.ui.figure_words import LABELS
from playground.ui.lesson import sections
from tests import messages

every_cell = pytest.mark.parametrize("cell", list(CELLS))


def gates_of(cell: str) -> list[str]:
    """What is drawn as the gates of a cell."""
    return list(CELLS[cell].gates) or [SLOPE.name]


def test_every_cell_has_words_and_no_other() -> None:
    assert list(WORDS) == list(CELLS)


@every_cell
def test_a_cell_and_its_gates_are_named(cell: str) -> None:
    spec = CELLS[cell]
    assert OPTION_LABELS[cell] == WORDS[cell].name
    assert list(WORDS[cell].gates) == gates_of(cell)
    assert stage_words(cell).keys() == {f"gate_{gate}" for gate in gates_of(cell)}
    assert figure_words(cell).keys() >= {f"quantity_{gate}" for gate in gates_of(cell)}
    for state in spec.states:
        assert f"quantity_{state}" in LABELS and state in OPTION_LABELS
    if spec.carry is not None:
        assert f"carry_{spec.carry.state}_gate" in figure_words(cell)
    assert ("jacobian_carry" in figure_words(cell)) == spec.carries("h")
    for gate, word in stage_words(cell).items():
        shown = gate.removeprefix("gate_").replace("phi", "φ′")
        assert word.startswith(shown) and figure_words(cell)[gate.replace("gate", "quantity")].startswith(
            shown
        )


@every_cell
def test_all_of_it_is_in_korean_too(cell: str) -> None:
    korean = {str(message.id): str(message.string) for message in messages.read(messages.PO) if message.id}
    for text in (WORDS[cell].name, *stage_words(cell).values(), *figure_words(cell).values()):
        assert korean[text], text


@every_cell
@pytest.mark.parametrize("theme", list(COLOURS))
def test_a_cell_its_states_and_gates_have_a_colour(theme: str, cell: str) -> None:
    assert {cell, *CELLS[cell].states, *gates_of(cell)} <= COLOURS[theme].keys()
    assert len({COLOURS[theme][each] for each in CELLS}) == len(CELLS), "two cells look alike"


@every_cell
def test_the_stage_has_the_same_colours(cell: str) -> None:
    theme = (WEB / "shared" / "theme.js").read_text(encoding="utf-8")
    for name in (cell, *CELLS[cell].states):
        written = re.findall(rf'\b{name}: "(#[0-9A-F]{{6}})"', theme)
        assert written == [COLOURS[mode][name] for mode in ("light", "dark")]


@every_cell
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_lesson_says_why_of_every_cell(language: str, cell: str) -> None:
    marks = [heading.partition("{#")[2].rstrip("}") for heading in sections("gradients", language)]
    assert marks.count(f"why-{cell}") == 1
    assert marks.count(f"carry-{cell}") == (CELLS[cell].carry is not None)
