"""The message catalogue: `python -m tests.messages` brings the Korean one up to date with the code.

New strings arrive untranslated, strings that are gone leave; `test_locale.py` fails until all is translated.
"""

import ast
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "playground/locale/ko/LC_MESSAGES/playground.po"
MO = PO.with_suffix(".mo")
# `_` translates here, `N_` marks for later; the second argument of a Refusal, of whatever kind, is its sentence.
KEYWORDS = {"_": None, "N_": None, "Refusal": (2,), "Unreadable": (2,), "Dropped": (2,)}

# Names that are the same in Korean; so are abbreviations, which are all capitals.
SAME_IN_KOREAN = frozenset({"Adam", "Adagrad", "RMSprop", "tanh", "ReLU"})


def sources(root: Path = ROOT) -> list[Path]:
    """Every file whose strings a person may read."""
    return [
        root / "app.py",
        *sorted((root / "pages").rglob("*.py")),
        *sorted((root / "playground").rglob("*.py")),
    ]


def extract(files: list[Path], root: Path = ROOT) -> Catalog:
    """A catalogue of every message in `files`, without translations, in the order of the code."""
    catalog = Catalog(project="playground", charset="utf-8")
    for file in filter(Path.is_file, files):
        for line, message, comments, context in extract_from_file("python", file, KEYWORDS, ("i18n:",)):
            place = (file.relative_to(root).as_posix(), line)
            catalog.add(message, locations=[place], auto_comments=comments, context=context)
    return catalog


def read(path: Path) -> Catalog:
    """The catalogue in a .po file."""
    with path.open("rb") as file:
        return read_po(file, locale="ko")


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as the bytes of a .mo file."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def placeholders(text: str) -> list[str]:
    """The names between braces, sorted: `{value:.2f} of {all}` has `all` and `value`."""
    return sorted(re.split(r"[!:]", name)[0] for name in re.findall(r"\{([^{}]*)\}", text))


def problems(template: Catalog, translated: Catalog) -> Iterator[str]:
    """What keeps `translated` from being a full and faithful catalogue of the messages in `template`."""
    wanted, present = ({str(m.id): m for m in catalog if m.id} for catalog in (template, translated))
    yield from (f"unused: {text!r}" for text in present.keys() - wanted.keys())
    yield from (f"unused: {key!r}" for key in translated.obsolete)
    for text in wanted:
        message = present.get(text)
        korean = str(message.string) if message else ""
        if message is None or not korean.strip():
            yield f"untranslated: {text!r}"
        elif message.fuzzy:
            yield f"fuzzy: {text!r}"
        elif placeholders(text) != placeholders(korean):
            yield f"placeholders differ: {text!r} and {korean!r}"
        elif not has_hangul(korean) and not (
            is_same_in_korean(text) and korean.replace(" ", "") == text.replace(" ", "")
        ):
            yield f"not Korean: {text!r} is {korean!r}"


def has_hangul(text: str) -> bool:
    return re.search(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]", text) is not None


def is_same_in_korean(text: str) -> bool:
    """Whether nothing is left to translate: listed names, abbreviations, single letters, placeholders, numbers."""
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"\{[^{}]*\}", " ", text))
    return all(word.isupper() or word in SAME_IN_KOREAN for word in words)


def unreadable_calls(file: Path) -> Iterator[str]:
    """Calls whose message extraction cannot see: an f-string or a computed text, as `file:line: why`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        for node in ast.walk(text):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in ("_", "N_") and node.args and isinstance(node.args[0], ast.Constant):
                yield f"{file.name}:{node.lineno}: a message inside an f-string is not extracted"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", None)
        literal = [
            isinstance(argument, ast.Constant) and isinstance(argument.value, str) for argument in node.args
        ]
        if name == "N_" and literal[:1] != [True]:
            yield f"{file.name}:{node.lineno}: N_ needs a literal"
        elif name in ("Refusal", "Unreadable", "Dropped") and literal[1:2] != [True]:
            yield f"{file.name}:{node.lineno}: the second argument of {name} must be a literal"
        elif name == "_" and node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp):
            yield f"{file.name}:{node.lineno}: _ needs a literal, filled in afterwards"


def empty() -> Catalog:
    """A Korean catalogue without messages. Its dates stand still: the file changes only when words do."""
    undated = datetime(2000, 1, 1, tzinfo=UTC)
    return Catalog(
        locale="ko",
        header_comment="# Korean words of the playground; the English ones stand in the code.",
        project="playground",
        version="1",
        msgid_bugs_address="",
        last_translator="the authors of the playground",
        language_team="Korean",
        creation_date=undated,
        revision_date=undated,
        charset="utf-8",
        fuzzy=False,
    )


def update() -> Catalog:
    """Read the code, bring the Korean catalogue up to date, write and compile it."""
    catalog = empty()
    for message in read(PO) if PO.is_file() else ():
        if message.id:
            catalog.add(message.id, message.string, flags=message.flags, user_comments=message.user_comments)
    catalog.update(extract(sources()), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalog, width=110, sort_by_file=True, include_lineno=False)
    MO.write_bytes(compiled(catalog))
    return catalog


def main() -> None:
    catalog = update()
    left = [str(message.id) for message in catalog if message.id and not message.string]
    print(f"{PO.relative_to(ROOT)}: {len(catalog)} messages, {len(left)} to translate")
    print(*(f"  {text!r}" for text in left), sep="\n")


if __name__ == "__main__":
    main()
