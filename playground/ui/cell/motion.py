"""One update in slow motion as the message that its player gets: rows of numbers, and a script of beats.

All is written out here, in the reader's language. The player knows no stage, no row and no formula: it lights what a
beat names, and says what the beat says.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from playground.analysis.slow_motion import Back, SlowMotion
from playground.corpus import Corpus
from playground.figures.axes import number
from playground.figures.text import subscript, superscript
from playground.ui import lesson
from playground.ui.cell.stages import STAGES, Stage, places
from playground.ui.fields import option_label
from playground.ui.words import N_, _

DIGITS = 3
UNITS = 8  # of the state that are drawn
TERMS = 3  # of a sum that are written out before it becomes too long
LARGEST_EXPONENT = 308  # of ten, in 64 bits
KNOWN_EXPONENT = 1e5
KNOWN_OF_LOSS = 5  # digits: a network of 32 bits knows no more of its own losses
WORDS = {
    "player": N_("One update in slow motion"),
    "stages": N_("Stages"),
    "play": N_("Play"),
    "pause": N_("Pause"),
    "back": N_("One step back"),
    "forward": N_("One step forward"),
    "stage_back": N_("The stage before"),
    "stage_forward": N_("The next stage"),
    "where": N_("Stage {stage} of {stages}, step {beat} of {beats}"),
    "picture": N_("The numbers of every timestep"),
    "keys": N_("← → one step · Page ↑ ↓ one stage · 1–{stages} go there · Space plays"),
    "lines": N_("The calculation"),
}


def message(shown: SlowMotion, corpus: Corpus, optimizer: str) -> dict[str, Any]:
    """All that the player needs: `rows` with a cell a timestep, `beats` in order, `words`.

    optimizer: its name in `OPTIMIZERS`.
    """
    values, rows = _values(shown, corpus, optimizer), list(_rows(shown, corpus))
    named, at = {row["name"] for row in rows}, places(shown.length)
    stages, beats = [], []
    for stage in STAGES:
        title, paragraphs = _section(stage, values)
        made = []
        for place, (beat, text) in enumerate(zip(stage.beats, paragraphs, strict=True)):
            if (beat.at and not at[beat.at]) or (beat.where and not values[beat.where]):
                continue
            made.append(
                {
                    "stage": len(stages),
                    "text": text.format_map(values),
                    "lights": [name for name in beat.lights if name in named],
                    "at": list(at[beat.at]),
                    "seconds": beat.seconds,
                    "lines": list(_LINES.get((stage.name, place), _no_lines)(shown)),
                }
            )
        stages.append({"title": title, "first": len(beats), "beats": len(made)})
        beats += made
    return {
        "note": _note(shown),
        "stages": stages,
        "beats": beats,
        "rows": rows,
        "words": {name: _(text) for name, text in WORDS.items()},
    }


def _section(stage: Stage, values: Mapping[str, str]) -> tuple[str, Sequence[str]]:
    """Title and paragraphs of a stage."""
    title, text = lesson.named("motion", (stage.section or stage.name).format_map(values))
    return title, text.split("\n\n")


def _note(shown: SlowMotion) -> str:
    """What is shown of the batch."""
    if shown.sequences == 1:
        return ""
    return _("{count} sequences are read side by side; this is one of them, and all of them count.").format(
        count=shown.sequences
    )


def _values(shown: SlowMotion, corpus: Corpus, optimizer: str) -> dict[str, str]:
    """What the texts have placeholders for."""
    last, clip, made = shown.back[-1], shown.clip, shown.made
    weight_before, weight_after = _precise(made.weight_before), _precise(made.weight_after)
    likeliest = int(shown.probabilities[0].argmax())
    return {
        "first": _symbol(corpus, shown.inputs[0]),
        "target_first": _symbol(corpus, shown.targets[0]),
        "answer_first": _symbol(corpus, likeliest),
        "p_first": _probability(shown.losses[0]),
        "loss_first": _number(shown.losses[0]),
        "length": str(shown.length),
        "way_to_h": _("the read-out") if _is_highest(shown) else _("the read-out and what lies above"),
        "outputs_last": _number(last.from_outputs),
        "gates_last": _number(last.pre),
        "came_back_last": _number(last.came_back),
        "met_last": _number(last.met),
        "share_last": _number(last.share),
        "later": _number(last.to_before),
        "others": str(shown.sequences - 1) if shown.sequences > 1 else "",
        "others_share": _number(shown.others_share),
        "gradient": _number(clip.gradient),
        "clipped_gradient": _number(clip.clipped_gradient),
        "clipping": clip.kind if clip.clipped or clip.kind == "off" else f"{clip.kind}-unneeded",
        "norm": _number(clip.norm),
        "threshold": _number(clip.threshold),
        "scale": _number(clip.scale),
        "optimizer": option_label(optimizer),
        "weight_before": weight_before,
        "weight_after": weight_after,
        "moves": "stays" if weight_before == weight_after else "moves",
        "total": _loss(shown.total),
        "total_after": _loss(shown.total_after),
        "course": _course(shown.total, shown.total_after),
    }


def _course(before: float, after: float) -> str:
    """Where the loss went, as far as the digits tell that are shown."""
    if not math.isfinite(after):
        return "broken"
    if _loss(before) == _loss(after):
        return "level"
    return "down" if after < before else "up"


def _is_highest(shown: SlowMotion) -> bool:
    """Whether the layer of the chosen weight is the one that is read out."""
    return shown.layer + 1 == shown.layers


# Rows


def _rows(shown: SlowMotion, corpus: Corpus) -> Iterator[dict[str, Any]]:
    """Rows with a cell a timestep, in the order in which they stand."""
    likeliest = shown.probabilities.max(-1)
    p = [math.exp(-loss) for loss in shown.losses]

    def back(of: Callable[[Back], float]) -> list[float]:
        return [of(each) for each in shown.back]

    yield _texts("read", _("reads"), [_symbol(corpus, each) for each in shown.inputs])
    state = shown.h[:, :UNITS].T.tolist()
    largest = max((abs(value) for unit in state for value in unit), default=0.0) or 1.0
    yield {
        "name": "state",
        "label": _state_label(shown, len(state)),
        "palette": "signed",
        "units": [[_shade(value, largest) for value in at_t] for at_t in zip(*state, strict=True)],
    }
    answers = [_symbol(corpus, each) for each in likeliest.indices.tolist()]
    yield _texts("answer", _("holds likeliest"), answers, likeliest.values.tolist())
    targets = [_symbol(corpus, each) for each in shown.targets]
    yield _texts(
        "target",
        _("what follows, p"),
        [f"{each} {_probability(loss)}" for each, loss in zip(targets, shown.losses, strict=True)],
        p,
    )
    yield _numbers("loss", _("loss −log p"), shown.losses, "loss")
    products = [_exp(each) for each in shown.perplexity.products]
    yield _texts("product", _("product of 1/p so far"), products)
    from_outputs = _("‖∂L/∂h‖ from the outputs") if _is_highest(shown) else _("‖∂L/∂h‖ from the layer above")
    yield _numbers("outputs", from_outputs, back(lambda at: at.from_outputs), "beam")
    yield _numbers("later", _("‖∂L/∂h‖ from later"), back(lambda at: at.from_later), "beam")
    if "c" in shown.back[0].states:
        yield _numbers("carried", _("‖∂L/∂c‖ in the cell"), back(lambda at: at.states["c"]), "beam")
    yield _numbers("gates", _("‖∂L/∂a‖ in the cell"), back(lambda at: at.pre), "beam")
    yield _numbers("share", _("share of w"), back(lambda at: at.share), "signed")
    yield _numbers("partial", _("sum from the end"), back(lambda at: at.partial), "signed")
    yield _numbers(
        "norm", _("‖sum‖ of all of {name}").format(name=_matrix(shown)), back(lambda at: at.norm), "beam"
    )
    yield _numbers("after", _("loss after it"), shown.losses_after, "loss", max(shown.losses, default=0.0))


def _state_label(shown: SlowMotion, units: int) -> str:
    parts = [_("state h")]
    if shown.layers > 1:
        parts.append(_("layer {n}").format(n=shown.layer + 1))
    if units > 1:
        parts.append(_("units 1–{count}").format(count=units))
    return ", ".join(parts)


def _texts(name: str, label: str, texts: Sequence[str], shares: Sequence[float] = ()) -> dict[str, Any]:
    """A row of words, with shades of 0 … 1 where there are `shares`."""
    return {
        "name": name,
        "label": label,
        "palette": "gate" if shares else "",
        "texts": list(texts),
        "shades": [round(each, 3) for each in shares],
    }


def _numbers(
    name: str, label: str, values: Sequence[float], palette: str, largest: float = 0.0
) -> dict[str, Any]:
    """A row of numbers, coloured by their share of the largest, or of `largest` if that is larger."""
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max([*finite, largest]) or 1.0
    return {
        "name": name,
        "label": label,
        "palette": palette,
        "texts": [_number(value) for value in values],
        "shades": [_shade(value, largest) for value in values],
    }


def _shade(value: float, largest: float) -> float:
    return round(value / largest, 3) if math.isfinite(value) else 1.0


# Lines


def _no_lines(shown: SlowMotion) -> Iterable[str]:
    del shown
    return ()


def _loss_lines(shown: SlowMotion) -> Iterator[str]:
    terms = [_number(each) for each in shown.losses[: TERMS + 1]]
    if shown.length > TERMS + 1:
        terms = [*terms[:TERMS], "…", _number(shown.losses[-1])]
    if shown.sequences > 1:
        yield _("this sequence: {terms} = {sum}").format(
            terms=" + ".join(terms), sum=_number(math.fsum(shown.losses))
        )
        terms = [_number(math.fsum(shown.losses)), _number(shown.others_loss)]
    if shown.reduction == "mean":
        yield f"L = ({' + '.join(terms)}) / {shown.predictions} = {_loss(shown.total)}"
    else:
        yield f"L = {' + '.join(terms)} = {_loss(shown.total)}"


def _mean_lines(shown: SlowMotion) -> Iterator[str]:
    mean = shown.perplexity.by_mean
    yield f"exp({_loss(mean)}) = {_exp(mean)}"


def _product_lines(shown: SlowMotion) -> Iterator[str]:
    found, count = shown.perplexity, shown.predictions
    ending = (
        ""
        if shown.sequences == 1
        else _(", with the other sequences {product}").format(product=_exp(found.product))
    )
    ends = sorted({1, shown.length})
    factors = " · … · " if shown.length > 2 else " · "
    yield f"{factors.join(f'1/p{subscript(t)}' for t in ends)} = {_exp(found.products[-1])}{ending}"
    yield f"({_exp(found.product)})^(1/{count}) = {_exp(found.by_product)}"


def _share_lines(shown: SlowMotion) -> Iterator[str]:
    last = shown.back[-1]
    yield f"w = {_name(shown)}"
    yield f"{_number(last.came_back)} × {_number(last.met)} = {_number(last.share)}"


def _sum_lines(shown: SlowMotion) -> Iterator[str]:
    total = _precise(shown.clip.gradient)  # the trainer's own sum, rounded in its own order
    if shown.sequences > 1:
        total = f"{_precise(shown.back[0].partial)} + {_precise(shown.others_share)} = {total}"
    yield f"∂L/∂w = Σ = {total}"
    yield f"‖∂L/∂{_matrix(shown)}‖ = {_number(shown.norms[shown.weight.parameter])}"


def _clip_lines(shown: SlowMotion) -> Iterator[str]:
    clip = shown.clip
    for name, norm in shown.norms.items():
        yield f"‖∂L/∂{name}‖ = {_number(norm)}"
    yield f"‖g‖ = √Σ‖·‖² = {_number(clip.norm)}"
    if clip.clipped and clip.kind == "norm":
        yield f"g ← g · {_number(clip.threshold)} / ({_number(clip.norm)} + 10⁻⁶) = {_number(clip.scale)} · g"
    if clip.clipped:
        yield f"g(w): {_precise(clip.gradient)} → {_precise(clip.clipped_gradient)}"
        yield f"‖g‖ → {_number(clip.after)}"


def _rule_lines(shown: SlowMotion) -> Iterator[str]:
    made = shown.made
    yield f"g = {_precise(shown.clip.clipped_gradient)}"
    yield f"α = {_number(made.learning_rate)}"
    for term in made.terms:
        was = ""
        if term.remembers:
            was = "   " + _("({symbol} was {value})").format(
                symbol=term.symbol, value=_precise(made.before[term.remembers])
            )
        sign = "←" if term.remembers else "="
        yield f"{term.symbol} {sign} {term.formula} = {_precise(term.value)}{was}"


def _weight_lines(shown: SlowMotion) -> Iterator[str]:
    made = shown.made
    before, after = _precise(made.weight_before), _precise(made.weight_after)
    yield f"w ← w + Δw = {before} + ({_precise(made.terms[-1].value)}) = {after}"


def _after_lines(shown: SlowMotion) -> Iterator[str]:
    yield f"L: {_loss(shown.total)} → {_loss(shown.total_after)}"


_LINES: Mapping[tuple[str, int], Callable[[SlowMotion], Iterable[str]]] = {
    ("loss", 2): _loss_lines,
    ("loss", 3): _mean_lines,
    ("loss", 4): _product_lines,
    ("back", 2): _share_lines,
    ("sum", 2): _sum_lines,
    ("clip", 0): _clip_lines,
    ("optimise", 0): _rule_lines,
    ("optimise", 1): _weight_lines,
    ("after", 1): _after_lines,
}


# Numbers and names


def _number(value: float) -> str:
    return number(value + 0.0, DIGITS)  # which makes 0 of −0


def _precise(value: float) -> str:
    """With so many digits that a small step of a weight is seen."""
    return number(value + 0.0, DIGITS + 3)


def _loss(value: float) -> str:
    return number(value + 0.0, KNOWN_OF_LOSS)


def _probability(loss: float) -> str:
    """That of a loss; one that is nearly 1 by what it lacks, for of p = 1 there is no loss."""
    text = _number(math.exp(-loss))
    return f"1 − {_number(-math.expm1(-loss))}" if text == "1" and loss > 0 else text


def _exp(logarithm: float) -> str:
    """exp of it, also where that is beyond every number of 64 bits."""
    exponent = logarithm / math.log(10)
    if exponent < LARGEST_EXPONENT or not math.isfinite(exponent):
        return _number(math.exp(logarithm))
    known = exponent < KNOWN_EXPONENT  # to the last digit
    return f"≈ 10{superscript(round(exponent))}" if known else f"≈ 10^({_number(exponent)})"


def _symbol(corpus: Corpus, symbol: int) -> str:
    """As it is drawn, in its own direction of writing."""
    return f"\u2068{corpus.labels[symbol]}\u2069"


def _matrix(shown: SlowMotion) -> str:
    return shown.weight.parameter


def _name(shown: SlowMotion) -> str:
    """Row and column are counted from 1; a bias has rows only."""
    weight = shown.weight
    column = "" if "bias" in weight.parameter else f", {weight.column + 1}"
    return f"{weight.parameter}[{weight.row + 1}{column}]"
