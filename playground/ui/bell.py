"""The stage's bell: a component that shows nothing, through which the stage has the whole page run.

What the stage itself says reaches a fragment, and a server that has started anew knows none of the fragments of before:
Streamlit hears nothing then (`static/stage/reunion.js`).
"""

from streamlit.components.v2 import component

_RING = """
export default function ({ setTriggerValue }) {
  const ring = () => setTriggerValue("rung", true);
  document.addEventListener("rnn-playground-run", ring);
  return () => document.removeEventListener("rnn-playground-run", ring);
}
"""
_mount = component("bell", js=_RING)


def show() -> None:
    """Hang up the bell, outside of every fragment."""
    _mount(key="bell", on_rung_change=_answer)


def _answer() -> None:
    """The bell has rung; that the page runs is the answer."""
