"""How much memory training would take, reckoned before any of it is asked for."""

import math

from playground.cells import CELLS
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.network import WORKSPACES, parameter_shapes, view_bytes
from playground.refusal import Refusal

MAX_TRAINER_BYTES = 96_000_000  # tensors of training itself


def check_size(config: ExperimentConfig, corpus: Corpus, *, replicas: int = 1) -> None:
    """Refuse what would take more memory to train than one run, with all its replicas, may have.

    Counted are the 32-bit numbers of one pass (states, gates, pre-activations and their gradients of every layer, unit,
    timestep and sequence; logits, probabilities and their gradients) and of parameters, gradients and optimiser state;
    and the views of each timestep that the fast cells keep, which all replicas share.

    Raises:
        Refusal: for "batch_size".
    """
    network, vocabulary = config.network, len(corpus.vocabulary)
    batch = corpus.batch(config.seed, 0)
    positions = batch.inputs.numel()
    of_cell = CELLS[network.cell]
    blocks = max(1, len(of_cell.gates))
    per_position = network.layers * (3 * blocks + 6) * network.hidden_size + 6 * network.hidden_size
    per_position += 5 * vocabulary + 2 * (network.embedding or vocabulary)
    parameters = sum(map(math.prod, parameter_shapes(network, vocabulary).values()))
    views = WORKSPACES * network.layers * view_bytes(blocks, len(batch.inputs))
    needed = replicas * 4 * (positions * per_position + 4 * parameters) + views
    if needed > MAX_TRAINER_BYTES:
        sizes = {"needed": math.ceil(needed / 1e6), "limit": MAX_TRAINER_BYTES // 1_000_000}
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
