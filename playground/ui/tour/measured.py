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
    cell that has learned the text, or the first; other: the cell beside it, and other_perplexity. arrives,
    other_arrives: the gradient of the last loss that needs memory at the first symbol, as a multiple of what it is at
    its own. best, best_step: the lowest perplexity up to there. norm: of the longest gradient, and threshold: to what
    clipping would shorten it.
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
        "arrives": _arriving(winner, step),
        "other_arrives": _arriving(other, step),
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
    found = pairs(track.run.corpus)
    frame = _frame(track, step)
    if not found or frame is None:
        return "–", "–"
    return _percent(frame["losses"][found[0].a]), _percent(frame["losses"][found[0].b])


def _arriving(track: Track, step: int) -> str:
    """‖∂L_A/∂h_1‖ ÷ ‖∂L_A/∂h_A‖ in the lowest layer, of the loss that a frame follows alone."""
    frame = _frame(track, step)
    if frame is None:
        return "–"
    norms = frame["layers"]["states"]["norms"][0, 0, 1].astype(float)  # "one", see runs/layout.py
    own = norms[track.run.layout.loss_at]
    share = norms[0] / own if own > 0 else np.nan
    if not np.isfinite(share):
        return "–"
    if share == 0 or 1e-3 <= share < 100:
        return f"{share:.2g}"
    mantissa, _, exponent = f"{share:.1e}".partition("e")
    return f"{mantissa}·10{superscript(int(exponent))}"


def _frame(track: Track, step: int) -> np.void | None:
    """What was recorded of a step, or the last before it that is kept, as a record of its layout."""
    frames = track.tape.frames(step, step) or track.tape.frames(0, step)[-1:]
    return np.frombuffer(frames[0].payload, track.run.layout.dtype)[0] if frames else None


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
