"""Lines that stand where a visitor's own will stand: they show the form, and are learned in a moment."""

from itertools import product

from playground.tasks.task import Shape

_LABELS = {"en": ("question", "statement"), "ko": ("물음", "서술")}
_THINGS = {"en": ("house", "door", "room", "street", "sea"), "ko": ("집은", "문은", "방은", "길은", "역은")}
_QUALITIES = {"en": ("old", "near", "small", "new"), "ko": ("멀", "크", "좁", "낮")}
_ASKED = {"멀": "먼가", "크": "큰가", "좁": "좁은가", "낮": "낮은가"}
_TAGGED = {
    "en": (
        "the/D old/A man/N walks/V",
        "the/D old/N walk/V",
        "a/D young/A dog/N sleeps/V",
        "the/D young/N sleep/V",
        "the/D old/A dog/N walks/V",
        "a/D young/A man/N sleeps/V",
        "the/D old/N sleep/V",
        "the/D young/N walk/V",
        "a/D old/A man/N sleeps/V",
        "the/D young/A dog/N walks/V",
        "a/D old/A dog/N sleeps/V",
        "the/D young/A man/N walks/V",
    ),
    "ko": (
        "나는/누가 사과를/무엇을 먹는다/한다",
        "너는/누가 물을/무엇을 마신다/한다",
        "우리는/누가 책을/무엇을 읽는다/한다",
        "나는/누가 오늘/언제 책을/무엇을 읽는다/한다",
        "너는/누가 어제/언제 사과를/무엇을 먹었다/한다",
        "우리는/누가 오늘/언제 물을/무엇을 마신다/한다",
        "나는/누가 어제/언제 물을/무엇을 마셨다/한다",
        "너는/누가 오늘/언제 책을/무엇을 읽는다/한다",
        "우리는/누가 어제/언제 사과를/무엇을 먹었다/한다",
        "나는/누가 물을/무엇을 마신다/한다",
        "너는/누가 책을/무엇을 읽는다/한다",
        "우리는/누가 사과를/무엇을 먹는다/한다",
    ),
}


def sample(shape: Shape, language: str) -> str:
    """Lines for a task of a shape that takes lines, in a language of the data."""
    match shape:
        case "delayed":
            return "\n".join(_reversed())
        case "each step":
            return "\n".join(_TAGGED[language])
        case _:
            return "\n".join(_questions(language))


def _reversed() -> list[str]:
    """Two or three letters, to be written from the last to the first."""
    words = ["".join(letters) for length in (2, 3) for letters in product("abcd", repeat=length)]
    return [f"{word} → {word[::-1]}" for word in words]


def _questions(language: str) -> list[str]:
    """Questions and statements of the same things; in English of the same words."""
    question, statement = _LABELS[language]
    lines: list[str] = []
    for thing, quality in product(_THINGS[language], _QUALITIES[language]):
        if language == "ko":
            asked, said = f"{thing} {_ASKED[quality]}", f"{thing} {quality}다"
        else:
            asked, said = f"is the {thing} {quality}", f"the {thing} is {quality}"
        lines += [f"{asked} → {question}", f"{said} → {statement}"]
    return lines
