"""The warm-up before the first visitor."""

import gc

import torch

from playground.ui.launch import warm_up


def test_warm_up_rehearses_and_freezes_what_is_there() -> None:
    before = gc.get_freeze_count()
    rehearsed = []
    try:
        warm_up(lambda: rehearsed.append([object() for _ in range(10)]))
        assert len(rehearsed) == 1
        assert torch.get_num_threads() == 1
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
