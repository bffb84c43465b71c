"""Train: pick a cell, type a text, press play, and watch the network learn it."""

from playground.ui import beat, left_out, lesson, study, transport

lesson.introduction("train")
transport.buttons()
left_out.say_what_trained()
beat.show()
lesson.what_to_look_for("train")
study.closer_look()
