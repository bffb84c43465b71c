"""How much memory training would take, reckoned before any of it is asked for."""

import math

from playground.cells import CELLS
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.models.dropout import leaves_out
from playground.models.parameters import parameter_shapes
from playground.models.workspace import view_bytes
from playground.refusal import Refusal

MAX_TRAINER_BYTES = 96_000_000  # tensors of training itself, unless a server's limits say less
RECORD_BYTES = 900_000  # of a default run: curve, frames, checkpoints and what Python keeps of it (measured)
TEXT_BYTES = 30  # of each character: ids, windows and batches (measured)
DROPOUT_PLANES = 3  # between two layers: factors, what is left of h, and its gradient
SYMBOL_NUMBERS = 9  # of each position: symbol, its row, target, mask and loss, counted in numbers of 32 bits


def trainer_bytes(config: ExperimentConfig, corpus: Corpus, *, replicas: int = 1) -> int:
    """What the tensors of training take.

    Counted are the 32-bit numbers of one pass (states, gates, pre-activations and their gradients of every layer, unit,
    timestep and sequence; logits, probabilities and their gradients), of the table in which symbols are looked up, and
    of parameters, gradients and optimiser state of Adam, the largest; and the views of each timestep that the fast
    cells keep, which all replicas share.
    """
    network, vocabulary = config.network, len(corpus.vocabulary)
    batch = corpus.batch(config.seed, 0)
    of_layer, shared = CELLS[network.cell].planes
    gaps = network.layers - 1 if leaves_out(network) else 0
    per_position = (network.layers * of_layer + shared + gaps * DROPOUT_PLANES) * network.hidden_size
    per_position += 4 * vocabulary + (2 * network.embedding or vocabulary) + SYMBOL_NUMBERS
    numbers = batch.inputs.numel() * per_position + (vocabulary + 1) * (network.embedding or vocabulary)
    views = network.layers * view_bytes(network.cell, len(batch.inputs))
    return replicas * 4 * (numbers + 4 * _parameters(config, corpus)) + views


def run_bytes(config: ExperimentConfig, corpus: Corpus, *, replicas: int = 1) -> int:
    """What a run will take while it trains, its recordings short: with the state of step 0."""
    trainer = trainer_bytes(config, corpus, replicas=replicas)
    return trainer + parked_bytes(config, corpus, replicas=replicas) - replicas * _state_bytes(config, corpus)


def parked_bytes(config: ExperimentConfig, corpus: Corpus, *, replicas: int = 1) -> int:
    """What a run will take while its trainer is put away, its recordings short: with the states of step 0 and now."""
    return replicas * (RECORD_BYTES + 2 * _state_bytes(config, corpus)) + TEXT_BYTES * len(config.text.text)


def _state_bytes(config: ExperimentConfig, corpus: Corpus) -> int:
    """Of Adam, the largest: weights and two averages of one replica."""
    return 3 * 4 * _parameters(config, corpus)


def _parameters(config: ExperimentConfig, corpus: Corpus) -> int:
    """How many numbers one replica learns."""
    return sum(map(math.prod, parameter_shapes(config.network, corpus.signature).values()))


def check_size(
    config: ExperimentConfig, corpus: Corpus, *, replicas: int = 1, most: int | None = None
) -> None:
    """Refuse what would take more memory to train than one run, with all its replicas, may have.

    most: bytes.

    Raises:
        Refusal: for "batch_size".
    """
    needed = trainer_bytes(config, corpus, replicas=replicas)
    limit = MAX_TRAINER_BYTES if most is None else most
    if needed > limit:
        sizes = {"needed": math.ceil(needed / 1e6), "limit": limit // 1_000_000}
        if replicas > 1:
            raise Refusal(
                "batch_size",
                "{replicas} runs of these settings together need {needed} MB of memory, and may have {limit}; "
                "choose a smaller batch size, sequence length, hidden size or number of layers.",
                replicas=replicas,
                **sizes,
            )
        raise Refusal(
            "batch_size",
            "These settings together need {needed} MB of memory, and a run may have {limit}; "
            "choose a smaller batch size, sequence length, hidden size or number of layers.",
            **sizes,
        )
