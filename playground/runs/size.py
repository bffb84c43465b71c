"""How much memory training would take, reckoned before any of it is asked for."""

import math
from bisect import bisect_left
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from playground.cells import CELLS
from playground.cells.fast import OverTime
from playground.config import ExperimentConfig, NetworkConfig
from playground.corpus import Corpus
from playground.models.dropout import leaves_out
from playground.models.form import takes_loops
from playground.models.parameters import parameter_shapes
from playground.models.workspace import call_bytes
from playground.refusal import Refusal
from playground.runs.darkroom import most_replicas
from playground.runs.layout import FrameLayout
from playground.updates import Book

MAX_TRAINER_BYTES = 96_000_000  # tensors of training itself, unless a server's limits say less
RECORD_BYTES = 900_000  # of a default run: curve, frames, checkpoints and what Python keeps of it (measured)
TEXT_BYTES = 30  # of each character: ids, windows and batches (measured)
DROPOUT_PLANES = 3  # between two layers: factors, what is left of h, and its gradient
SYMBOL_NUMBERS = 9  # of each position: symbol, its row, target, mask and loss, counted in numbers of 32 bits
ROW_NUMBERS = 2  # and of compiled loops the number of its row in a buffer, in 64 bits
BOOK_BYTES = Book(1).nbytes  # of each replica: what updates write down


def trainer_bytes(config: ExperimentConfig, corpus: Corpus, *, replicas: int = 1) -> int:
    """What the tensors of training take.

    Counted are the 32-bit numbers of one pass (states, gates, pre-activations and their gradients of every layer, unit,
    timestep and sequence; logits, probabilities and their gradients), of the tables in which symbols are looked up, and
    of parameters, gradients and optimiser state of Adam, the largest, and of what updates write down; and what all
    replicas share.
    """
    time, _, batch = corpus.batch(config.seed, 0).inputs.shape
    shape, are_loops = (time, replicas, batch), takes_loops(config.network.cell)
    numbers = _pass_numbers(config.network, corpus, shape, are_loops) + 4 * _parameters(config, corpus)
    return replicas * (4 * numbers + BOOK_BYTES) + _shared_bytes(config.network, corpus, time, are_loops)


def _pass_numbers(
    network: NetworkConfig, corpus: Corpus, shape: tuple[int, int, int], are_loops: bool
) -> int:
    """How many 32-bit numbers a pass needs of each replica beside its parameters.

    shape: T, R and B. are_loops: whether it is of compiled loops.
    """
    (time, _, batch), vocabulary, cell = shape, len(corpus.vocabulary), CELLS[network.cell]
    gaps = network.layers - 1 if leaves_out(network) else 0
    planes = network.layers * cell.planes + cell.shared_planes[are_loops] + gaps * DROPOUT_PLANES
    per_position = planes * network.hidden_size
    per_position += 4 * vocabulary + (2 * network.embedding or vocabulary)
    per_position += SYMBOL_NUMBERS + are_loops * ROW_NUMBERS
    tables = 0
    if not are_loops:
        rows = cell.blocks * network.hidden_size
        is_selected = math.prod(shape) * rows * vocabulary >= OverTime.selects_from
        tables = network.embedding or rows * is_selected
    before = network.layers * len(cell.states) * network.hidden_size  # states before the first timestep
    return batch * (time * per_position + before) + (vocabulary + 1) * tables


def _shared_bytes(network: NetworkConfig, corpus: Corpus, time: int, are_loops: bool) -> int:
    """What all replicas share: what calls keep beside the numbers, one-hot vectors, and turned weights of loops."""
    calls = network.layers * call_bytes(network.cell, time, are_loops=are_loops)
    hidden, vocabulary = network.hidden_size, len(corpus.vocabulary)
    shared = calls + 4 * (0 if network.embedding else (vocabulary + 1) * vocabulary)
    if not are_loops:
        return shared
    rows = CELLS[network.cell].blocks * hidden
    turned = {rows * (network.embedding or vocabulary), rows * hidden, hidden * vocabulary}
    return shared + 4 * sum(turned)


def darkroom_bytes(config: ExperimentConfig, corpus: Corpus) -> int:
    """What the darkroom takes that develops the frames of a run, and of all others of its network and text.

    Counted are, of as many replicas as it has: passes over two copies of the watched sequence, parameters and their
    gradients; and frames as compiled loops write them, or in torch planes of what is drawn, twice in 32 bits and once
    in 16, and gradients of all states in 64 bits.
    """
    network, layout = config.network, FrameLayout.of(config.network, corpus)
    replicas = most_replicas(layout)
    are_loops = takes_loops(network.cell)
    shape = (layout.length, replicas, 2)
    numbers = _pass_numbers(network, corpus, shape, are_loops) + 2 * _parameters(config, corpus)
    shared = _shared_bytes(network, corpus, layout.length, are_loops)
    return replicas * (4 * numbers + _print_bytes(network, layout, are_loops)) + shared


def _print_bytes(network: NetworkConfig, layout: FrameLayout, are_loops: bool) -> int:
    """What a darkroom takes to write one frame, beside the pass."""
    numbers = 2 * layout.layers * layout.length * layout.hidden_size  # of a state, in both copies
    if are_loops:
        return layout.nbytes + (0 if CELLS[network.cell].gates else 4 * numbers)  # slopes stand in for gates
    planes = layout.layers * (len(layout.states) + len(layout.gates)) * layout.units * layout.length
    return 10 * planes + 8 * len(layout.states) * numbers


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


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run costs, reckoned before it is made.

    Attributes:
        at_work: bytes that it takes while it trains, its recordings short; and …
        at_rest: … while its trainer is put away.
        darkroom: what tells the darkroom of its frames from others, which many runs may share.
        developing: bytes of that.
    """

    at_work: int
    at_rest: int
    darkroom: Hashable
    developing: int

    @staticmethod
    def of(config: ExperimentConfig, corpus: Corpus, *, replicas: int = 1) -> "Cost":
        """What the run of an experiment will cost, with so many replicas."""
        return Cost(
            run_bytes(config, corpus, replicas=replicas),
            parked_bytes(config, corpus, replicas=replicas),
            (FrameLayout.of(config.network, corpus), config.network),
            darkroom_bytes(config, corpus),
        )


def hidden_size_that_fits(
    config: ExperimentConfig, corpus: Corpus, fits: Callable[[Cost], bool], *, replicas: int = 1
) -> int | None:
    """A hidden size below that of an experiment with which a run of it fits; None where there seems to be none.

    It is the largest one, or about: a darkroom of small networks may take more than one of larger ones, which develops
    fewer frames at once.

    fits: whether something of that cost does.
    """

    def does(hidden_size: int) -> bool:
        smaller = replace(config, network=replace(config.network, hidden_size=hidden_size))
        return fits(Cost.of(smaller, corpus, replicas=replicas))

    sizes = range(1, config.network.hidden_size)
    found = bisect_left(sizes, True, key=lambda size: not does(size))
    return found or None


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
