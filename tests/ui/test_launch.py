"""The warm-up before the first visitor."""

import gc
import sys

import torch

from playground.ui.launch import warm_up


def test_warm_up_rehearses_and_freezes_what_is_there() -> None:
    before, thresholds = gc.get_freeze_count(), gc.get_threshold()
    rehearsed = []
    try:
        warm_up(lambda: rehearsed.append([object() for _ in range(10)]))
        assert len(rehearsed) == 1
        assert torch.get_num_threads() == 1
        assert gc.get_freeze_count() > before
        assert gc.isenabled() and gc.get_threshold()[:2] == thresholds[:2]
        if sys.version_info < (3, 14):  # from there on it collects bit by bit, and knows no third number
            assert gc.get_threshold()[2] >= 4 * thresholds[2], "a full collection stops a class"
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
