"""The tests as other machines run them: `python -m tests.processors`, with pytest's options after it.

torch, MKL and oneDNN choose their kernels, and Numba its instructions, by what the processor can do. Other kernels add
the same numbers in another order, and where training is chaotic another rounding error becomes another run. So the
numeric tests run under every older set of instructions that this processor has, and once more from weights that are a
rounding error off (`--nudge`).
Its best set is what `make test` computes with.

What takes turns is run once more as on a machine that is 20 times slower and stalls now and then (`--slower`,
`--stalls`): no test may hang on how much fits into a turn.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType

import torch

IS_X86 = platform.machine().lower() in ("x86_64", "amd64")

ENVIRONMENTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        capability: MappingProxyType(
            {
                "ATEN_CPU_CAPABILITY": capability,
                "MKL_ENABLE_INSTRUCTIONS": mkl,
                "ONEDNN_MAX_CPU_ISA": onednn,
                **({"NUMBA_CPU_NAME": numba, "NUMBA_CPU_FEATURES": ""} if IS_X86 else {}),
            }
        )
        for capability, mkl, onednn, numba in (
            ("default", "SSE4_2", "SSE41", "nehalem"),
            ("avx2", "AVX2", "AVX2", "haswell"),
            ("avx512", "AVX512", "AVX512_CORE", "skylake-avx512"),
        )
    }
)
WITHOUT_NUMBERS = ("tests/browser", "tests/deploy", "tests/figures", "tests/jobs", "tests/ui", "tests/web")
NUMERIC = [f"--ignore={folder}" for folder in WITHOUT_NUMBERS]
IN_TURNS = ["tests/jobs", "tests/runs", "tests/studies", "tests/ui", "-m", "not slow"]
SLOWLY = ["--slower", "20", "--stalls", "1"]


def capabilities(best: str) -> tuple[str, ...]:
    """The sets of instructions of a processor whose best one torch calls `best`; of an unknown one, the plain one."""
    names = tuple(ENVIRONMENTS)
    return names[: names.index(best.lower()) + 1] if best.lower() in names else names[:1]


def main(options: list[str]) -> int:
    """The exit status: 0 when all tests pass in all ways."""
    best = torch.backends.cpu.get_cpu_capability()
    present = capabilities(best)
    failed = []
    for capability, environment in ENVIRONMENTS.items():
        if capability not in present:
            print(f"== {capability}: skipped, this processor does not have it", flush=True)
        elif capability == best.lower():
            print(f"== {capability}: skipped, `make test` computes with it here", flush=True)
        elif not passes(capability, environment, [*NUMERIC, *options]):
            failed.append(capability)
    for name, way in (("nudged", ["--nudge", "1", *NUMERIC]), ("slow", [*SLOWLY, *IN_TURNS])):
        if not passes(name, {}, [*way, *options]):
            failed.append(name)
    print(f"== failed: {', '.join(failed)}" if failed else "== passed in all ways")
    return bool(failed)


def passes(name: str, environment: Mapping[str, str], options: list[str]) -> bool:
    """Whether the tests that pytest's options choose pass in this environment."""
    print(f"== {name}: {' '.join(f'{key}={value}' for key, value in environment.items())}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", *options]
    return subprocess.run(command, env=os.environ | environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
