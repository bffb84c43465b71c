"""What all tests share: one thread for torch, one hypothesis profile, and weights that are a rounding error off."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
# One process keeps what thousands of tests leave behind, and compilers; what a server may take is tested with limits of
# its own.
os.environ.setdefault("PLAYGROUND_MEMORY_MB", "8000")

from collections.abc import Iterator, Mapping

import pytest
import torch
from hypothesis import HealthCheck, settings
from torch import Tensor

from playground.config import NetworkConfig
from playground.kernels.engine import can_compile, using
from playground.models import network
from tests.clocks import Clocks

torch.set_num_threads(1)

settings.register_profile(
    "playground",
    deadline=None,
    max_examples=30,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("playground")

ROUNDING = 2.0**-23  # of a 32-bit number, relative to it


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--nudge`, `--slower` and `--stalls`."""
    parser.addoption(
        "--nudge",
        type=int,
        metavar="K",
        help="draw from K by which rounding error every initial weight is off, as if by another processor",
    )
    parser.addoption(
        "--slower",
        type=float,
        default=1.0,
        metavar="TIMES",
        help="let the playground's clocks run so many times as fast, as if on a machine as much slower; 0.05: faster",
    )
    parser.addoption(
        "--stalls",
        type=int,
        metavar="K",
        help="draw from K when those clocks jump by a second, as if the machine had something else to do",
    )


def pytest_configure(config: pytest.Config) -> None:
    """With `--slower` or `--stalls`, the playground reads other clocks: before its modules take them as defaults."""
    slower, stalls = config.getoption("slower"), config.getoption("stalls")
    if slower != 1 or stalls is not None:
        patch = pytest.MonkeyPatch()
        config.add_cleanup(patch.undo)
        Clocks(slower, stalls).put_in(patch)


@pytest.fixture(scope="module", params=[False, True], ids=["torch", "compiled"])
def each_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything in torch, and everything that can be in compiled loops, numbers of 64 bits too."""
    if request.param and not can_compile():
        assert "CI" not in os.environ, "compiled loops must be there where everything is checked"
        pytest.skip("there are no compiled loops: see requirements-fast.txt")
    with using(loops=request.param, checking=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def nudged(pytestconfig: pytest.Config) -> Iterator[None]:
    """With `--nudge`, networks start a rounding error away: no test may assert what such an error decides."""
    number: int | None = pytestconfig.getoption("nudge")
    original = network.initial_parameters

    def off(config: NetworkConfig, shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed((number or 0) * 2**31 + seed)
        return {
            name: weight * (1 + ROUNDING * torch.randint(-1, 2, weight.shape, generator=generator))
            for name, weight in original(config, shapes, seed).items()
        }

    with pytest.MonkeyPatch.context() as patch:
        if number is not None:
            patch.setattr(network, "initial_parameters", off)
        yield
