"""What to say of a training that met a number which is not finite: which one, where, and what may help."""

import math

from playground.cells import CELLS
from playground.config import FIELDS, ExperimentConfig, Range
from playground.training import Explosion
from playground.ui.words import N_, _

UNBOUNDED = ("relu", "linear")  # nonlinearities through which a state can grow without end
FIXED_BLOCKS = ("orthogonal", "identity")  # initialisations that replace the recurrent weights
OWN_SCALE = (
    "rmsprop",
    "adagrad",
    "adam",
)  # optimisers that undo what a threshold does to the size of an update

# What may help. Nothing was updated before step 0, so nothing that an update depends on can help there.
_RADIUS = N_("a smaller spectral radius")
_INITIALIZATION = N_("PyTorch's initialisation")
_NONLINEARITY = N_("tanh as nonlinearity")
_LENGTH = N_("a shorter sequence length")
_RATE = N_("a smaller learning rate after Reset")
_CLIPPING = N_("gradient clipping")
_EARLIER = N_("clipping from an earlier step")
_THRESHOLD = N_("a lower threshold of clipping")


def sentence(explosion: Explosion, config: ExperimentConfig) -> str:
    """What happened and what may help, in the reader's language.

    config: the experiment whose run it is.
    """
    words = {"step": explosion.step, "where": explosion.where, "sequence": explosion.sequence}
    if explosion.what == "sum":
        happened = _("At step {step:,} the sum of all losses is infinite.")
    elif explosion.what == "loss" and explosion.sequence is not None and math.isnan(explosion.value):
        happened = _(
            "At step {step:,} the loss of timestep {where} in sequence {sequence} of the batch is not a number (NaN)."
        )
    elif explosion.what == "loss" and explosion.sequence is not None:
        happened = _(
            "At step {step:,} the loss of timestep {where} in sequence {sequence} of the batch is infinite."
        )
    elif explosion.what == "loss" and math.isnan(explosion.value):
        happened = _("At step {step:,} the loss of timestep {where} is not a number (NaN).")
    elif explosion.what == "loss":
        happened = _("At step {step:,} the loss of timestep {where} is infinite.")
    elif math.isnan(explosion.value):
        happened = _("At step {step:,} an entry of the gradient by {where} is not a number (NaN).")
    else:
        happened = _("At step {step:,} an entry of the gradient by {where} is infinite.")
    helps = "; ".join(_(advice) for advice in _what_may_help(explosion, config))
    return f"{happened.format(**words)} " + _(
        "Everything up to there is kept. What may help: {advice}."
    ).format(advice=helps)


def _what_may_help(explosion: Explosion, config: ExperimentConfig) -> list[str]:
    """Settings that the run does not have already, the likeliest first."""
    network, training = config.network, config.training
    advice = []
    if explosion.step > 0:
        if training.rate_at(explosion.step - 1) > _lowest("learning_rate"):
            advice.append(_RATE)
        if training.clip == "off":
            advice.append(_CLIPPING)
        elif explosion.step <= training.clip_from:
            advice.append(_EARLIER)
        elif training.optimizer not in OWN_SCALE and training.clip_threshold > _lowest("clip_threshold"):
            advice.append(_THRESHOLD)
    if CELLS[network.cell].has_nonlinearity and network.nonlinearity in UNBOUNDED:
        advice.append(_NONLINEARITY)
    if network.initialization == "spectral":
        advice.append(_RADIUS)
    elif explosion.step == 0 and network.initialization in FIXED_BLOCKS:
        advice.append(_INITIALIZATION)
    if explosion.step == 0 or len(advice) < 2:
        advice.append(_LENGTH)
    return advice


def _lowest(field: str) -> float:
    kind = FIELDS[field]
    assert isinstance(kind, Range)
    return kind.low
