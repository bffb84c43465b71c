"""Which sets of instructions the numeric tests run under."""

import os
import subprocess
import sys

import pytest
import torch

from tests import processors
from tests.processors import ENVIRONMENTS, IN_TURNS, NUMERIC, SLOWLY, capabilities


@pytest.mark.parametrize(
    ("best", "names"),
    [
        ("DEFAULT", ("default",)),
        ("AVX2", ("default", "avx2")),
        ("AVX512", ("default", "avx2", "avx512")),
        ("SVE256", ("default",)),
    ],
)
def test_a_processor_has_its_best_instructions_and_all_older_ones(best: str, names: tuple[str, ...]) -> None:
    assert capabilities(best) == names


@pytest.mark.parametrize("capability", capabilities(torch.backends.cpu.get_cpu_capability()))
def test_torch_computes_as_it_is_told(capability: str) -> None:
    program = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    told = os.environ | ENVIRONMENTS[capability]
    said = subprocess.run(
        [sys.executable, "-c", program], env=told, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == capability.upper()


def test_what_is_missing_is_skipped_in_words_and_what_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []

    def passes(name: str, environment: object, options: list[str]) -> bool:
        ran.append((name, options))
        return name != "default"

    monkeypatch.setattr(processors, "passes", passes)
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX2")
    assert processors.main(["-x"]) == 1
    assert ran == [
        ("default", [*NUMERIC, "-x"]),
        ("nudged", ["--nudge", "1", *NUMERIC, "-x"]),
        ("slow", [*SLOWLY, *IN_TURNS, "-x"]),
    ]
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        "== avx2: skipped, `make test` computes with it here",
        "== avx512: skipped, this processor does not have it",
        "== failed: default",
    ]
