"""The place in a run that a link of the Train page names: the training step, the timestep and the layer looked at.

The step is gone to once, when a link arrives, and it stays in the address until the playhead leaves it. Timestep and
layer are the stage's own: it reads them in the address, where they stay until another experiment is watched.
"""

from playground.ui import state

OF_THE_STAGE = ("t", "layer")


def take() -> None:
    """Go where a link has asked to, and forget what is no longer so. Call it before the page draws anything."""
    here, viewer = state.shown(), state.viewer()
    at = here.chosen["at"]
    if "at" in here.linked:
        here.linked.discard("at")
        if at is not None:
            viewer.resume(at, playing=False)
    elif at is not None and (viewer.playing or viewer.playhead != at):
        _forget("at")
    linked_in = state.remembered(
        "place", tuple(here.chosen[name] for name in OF_THE_STAGE), lambda: viewer.recording
    )
    if linked_in != viewer.recording:
        _forget(*OF_THE_STAGE)


def _forget(*names: str) -> None:
    for name in names:
        state.shown().chosen[name] = None
    state.set_values(**state.keyed(**dict.fromkeys(names)))
