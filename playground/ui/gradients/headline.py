"""The title of a figure: one sentence that says what there is to see in it."""

import streamlit as st


def say(sentence: str) -> None:
    """Draw the sentence, which is Markdown, above its figure."""
    st.markdown(f"##### {sentence}")
