"""Embedding or one-hot, layers of any cell, read-out, loss; and one pass through it all, forward and back.

    x_t    = one_hot(symbol_t), or row symbol_t of the embedding
    h_t    = layers of cells, each reading the h of the one below          (`playground.cells`)
    logits = W h_t + b
    loss_t = −log softmax(logits)[target_t]                               in nats
    total  = Σ_t loss_t / number of predictions, or Σ_t loss_t

R replicas of the same network, one per seed, live in one tensor and are computed together.

Parameter names and shapes are torch.nn's, for a module with the members `embedding` (torch.nn.Embedding, if
any), `rnn` (torch.nn.RNN, LSTM or GRU) and `readout` (torch.nn.Linear): such a module loads `state_dict()`
with strict=True and computes the same.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.cells.fast import FastLayer, Product, over_time
from playground.cells.weights import LayerWeights, ReplicatedWeights
from playground.config import NetworkConfig
from playground.models.initialization import initial_parameters
from playground.private_torch import log_softmax_backward
from playground.trace import Trace

VIEW_BYTES = 600  # a tensor without its numbers, as Python and torch keep it (measured)
WORKSPACES = 2  # shapes whose buffers are kept: the training batch's, and one for whoever looks elsewhere


class Network:
    """R replicas of a recurrent language model.

    Args:
        config: what to build.
        signature: what it reads and answers.
        seeds: one per replica; the initial weights of a replica depend on its seed alone.
        dtype: torch.float32 to train, torch.float64 to check. The initial weights are the same.

    Attributes:
        parameters: (R, P), all parameters of each replica in a row. A trainer notices a change made by
            `load_state_dict` or its own `restore`; after any other, do not update from an earlier `measure`.
        gradients: (R, P), ∂total/∂parameters of the last backward pass, in the same places.
        passes: how many times parameters, gradients or buffers have been overwritten.
    """

    def __init__(
        self,
        config: NetworkConfig,
        signature: Signature,
        *,
        seeds: Sequence[int],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.config, self.signature, self.dtype = config, signature, dtype
        self.cell = CELLS[config.cell]
        self.seeds = tuple(seeds)
        self.replicas = len(self.seeds)
        self.passes = 0
        self._shapes = parameter_shapes(config, signature)

        size = sum(map(math.prod, self._shapes.values()))
        self.parameters = torch.zeros(self.replicas, size, dtype=dtype)
        self.gradients = torch.zeros(self.replicas, size, dtype=dtype)
        self._parameters = self._views(self.parameters)
        self._gradients = self._views(self.gradients)
        self._workspaces: OrderedDict[tuple[int, int], Workspace] = OrderedDict()

        for replica, seed in enumerate(self.seeds):
            self.load_state_dict(initial_parameters(config, self._shapes, seed), replica)

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        sizes = [math.prod(shape) for shape in self._shapes.values()]
        return {
            name: part.view(self.replicas, *shape)
            for (name, shape), part in zip(self._shapes.items(), flat.split(sizes, dim=1), strict=True)
        }

    def named_parameters(self) -> dict[str, Tensor]:
        """Views (R, *shape) of `parameters` by torch.nn's names, each with the prefix of its module."""
        return dict(self._parameters)

    def named_gradients(self) -> dict[str, Tensor]:
        """Views (R, *shape) of `gradients` by the same names."""
        return dict(self._gradients)

    def state_dict(self, replica: int = 0) -> dict[str, Tensor]:
        """Independent copies of one replica's parameters, in torch.nn's shapes."""
        return {name: view[replica].clone() for name, view in self._parameters.items()}

    def load_state_dict(self, state: Mapping[str, Tensor], replica: int = 0) -> None:
        """Overwrite one replica's parameters.

        Raises ValueError unless names and shapes are exactly those of `state_dict()`.
        """
        if wrong := state.keys() ^ self._parameters.keys():
            raise ValueError(f"parameters must be {', '.join(self._parameters)}; missing or unknown: {wrong}")
        for name, shape in self._shapes.items():
            if tuple(state[name].shape) != shape:
                raise ValueError(f"{name} must have shape {shape}; got {tuple(state[name].shape)}")
        with torch.no_grad():
            for name, view in self._parameters.items():
                view[replica].copy_(state[name])
        self.passes += 1

    def layer_weights(self, layer: int, replica: int = 0) -> LayerWeights:
        """Views of one layer of one replica, for the readable cells."""
        return LayerWeights(
            *(self._parameters[f"rnn.{name}_l{layer}"][replica] for name in LayerWeights._fields)
        )

    def trace(self, batch: Batch, *, reduction: str = "mean", backward: bool = True) -> Trace:
        """One pass at the present weights; with `backward`, `gradients` is filled as well.

        batch: (T, 1, B), shared by all replicas, or (T, R, B). reduction: "mean" or "sum" over predictions.
        """
        with torch.inference_mode():
            workspace = self.run(batch, reduction=reduction, backward=backward)
        return workspace.trace()

    def run(self, batch: Batch, *, reduction: str, backward: bool, of_weights: bool = True) -> "Workspace":
        """The pass of `trace`, for callers who count microseconds and are in inference mode already.

        of_weights: whether the way back fills `gradients` too, which those of states and gates do not need.
        """
        workspace = self.workspace(batch)
        self.passes += 1
        workspace.run(batch, reduction, backward, of_weights)
        return workspace

    def workspace(self, batch: Batch) -> "Workspace":
        """The buffers in which a pass over batches of this shape happens."""
        key = (batch.inputs.shape[0], batch.inputs.shape[2])
        workspace = self._workspaces.get(key)
        if workspace is None:
            while len(self._workspaces) >= WORKSPACES:
                self._workspaces.popitem(last=False)
            with torch.inference_mode(False):
                workspace = self._workspaces[key] = Workspace(self, *key)
        else:
            self._workspaces.move_to_end(key)
        return workspace

    def layer_views(self, layer: int, *, gradients: bool) -> ReplicatedWeights:
        """One layer's part of `parameters` or `gradients`, for the fast cells."""
        flat, views = (self.gradients, self._gradients) if gradients else (self.parameters, self._parameters)
        weight_ih, weight_hh, bias_ih, _ = (views[f"rnn.{name}_l{layer}"] for name in LayerWeights._fields)
        # The two biases are neighbours in the flat buffer.
        start, size = bias_ih.storage_offset(), bias_ih.shape[-1]
        return ReplicatedWeights(
            weight_ih, weight_hh, flat[:, start : start + 2 * size].unflatten(1, (2, size))
        )

    @property
    def nbytes(self) -> int:
        """Bytes of parameters, gradients and all buffers."""
        own = self.parameters.nbytes + self.gradients.nbytes
        return own + sum(workspace.nbytes for workspace in self._workspaces.values())


def parameter_shapes(config: NetworkConfig, signature: Signature) -> dict[str, tuple[int, ...]]:
    """Names and shapes of one replica's parameters, in torch.nn's order."""
    hidden, blocks = config.hidden_size, CELLS[config.cell].fast.blocks
    shapes: dict[str, tuple[int, ...]] = {}
    if config.embedding:
        shapes["embedding.weight"] = (signature.input_size, config.embedding)
    for layer in range(config.layers):
        inputs = hidden if layer else (config.embedding or signature.input_size)
        shapes[f"rnn.weight_ih_l{layer}"] = (blocks * hidden, inputs)
        shapes[f"rnn.weight_hh_l{layer}"] = (blocks * hidden, hidden)
        shapes[f"rnn.bias_ih_l{layer}"] = (blocks * hidden,)
        shapes[f"rnn.bias_hh_l{layer}"] = (blocks * hidden,)
    shapes["readout.weight"] = (signature.output_size, hidden)
    shapes["readout.bias"] = (signature.output_size,)
    return shapes


def view_bytes(blocks: int, time: int) -> int:
    """Bytes of the views of its timesteps that a fast layer keeps: about 8 (RNN), 20 (GRU) or 26 (LSTM) of each."""
    return VIEW_BYTES * (6 * blocks + 2) * time


class Workspace:
    """All buffers for passes of one shape (T, B), made once, and the pass itself.

    Attributes:
        total: (R,), the loss summed over all predictions, after a pass.
        count: how many predictions each replica's batch has.
    """

    def __init__(self, network: Network, time: int, batch: int) -> None:
        config, parameters, gradients = network.config, network.named_parameters(), network.named_gradients()
        replicas, vocabulary = network.replicas, network.signature.output_size
        o = self.over_time = over_time(time, replicas, batch, network.dtype)
        self._passes = 0
        self._batch: Batch | None = None
        self._reduction = ""

        shape = (time, replicas, batch)
        self.inputs = torch.zeros(shape, dtype=torch.int64)
        self.targets = torch.zeros(*shape, 1, dtype=torch.int64)
        self.mask = torch.zeros(shape, dtype=torch.bool)
        self.count: list[int] = []
        self.one_hot = o.zeros(vocabulary)
        self.minus_mask = o.zeros(1)
        self.minus_target = o.zeros(vocabulary)  # −(weight of the loss) at the target, 0 elsewhere

        x, grad_x, symbols = self.one_hot, None, self.inputs
        self.before: tuple[Product, ...] = ()  # the rows of the embedding, if any
        of_embedding: tuple[Product, ...] = ()
        self._embedded: tuple[Tensor, ...] = ()
        if config.embedding:
            x, grad_x, symbols = o.zeros(config.embedding), o.zeros(config.embedding), None
            self._embedded = (x, grad_x)
            self.before = (o.select(self.inputs, parameters["embedding.weight"], x),)
            of_embedding = (o.gather(grad_x, self.inputs, gradients["embedding.weight"]),)

        self.layers: list[FastLayer] = []
        for number in range(config.layers):
            layer = network.cell.fast(
                network.layer_views(number, gradients=False),
                network.layer_views(number, gradients=True),
                x,
                grad_x,
                o,
                config.nonlinearity,
                symbols,
            )
            self.layers.append(layer)
            x, grad_x, symbols = layer.h, layer.grad_h, None

        self.logits, self.log_probabilities, self.grad_logits = (o.zeros(vocabulary) for _ in range(3))
        self.loss = o.zeros(1)
        self.total = torch.zeros(replicas, dtype=network.dtype)
        top = self.layers[-1]
        self.readout = o.affine(top.h, parameters["readout.weight"], parameters["readout.bias"], self.logits)
        self.readout_back = o.product(self.grad_logits, parameters["readout.weight"], top.grad_h)
        self.collect: tuple[Product, ...] = (  # the gradients of all weights, at the end of the way back
            o.outer(self.grad_logits, top.h, gradients["readout.weight"]),
            o.total(self.grad_logits, gradients["readout.bias"][:, None]),
            *(product for layer in self.layers for product in layer.collect),
            *of_embedding,
        )
        self._name_tensors()

    def run(self, batch: Batch, reduction: str, backward: bool, of_weights: bool) -> None:
        """Forward, and back if asked to, as far as the weights if asked to."""
        self._passes += 1
        if batch is not self._batch or reduction != self._reduction:
            self._read(batch, reduction)
        self._forward()
        if backward:
            self._backward(of_weights)
        self._has_gradients = backward

    def _read(self, batch: Batch, reduction: str) -> None:
        """Write the batch into the buffers, in the forms that the pass needs."""
        self.inputs.copy_(batch.inputs)
        self.targets[..., 0].copy_(batch.targets)
        self.mask.copy_(batch.mask)
        count = self.mask.sum((0, 2))  # (R,)
        self.count = count.tolist()

        self.one_hot.zero_().scatter_(3, self.inputs[..., None], 1)
        self.minus_mask[..., 0].copy_(self.mask).neg_()
        weight = self.minus_mask
        if reduction == "mean":
            weight = weight / count.clamp(min=1)[:, None, None]
        self.minus_target.zero_().scatter_(3, self.targets, weight)
        self._batch, self._reduction = batch, reduction

    def _forward(self) -> None:
        for product in self.before:
            product()
        for layer in self.layers:
            layer.forward()
        self.readout()
        torch.log_softmax(self.logits, 3, out=self.log_probabilities)
        torch.gather(self.log_probabilities, 3, self.targets, out=self.loss)
        self.loss.mul_(self.minus_mask)
        torch.sum(self.loss, (0, 2, 3), out=self.total)

    def _backward(self, of_weights: bool) -> None:
        # softmax(logits) − one_hot(target), times the weight of each prediction in the loss, in one call.
        log_softmax_backward(self.minus_target, self.log_probabilities, out=self.grad_logits)
        self.readout_back()
        for layer in reversed(self.layers):
            layer.backward()  # writes ∂L/∂x into the grad_h of the layer below
        if of_weights:
            for product in self.collect:
                product()

    def _name_tensors(self) -> None:
        """The names of a `Trace`."""
        self._has_gradients = False
        forward: dict[str, Tensor] = {
            "inputs": self.inputs,
            "targets": self.targets[..., 0],
            "mask": self.mask,
        }
        derived: dict[str, Callable[[], Tensor]] = {}
        back: dict[str, Tensor] = {}
        derived_back: dict[str, Callable[[], Tensor]] = {}
        for number, layer in enumerate(self.layers):
            prefix = f"l{number}."
            forward[prefix + "x"] = layer.x
            forward |= {prefix + name: tensor for name, tensor in layer.tensors().items()}
            derived |= {prefix + name: compute for name, compute in layer.derived().items()}
            back |= {f"grad.{prefix}{name}": tensor for name, tensor in layer.gradients().items()}
            derived_back |= {
                f"grad.{prefix}{name}": compute for name, compute in layer.derived_gradients().items()
            }
        forward |= {"logits": self.logits, "loss": self.loss[..., 0]}
        derived["probabilities"] = self.log_probabilities.exp
        back["grad.logits"] = self.grad_logits
        self._names = {False: (forward, derived), True: ({**forward, **back}, {**derived, **derived_back})}

    def _nll(self) -> Tensor:
        return self.total / torch.tensor([n or math.nan for n in self.count], dtype=self.total.dtype)

    def _total(self) -> Tensor:
        return self._nll() if self._reduction == "mean" else self.total.clone()

    def trace(self) -> Trace:
        """The tensors of the last pass by name."""
        at = self._passes
        tensors, derived = self._names[self._has_gradients]
        # A workspace that kept its own methods would be a cycle, and its buffers would wait for the collector.
        of_self = {"nll": self._nll, "total": self._total}
        return Trace(tensors, {**derived, **of_self}, current=lambda: self._passes == at)

    def buffers_by_name(self) -> dict[str, Tensor]:
        """The buffers (T, R, B, ·) that every pass there and back fills, under the names of a `Trace`; the loss has a
        last axis of 1, and instead of probabilities there are `log_probabilities`."""
        named = {"loss": self.loss, "log_probabilities": self.log_probabilities}
        for number, layer in enumerate(self.layers):
            named |= {f"l{number}.{name}": tensor for name, tensor in layer.tensors().items()}
            named |= {f"grad.l{number}.{name}": tensor for name, tensor in layer.gradients().items()}
        return named

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers and of the views of their timesteps, which weigh more where the network is small."""
        own = [
            self.inputs,
            self.targets,
            self.mask,
            self.one_hot,
            *self._embedded,
            self.minus_mask,
            self.minus_target,
            self.logits,
            self.log_probabilities,
            self.grad_logits,
            self.loss,
        ]
        own += [buffer for layer in self.layers for buffer in layer.buffers()]
        views = len(self.layers) * view_bytes(self.layers[0].blocks, self.over_time.time)
        return self.over_time.nbytes + sum(buffer.nbytes for buffer in own) + views
