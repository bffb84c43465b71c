"""Lines that stand where a visitor's own will stand: they show the form, and are learned in a moment."""

from itertools import product

from playground.tasks.task import Shape

_QUESTIONS = {
    "en": (
        "what time is it",
        "where is the station",
        "who is at the door",
        "when does it start",
        "why is it so late",
        "how far is the sea",
        "what is on the table",
        "where is my bag",
        "who is in the room",
        "how old is the house",
        "it is late",
        "the station is near the sea",
        "my bag is on the table",
        "the house is old",
        "it does start late",
        "the door is in the room",
        "the sea is so far",
        "my room is near",
        "the time is near",
        "it is so old",
    ),
    "ko": (
        "지금 몇 시니",
        "역은 어디니",
        "문 앞에 누가 있니",
        "언제 시작하니",
        "왜 이렇게 늦었니",
        "바다는 얼마나 머니",
        "책상 위에 무엇이 있니",
        "가방은 어디 있니",
        "방에 누가 있니",
        "집은 얼마나 오래됐니",
        "지금 아주 늦었다",
        "역은 바다 앞에 있다",
        "가방은 책상 위에 있다",
        "집은 아주 오래됐다",
        "지금 시작한다",
        "문은 방에 있다",
        "바다는 아주 멀다",
        "방은 문 앞에 있다",
        "책상은 오래됐다",
        "역은 멀다",
    ),
}
_KINDS = {"en": ("question", "statement"), "ko": ("질문", "서술")}
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
_SUMS = "\n".join(f"{one}+{other} → {one + other}" for one, other in product(range(1, 9), repeat=2))


def sample(shape: Shape, language: str) -> str:
    """Lines for a task of a shape, in the language of the data."""
    if shape == "delayed":
        return _SUMS
    if shape == "each step":
        return "\n".join(_TAGGED[language])
    question, statement = _KINDS[language]
    lines = _QUESTIONS[language]
    labels = [question] * (len(lines) // 2) + [statement] * (len(lines) // 2)
    return "\n".join(f"{line} → {label}" for line, label in zip(lines, labels, strict=True))
