"""The frame around every page: language, navigation, and the experiment that all pages share."""

from functools import partial
from pathlib import Path

import streamlit as st

from playground.ui import address, controls, experiment, state, theme
from playground.ui.words import LANGUAGES, _

# Streamlit leaves six rem above a page and five beside it; the stage needs the room.
_FRAME = """
<style>
.stMainBlockContainer { padding: 4rem 1.5rem 3rem; max-width: 110rem; }
.stSidebar [data-testid="stSidebarHeader"] { height: 2.5rem; margin-bottom: 0; }
.st-key-theme, .st-key-bell { display: none; }
.st-key-cell button { padding-inline: 0.5rem; } /* all cells in one row of the sidebar */
/* Streamlit writes these in its main colour, on a tint of it, or fainter than can be read. */
button[data-variant][aria-checked="true"] { color: inherit !important; font-weight: 600; }
[data-testid="stSliderThumbValue"] { color: inherit !important; }
[data-testid="stCaptionContainer"] { opacity: 0.75; }
.js-plotly-plot .plotly .modebar-container { top: 100% !important; } /* at the top is the legend */
.js-plotly-plot .plotly .modebar { top: auto; bottom: 2px; }
@media (max-width: 640px) { .stMainBlockContainer { padding: 4rem 0.75rem 2rem; } }
</style>
"""
PAGES = Path(__file__).resolve().parents[2] / "pages"

address.arrive()
experiment.take_over()
st.set_page_config(page_title="RNN Playground", page_icon="🧠", layout="wide")
st.html(_FRAME)
train = partial(st.Page, PAGES / "train.py", title=_("Train"), icon=":material/play_circle:")
page = st.navigation(
    [
        train(url_path="start", default=True),  # its address is / whatever it is called
        st.Page(PAGES / "gradients.py", title=_("Gradients"), icon=":material/timeline:"),
        train(url_path="train", visibility="hidden"),  # for those who take /gradients for the pattern
    ],
    position="top",
)
state.turn_to(page.url_path or "train", address.read())
with st.sidebar:
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="lang",
        required=True,
        label_visibility="collapsed",
    )
    theme.follow()
controls.experiment()  # here, for the widgets of a page are new ones on the next, and empty
page.run()
address.write()
