"""The recurrent network of the present run, beside which the models that came before stand."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from playground.models.network import Network
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.ui import asked_step
from playground.ui.progress import network_at
from playground.ui.words import _


@dataclass(frozen=True, slots=True)
class Beside:
    """The network of one training step."""

    step: int
    network: Network

    @property
    def units(self) -> int:
        """How many hidden units it has, those of all layers together."""
        return self.network.config.layers * self.network.config.hidden_size

    @property
    def model(self) -> RecurrentModel:
        """It as a model of the next symbol."""
        return RecurrentModel(replica_of(self.network))


def choose(others: Callable[[], None] = lambda: None) -> Beside:
    """Draw the choice of a training step, and get its network; it may take some runs of the page.

    others: draws what else is chosen in the same row.
    """
    with asked_step.row() as step:
        others()
    asked_step.warn_of_explosion(step)
    if step == 0:
        st.info(
            _("Your network has learned nothing yet: train it, here or on the Train page."),
            icon=":material/fitness_center:",
        )
    return Beside(step, network_at(step))
