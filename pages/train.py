"""Train: pick a cell, type a text, press play, and watch the network learn it."""

from playground.ui import beat, controls, lesson, study, transport

controls.experiment()
lesson.introduction("train")
transport.buttons()
beat.show()
lesson.what_to_look_for("train")
study.closer_look()
