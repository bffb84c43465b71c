"""What torch.nn and autograd say of any batch, sequence by sequence, piece by piece."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from benchmarks.reference import TorchModel
from playground.batch import NOTHING, Batch, Signature
from playground.models.network import Network

EXACT = {"rtol": 0, "atol": 1e-9}


def random_batch(
    signature: Signature,
    time: int,
    replicas: int,
    batch: int,
    *,
    resets: bool = False,
    nothing: bool = False,
    seed: int = 0,
) -> Batch:
    """Drawn numbers; about half of all losses stand, of the first sequence none if there are others."""
    generator = torch.Generator().manual_seed(seed)
    shape = (time, replicas, batch)

    def yes(share: float) -> Tensor:
        return torch.rand(shape, generator=generator) < share

    if signature.reads == "vectors":
        inputs = torch.randn(*shape, signature.input_size, generator=generator, dtype=torch.float64)
    else:
        inputs = torch.randint(signature.input_size, shape, generator=generator)
        if nothing:
            inputs[yes(0.3)] = NOTHING
    mask = yes(0.5)
    mask[-1] = True
    if batch > 1:
        mask[:, :, 0] = False
    if signature.loss == "squared_error":
        targets = torch.randn(*shape, signature.output_size, generator=generator, dtype=torch.float64)
        targets = targets * mask[..., None]
    else:
        targets = torch.randint(signature.output_size, shape, generator=generator) * mask
    return Batch(inputs, targets, mask, yes(0.4) if resets else None)


def random_states(
    network: Network, batch: int, *, replicas: int | None = None, seed: int = 0
) -> list[tuple[Tensor, ...]]:
    """States of every layer, (R, B, H) each."""
    generator = torch.Generator().manual_seed(seed)
    directions = 2 if network.config.bidirectional else 1
    shape = (replicas or network.replicas, batch, network.config.hidden_size)
    return [
        tuple(torch.randn(shape, generator=generator, dtype=torch.float64) for _ in network.cell.states)
        for _ in range(network.config.layers * directions)
    ]


def pieces(reset: Tensor) -> Iterator[tuple[int, int]]:
    """Where (T,) is cut: the beginning and end of every piece."""
    borders = [0, *(t for t in range(1, len(reset)) if reset[t]), len(reset)]
    return pairwise(borders)


def torch_model(network: Network, replica: int) -> TorchModel:
    """The same network in torch.nn."""
    model = TorchModel(network.config, network.signature, network.dtype)
    model.load_state_dict(network.state_dict(replica), strict=True)
    return model


class Reference:
    """A pass and its way back by torch.nn: no piece between two resets knows of another, in either direction.

    batch: (T, R, B), of which the model reads replica `source`. initial: h (L, B, H), and c.
    """

    def __init__(
        self, model: TorchModel, batch: Batch, reduction: str, source: int = 0, initial: Sequence[Tensor] = ()
    ) -> None:
        self.model, self.initial = model, initial
        inputs, targets, mask = (part[:, source] for part in (batch.inputs, batch.targets, batch.mask))
        reset = torch.zeros_like(mask) if batch.reset is None else batch.reset[:, source]
        x = model.encode(inputs)
        h = torch.stack([self._column(x[:, b], reset[:, b], b) for b in range(x.shape[1])], 1)
        self.outputs = model.answer(h)
        if model.signature.loss == "squared_error":
            each = mse_loss(self.outputs, targets, reduction="none").sum(-1)
        else:
            each = cross_entropy(self.outputs.flatten(0, 1), targets.flatten(), reduction="none").view_as(
                mask
            )
        self.losses = torch.where(mask, each, 0.0)
        self.total = self.losses.sum() / (mask.sum() if reduction == "mean" else 1)
        self.total.backward()

    def _column(self, x: Tensor, reset: Tensor, b: int) -> Tensor:
        """h of one sequence, (T, W)."""
        parts = []
        for start, end in pieces(reset):
            # A piece at the end of the time is where a layer that reads backwards begins.
            states: Any = None
            if self.initial:
                states = [
                    self._of_piece(each[:, b], start == 0 and not reset[0], end == len(x))
                    for each in self.initial
                ]
                states = tuple(states) if len(states) > 1 else states[0]
            parts.append(self.model.rnn(x[start:end], states)[0])
        return torch.cat(parts)

    def _of_piece(self, state: Tensor, first: bool, last: bool) -> Tensor:
        """What a piece begins with, (L, H): the given state at its end of the time, else zeros."""
        if not self.model.rnn.bidirectional:
            return state * first
        return state * torch.tensor([first, last] * (len(state) // 2))[:, None]


def assert_is_torchs(
    network: Network,
    batch: Batch,
    reduction: str = "mean",
    initial: Sequence[tuple[Tensor, ...]] | None = None,
) -> None:
    """Outputs, losses, total, every gradient of a parameter and of an initial state, of every replica."""
    with torch.inference_mode():
        workspace = network.run(batch, reduction=reduction, backward=True, initial=initial)
        of_initial = workspace.initial_gradients()
    trace = workspace.trace()
    gradients = network.named_gradients()
    for replica in range(network.replicas):
        source = replica if batch.inputs.shape[1] > 1 else 0
        given = [
            torch.stack([each[replica if len(each) > 1 else 0] for each in of_layers]).requires_grad_()
            for of_layers in zip(*(initial or ()), strict=True)
        ]
        reference = Reference(torch_model(network, replica), batch, reduction, source, given)
        torch.testing.assert_close(workspace.outputs[:, replica], reference.outputs, **EXACT)
        torch.testing.assert_close(trace["loss"][:, replica], reference.losses, **EXACT)
        torch.testing.assert_close(trace["total"][replica], reference.total, **EXACT)
        parameters = dict(reference.model.named_parameters())
        assert list(gradients) == list(parameters)
        for name, parameter in parameters.items():
            torch.testing.assert_close(gradients[name][replica], parameter.grad, msg=name, **EXACT)
        for state, expected in enumerate(reference.initial):
            ours = torch.stack([of_layer[state][replica] for of_layer in of_initial])
            torch.testing.assert_close(ours, expected.grad, **EXACT)
