"""Train: pick a cell, type a text, press play, and watch the network learn it."""

from playground.ui import beat, lesson, study, transport

lesson.introduction("train")
transport.buttons()
beat.show()
lesson.what_to_look_for("train")
study.closer_look()
