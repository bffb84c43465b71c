"""What goes first when memory is short: runs become lighter without losing what cannot be trained again."""

from collections.abc import Callable, Sequence

from playground.runs.entry import Entry
from playground.runs.run import Run


def bend(excess: int, entries: Sequence[Entry], lately: float) -> None:
    """Make runs lighter, the first ones first, until `excess` bytes have gone or there is nothing left to let go of.

    Tapes are thinned, then checkpoints; then those that are not at work lose their trainers. Before anything that is
    recorded go trainers at rest that weigh more than the records of their run: one brings as much as the tapes of a
    class, and is built again in a moment. Of a run that is at work only recordings go.

    lately: since when one that somebody has asked for is at work, on `time.monotonic`'s clock.
    """
    all_runs = [entry.run for entry in entries]
    resting = [entry for entry in entries if not entry.is_at_work(lately)]
    heavy = [entry.run for entry in resting if entry.cost.at_work > 2 * entry.cost.at_rest]
    stages: tuple[tuple[list[Run], Callable[[Run], bool]], ...] = (
        (heavy, Run.park),
        (all_runs, Run.thin_tape),
        (all_runs, Run.thin_checkpoints),
        ([entry.run for entry in resting], Run.park),
    )
    for runs, let_go in stages:
        bent = True
        while bent and excess > 0:
            bent = False
            for run in runs:
                before = run.nbytes
                if excess > 0 and let_go(run):
                    bent = True
                    excess -= before - run.nbytes
