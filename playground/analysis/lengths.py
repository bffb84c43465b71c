"""How many parameters a network has for texts of any length: a recurrent one, and a window that sees all of it."""

import pandas as pd

from playground.batch import Signature
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.models.window import FixedWindow, WindowConfig


def parameter_counts(network: NetworkConfig, signature: Signature, length: int) -> pd.DataFrame:
    """A row for every length up to `length`: length, recurrent, window.

    recurrent: of this network. window: of a fixed window with the same hidden size and embedding that sees so many
    symbols. Both are counted in networks that were built; what one more position of a window brings is counted once.
    """
    model = Network(network, signature, seeds=[0])
    recurrent = sum(value[0].numel() for value in model.named_parameters().values())
    one, two = (
        FixedWindow(
            WindowConfig(size=size, hidden_size=network.hidden_size, embedding=network.embedding),
            signature.input_size,
        ).parameter_count
        for size in (1, 2)
    )
    lengths = range(1, length + 1)
    return pd.DataFrame(
        {
            "length": lengths,
            "recurrent": recurrent,
            "window": [one + (each - 1) * (two - one) for each in lengths],
        }
    )
