"""Ready lessons: each comes to a result with its own network in its own updates, with wide margins."""

from dataclasses import replace
from typing import Any

import pytest

from playground.refusal import Refusal
from playground.studies.lessons import (
    FEEDS,
    LESSONS,
    OWN,
    OWN_LESSONS,
    OWN_LINES,
    SHAPES,
    Lesson,
    Ready,
    lesson_of,
    offered,
    variants,
)
from playground.tasks.tagging import Tagging
from playground.ui.shapes.samples import sample

# Success that is surely reached; the dates, which take a quarter of a minute, are seen to begin to be learned.
REACHED = {"pressure": 0.65, "naming": 0.9, "sentiment": 0.95, "names": 0.5, "words": 0.6, "tags": 0.8}


def ready_made(ready: Ready, **choices: Any) -> Lesson:
    """The lesson as it is offered."""
    usual = {
        "learning_rate": ready.learning_rate,
        "updates": ready.updates,
        "seed": 0,
        "has_decoder": ready.has_decoder,
        "feed": "target",
    }
    return lesson_of(ready, ready.network, **(usual | choices))


def reached(lesson: Lesson) -> float:
    run = lesson.run()
    run.advance()
    return run.frames[-1].success


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", REACHED)
def test_a_ready_lesson_comes_to_its_result(name: str, language: str) -> None:
    lesson = ready_made(LESSONS[name], language=language)
    success = reached(lesson)
    assert success >= REACHED[name] > lesson.task.chance
    if isinstance(lesson.task, Tagging):
        assert success <= lesson.task.forward_ceiling + 1e-9


def test_dates_begin_to_be_learned() -> None:
    run = ready_made(LESSONS["dates"], updates=60).run()
    run.advance()
    assert run.frames[-1].loss < 0.8 * run.frames[0].loss


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("shape", OWN_LESSONS)
def test_the_lines_that_stand_there_first_are_learned(shape: Any, language: str) -> None:
    tokens = {"many-to-one": "word", "delayed": "character"}.get(shape)
    chosen = {"lines": sample(shape, language)} | ({"tokens": tokens} if tokens else {})
    lesson = ready_made(OWN_LESSONS[shape], **chosen)
    assert lesson.task.disjoint, "some are held out"
    assert reached(lesson) > (1 + lesson.task.chance) / 2


def test_every_shape_offers_its_lessons_and_ones_own_lines_last() -> None:
    names = [name for shape in SHAPES for name in offered(shape) if name != OWN]
    assert names == list(LESSONS)
    assert len(SHAPES) == 5
    for shape in SHAPES:
        lessons = offered(shape)
        assert all(lesson.shape == shape for lesson in lessons.values())
        assert (OWN in lessons) == (shape in OWN_LINES)


def test_variants_differ_in_one_thing_and_the_lesson_is_among_them() -> None:
    words = ready_made(LESSONS["words"], feed="itself")
    found = variants(words)
    assert tuple(found) == FEEDS and found["itself"] == words
    assert found["target"] == replace(words, feeds_itself=False)
    assert found["nothing"].task.batch(0, 0).inputs[-1].max() == -1, "nothing is read while it is written"
    sentiment = ready_made(LESSONS["sentiment"], readout="mean")
    read_out = variants(sentiment)
    assert list(read_out) == ["each", "mean"] and read_out["mean"] == sentiment
    assert [each.task.signature.readout for each in read_out.values()] == ["each", "mean"]
    assert variants(ready_made(LESSONS["tags"])) == {}


def test_equal_lessons_are_one_job() -> None:
    one, other = (ready_made(LESSONS["names"]) for _ in range(2))
    assert one == other and hash(one) == hash(other)
    assert one != ready_made(LESSONS["names"], seed=1)


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(Refusal, match="updates must be a whole number from 1 to 3000"):
        ready_made(LESSONS["names"], updates=0).run()
    with pytest.raises(Refusal, match="language must be one of"):
        ready_made(LESSONS["tags"], language="fr")
