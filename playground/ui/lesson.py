"""The words of a page: a Markdown file per page and language, a title, an introduction and one section a panel.

A heading may end in `{#name}`, by which a page finds its section; the names are the same in all languages.
"""

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


def named(page: str, name: str) -> tuple[str, str]:
    """Heading and text of a section."""
    mark = f" {{#{name}}}"
    for heading, text in sections(page, language()).items():
        if heading.endswith(mark):
            return heading.removesuffix(mark), text
    raise KeyError(f"{page} has no section {name!r} in {language()!r}")


def heading(page: str, name: str) -> None:
    """The heading of a section."""
    st.markdown("#### " + named(page, name)[0])


def text(page: str, name: str) -> None:
    """What a section says: its first paragraph, and all else, the formulas first, when the reader unfolds it."""
    st.markdown(_lead(page, name))
    _details(page, name)


def _lead(page: str, name: str) -> str:
    return named(page, name)[1].partition("\n\n")[0]


def _details(page: str, name: str) -> None:
    rest = named(page, name)[1].partition("\n\n")[2]
    if rest:
        with st.expander(_("Formula and details"), icon=":material/function:", type="compact"):
            st.markdown(rest)


def opening(page: str, name: str) -> None:
    """A section above a picture that should be near: its heading on one line with what it says."""
    st.markdown(f"**{named(page, name)[0]}** — {_lead(page, name)}")
    _details(page, name)


def note(page: str, name: str) -> None:
    """A section beside a figure: its heading in bold, and what it says."""
    st.markdown(f"**{named(page, name)[0]}**")
    text(page, name)


def introduction(page: str) -> None:
    """The page's title and its first sentence."""
    title, text = next(iter(sections(page, language()).items()))
    st.markdown(f"**{title}** — {text}", width="stretch")


def what_to_look_for(page: str) -> None:
    """One short paragraph per panel."""
    with st.expander(_("What to look for"), icon=":material/visibility:"):
        paragraphs = [
            f"**{heading}**  \n{text}" for heading, text in list(sections(page, language()).items())[1:]
        ]
        for number, column in enumerate(st.columns(2, gap="large")):
            column.markdown("\n\n".join(paragraphs[number::2]))
