"""The words of a page: every string that a person reads, and whether it is in the right language."""

import json
import re
from collections.abc import Iterator

from playground.presets import PRESETS
from playground.ui.cell_words import WORDS
from tests.ui.pages import Visitor, strings

# What a Korean reader reads in Latin letters too: names, symbols of formulas, and quoted English texts.
TERMS = re.compile(
    "|".join(words.name for words in WORDS.values())
    + r"|BOS|EOS|SGD|Adam|Adagrad|RMSprop|ReLU|PyTorch|tanh|CSV|URL|PCA|English|hello world|hello|"
    r"ybigta|abcabd|mississippi|[A-Za-z](?![A-Za-z])|h_t|c_t|log p|gap-\d+|1e-\d+|"
    r"Tyger|Blake|\bnats?\b|\bNaN\b|\b(?:rnn|embedding|readout)\.\w+"
)
LATIN = re.compile(r"[A-Za-z]{2,}")
HANGUL = re.compile(r"[가-힣ㄱ-ㆎ]")
# What an English reader reads in Hangul: the language, and ready-made texts.
NAMES = re.compile("|".join(map(re.escape, sorted(("한국어", *PRESETS), key=len, reverse=True))))
INVISIBLE = {
    "id",
    "icon",
    "type",
    "format",
    "js_content",
    "html_content",
    "css_content",
    "component_name",
    "form_id",
    "url",
    "mime",
    "element_id",
    "deferred_file_id",
    "default",
    "config",
    "query_param_key",
    "group_id",
    "anchor",
    "width",
    "raw_value",
    "page",  # of a link to it: its address
    "page_script_hash",
    "uuid",  # of a table with styles, drawn at random
}


def korean(text: str) -> bool:
    """Whether a text has Korean that an English reader should not meet."""
    return bool(HANGUL.search(NAMES.sub("", text)))


def words_of(visitor: Visitor) -> Iterator[str]:
    """Every string of the page that is shown: labels, helps, options, texts, the figures' and the stage's words."""
    for element in visitor.elements():
        if element.type in ("html", "text"):  # style sheets; generated text
            continue
        for field, text in strings(element.proto):
            if field == "spec":
                yield from figure_words(json.loads(text))
            elif field == "columns":
                yield from (column["label"] for column in json.loads(text).values() if column.get("label"))
            elif field not in INVISIBLE:
                yield text
    for block in blocks(visitor.app._tree):  # expanders, popovers
        for field, text in strings(block.proto) if block.proto is not None else ():
            if field in ("label", "title", "body", "help"):
                yield text
    if visitor.has("stage"):
        yield from visitor.stage.header.get("scene", {"words": {}})["words"].values()


def blocks(block) -> Iterator:
    for child in block.children.values():
        if hasattr(child, "children"):
            yield child
            yield from blocks(child)


def figure_words(part: object) -> Iterator[str]:
    """The titles, names and texts of a Plotly figure."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name in ("text", "name", "hovertemplate", "title", "ticktext", "label") and isinstance(
                value, str | list
            ):
                yield from (
                    [value] if isinstance(value, str) else [text for text in value if isinstance(text, str)]
                )
            else:
                yield from figure_words(value)
    elif isinstance(part, list):
        for value in part:
            yield from figure_words(value)


def english(text: str) -> bool:
    """Whether words are left that only a reader of English understands."""
    text = re.sub(r"%\{[^}]*\}|\{[^}]*\}|<[^>]*>|:material/\w+:", " ", text)
    return bool(LATIN.search(TERMS.sub(" ", text))) and not HANGUL.search(text)
