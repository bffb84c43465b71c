"""What the server does once, before its first visitor."""

import gc
import sys
from collections.abc import Callable

import torch

from playground.kernels.engine import can_compile
from playground.ui.private_streamlit import load_emojis, make_stack_of_containers
from playground.ui.server import finish_first_run

# A full collection stops everybody while it walks over all objects of a class, a tenth of a second for a hundred. It is
# due after so many of the generation below, of which opening a page makes one; by itself, after 10: in a class that
# trains every ten seconds, to find some hundred objects. What waits to be found meanwhile is a few dozen pages' worth.
COLLECTIONS_BEFORE_A_FULL_ONE = 40


def use_one_thread() -> None:
    """Let torch compute on the calling thread only.

    Our matrices are far too small to be worth splitting, and thirty sessions on two cores slow each other
    down when every operation wakes a thread pool.
    """
    torch.set_num_threads(1)


def rehearse() -> None:
    """Do once, unseen, what a first visit does, so that no visitor waits for imports and first calls."""
    finish_first_run()
    load_emojis()
    make_stack_of_containers()
    import playground.ui.study  # noqa: F401  (and with it pandas and plotly)


def warm_up(rehearsal: Callable[[], object] = rehearse) -> None:
    """Run `rehearsal`, then move all it left in memory out of the garbage collector's sight, and let it look rarely.

    Importing torch leaves some hundred thousand objects that live as long as the process. A full collection
    walks all of them, 100 to 240 ms in which every session stands still; `gc.freeze()` spares it the walk.
    """
    use_one_thread()
    # A thread gives the interpreter up at every tensor operation and would wait 5 ms for its return while a page runs.
    sys.setswitchinterval(0.0005)
    can_compile()  # and so compile or read what compiled loops need, in nobody's turn
    rehearsal()
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, COLLECTIONS_BEFORE_A_FULL_ONE)
