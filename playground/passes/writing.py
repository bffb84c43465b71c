"""Writing by itself: at every timestep a network reads what it has answered before, not what it should have answered.

One network reads first and writes then; or an encoder reads, and a decoder begins with its states. Read step by step by
the readable cells; the passes that train read whole sequences, which are not known here before they are written.

Shapes: T time, B batch; one replica only.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from playground.batch import NOTHING, Batch
from playground.models.bridge import DECODER, ENCODER, EncoderDecoder
from playground.models.network import Network
from playground.passes.replica import Replica, replica_of
from playground.passes.unroll import States, unroll
from playground.tasks.delayed import Delayed
from playground.tasks.packing import TIME, stretch


def own_answers(network: Network | EncoderDecoder, task: Delayed, batch: Batch) -> Batch:
    """The batch, (T, 1, B), with what the network answers in the place of what should have been answered before.

    At each timestep that is the most probable symbol of the one before. Where nothing is read while writing, nothing
    is. The network is the first replica.
    """
    written = stretch(batch, TIME, task.reading, len(batch.mask) - task.reading)
    if isinstance(network, EncoderDecoder):
        encoder, writer = encoder_and_decoder(network)
        read, written = task.halves(batch)
        states, offset = States(unroll(encoder, read).final.layers), 0
    else:
        writer, offset = replica_of(network), len(task.read_symbols)
        states = unroll(writer, stretch(batch, TIME, 0, task.reading)).final

    inputs = written.inputs.clone()
    for t in range(len(inputs) - 1):
        step = unroll(writer, replace(stretch(written, TIME, t, 1), inputs=inputs[t : t + 1]), states)
        answers = step.outputs.argmax(-1) + offset  # (1, B)
        inputs[t + 1] = torch.where(inputs[t + 1] == NOTHING, NOTHING, answers)
        states = step.final
    of_both_alphabets = torch.where(inputs == NOTHING, NOTHING, inputs - offset + len(task.read_symbols))
    return replace(batch, inputs=torch.cat([batch.inputs[: task.reading], of_both_alphabets]))


def encoder_and_decoder(network: EncoderDecoder) -> tuple[Replica, Replica]:
    """The first replica of both."""
    named = {name: value[0] for name, value in network.named_parameters().items()}
    reading, writing = (_of(named, prefix) for prefix in (ENCODER, DECODER))
    for name in ("readout.weight", "readout.bias"):  # an encoder is not asked, and has none
        reading[name] = writing[name]
    return (
        Replica(network.config, network.encoder_signature, reading),
        Replica(network.config, network.signature, writing),
    )


def _of(named: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """One network's parameters by the names they have in a network of its own."""
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
