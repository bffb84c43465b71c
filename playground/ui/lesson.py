"""The words of a page: a Markdown file per page and language, a title, an introduction and one section a panel."""

from functools import cache
from pathlib import Path

import streamlit as st

from playground.ui.words import _, language

TEXTS = Path(__file__).parent / "texts"


@cache
def sections(page: str, language: str) -> dict[str, str]:
    """Headings and their texts, in order; the first is the page's title with its introduction."""
    found: dict[str, str] = {}
    heading = ""
    for line in (TEXTS / f"{page}.{language}.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
            found[heading] = ""
        else:
            found[heading] += line + "\n"
    return {heading: text.strip() for heading, text in found.items()}


def introduction(page: str) -> None:
    """The page's title and its first sentence."""
    title, text = next(iter(sections(page, language()).items()))
    st.markdown(f"**{title}** — {text}")


def what_to_look_for(page: str) -> None:
    """One short paragraph per panel."""
    with st.expander(_("What to look for"), icon=":material/visibility:"):
        left, right = st.columns(2, gap="large")
        paragraphs = list(sections(page, language()).items())[1:]
        for number, (heading, text) in enumerate(paragraphs):
            (left if number % 2 == 0 else right).markdown(f"**{heading}**  \n{text}")
