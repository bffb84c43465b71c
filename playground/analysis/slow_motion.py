"""One update in slow motion: every number from the text that is read to the loss after it.

    p_t = softmax(y_t)[target_t],   L_t = −log p_t,   L = Σ L_t / N or Σ L_t
    perplexity = exp(Σ L_t / N) = (Π 1/p_t)^(1/N)
    ∂L/∂h_t = what the outputs send + what timestep t + 1 sends       from the last timestep to the first
    ∂L/∂w   = Σ_t share_t                                             one share for every use of the weight
    clipped, then the optimiser's rule, line by line

It is the update that a trainer makes: its own pass, its own gradient, its own step. Losses and shares are computed from
what that pass left, in 64 bits, for in 32 a loss is 0 long before the network is certain; the gradient, the clipped
one, the optimiser's state and the weights are the trainer's.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

import torch
from torch import Tensor

from playground.analysis.uses import Layer, Pass
from playground.cells import CELLS
from playground.models.network import Network
from playground.optimizers import OPTIMIZERS, Term
from playground.pieces import Pieces, all_of
from playground.trace import Trace
from playground.training import Trainer, Update
from playground.updates import CLIP_EPSILON

BLOCK_NUMBERS = 500_000  # of a tensor over all blocks of a cell, of which a pass has about ten
DIGITS = 40  # of the product of 1 / p, which leaves the range of 64 bits


@dataclass(frozen=True, slots=True)
class Weight:
    """One number of a parameter. row, column: from 0; the column of a bias is 0."""

    parameter: str
    row: int
    column: int = 0


@dataclass(frozen=True, slots=True)
class Back:
    """What comes back at one timestep of the sequence that is shown.

    from_outputs, from_later: norms of both parts of ∂L/∂h, of the read-out or the layer above, and of the timestep
    after. states: norm of the whole gradient of each state. pre: norm of ∂L/∂ the pre-activations. to_before: norm of
    what goes on to the timestep before, through W_hh and past it.
    came_back, met: the factors of the chosen weight's share. share: their product. partial: the sum of the shares from
    the last timestep down to this one. norm: that of the same sum of the whole parameter.
    """

    from_outputs: float
    from_later: float
    states: Mapping[str, float]
    pre: float
    to_before: float
    came_back: float
    met: float
    share: float
    partial: float
    norm: float


@dataclass(frozen=True, slots=True)
class Perplexity:
    """Of N predictions by both routes, as logarithms, for it may be beyond every number.

    by_mean: Σ L_t / N, of which it is exp. by_product: log of (Π 1/p_t)^(1/N). products: of the sequence that is shown,
    log of the product of 1/p_1 … 1/p_t. product: log of that of all N.
    """

    by_mean: float
    by_product: float
    products: tuple[float, ...]
    product: float


@dataclass(frozen=True, slots=True)
class Clip:
    """How the gradient was clipped. kind: "off", "norm" or "value". norm, after: of the gradient, before and after.

    scale: what the whole gradient was multiplied by; 1 where nothing was clipped or numbers were cut off one by one.
    gradient, clipped_gradient: of the chosen weight.
    """

    kind: str
    threshold: float
    norm: float
    after: float
    clipped: bool
    scale: float
    gradient: float
    clipped_gradient: float


@dataclass(frozen=True, slots=True)
class Step:
    """What the optimiser does to the chosen weight. before, after: its part of what the optimiser remembers."""

    learning_rate: float
    terms: tuple[Term, ...]
    before: Mapping[str, float]
    after: Mapping[str, float]
    weight_before: float
    weight_after: float


@dataclass(frozen=True, slots=True, eq=False)
class SlowMotion:
    """One update.

    Sequences: `sequences` of them were read side by side and `column` is shown; `predictions` is N, of all of them.
    inputs, targets: (T,) of the one that is shown. layer: that of the chosen weight, from 0, of `layers`. h: (T, H) of
    it. probabilities: (T, V). losses: (T,). others_loss: the sum of the losses of all other sequences. total: L, what
    was differentiated.
    back: by timestep. others_share: what the uses in all other sequences add to the chosen weight's gradient.
    summed: the sum over all uses. norms: of the gradient of each parameter.
    losses_after, total_after: the same batch, read by the network after the update.
    """

    step: int
    weight: Weight
    reduction: str
    column: int
    sequences: int
    predictions: int
    inputs: tuple[int, ...]
    targets: tuple[int, ...]
    layer: int
    layers: int
    h: Tensor
    probabilities: Tensor
    losses: tuple[float, ...]
    others_loss: float
    total: float
    perplexity: Perplexity
    back: tuple[Back, ...]
    others_share: float
    summed: float
    norms: Mapping[str, float]
    clip: Clip
    made: Step
    losses_after: tuple[float, ...]
    total_after: float

    @property
    def length(self) -> int:
        """T, of the sequence that is shown."""
        return len(self.inputs)


def slow_motion(trainer: Trainer, weight: Weight, *, column: int | None = None) -> SlowMotion:
    """Make the next update of a trainer, and tell all of it.

    column: the sequence of the batch to show; the first one in which something is predicted if None, or if nothing is
    predicted in that one.

    Raises ValueError where the update cannot be made because a number is not finite, for more than one replica, and for
    a network that does not predict symbols one after the other.
    """
    return all_of(slow_motion_in_pieces(trainer, weight, column=column))


def slow_motion_in_pieces(
    trainer: Trainer, weight: Weight, *, column: int | None = None
) -> Pieces[SlowMotion]:
    """The same, some sequences of the batch at a time. The trainer must not be used in between."""
    network, reduction, step = trainer.network, trainer.config.training.reduction, trainer.step
    if not isinstance(network, Network) or network.signature.loss != "cross_entropy":
        raise ValueError("slow motion is of a network that predicts symbols")
    batch = trainer.source.batch(trainer.seeds[0], step)
    trace = trainer.measure()
    if not trainer.preview().finite:
        raise ValueError(f"a number is not finite at step {step}: there is no update")
    mask = batch.mask[:, 0]
    lengths: list[int] = mask.sum(0).tolist()
    if column is None or not lengths[column]:
        column = next(number for number, length in enumerate(lengths) if length)
    length = lengths[column]
    of_column = Pass(network, trace, slice(column, column + 1), has_resets=batch.reset is not None)
    layer = of_column.layer_of(weight.parameter)
    every, losses = _losses(trace, lengths), _losses_of(trace, column, length)
    shown = {
        "inputs": tuple(of_column.of("inputs")[:length, 0].tolist()),
        "targets": tuple(of_column.of("targets")[:length, 0].tolist()),
        "layer": layer,
        "layers": network.config.layers,
        "h": of_column.layer(layer).h[:length, 0].clone(),
        "probabilities": _log_probabilities(trace, column)[:length].exp(),
        "losses": tuple(losses),
        "others_loss": math.fsum(every) - math.fsum(losses) if len(every) > length else 0.0,
        "total": _total(every, reduction),
        "perplexity": perplexity(losses, every),
        "back": _back(of_column, weight, length),
    }
    others = 0.0
    for columns in _blocks(network, len(mask), column, lengths):
        left, right = Pass(network, trace, columns).uses(weight.parameter).factors(weight.row, weight.column)
        others += float((left * right).sum())
        yield columns.stop / len(lengths)
    norms = _norms(network)
    clip, made = _update(trainer, network, weight)
    with torch.inference_mode():
        workspace = network.run(batch, reduction=reduction, backward=False, step=step)
        trace = workspace.trace()
        losses_after, total_after = (
            _losses_of(trace, column, length),
            _total(_losses(trace, lengths), reduction),
        )
    return SlowMotion(
        step=step,
        weight=weight,
        reduction=reduction,
        column=column,
        sequences=sum(map(bool, lengths)),
        predictions=sum(lengths),
        others_share=others,
        summed=shown["back"][0].partial + others,
        norms=norms,
        clip=clip,
        made=made,
        losses_after=tuple(losses_after),
        total_after=total_after,
        **shown,
    )


def _log_probabilities(trace: Trace, column: int) -> Tensor:
    """Of one sequence, (T, V)."""
    return trace["logits"][:, 0, column].double().log_softmax(-1)


def _losses_of(trace: Trace, column: int, length: int) -> list[float]:
    """Of the predictions of one sequence."""
    targets = trace["targets"][:length, 0, column, None]
    return (-_log_probabilities(trace, column)[:length].gather(1, targets)[:, 0]).tolist()


def _losses(trace: Trace, lengths: Sequence[int]) -> list[float]:
    """Of all predictions; one sequence at a time, for in 64 bits the outputs of all may take much memory."""
    return [loss for column, length in enumerate(lengths) for loss in _losses_of(trace, column, length)]


def _total(losses: Sequence[float], reduction: str) -> float:
    total = math.fsum(losses) if all(map(math.isfinite, losses)) else sum(losses)  # fsum refuses ∞ − ∞
    return total / len(losses) if reduction == "mean" else total


def _update(trainer: Trainer, network: Network, weight: Weight) -> tuple[Clip, Step]:
    """Make the update, and tell what it does to one weight."""
    place, before = _place(network, weight), trainer.snapshot()
    gradient = float(network.gradients[0, place])
    (update,) = trainer.advance(1)
    after = trainer.snapshot()
    clip = _clip(trainer, update, gradient, float(network.gradients[0, place]))
    remembered, remembers = (
        {name: _of(value, place) for name, value in each.optimizer.items()} for each in (before, after)
    )
    rule = OPTIMIZERS[trainer.config.training.optimizer]
    return clip, Step(
        update.learning_rate,
        rule.terms(clip.clipped_gradient, update.learning_rate, remembered),
        remembered,
        remembers,
        float(before.parameters[0, place]),
        float(after.parameters[0, place]),
    )


def _norms(network: Network) -> dict[str, float]:
    return {name: _norm(value[0].double()) for name, value in network.named_gradients().items()}


def perplexity(shown: list[float], every: list[float]) -> Perplexity:
    """By both routes. shown, every: the losses of the sequence that is shown, and of all predictions.

    A product beyond 10^(10¹⁸), of an exploding training, is ∞.
    """
    with localcontext(Context(prec=DIGITS, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])):
        product, products = Decimal(1), []
        for loss in shown:
            product *= 1 / (-Decimal(loss)).exp()
            products.append(float(product.ln()))
        whole = Decimal(1)
        for loss in every:
            whole *= 1 / (-Decimal(loss)).exp()
        root = whole ** (Decimal(1) / len(every))
        return Perplexity(
            by_mean=math.fsum(every) / len(every),
            by_product=float(root.ln()),
            products=tuple(products),
            product=float(whole.ln()),
        )


def _blocks(network: Network, time: int, shown: int, lengths: Sequence[int]) -> Iterator[slice]:
    """All columns in which something is predicted but the one that is shown, some at a time."""
    per_column = time * CELLS[network.config.cell].blocks * network.config.hidden_size
    count = max(1, BLOCK_NUMBERS // per_column)
    for first, stop in ((0, shown), (shown + 1, len(lengths))):
        for start in range(first, stop, count):
            columns = slice(start, min(start + count, stop))
            if any(lengths[columns]):
                yield columns


def _back(whole: Pass, weight: Weight, length: int) -> tuple[Back, ...]:
    """What comes back at each timestep of one sequence, in the order of time."""
    number, uses = whole.layer_of(weight.parameter), whole.uses(weight.parameter)
    layer = whole.layer(number)
    above = (
        whole.of("grad.logits") @ whole.parameters["readout.weight"]
        if number + 1 == whole.config.layers
        else whole.layer(number + 1).to_below
    )
    came_back, met = (each[:, 0].tolist() for each in uses.factors(weight.row, weight.column))
    if weight.parameter.startswith("embedding."):  # its rows meet the symbol, its columns what comes back
        came_back, met = met, came_back
    later, found = 0.0, []
    partial, gathered = 0.0, torch.zeros_like(uses.at(0, 0))
    for t in reversed(range(length)):
        gathered += uses.at(t, 0)
        partial += came_back[t] * met[t]
        to_before = _norm(layer.to_before[t, 0]) if t else 0.0
        found.append(
            Back(
                from_outputs=_norm(above[t, 0]),
                from_later=later,
                states=_state_norms(layer, t),
                pre=_norm(layer.grad_pre[t, 0]),
                to_before=to_before,
                came_back=came_back[t],
                met=met[t],
                share=came_back[t] * met[t],
                partial=partial,
                norm=_norm(gathered),
            )
        )
        later = to_before
    return tuple(reversed(found))


def _state_norms(layer: Layer, t: int) -> dict[str, float]:
    return {name: _norm(gradient[t, 0]) for name, gradient in layer.states.items()}


def _norm(value: Tensor) -> float:
    return float(torch.linalg.vector_norm(value))


def _clip(trainer: Trainer, update: Update, gradient: float, clipped_gradient: float) -> Clip:
    training = trainer.config.training
    kind = training.clip if update.step >= training.clip_from else "off"
    norm, clipped = update.gradient_norm[0], update.clipped[0]
    scale = training.clip_threshold / (norm + CLIP_EPSILON) if kind == "norm" and clipped else 1.0
    return Clip(
        kind,
        training.clip_threshold,
        norm,
        update.clipped_norm[0],
        clipped,
        scale,
        gradient,
        clipped_gradient,
    )


def _place(network: Network, weight: Weight) -> int:
    """Where a weight stands in a row of the flat parameters."""
    view = network.named_parameters()[weight.parameter][0]
    columns = view.shape[1] if view.dim() == 2 else 1
    return (
        int(view.storage_offset())
        - int(network.parameters.storage_offset())
        + weight.row * columns
        + weight.column
    )


def _of(state: Tensor, place: int) -> float:
    """One weight's part of what an optimiser remembers; a counter is that of all weights."""
    return float(state[0, place]) if state.dim() else float(state)
