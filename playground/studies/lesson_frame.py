"""One step of a recorded training: what the network makes of one example, there and back, and of all that is held out.

Shapes: L layers, D directions (1, or 2 of which the second reads backwards), T timesteps, B sequences, H hidden size,
I input size, O output size. One replica.
"""

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from playground.batch import NOTHING, Batch
from playground.cells import CELLS
from playground.models.bridge import ENCODER, EncoderDecoder
from playground.models.network import Network
from playground.passes.replica import BACKWARDS, layer_names
from playground.passes.writing import own_answers
from playground.tasks.delayed import Delayed
from playground.tasks.packing import COLUMNS, columns, stretch
from playground.tasks.task import Shown, Task, judge
from playground.trace import Trace

MOST_POSITIONS = 1024  # timesteps of all sequences that are held out which one pass reads
FRAME_BYTES = 4000  # of a frame beside its arrays: strings, and what numpy keeps of each array

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class LessonFrame:
    """What one example that is held out looks like at one step of the training.

    Attributes:
        step: how many updates the weights have seen.
        loss: the mean over the batch that is trained on next: nats per answer, or the squared error.
        success: of all that is held out, as the task measures it, n things judged; NaN if it has not answered.
        shown: the example as a person reads it.
        inputs: (T, I), what is read: vectors, or a single 1 at the place of a symbol; zeros where nothing is read.
        states: (L, D, T, H) float32, h after each timestep; those of a decoder of its own after the encoder's.
        outputs: (T, O) float32, probabilities, or numbers where numbers are asked for; NaN while an encoder reads.
        losses: (T,) float32, of this example, nats or the squared error; NaN where none stands.
        gradients: (L, D, T) float32, ‖∂L/∂h_t‖₂, L the sum of `losses`, on all ways from them back to h_t.
        mask, reads: (T,) bool, where a loss stands, and where something is read.
        decoder_from: the timestep, from 0, at which a decoder of its own begins; None where there is one network.
    """

    step: int
    loss: float
    success: float
    n: int
    shown: Shown
    inputs: Array
    states: Array
    outputs: Array
    losses: Array
    gradients: Array
    mask: Array
    reads: Array
    decoder_from: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What is measured at one step of the training, whatever is watched: as in `LessonFrame`."""

    step: int
    loss: float
    success: float
    n: int


class Reader:
    """A network that reads what is held out with the weights of another, whose buffers stay as they are.

    Any thread may use it.

    Args:
        make: gives a network like the other one.
        feeds_itself: whether a network that writes reads what it has answered before, not what it should have.
    """

    def __init__(
        self, make: Callable[[], Network | EncoderDecoder], task: Task, *, feeds_itself: bool
    ) -> None:
        self.task, self.feeds_itself = task, feeds_itself
        self.held_out = task.held_out()
        self._make = make
        network = make()
        self._network: Network | EncoderDecoder | None = network
        self._config = network.config
        self.decoder_from: int | None = None
        if isinstance(network, EncoderDecoder) and isinstance(task, Delayed):
            self.decoder_from = task.reading
        self._lock = threading.Lock()

    def _with(self, weights: Tensor) -> Network | EncoderDecoder:
        """The network with these weights (1, P); another one after a rest."""
        network = self._network
        if network is None:
            with torch.inference_mode(False):
                network = self._network = self._make()
        network.parameters.copy_(weights)
        return network

    def rest(self) -> None:
        """Let go of all buffers until there is something to read again."""
        self._network = None

    @property
    def count(self) -> int:
        """How many sequences are held out."""
        return self.held_out.mask.shape[COLUMNS]

    def needs(self, frames: int, trained: int) -> int:
        """Bytes that so many frames take, and passes over what is held out and over `trained` timesteps, at most."""
        time, config, signature = len(self.held_out.mask), self._config, self.task.signature
        layers, cell = len(layer_names(config)), CELLS[config.cell]
        of_frame = time * (layers * config.hidden_size + signature.output_size + signature.input_size + 4)
        of_pass = (
            layers * cell.planes + max(cell.shared_planes)
        ) * config.hidden_size + 6 * signature.output_size
        passes = (MOST_POSITIONS + 2 * time + trained) * (of_pass + 2 * signature.input_size)
        answers = time * self.count * signature.output_size
        return 4 * (frames * of_frame + passes + 2 * answers) + frames * FRAME_BYTES

    def record(self, weights: Tensor, step: int, loss: float) -> tuple[Record, Tensor]:
        """What is measured with weights (1, P), and the outputs (T, 1, B, O) of all that is held out.

        Those are logits or numbers; zeros while an encoder reads.
        """
        with self._lock:
            network = self._with(weights)
            batch = self._as_read(network, self.held_out)
            outputs = _outputs(network, batch)
        success = self.task.success(outputs, batch)
        return Record(step, loss, success.values[0], success.n), outputs

    def symbols_right(self, weights: Tensor) -> tuple[float, float]:
        """The share of single symbols that are right with the right ones before, and with its own answers before.

        Of a `Delayed` task; both are the same where nothing is read while writing.
        """
        with self._lock, torch.inference_mode():
            network = self._with(weights)
            assert isinstance(self.task, Delayed)
            own = own_answers(network, self.task, self.held_out)
            taught, alone = (
                judge("accuracy", _outputs(network, batch), batch) for batch in (self.held_out, own)
            )
        return taught.values[0], alone.values[0]

    def frame(self, weights: Tensor, record: Record, column: int) -> LessonFrame:
        """One of the held-out sequences as it is read with the weights of a recorded step."""
        with self._lock, torch.inference_mode():
            network = self._with(weights)
            one = self._as_read(network, columns(self.held_out, torch.tensor([column])))
            return self._of_one(network, one, record)

    def _as_read(self, network: Network | EncoderDecoder, batch: Batch) -> Batch:
        """The same, with its own answers if the network reads those."""
        if self.feeds_itself and isinstance(self.task, Delayed):
            return own_answers(network, self.task, batch)
        return batch

    def _of_one(self, network: Network | EncoderDecoder, one: Batch, record: Record) -> LessonFrame:
        """From a pass of one example (T, 1, 1) there and back."""
        run = network.run(one, reduction="sum", backward=True, of_weights=False)
        trace, mask = run.trace(), one.mask[:, 0, 0]
        kind = "probabilities" if self.task.signature.loss == "cross_entropy" else "outputs"
        missing = len(mask) - len(run.outputs)
        inputs, reads = _read(one, self.task.signature.input_size)
        return LessonFrame(
            record.step,
            record.loss,
            record.success,
            record.n,
            self.task.show(one, 0, _after(missing, 0.0, run.outputs)),
            inputs,
            _numbers(self._over_layers(trace, "{}.h")),
            _numbers(_after(missing, math.nan, trace[kind][:, 0, 0])),
            _numbers(_after(missing, math.nan, trace["loss"][:, 0, 0]).masked_fill(~mask, math.nan)),
            _numbers(torch.linalg.vector_norm(self._over_layers(trace, "grad.{}.h"), dim=-1)),
            mask.numpy(),
            reads,
            self.decoder_from,
        )

    def _over_layers(self, trace: Trace, name: str) -> Tensor:
        """(L, D, T, H) of what a trace calls `name` with a layer in it; an encoder's timesteps before the decoder's."""
        parts = ("",) if self.decoder_from is None else (ENCODER, "")
        layers = [
            torch.cat([trace[name.format(part + layer)][:, 0, 0] for part in parts])
            for layer in layer_names(self._config)
        ]
        return torch.stack(layers).unflatten(0, (self._config.layers, -1))


def parameter_counts(network: Network | EncoderDecoder) -> Mapping[str, int]:
    """How many numbers a network learns, by its parts in order: "embedding", "l0", "l0_reverse", …, "readout".

    With the prefixes "encoder." and "decoder." where there are two networks.
    """
    counts: dict[str, int] = {}
    for name, parameter in network.state_dict().items():
        part = _part(name)
        counts[part] = counts.get(part, 0) + parameter.numel()
    return counts


def _part(name: str) -> str:
    """rnn.weight_hh_l0_reverse belongs to l0_reverse, encoder.embedding.weight to encoder.embedding."""
    module, _, parameter = name.rpartition(".")
    if not module.endswith("rnn"):
        return module
    layer = parameter.removesuffix(BACKWARDS).rpartition("_")[2]
    return module.removesuffix("rnn") + layer + (BACKWARDS if parameter.endswith(BACKWARDS) else "")


def _outputs(network: Network | EncoderDecoder, batch: Batch) -> Tensor:
    """The outputs (T, 1, B, O) of a batch, zeros while an encoder reads; in passes that keep the buffers small."""
    passes = [network.run(part, reduction="sum", backward=False).outputs.clone() for part in _parts(batch)]
    outputs = torch.cat(passes, COLUMNS)
    return _after(len(batch.mask) - len(outputs), 0.0, outputs)


def _parts(batch: Batch) -> Iterator[Batch]:
    """The columns of a batch in as many batches as keep the buffers of a pass small."""
    time, _, count = batch.mask.shape
    size = max(1, MOST_POSITIONS // time)
    for start in range(0, count, size):
        yield stretch(batch, COLUMNS, start, min(size, count - start))


def _read(one: Batch, size: int) -> tuple[Array, Array]:
    """What a sequence reads as numbers (T, I), zeros for nothing, and where it reads something (T,)."""
    inputs = one.inputs[:, 0, 0]
    if inputs.is_floating_point():
        return inputs.numpy(), np.ones(len(inputs), dtype=bool)
    reads = inputs != NOTHING
    return (one_hot(inputs.clamp(min=0), size) * reads[:, None]).to(torch.uint8).numpy(), reads.numpy()


def _after(timesteps: int, value: float, tensor: Tensor) -> Tensor:
    """A tensor over time with so many timesteps of one value before it."""
    return torch.cat([tensor.new_full((timesteps, *tensor.shape[1:]), value), tensor])


def _numbers(tensor: Tensor) -> Array:
    """A copy that the buffers of the next pass do not change."""
    return tensor.to(torch.float32, copy=True).numpy()
