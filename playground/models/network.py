"""A recurrent network: inputs, layers of any cell, read-out, loss; and one pass through it all, forward and back.

    x_t    = one_hot(symbol_t), or row symbol_t of the embedding, or a vector      (`playground.models.inputs`)
    h_t    = layers of cells, each reading the h of the one below                  (`playground.models.stack`)
    y_t    = W h_t + b                                                             (`playground.models.readout`)
    loss_t = −log softmax(y_t)[target_t] in nats, or ‖y_t − target_t‖²             (`playground.models.losses`)
    total  = Σ_t loss_t / number of predictions, or Σ_t loss_t

R replicas of the same network, one per seed, live in one tensor and are computed together.

Parameter names and shapes are torch.nn's, for a module with the members `embedding` (torch.nn.Embedding, if
any), `rnn` (torch.nn.RNN, LSTM or GRU) and `readout` (torch.nn.Linear): such a module loads `state_dict()`
with strict=True and computes the same.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.cells.weights import LayerWeights
from playground.config import NetworkConfig
from playground.models.initialization import initial_parameters
from playground.models.parameters import of_layer, parameter_shapes, views
from playground.models.workspace import States, Workspace
from playground.trace import Trace

WORKSPACES = 2  # shapes whose buffers are kept: the training batch's, and one for whoever looks elsewhere


class Network:
    """R replicas of a recurrent network.

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

    Raises ValueError for an embedding of vectors.
    """

    def __init__(
        self,
        config: NetworkConfig,
        signature: Signature,
        *,
        seeds: Sequence[int],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        if config.embedding and signature.reads == "vectors":
            raise ValueError(f"embedding must be 0 where vectors are read; got {config.embedding}")
        self.config, self.signature, self.dtype = config, signature, dtype
        self.cell = CELLS[config.cell]
        self.seeds = tuple(seeds)
        self.replicas = len(self.seeds)
        self.passes = 0
        self._shapes = parameter_shapes(config, signature)

        size = sum(map(math.prod, self._shapes.values()))
        self.parameters = torch.zeros(self.replicas, size, dtype=dtype)
        self.gradients = torch.zeros(self.replicas, size, dtype=dtype)
        self._parameters = views(self.parameters, self._shapes)
        self._gradients = views(self.gradients, self._shapes)
        self._workspaces: OrderedDict[tuple[int, int, bool], Workspace] = OrderedDict()

        for replica, seed in enumerate(self.seeds):
            self.load_state_dict(initial_parameters(config, self._shapes, seed), replica)

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
        return LayerWeights(*(weight[replica] for weight in of_layer(self._parameters, f"l{layer}")))

    def trace(
        self,
        batch: Batch,
        *,
        reduction: str = "mean",
        backward: bool = True,
        initial: States | None = None,
        step: int | None = None,
    ) -> Trace:
        """One pass at the present weights; with `backward`, `gradients` is filled as well. Arguments as in `run`."""
        with torch.inference_mode():
            workspace = self.run(batch, reduction=reduction, backward=backward, initial=initial, step=step)
        return workspace.trace()

    def run(
        self,
        batch: Batch,
        *,
        reduction: str,
        backward: bool,
        of_weights: bool = True,
        initial: States | None = None,
        step: int | None = None,
    ) -> Workspace:
        """The pass of `trace`, for callers who count microseconds and are in inference mode already.

        batch: (T, 1, B), shared by all replicas, or (T, R, B). reduction: "mean" or "sum" over predictions.
        of_weights: whether the way back fills `gradients` too, which those of states and gates do not need.
        initial: the states before the first timestep, zeros if None. step: the training step by which dropout draws
        what it leaves out; None where nothing is to be left out.
        """
        workspace = self.workspace(batch)
        self.passes += 1
        workspace.run(batch, reduction, backward, of_weights, initial, step)
        return workspace

    def workspace(self, batch: Batch) -> Workspace:
        """The buffers in which a pass over batches of this shape happens."""
        key = (batch.inputs.shape[0], batch.inputs.shape[2], batch.reset is not None)
        workspace = self._workspaces.get(key)
        if workspace is None:
            while len(self._workspaces) >= WORKSPACES:
                self._workspaces.popitem(last=False)
            *shape, resets = key
            with torch.inference_mode(False):
                workspace = self._workspaces[key] = Workspace(
                    self.config,
                    self.signature,
                    (self.parameters, self._parameters),
                    (self.gradients, self._gradients),
                    self.seeds,
                    (shape[0], shape[1]),
                    resets=resets,
                )
        else:
            self._workspaces.move_to_end(key)
        return workspace

    @property
    def nbytes(self) -> int:
        """Bytes of parameters, gradients and all buffers."""
        own = self.parameters.nbytes + self.gradients.nbytes
        return own + sum(workspace.nbytes for workspace in self._workspaces.values())
