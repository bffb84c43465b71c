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

from collections.abc import Sequence
from functools import partial

import torch

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.cells.weights import LayerWeights
from playground.config import NetworkConfig
from playground.models.dropout import LeftOut
from playground.models.initialization import initial_parameters
from playground.models.parameters import Parameterized, of_layer, parameter_shapes
from playground.models.recent import Recent
from playground.models.workspace import States, Workspace
from playground.trace import Trace


class Network(Parameterized):
    """R replicas of a recurrent network.

    Args:
        config: what to build.
        signature: what it reads and answers.
        seeds, dtype: as in `Parameterized`.

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
        self.config, self.signature = config, signature
        self.cell = CELLS[config.cell]
        shapes = parameter_shapes(config, signature)
        super().__init__(shapes, partial(initial_parameters, config, shapes), seeds, dtype)
        self._workspaces: Recent[tuple[int, int, bool], Workspace] = Recent()
        self._newest: tuple[Batch, Workspace] | None = None  # whose buffers were asked for last

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
        step: LeftOut = None,
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
        step: LeftOut = None,
    ) -> Workspace:
        """The pass of `trace`, for callers who count microseconds and are in inference mode already.

        batch: (T, 1, B), shared by all replicas, or (T, R, B). reduction: "mean" or "sum" over predictions.
        of_weights: whether the way back fills `gradients` too, which those of states and gates do not need.
        initial: the states before the first timestep, zeros if None. step: the training step by which dropout draws
        what it leaves out, or what each replica draws; None where nothing is to be left out.
        """
        workspace = self.workspace(batch)
        self.passes += 1
        workspace.run(batch, reduction, backward, of_weights, initial, step)
        return workspace

    def ready(self, batch: Batch, *, reduction: str) -> Workspace | None:
        """What is ready to carry out passes of `run` there and back by its `program`; None where it has none."""
        workspace = self.workspace(batch)
        if workspace.program is None:
            return None
        self.passes += 1
        workspace.prepare(batch, reduction)
        return workspace

    def workspace(self, batch: Batch) -> Workspace:
        """The buffers in which a pass over batches of this shape happens."""
        if self._newest is None or self._newest[0] is not batch:
            self._newest = batch, self._workspace(batch)
        return self._newest[1]

    def _workspace(self, batch: Batch) -> Workspace:
        time, _, columns = batch.mask.shape
        resets = batch.reset is not None
        return self._workspaces.get(
            (time, columns, resets),
            lambda: Workspace(
                self.config,
                self.signature,
                (self.parameters, self._parameters),
                (self.gradients, self._gradients),
                self.seeds,
                (time, columns),
                resets=resets,
            ),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of parameters, gradients and all buffers."""
        own = self.parameters.nbytes + self.gradients.nbytes
        return own + self._workspaces.nbytes
