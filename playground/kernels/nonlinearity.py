"""The nonlinearities that compiled loops have, as instructions name them; needs no Numba."""

from collections.abc import Mapping
from types import MappingProxyType

TANH, RELU, SIGMOID, LINEAR = range(4)
NUMBERS: Mapping[str, int] = MappingProxyType(
    {"tanh": TANH, "relu": RELU, "sigmoid": SIGMOID, "linear": LINEAR}
)
