"""What has been measured when a scene of the tour has come to its end, as its words name it."""

from math import exp

import numpy as np

from playground.analysis.learned import floors_of, learned, without_memory
from playground.figures.text import superscript
from playground.pairs import pairs
from playground.runs.track import Track
from playground.runs.viewer import Viewer
from playground.ui.fields import exact_number, option_label
from playground.ui.stops import MILESTONES
from playground.ui.tour.scenes import EXPLOSION, Scene


def ended_at(viewer: Viewer, scene: Scene) -> int | None:
    """The step at which a scene's event has happened, as far as the playhead has come; None if it has not."""
    if scene.event == EXPLOSION:
        return None if viewer.explosion is None else viewer.explosion.step
    firsts = [track.first_at(MILESTONES[scene.event]) for track in viewer.tracks]
    return min((step for step in firsts if step is not None and step <= viewer.playhead), default=None)


def needs_memory(viewer: Viewer) -> bool:
    """Whether its text needs memory."""
    return without_memory(viewer.config.text).last is not None


def measured(viewer: Viewer, step: int) -> dict[str, str]:
    """The numbers that words may name, of a step at which something has happened.

    step. perplexity: of that update. floor: that of k = 1; lowest: that of any memory, and needs, the symbols it takes.
    first, second: how sure it is of the right answers at the two timesteps that need memory, in percent. winner: the
    cell that has learned the text, or the first; other: the cell beside it, and other_perplexity. best, best_step: the
    lowest perplexity up to there. norm: of the longest gradient, and threshold: to what clipping would shorten it.
    """
    winner, other = _winner(viewer)
    points = winner.tape.curve_points(step)
    finite = np.isfinite(points.loss)
    best = int(np.nanargmin(np.where(finite, points.loss, np.nan)))
    norms = points.gradient_norm[np.isfinite(points.gradient_norm)]
    floors = floors_of(winner.config.text)
    first, second = _sure(winner, step)
    return {
        "step": f"{step:,}",
        "perplexity": _number(exp(points.loss[-1])) if finite[-1] else "∞",
        "floor": _number(without_memory(winner.config.text).perplexity),
        "lowest": _number(floors[-1].perplexity),
        "needs": str(floors[-1].first),
        "first": first,
        "second": second,
        "winner": option_label(winner.config.network.cell),
        "other": option_label(other.config.network.cell),
        "other_perplexity": _number(exp(min(700.0, other.tape.curve_points(step).loss[-1]))),
        "best": _number(exp(points.loss[best])),
        "best_step": f"{int(points.step[best]):,}",
        "norm": _number(float(norms.max())) if len(norms) else "–",
        "threshold": exact_number(winner.config.training.clip_threshold),
    }


def _winner(viewer: Viewer) -> tuple[Track, Track]:
    """The track that has learned its text first, or the first, and one beside it; alone, itself."""
    tracks = sorted(viewer.tracks, key=lambda track: track.first_at(learned) or viewer.playhead + 1)
    return tracks[0], tracks[-1]


def _sure(track: Track, step: int) -> tuple[str, str]:
    """Of the two timesteps of the watched sequence that read the same and must answer differently: how sure it is."""
    corpus, tape = track.run.corpus, track.tape
    found = pairs(corpus)
    frames = tape.frames(step, step) or tape.frames(0, step)[-1:]
    if not found or not frames:
        return "–", "–"
    losses = np.frombuffer(frames[0].payload, track.run.layout.dtype)["losses"][0]
    return _percent(losses[found[0].a]), _percent(losses[found[0].b])


def _percent(loss: float) -> str:
    """The probability that belongs to a loss, in whole percent."""
    share = 100 * exp(-float(loss))
    return "<1" if share < 1 else ">99" if 99 < share < 100 else f"{share:.0f}"


def _number(value: float) -> str:
    """Three digits after the point, fewer of a large number, a power of ten of a huge one."""
    if value < 1e6:
        return f"{value:.3f}" if value < 100 else f"{value:,.0f}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}·10{superscript(int(exponent))}"
