"""Others who train the same network in a process of their own: plain C loops, and libraries for the browser in Node.

Each reads lines with a number of updates, makes them, and writes the seconds of processor that they took and the loss
before the last of them (`c_loop.c`, `peers.mjs`).
"""

import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.training import Trainer

HERE = Path(__file__).parent
LIBRARIES = {
    "brain.js": ("rnn", "lstm", "gru"),
    "recurrentjs": ("rnn", "lstm"),
}  # with the cells that each has
C_LOOP = "C loop"
COMPILE = ("cc", "-O3", "-march=native", "-ffast-math")
WARM_UP = 0.3  # seconds, in which Node compiles what it runs often
SAME, CHECKED = 1e-5, 10  # losses of as many updates differ by rounding at most, as a share of them


class Peer:
    """A process that makes updates when it is told to.

    Attributes:
        command: how it was started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._mean = math.nan  # seconds per update

    def updates(self, count: int) -> tuple[float, float]:
        """Make some updates. Returns their seconds of processor in total, and the loss before the last.

        Raises RuntimeError, with what the process said last, if it has ended.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(f"{count}\n")
            self._process.stdin.flush()
            seconds, loss = map(float, self._process.stdout.readline().split())
        except (BrokenPipeError, ValueError) as error:
            raise RuntimeError(f"a peer has ended: {self.close()}") from error
        self._mean = seconds / count
        return seconds, loss

    def warm_up(self) -> None:
        """Make updates for a while, so that a turn begins with a guess of how many fill it."""
        spent, count = 0.0, 1
        while spent < WARM_UP:
            spent += self.updates(count)[0]
            count *= 2

    def turn(self, seconds: float) -> float:
        """Work for about so long; returns the mean seconds of an update."""
        self.updates(max(1, round(seconds / self._mean)))
        return self._mean

    def close(self) -> str:
        """End the process; returns what it said of itself last."""
        self._process.kill()
        _, errors = self._process.communicate()
        return errors.strip().rpartition("\n")[2]


@contextmanager
def peers_of(config: ExperimentConfig, folder: Path | None) -> Iterator[dict[str, Peer]]:
    """All that can train this network on its one sequence, by name, warmed up; none for several sequences.

    folder: where brain.js and recurrentjs are, if they are. Raises RuntimeError for C loops that compute another loss.
    """
    if config.text.batch_size > 1:
        yield {}
        return
    with ExitStack() as stack:
        found: dict[str, Peer] = {}

        def begin(name: str, command: Sequence[str]) -> None:
            found[name] = Peer(command)
            stack.callback(found[name].close)

        for name, command in _libraries(config, folder).items():
            begin(name, command)
        if shutil.which(COMPILE[0]):
            place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            begin(C_LOOP, _c_loop(config, place))
            check(found[C_LOOP], config)
        for peer in found.values():
            peer.warm_up()
        yield found


def check(peer: Peer, config: ExperimentConfig) -> None:
    """Raise RuntimeError unless the losses of its first updates are ours."""
    trainer = Trainer(config, Corpus(config.text))
    for number in range(CHECKED):
        ours, theirs = trainer.update().nll[0], peer.updates(1)[1]
        if not math.isclose(ours, theirs, rel_tol=SAME):
            raise RuntimeError(f"the loss of update {number} must be {ours:.7g}; a peer has {theirs:.7g}")


def libraries_in(folder: Path) -> list[str]:
    """Which of the libraries for the browser are there."""
    return [name for name in LIBRARIES if any((folder / at / name).is_dir() for at in (".", "node_modules"))]


def _libraries(config: ExperimentConfig, folder: Path | None) -> dict[str, list[str]]:
    """How those in the folder that have the cell are started, if Node is there."""
    node, network = shutil.which("node"), config.network
    if node is None or folder is None:
        return {}
    symbols, vocabulary = _symbols(config)
    given = [*map(str, (folder, network.cell, vocabulary, network.hidden_size, *symbols))]
    return {
        name: [node, str(HERE / "peers.mjs"), name, *given]
        for name in libraries_in(folder)
        if network.cell in LIBRARIES[name]
    }


def _c_loop(config: ExperimentConfig, place: Path) -> list[str]:
    """Compile it into a folder, with the initial weights beside it; how it is started."""
    program, parameters = place / "c_loop", place / "parameters"
    subprocess.run([*COMPILE, str(HERE / "c_loop.c"), "-o", str(program), "-lm"], check=True)
    network = Trainer(config, Corpus(config.text)).network
    network.parameters[0].numpy().tofile(parameters)
    symbols, vocabulary = _symbols(config)
    training, size = config.training, config.network.hidden_size
    given = [config.network.cell, vocabulary, size, len(symbols) - 1]
    given += [training.learning_rate, training.clip_threshold, parameters, *symbols]
    return [str(program), *map(str, given)]


def _symbols(config: ExperimentConfig) -> tuple[list[int], int]:
    """The T + 1 symbols of the one sequence, and how many different ones there are."""
    corpus = Corpus(config.text)
    batch = corpus.batch(config.seed, 0)
    symbols: list[int] = [*batch.inputs.flatten().tolist(), int(batch.targets.flatten()[-1])]
    return symbols, len(corpus.vocabulary)
