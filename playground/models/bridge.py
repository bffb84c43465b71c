"""An encoder and a decoder: one network reads, the other begins with the states in which the first has ended.

    s_0 = 0,   s_t = layers(x_t, s_{t−1})                  the encoder, for all it reads
    z_0 = s_T, z_t = layers(x′_t, z_{t−1}),  y_t = …       the decoder, as in `playground.models.network`

On the way back ∂L/∂z_0, which the decoder finds, is the ∂L/∂s_T from which the encoder begins.

Parameters have torch.nn's names with the prefix of their network: `encoder.rnn.weight_ih_l0`, `decoder.readout.bias`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.config import NetworkConfig
from playground.kernels.program import as_programs
from playground.models.dropout import draw
from playground.models.form import over_time
from playground.models.initialization import initial_parameters
from playground.models.inputs import inputs_for
from playground.models.parameters import Parameterized, parameter_shapes, reading_shapes
from playground.models.recent import Recent
from playground.models.stack import Stack
from playground.models.workspace import Workspace, call_bytes
from playground.trace import Trace

ENCODER, DECODER = "encoder.", "decoder."

Named = tuple[Tensor, Mapping[str, Tensor]]  # a flat tensor, and its views by name


class Encoder:
    """The buffers and the pass of a network that reads and answers nothing.

    Args: as of `Workspace`.
    """

    def __init__(
        self,
        config: NetworkConfig,
        signature: Signature,
        parameters: Named,
        gradients: Named,
        seeds: Sequence[int],
        shape: tuple[int, int],
        *,
        resets: bool,
    ) -> None:
        time, columns = shape
        self._cell, self._seeds = config.cell, seeds
        self._over_time = o = over_time(config.cell, time, len(seeds), columns, parameters[0].dtype)
        self._reset = torch.zeros(time, len(seeds), columns, 1, dtype=torch.bool) if resets else None
        self.inputs = inputs_for(config, signature, parameters[1], gradients[1], o)
        self.stack = Stack(config, parameters, gradients, self.inputs, o, self._reset, reads_on=True)
        self._dropouts = tuple(self.stack.dropouts.values())
        back = self.stack.backward
        self._read = as_programs([*self.inputs.forward, *self.stack.forward])
        self._go_back = tuple(map(as_programs, (back, [*back, *self.stack.collect, *self.inputs.collect])))

    def forward(self, batch: Batch, step: int | None) -> list[tuple[Tensor, ...]]:
        """Read a batch; returns the last states of each layer."""
        self.inputs.read(batch.inputs)
        if self._reset is not None and batch.reset is not None:
            self._reset[..., 0].copy_(batch.reset)
        if self._dropouts:
            draw(self._dropouts, self._seeds, step, of=ENCODER)
        for call in self._read:
            call()
        return [layer.final_states() for layer in self.stack.layers.values()]

    def backward(self, gradients: Sequence[tuple[Tensor, ...]], of_weights: bool) -> None:
        """From ∂L/∂ the last states of each layer back to the beginning."""
        self.stack.grad_h.zero_()
        for layer, given in zip(self.stack.layers.values(), gradients, strict=True):
            layer.end(given)
        for call in self._go_back[of_weights]:
            call()

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers and of what calls keep beside them."""
        o = self._over_time
        calls = len(self.stack.layers) * call_bytes(self._cell, o.time, are_loops=o.is_compiled)
        own = (*self.inputs.buffers(), *self.stack.buffers())
        return o.nbytes + sum(buffer.nbytes for buffer in own) + calls


class Bridge:
    """One pass through both, for batches of one shape.

    Attributes:
        outputs, loss, mask, total, counts: those of the decoder.
    """

    def __init__(self, encoder: Encoder, decoder: Workspace) -> None:
        self.encoder, self.decoder = encoder, decoder
        self.outputs, self.loss = decoder.outputs, decoder.loss
        self.mask, self.total, self.counts = decoder.mask, decoder.total, decoder.counts

    def run(
        self, read: Batch, written: Batch, reduction: str, backward: bool, of_weights: bool, step: int | None
    ) -> None:
        """Forward, and back if asked to, as far as the weights if asked to."""
        states = self.encoder.forward(read, step)
        self.decoder.run(written, reduction, backward, of_weights, states, step)
        if backward:
            self.encoder.backward(self.decoder.initial_gradients(), of_weights)

    def trace(self) -> Trace:
        """The decoder's tensors by name, and with the prefix "encoder." the encoder's."""
        decoder = self.decoder.trace()
        tensors, derived, back, derived_back = self.encoder.stack.named()
        of_encoder = {f"{ENCODER}{name}": tensor for name, tensor in tensors.items()}
        computed = {f"{ENCODER}{name}": compute for name, compute in derived.items()}
        of_encoder[f"{ENCODER}inputs"] = self.encoder.inputs.given
        if any(name.startswith("grad.") for name in decoder):
            of_encoder |= {_prefixed(name): tensor for name, tensor in back.items()}
            computed |= {_prefixed(name): compute for name, compute in derived_back.items()}
        of_decoder = {name: partial(decoder.__getitem__, name) for name in decoder}
        return Trace(of_encoder, {**computed, **of_decoder}, decoder.is_current)

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers."""
        return self.encoder.nbytes + self.decoder.nbytes


def _prefixed(gradient: str) -> str:
    """grad.l0.h of the encoder is grad.encoder.l0.h."""
    return f"grad.{ENCODER}{gradient.removeprefix('grad.')}"


class EncoderDecoder(Parameterized):
    """R replicas of two recurrent networks with a bridge between them.

    Args:
        config: what each of them is built of.
        encoder, decoder: what they read, and what the decoder answers.
        halves: a batch ↦ what the encoder reads, and what the decoder reads and is asked. All that the encoder reads
            ends at the last timestep; shorter sequences are filled up before, with a reset where they begin.
        seeds, dtype: as in `Parameterized`.

    Raises ValueError for layers in both directions: a decoder has nowhere to begin with the states of the second.
    """

    def __init__(
        self,
        config: NetworkConfig,
        encoder: Signature,
        decoder: Signature,
        halves: Callable[[Batch], tuple[Batch, Batch]],
        *,
        seeds: Sequence[int],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        if config.bidirectional:
            raise ValueError("bidirectional must be False for an encoder with a decoder; got True")
        self.config, self.signature, self.encoder_signature = config, decoder, encoder
        self._halves = halves
        shapes = {f"{ENCODER}{name}": shape for name, shape in reading_shapes(config, encoder).items()}
        shapes |= {f"{DECODER}{name}": shape for name, shape in parameter_shapes(config, decoder).items()}
        super().__init__(shapes, partial(initial_parameters, config, shapes), seeds, dtype)
        self._bridges: Recent[tuple[int, int, int, bool, bool], Bridge] = Recent()

    def trace(
        self, batch: Batch, *, reduction: str = "mean", backward: bool = True, step: int | None = None
    ) -> Trace:
        """One pass at the present weights; with `backward`, `gradients` is filled as well. Arguments as in `run`."""
        with torch.inference_mode():
            bridge = self.run(batch, reduction=reduction, backward=backward, step=step)
        return bridge.trace()

    def run(
        self,
        batch: Batch,
        *,
        reduction: str,
        backward: bool,
        of_weights: bool = True,
        step: int | None = None,
    ) -> Bridge:
        """One pass, in inference mode. Arguments as in `Network.run`; the batch is one that `halves` takes."""
        read, written = self._halves(batch)
        bridge = self._bridge(read, written)
        self.passes += 1
        bridge.run(read, written, reduction, backward, of_weights, step)
        return bridge

    def ready(self, batch: Batch, *, reduction: str) -> None:
        """As in `Network`: two networks have no program for both."""
        del batch, reduction

    def _bridge(self, read: Batch, written: Batch) -> Bridge:
        """The buffers in which a pass over batches of these shapes happens."""
        (reading, _, columns), writing = read.mask.shape, len(written.mask)
        cuts = read.reset is not None, written.reset is not None

        def make() -> Bridge:
            encoder = Encoder(
                self.config,
                self.encoder_signature,
                *self._part(ENCODER),
                self.seeds,
                (reading, columns),
                resets=cuts[0],
            )
            decoder = Workspace(
                self.config,
                self.signature,
                *self._part(DECODER),
                self.seeds,
                (writing, columns),
                resets=cuts[1],
            )
            return Bridge(encoder, decoder)

        return self._bridges.get((reading, writing, columns, *cuts), make)

    def _part(self, prefix: str) -> tuple[Named, Named]:
        """Parameters and gradients of one of the two, by the names they have in a network of its own."""

        def own(named: Mapping[str, Tensor]) -> dict[str, Tensor]:
            return {
                name.removeprefix(prefix): view for name, view in named.items() if name.startswith(prefix)
            }

        return (self.parameters, own(self._parameters)), (self.gradients, own(self._gradients))

    @property
    def nbytes(self) -> int:
        """Bytes of parameters, gradients and all buffers."""
        return self.parameters.nbytes + self.gradients.nbytes + self._bridges.nbytes
