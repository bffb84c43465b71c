"""Shapes as small pictures on the buttons by which they are chosen: columns are timesteps, read from below.

A filled box is there, a faint one is not: inputs at the bottom, states, outputs at the top. They are masks, so their
colour is that of the button's words.
"""

from functools import cache
from urllib.parse import quote

import streamlit as st

from playground.studies.lessons import SHAPES
from playground.tasks.task import Shape

READ, ASKED = "x", "y"
# What is read and what is asked at each timestep of a short sequence.
GLYPHS: dict[Shape, tuple[str, str]] = {
    "one-to-one": ("x", "y"),
    "one-to-many": ("x..", "yyy"),
    "many-to-one": ("xxx", "..y"),
    "delayed": ("xxx..", "...yy"),
    "each step": ("xxx", "yyy"),
}
COLUMN, BOX = 11, 7  # px
OUTPUT, STATE, INPUT = 0, 10, 20  # px from the top
HEIGHT = INPUT + BOX
_BUTTONS = """
.st-key-shapes-shape button[data-variant] {
  height: auto; padding-block: 0.4rem 0.3rem; flex-direction: column; gap: 0.3rem;
}
.st-key-shapes-shape button[data-variant]::before { content: ""; background: currentColor; }
@media (max-width: 640px) { /* all five in one row */
  .st-key-shapes-shape button[data-variant] { padding-inline: 0.3rem; }
  .st-key-shapes-shape button[data-variant] p { font-size: 0.8rem; }
}
@media (forced-colors: active) {
  .st-key-shapes-shape button[data-variant]::before { forced-color-adjust: none; background: ButtonText; }
}
"""


def dress() -> None:
    """Put the pictures onto the buttons of the choice `shape`."""
    st.html(f"<style>{style()}</style>")


@cache
def style() -> str:
    """The rules for all buttons, in their order."""
    rules = [_BUTTONS]
    for place, shape in enumerate(SHAPES, 1):
        read, asked = GLYPHS[shape]
        image = f'url("data:image/svg+xml,{quote(drawn(read, asked))}")'
        rules.append(
            f".st-key-shapes-shape button[data-variant]:nth-of-type({place})::before "
            f"{{ width: {COLUMN * len(read)}px; height: {HEIGHT}px; mask: {image} center / contain no-repeat; }}"
        )
    return "\n".join(rules)


def drawn(read: str, asked: str) -> str:
    """A picture as SVG, from what is read and what is asked at each timestep; a dot stands for nothing."""
    parts: list[str] = []
    for t, (x, y) in enumerate(zip(read, asked, strict=True)):
        left = COLUMN * t + (COLUMN - BOX) / 2
        parts += [_box(left, OUTPUT, y == ASKED), _box(left, STATE, True), _box(left, INPUT, x == READ)]
        middle = left + BOX / 2
        if y == ASKED:
            parts.append(_line(middle, OUTPUT + BOX, middle, STATE))
        if x == READ:
            parts.append(_line(middle, STATE + BOX, middle, INPUT))
        if t:
            parts.append(_line(left - (COLUMN - BOX), STATE + BOX / 2, left, STATE + BOX / 2))
    size = f"0 0 {COLUMN * len(read)} {HEIGHT}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}">{"".join(parts)}</svg>'


def _box(left: float, top: float, is_there: bool) -> str:
    if is_there:
        return f'<rect x="{left}" y="{top}" width="{BOX}" height="{BOX}" rx="1.5"/>'
    return (
        f'<rect x="{left + 0.5}" y="{top + 0.5}" width="{BOX - 1}" height="{BOX - 1}" rx="1" '
        'fill="none" stroke="#000" stroke-opacity="0.35"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1} {y1}L{x2} {y2}" stroke="#000"/>'
