"""What autograd draws in: with gradients handed over to it, torch imports sympy, a third of a second and 30 MB."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
import torch
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.autograd import autograd_gradients
from playground.passes.replica import copy_of

corpus = Corpus(TextConfig("abcabd"))
network = Network(NetworkConfig("lstm", 4, 2, 3), corpus.signature, seeds=(1,))
with torch.inference_mode():
    found = autograd_gradients(copy_of(network), corpus.window_batch(0))
print(len(found), "sympy" in sys.modules)
"""


def test_the_gradients_of_autograd_need_no_sympy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["11", "False"]
