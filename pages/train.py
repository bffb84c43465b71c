"""Train: pick a cell, type a text, press play, and watch the network learn it."""

import streamlit as st

from playground.ui import beat, engine, keep, left_out, lesson, place, race, study, transport
from playground.ui.tour import card

race.take_over()
place.take()
card.show()
transport.buttons()
left_out.say_what_trained()
beat.show()
keep.show()
engine.say_which()
lesson.what_to_look_for("train")
card.again()
with st.container(key="study"):  # where the stage scrolls to
    study.closer_look()
