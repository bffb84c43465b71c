"""Live components: parts of a page in plain JavaScript, loaded from `static/` and called with every message.

A folder each; its `main.js` exports a function that is called with the component, first and with each new message, and
returns what takes it down.
"""

import json

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from playground.ui.assets import PATH, modules, version

# The page may be served below any path; its address stands one level above the files. All modules are asked for
# at once: the browser would else find out about them one import after the other.
_LOADER = """
const live = import(new URL(".ADDRESS/ENTRY?v=VERSION", window.location.href).href);
for (const name of MODULES) import(new URL(".ADDRESS/" + name, window.location.href).href);
export default function (component) {
  let leave = () => {};
  let left = false;
  live.then((module) => { if (!left) leave = module.default(component) ?? leave; });
  return () => { left = true; leave(); };
}
"""


def mounted(name: str, *, html: str, css: str) -> ComponentRenderer:
    """The live component of a folder; html, css: what stands in its place until it comes.

    Streamlit takes a style sheet of a single line for the name of a file.
    """
    entry, *others = modules(name)
    loader = _LOADER
    for word, value in (
        ("ADDRESS", PATH),
        ("VERSION", version()),
        ("ENTRY", entry),
        ("MODULES", json.dumps(others)),
    ):
        loader = loader.replace(word, value)
    return component(name, html=html, css=css, js=loader)
