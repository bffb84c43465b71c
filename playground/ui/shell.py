"""The frame around every page: language, navigation, and the experiment that all pages share."""

from functools import partial
from pathlib import Path

import streamlit as st

from playground.ui import address, class_link, controls, experiment, lesson, navigation, state, theme
from playground.ui.tour import card
from playground.ui.words import LANGUAGES, _

FRAME = (Path(__file__).parent / "frame.css").read_text(encoding="utf-8")
PAGES = Path(__file__).resolve().parents[2] / "pages"

address.arrive()
experiment.take_over()
st.set_page_config(page_title="RNN Playground", page_icon="🧠", layout="wide")
st.html(f"<style>{FRAME}</style>")
train = partial(st.Page, PAGES / "train.py", title=_("Train"), icon=":material/play_circle:")
shown = [
    train(url_path="start", default=True),  # its address is / whatever it is called
    st.Page(PAGES / "gradients.py", title=_("Gradients"), icon=":material/timeline:"),
    st.Page(PAGES / "cell.py", title=_("Cell"), icon=":material/memory:"),
    st.Page(PAGES / "shapes.py", title=_("Shapes"), icon=":material/category:"),
    st.Page(PAGES / "before.py", title=_("Before RNNs"), icon=":material/history:"),
]
# Also at /train, for those who take /gradients for the pattern.
page = st.navigation([*shown, train(url_path="train", visibility="hidden")], position="top")
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
with st.container(horizontal=True, key="pages"):  # for phones, where Streamlit hides them in the sidebar
    for each in shown:
        st.page_link(each)
navigation.follow(shown.index(page) if page in shown else 0)
first_line = st.container(horizontal=True, vertical_alignment="center", key="introduction")
with first_line:
    lesson.introduction(state.session().page)
controls.show()  # here, for the widgets of a page are new ones on the next, and empty
with st.sidebar:
    class_link.button()
page.run()
if state.session().page == "train":
    with first_line:
        card.offer_at_first()  # now the page has said whether a recording is shown
address.write()
