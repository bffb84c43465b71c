"""The gradients of an unrolled network as torch's autograd finds them: an authority for those written by hand."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.functional import linear

from playground.batch import Batch
from playground.cells import LayerWeights
from playground.passes.replica import Replica
from playground.passes.unroll import States, losses_of, read_out, through_level
from playground.pieces import Pieces, all_of


def autograd_gradients(model: Replica, batch: Batch, *, reduction: str = "mean") -> dict[str, Tensor]:
    """∂L/∂ every parameter as torch's autograd finds it: an independent check of every gradient on the page.

    reduction: "mean" or "sum" over the predictions of the batch, (T, 1, B).
    """
    return all_of(autograd_gradients_in_pieces(model, batch, reduction=reduction))


def autograd_gradients_in_pieces(
    model: Replica, batch: Batch, *, reduction: str = "mean"
) -> Pieces[dict[str, Tensor]]:
    """The same, a level of layers at a time: forward, and back again.

    On its way back autograd stops at what each layer has read, and goes on from there with the gradient it has found:
    the same sums in the same order as without a stop.
    """
    with _recording():
        # Autograd refuses to keep what was made in inference mode; copies are ordinary tensors.
        reset = None if batch.reset is None else batch.reset.clone()
        batch = Batch(batch.inputs.clone(), batch.targets.clone(), batch.mask.clone(), reset)
        leaves = {name: value.clone().requires_grad_() for name, value in model.parameters.items()}
        model = Replica(model.config, model.signature, leaves)
        start = States.zero(model, batch.inputs.shape[2])
        cut = None if reset is None else reset[:, 0]
        read = [model.encoded(batch.inputs[:, 0])]  # by every layer, and by the read-out
    parts = len(model.levels) + 1
    for number, level in enumerate(model.levels):
        with _recording():
            _, h = through_level(model, level, read[-1].unbind(), start, cut)
            read.append(torch.stack(h))
        yield (number + 1) / (2 * parts - 1)

    with _recording():
        shown, _ = read_out(model, read[-1].unbind(), start)
        losses = losses_of(model, batch, linear(torch.stack(list(shown)), *model.readout))
        reached = losses.sum() / (max(1, int(batch.mask.sum())) if reduction == "mean" else 1)
    owned = [[name for layer in level for name in _names_of(model.layers[layer])] for level in model.levels]
    owned.append(["readout.weight", "readout.bias"])
    found: dict[str, Tensor] = {}
    for part in reversed(range(parts)):
        with _recording():
            ends = [leaves[name] for name in owned[part]]
            if read[part].requires_grad:  # one-hot vectors have none
                ends.append(read[part])
            grads = torch.autograd.grad(reached, ends)
            found |= zip(owned[part], grads, strict=False)
            # Its gradient is the one found, bit for bit. Handed over as grad_outputs, torch would import sympy: 30 MB.
            reached = (read[part] * grads[-1]).sum() if read[part].requires_grad else reached
        yield (2 * parts - 1 - part) / (2 * parts - 1)
    if "embedding.weight" in leaves:
        with _recording():
            (found["embedding.weight"],) = torch.autograd.grad(reached, leaves["embedding.weight"])
    return {name: found[name] for name in leaves}


def _names_of(layer: str) -> list[str]:
    """The names of a layer's parameters."""
    return [f"rnn.{name}_{layer}" for name in LayerWeights._fields]


@contextmanager
def _recording() -> Iterator[None]:
    """What autograd is to follow, also within inference mode."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
