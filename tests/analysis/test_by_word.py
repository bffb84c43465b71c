"""Who answers which word right, counted by hand."""

from playground.analysis.by_word import by_word, sentences
from playground.tasks.packing import packed
from playground.tasks.task import Shown

THE, LIGHT, IS, BULB = range(4)
# "light" is 1 before "is" and 2 before "bulb".
BATCH = packed([([THE, LIGHT, IS], [0, 1, 3]), ([THE, LIGHT, BULB], [0, 2, 1]), ([IS], [3])])
READ = (("the", "light", "is"), ("the", "light", "bulb"), ("is", "", ""))
ASKED = (("d", "n", "v"), ("d", "a", "n"), ("v", "", ""))


def answered(*answers: tuple[str, ...]) -> list[Shown]:
    return [Shown(*each) for each in zip(READ, ASKED, answers, strict=True)]


FORWARD = answered(("d", "n", "v"), ("d", "n", "d"), ("v", "", ""))
BOTH = answered(("d", "n", "v"), ("d", "a", "n"), ("n", "", ""))


def test_every_word_has_its_count_and_what_can_be_reached() -> None:
    table = by_word(BATCH, {"forward": FORWARD, "both": BOTH})
    assert table.to_dict("records") == [
        {"word": "light", "n": 2, "past": 1, "forward": 1, "both": 2},
        {"word": "the", "n": 2, "past": 2, "forward": 2, "both": 2},
        {"word": "is", "n": 2, "past": 2, "forward": 2, "both": 1},
        {"word": "bulb", "n": 1, "past": 1, "forward": 0, "both": 1},
    ]


def test_every_word_of_every_sentence_has_a_row() -> None:
    table = sentences({"forward": FORWARD, "both": BOTH})
    assert len(table) == 7
    assert table.iloc[4].to_dict() == {
        "example": 2,
        "t": 2,
        "word": "light",
        "asked": "a",
        "forward": "n",
        "both": "a",
    }
