"""A hidden Markov model as tables: its states over a text, which follow which, and what they show."""

from collections.abc import Sequence

import pandas as pd
import torch

from playground.models.hmm import HMM


def in_order(model: HMM, ids: Sequence[int]) -> HMM:
    """The same model with its states in the order in which the most probable path through a sequence takes them first.

    Numbers of states mean nothing; so they go from left to right through the sequence. Those that the path never takes
    come last, as they were.
    """
    path = model.viterbi(torch.tensor(ids)).states
    order = list(dict.fromkeys((*path, *range(model.states))))
    return HMM(model.initial[order], model.transition[order][:, order], model.emission[order])


def states_over(model: HMM, ids: Sequence[int], labels: Sequence[str]) -> pd.DataFrame:
    """The states at every timestep of a sequence: t, token, state (both from 1), probability, on_path.

    probability: of the state, given the whole sequence. on_path: whether the most probable path goes through it.
    """
    symbols = torch.tensor(ids)
    posterior, path = model.posterior(symbols).tolist(), model.viterbi(symbols).states
    return pd.DataFrame(
        [
            (t + 1, labels[ids[t]], state + 1, p, state == path[t])
            for t, row in enumerate(posterior)
            for state, p in enumerate(row)
        ],
        columns=["t", "token", "state", "probability", "on_path"],
    )


def transitions(model: HMM, beginning: str) -> pd.DataFrame:
    """Which state follows which: before, after, probability; before the first state stands `beginning`."""
    rows = {beginning: model.initial.tolist()}
    rows |= {str(state + 1): row.tolist() for state, row in enumerate(model.transition)}
    return pd.DataFrame(
        [(before, str(after + 1), p) for before, row in rows.items() for after, p in enumerate(row)],
        columns=["before", "after", "probability"],
    )


def emissions(model: HMM, labels: Sequence[str]) -> pd.DataFrame:
    """What each state shows: state, token, probability."""
    return pd.DataFrame(
        [
            (str(state + 1), label, p)
            for state, row in enumerate(model.emission.tolist())
            for label, p in zip(labels, row, strict=True)
        ],
        columns=["state", "token", "probability"],
    )
