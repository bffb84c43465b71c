"""The fair share of a class in which one step costs some more than others: equal turns of time, not equal steps."""

import time
from collections.abc import Sequence

import torch

from playground.config import ExperimentConfig
from playground.runs.run import Run

TRIED = 3  # steps after the first, which warms up


def step_seconds(config: ExperimentConfig) -> float:
    """Processor time of one step of an experiment alone, with its frame; the fastest of a few."""
    run, took = Run(config), list[float]()
    with torch.inference_mode():
        for _ in range(1 + TRIED):
            began = time.thread_time()
            run.advance(1, shots=1)
            assert run.frame(run.step) is not None
            took.append(time.thread_time() - began)
    return min(took[1:])


def fair_shares(steps: Sequence[float], seconds: Sequence[float], most: float) -> list[float]:
    """Steps that each would have made, had the time that all of them used been shared by equal turns.

    Nobody wants more than `most` steps; what some leave is shared by the others. In whatever unit the seconds are, the
    shares are the same: a server that others use too is as fair as one that is not.

    Args:
        steps: made by each.
        seconds: that one step of each takes.
        most: steps that anybody wants.
    """
    left = sum(made * each for made, each in zip(steps, seconds, strict=True))
    shares = [0.0] * len(steps)
    cheapest_first = sorted(range(len(steps)), key=lambda number: seconds[number])
    for place, number in enumerate(cheapest_first):
        turn = left / (len(steps) - place)
        shares[number] = min(most, turn / seconds[number])
        left -= shares[number] * seconds[number]
    return shares
