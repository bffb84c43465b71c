"""What a server may spend is what its environment says, and nonsense there is said when it starts."""

import os
import subprocess
import sys

import pytest

from tests.serving import ROOT


def start(program: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a program as a server of these settings, and no others, would."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PLAYGROUND_")}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=others | settings, capture_output=True, text=True
    )


def test_the_servers_registry_has_the_limits_of_its_environment() -> None:
    program = "from playground.ui.server import REGISTRY; print(REGISTRY._limits)"
    found = start(program, PLAYGROUND_PROFILE="small", PLAYGROUND_RUN_MB="17")
    assert "memory_mb=480, run_mb=17" in found.stdout, found.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"PLAYGROUND_MEMORY_MB": "0"},
            "PLAYGROUND_MEMORY_MB must be a whole number from 300 to 1000000; got 0",
        ),
        (
            {"PLAYGROUND_RUN_MB": "much"},
            "PLAYGROUND_RUN_MB must be a whole number from 4 to 96; got 'much'",
        ),
        ({"PLAYGROUND_PROFILE": "huge"}, "PLAYGROUND_PROFILE must be one of 'class', 'small'; got 'huge'"),
    ],
)
def test_nonsense_is_said_when_the_server_starts(settings: dict[str, str], sentence: str) -> None:
    failed = start("import app", **settings)
    assert failed.returncode != 0
    assert sentence in failed.stderr
