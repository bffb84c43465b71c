"""Every page of the shell has its words, in both languages, section by section."""

import re

import pytest

from playground.ui.lesson import TEXTS, sections
from playground.ui.words import LANGUAGES
from tests.ui.pages import PAGES, SHELL

MARK = re.compile(r"\{#[\w-]+\}$")
NAMES = set(re.findall(r'PAGES / "(\w+)\.py"', SHELL.read_text(encoding="utf-8")))


def test_every_page_is_in_the_shell_and_has_its_words() -> None:
    assert NAMES == {file.stem for file in PAGES.glob("*.py")} >= {"train", "gradients"}
    assert {file.name for file in TEXTS.iterdir()} == {
        f"{page}.{language}.md" for page in (*NAMES, "motion", "tour") for language in LANGUAGES
    }


@pytest.mark.parametrize("page", sorted(NAMES))
def test_both_languages_have_the_same_sections(page: str) -> None:
    english, korean = (list(sections(page, language)) for language in ("en", "ko"))
    marks = [[MARK.findall(heading) for heading in headings] for headings in (english, korean)]
    assert marks[0] == marks[1]
