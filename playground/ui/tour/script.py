"""The words of the tour, read from its texts: what to look at, a question with answers, and what has happened."""

from dataclasses import dataclass

from playground.ui import lesson


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before anything is played. right: the place of the right answer; None where it depends."""

    text: str
    explained: str
    answers: tuple[str, ...]
    right: int | None


def title_and_text(scene: str) -> tuple[str, str]:
    """What a scene is called, and what it says before it plays."""
    return lesson.named("tour", scene)


def question(scene: str) -> Question:
    """What is asked: a paragraph, then a list of answers, the right one in bold."""
    text, body = lesson.named("tour", f"{scene}-guess")
    listed = [line[2:] for line in body.splitlines() if line.startswith("- ")]
    bold = [place for place, answer in enumerate(listed) if answer.startswith("**") and answer.endswith("**")]
    return Question(
        text=text,
        explained="\n".join(line for line in body.splitlines() if not line.startswith("- ")).strip(),
        answers=tuple(answer.strip("*") for answer in listed),
        right=bold[0] if bold else None,
    )


def after(scene: str, measured: dict[str, str]) -> str:
    """What has happened, with the numbers that were measured."""
    return lesson.named("tour", f"{scene}-after")[1].format(**measured)
