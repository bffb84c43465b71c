"""Text from a trained network: each predicted symbol is the next input."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear

from playground.corpus import Corpus
from playground.models.network import Network
from playground.pieces import Pieces, all_of


class Reader:
    """One replica reading one symbol at a time with the readable cells, its states carried from step to step.

    The weights are the network's own, so whatever is read after an update is read with the new ones.
    """

    def __init__(self, network: Network, replica: int = 0) -> None:
        config, parameters = network.config, network.named_parameters()
        self.cells = [
            network.cell.one_step(network.layer_weights(layer, replica), config.nonlinearity)
            for layer in range(config.layers)
        ]
        embedding = parameters.get("embedding.weight")
        self.rows = (  # what stands for each symbol: (V, E)
            torch.eye(network.signature.input_size, dtype=network.dtype)
            if embedding is None
            else embedding[replica]
        )
        self.readout = parameters["readout.weight"][replica], parameters["readout.bias"][replica]
        zeros = torch.zeros(1, config.hidden_size, dtype=network.dtype)
        self.states = [tuple(zeros for _ in network.cell.states) for _ in self.cells]

    def read(self, symbol: int) -> Tensor:
        """Read one symbol; returns the logits (V,) of the next."""
        x = self.rows[symbol : symbol + 1]  # (1, E)
        for layer, cell in enumerate(self.cells):
            step = cell.step(x, *self.states[layer])
            self.states[layer] = step.state
            x = step.h
        return linear(x, *self.readout)[0]


def generate(
    network: Network,
    corpus: Corpus,
    prompt_ids: Sequence[int],
    *,
    length: int,
    temperature: float,
    generator: torch.Generator,
    replica: int = 0,
) -> tuple[int, ...]:
    """Continue a prompt, symbol by symbol; where the logits are no longer finite, the text ends.

    temperature 0 always takes the most probable symbol (greedy), the first of equals; otherwise symbols are drawn
    from softmax(logits / temperature): 1 is the network's own distribution, less is bolder, more is wilder.

    Returns the new symbols only: `length` of them, or fewer if the model has EOS and predicts it (EOS is left
    out).
    Raises ValueError for an empty prompt, a negative length or a negative temperature.
    """
    return all_of(
        generate_in_pieces(
            network,
            corpus,
            prompt_ids,
            length=length,
            temperature=temperature,
            generator=generator,
            replica=replica,
        )
    )


def generate_in_pieces(
    network: Network,
    corpus: Corpus,
    prompt_ids: Sequence[int],
    *,
    length: int,
    temperature: float,
    generator: torch.Generator,
    replica: int = 0,
) -> Pieces[tuple[int, ...]]:
    """The same, a symbol at a time, read or written."""
    if not prompt_ids:
        raise ValueError("prompt_ids must have at least one symbol; got none")
    if length < 0 or not temperature >= 0:
        raise ValueError(f"length and temperature must not be negative; got {length} and {temperature}")
    reader, symbols = Reader(network, replica), len(prompt_ids) + length
    *read, last = prompt_ids
    for place, symbol in enumerate(read, 1):
        reader.read(symbol)
        yield place / symbols
    logits = reader.read(last)

    new: list[int] = []
    while len(new) < length and bool(torch.isfinite(logits).all()):
        if temperature == 0:
            symbol = int(logits.argmax())
        else:
            symbol = int(torch.multinomial(tempered(logits, temperature), 1, generator=generator))
        if symbol == corpus.eos_id:
            break
        new.append(symbol)
        logits = reader.read(symbol)
        yield (len(prompt_ids) + len(new)) / symbols
    return tuple(new)


def tempered(logits: Tensor, temperature: float) -> Tensor:
    """softmax(logits / temperature), (V,) float64, for finite logits and any temperature above 0.

    The largest logit is taken off before the division: what overflows then is −∞, a probability of 0, so near 0
    the most probable symbols share everything.
    """
    return torch.softmax((logits.double() - logits.max()) / temperature, 0)
