"""The small pictures of shapes are those of the tasks that have them, and stand on the right buttons."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from playground.studies.lessons import LESSONS, SHAPES, lesson_of
from playground.tasks.task import Shape
from playground.ui.choices import PAGES
from playground.ui.shapes.glyphs import GLYPHS, drawn, style


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_read_and_asked_first_and_last_is_that_of_every_lesson(shape: Shape) -> None:
    read, asked = ([each != "." for each in row] for row in GLYPHS[shape])
    for ready in LESSONS.values():
        if ready.shape != shape:
            continue
        lesson = lesson_of(
            ready,
            ready.network,
            learning_rate=0.01,
            updates=1,
            seed=0,
            has_decoder=ready.has_decoder,
            feed="nothing",
        )
        run = lesson.run()
        run.advance()
        frame = run.frames_of(0)[0]
        there = frame.reads | frame.mask
        for end in (0, -1):
            assert (frame.reads[there][end], frame.mask[there][end]) == (read[end], asked[end])


def test_a_box_is_filled_where_something_is_read_or_asked() -> None:
    boxes = [each for each in ElementTree.fromstring(drawn("x.", ".y")) if each.tag.endswith("rect")]
    filled = [each.get("fill") != "none" for each in boxes]
    assert filled == [False, True, True, True, True, False]  # output, state and input of both timesteps


def test_buttons_have_their_pictures_in_the_order_of_the_choice() -> None:
    assert PAGES["shapes"]["shape"].kind.options == SHAPES  # type: ignore[union-attr]
    rules = re.findall(r"nth-of-type\((\d)\)::before.*?svg\+xml,([^\"]+)", style())
    assert [(int(place), unquote(image)) for place, image in rules] == [
        (place, drawn(*GLYPHS[shape])) for place, shape in enumerate(SHAPES, 1)
    ]
