"""Where playing stops by itself: the choices behind *Stop at*, and the sentence when it has come there."""

from collections.abc import Mapping, Sequence
from math import exp
from types import MappingProxyType

from playground.analysis.learned import floors_of, learned, remembers, without_memory
from playground.models.dropout import leaves_out
from playground.runs.milestone import MilestoneOf
from playground.runs.track import Dropped, Track
from playground.runs.viewer import Viewer
from playground.ui import widgets
from playground.ui.stage import names_apart
from playground.ui.words import _

# By the choice `stop` of the Train page.
MILESTONES: Mapping[str, MilestoneOf | None] = MappingProxyType(
    {"learned": learned, "crossed": remembers, "never": None}
)


def show() -> None:
    """Draw the choices."""
    widgets.radio(
        "stop",
        help=_(
            "Learned: the loss of the whole text is within 0.02 nats of the lowest that any model can have, nearer "
            "where memory gains little. Crossed: it is below what anybody can reach who sees only the symbol just "
            "read. A race goes on until all have come there that do not explode. Play goes on from there."
        ),
    )
    widgets.number("stop_perplexity", help=_("Of the batch of one update."))
    widgets.number("stop_step")


def told(viewer: Viewer) -> list[str]:
    """What playing is to stop at, in a few words each."""
    conditions = []
    if viewer.stop_step is not None:
        conditions.append(_("stops at step {step:,}").format(step=viewer.stop_step))
    if viewer.stop_perplexity is not None:
        conditions.append(_("stops at perplexity {perplexity:g}").format(perplexity=viewer.stop_perplexity))
    if viewer.stop_when is remembers and without_memory(viewer.config.text).last is None:
        conditions.append(_("this text needs no memory: there is nothing below the line k = 1"))
    return conditions


def reached(viewer: Viewer) -> str:
    """What has been reached at the step of the playhead, measured, in a sentence; "" if nothing that was asked for."""
    try:
        return _sentence(viewer, viewer.at_milestone)
    except Dropped:  # put away just now: it is trained again before it is shown
        return ""


def _sentence(viewer: Viewer, reached: Sequence[tuple[Track, int]]) -> str:
    """What tracks have reached, and when; of one that is alone, how it was measured."""
    if len(viewer.tracks) == 1:
        return " ".join(_measured(viewer, track) for track, _step in reached)
    names = dict(
        zip(viewer.tracks, names_apart([track.config.values() for track in viewer.tracks]), strict=True)
    )
    listed = ", ".join(
        _("{name} at step {step}").format(name=names[track], step=f"{step:,}") for track, step in reached
    )
    if not listed:
        return ""
    said = _("Crossed k = 1: {list}.") if viewer.stop_when is remembers else _("Learned: {list}.")
    return " ".join((said.format(list=listed), _("Play goes on from here.")))


def _measured(viewer: Viewer, track: Track) -> str:
    """What a track has reached at the step of the playhead."""
    corpus = track.run.corpus
    milestone = viewer.stop_when and viewer.stop_when(corpus)
    assert milestone is not None  # it has been reached
    mean = exp(track.mean_of(milestone))
    is_crossing = viewer.stop_when is remembers
    line = (
        without_memory(corpus.config).perplexity if is_crossing else floors_of(corpus.config)[-1].perplexity
    )
    said, floor = _apart(mean, line)
    if is_crossing and (milestone.every > 1 or leaves_out(track.config.network)):
        sentence = _(
            "At step {step:,} the curve crossed the line k = 1: perplexity {perplexity}, below the {floor} of the best "
            "network that sees only the symbol just read. The curve is of batches, or of passes that leave numbers "
            "out: this is a sign of memory, not yet a proof."
        )
    elif is_crossing:
        sentence = _(
            "At step {step:,} it crossed the line k = 1: perplexity {perplexity}, where nobody who sees only the "
            "symbol just read gets below {floor}. From here on it remembers."
        )
    elif milestone.updates == corpus.steps_per_epoch:
        sentence = _(
            "Learned at step {step:,}: over the last pass through the text the perplexity was {perplexity}, and no "
            "model gets below {floor}. Play goes on from here."
        )
    else:
        sentence = _(
            "Learned at step {step:,}: over the last {updates} updates the perplexity was {perplexity}, and no model "
            "gets below {floor}. Play goes on from here."
        )
    return sentence.format(step=track.playhead, updates=milestone.updates, perplexity=said, floor=floor)


def _apart(value: float, line: float) -> tuple[str, str]:
    """Two numbers with as many decimals as show that they differ, three at least."""
    for decimals in range(3, 8):
        texts = f"{value:.{decimals}f}", f"{line:.{decimals}f}"
        if texts[0] != texts[1]:
            break
    return texts
