"""The mistake of a language model that reads in both directions: it is told what it is asked.

Two networks learn one text from one seed, one of them reading forwards, one in both directions. The second may reach
any perplexity, because at every timestep its layer that reads backwards has just read the answer. Where it has to
write, what comes next is not there; so it is measured a second time as it reads then (`playground/passes/so_far.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from playground.batch import Batch
from playground.config import TaskConfig, TextConfig
from playground.models.model import loss, perplexity
from playground.models.network import Network
from playground.passes.generation import Continuation, generate_in_pieces
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import Replica, copy_of
from playground.passes.so_far import SoFarModel
from playground.pieces import InPieces, Pieces, share
from playground.studies.lesson_run import LessonRun
from playground.studies.side_by_side import SideBySide
from playground.tasks.language import Language
from playground.tasks.packing import COLUMNS, stretch

FORWARD, BOTH, SO_FAR = "forward", "both", "so_far"
LONGEST = 50  # symbols of a window: every beginning of each is read by itself
PREDICTIONS = 200  # about as many of a long text are measured
UNIT_NUMBERS = 40  # that a step keeps of a unit: states, gates and what comes before them, in both directions
READ_SO_FAR = 12  # frames at most of which perplexity is measured as it is in writing
COLUMN_NAMES = ("variant", "step", "loss", "perplexity")


@dataclass(frozen=True, slots=True)
class Written:
    """What a network writes that is given the beginning of the text and always takes the likeliest symbol.

    given, made: the texts. right: how many of the `count` symbols that follow in the text it has written in their
    places.
    """

    given: str
    made: str
    right: int
    count: int


class Peeking(InPieces[None]):
    """Both networks learn a text by heart; then each is measured, and each writes.

    Args:
        config: of the network that reads forwards; the other one is the same in both directions.
        text: what is learned, in windows of at most `LONGEST` predictions.
        updates: how many updates both make.

    Raises `Refusal` for a text that nothing can be learned from.

    Attributes:
        task: the text as it is read. runs: the lessons of both, by name.
        measured: how many predictions the perplexities are of: all, or the first of a long text.
        written: by name, when all is done.
    """

    def __init__(self, config: TaskConfig, text: TextConfig, *, updates: int) -> None:
        cut = replace(text, sequence_length=min(text.sequence_length, LONGEST))
        self.task = Language(text=cut)
        both = replace(config, network=replace(config.network, bidirectional=True))
        self._lessons = SideBySide(
            {
                name: LessonRun(each, self.task, updates=updates, keeps_weights=True)
                for name, each in ((FORWARD, config), (BOTH, both))
            }
        )
        self.runs = self._lessons.runs
        self._windows = _first(self.task.corpus.windows, PREDICTIONS)
        self.measured = sum(len(window) - 1 for window in self._windows)
        self.written: dict[str, Written] = {}
        self._rows: list[tuple[str, int, float, float]] = []
        longest = max(map(len, self._windows))
        reading = (
            longest**2 * (len(self.task.corpus.vocabulary) + UNIT_NUMBERS * config.network.hidden_size) * 4
        )
        super().__init__(self._compute(), needs=self._lessons.needs + reading)

    def frame(self) -> pd.DataFrame:
        """A row for every step that is measured: variant, step, loss (mean nats), perplexity.

        variant: "forward", "both" (each reading the whole text), "so_far" (the second network, reading at each place
        what is there by then).
        """
        return pd.DataFrame(list(self._rows), columns=list(COLUMN_NAMES))

    def last(self, variant: str) -> float | None:
        """The perplexity that a variant had at the last step measured; None before that."""
        found = [row[3] for row in list(self._rows) if row[0] == variant]
        return found[-1] if found else None

    def places(self) -> pd.DataFrame:
        """What comes next at each timestep of the first window, by the weights of the newest frames.

        Columns: t, from 1, token, target, and the probability of the target by each variant: forward, both, so_far.
        """
        window, labels = self._windows[0], self.task.corpus.labels
        forward, both = (copy_of(_network(self.runs[name], -1)) for name in (FORWARD, BOTH))
        table = {
            "t": range(1, len(window)),
            "token": [labels[symbol] for symbol in window[:-1]],
            "target": [labels[symbol] for symbol in window[1:]],
        }
        ids = torch.tensor(window)
        models = {FORWARD: RecurrentModel(forward), BOTH: RecurrentModel(both), SO_FAR: SoFarModel(both)}
        with torch.inference_mode():
            for variant, model in models.items():
                logs = model.log_probabilities(ids[:-1]).gather(-1, ids[1:, None])[:, 0]
                table[variant] = logs.double().exp().numpy()
        return pd.DataFrame(table)

    def _compute(self) -> Pieces[None]:
        yield from share(0.0, 0.6, self._lessons.pieces())
        yield from share(0.6, 0.8, self._measure())
        for place, (name, run) in enumerate(self.runs.items()):
            low = 0.8 + 0.1 * place
            yield from share(low, low + 0.1, self._write(name, copy_of(_network(run, -1))))

    def _measure(self) -> Pieces[None]:
        """Fill the rows, those of the steps that are last so far at the end."""
        batch = stretch(self.task.held_out(), COLUMNS, 0, len(self._windows))
        for place, frame in enumerate(self.runs[FORWARD].frames):
            self._row(FORWARD, frame.step, _loss(_network(self.runs[FORWARD], place), batch))
        yield 0.1
        frames = self.runs[BOTH].frames
        read_so_far = _some(len(frames), READ_SO_FAR)
        for place, frame in enumerate(frames):
            network = _network(self.runs[BOTH], place)
            self._row(BOTH, frame.step, _loss(network, batch))
            yield 0.1 + 0.9 * place / len(frames)
            if place in read_so_far:
                model, total = SoFarModel(copy_of(network)), 0.0
                for window in self._windows:  # one at a time: each is as many beginnings as it is long
                    total += loss(model, [window]) * (len(window) - 1)
                    yield 0.1 + 0.9 * place / len(frames)
                self._row(SO_FAR, frame.step, total / self.measured)

    def _row(self, variant: str, step: int, nll: float) -> None:
        self._rows.append((variant, step, nll, perplexity(nll)))

    def _write(self, name: str, replica: Replica) -> Pieces[None]:
        corpus = self.task.corpus
        first, *following = corpus.windows[0]
        prompt = (first, *following[:1]) if first == corpus.bos_id else (first,)
        following = following[len(prompt) - 1 :]
        model = SoFarModel(replica) if replica.config.bidirectional else RecurrentModel(replica)
        made = yield from generate_in_pieces(model, Continuation(prompt, len(following), temperature=0))
        right = sum(one == other for one, other in zip(made, following, strict=False))
        given, text = corpus.continuation(prompt, made)
        self.written[name] = Written(given, text, right, len(following))


def _loss(network: Network, batch: Batch) -> float:
    """The mean loss of a reading of the whole, in nats."""
    return float(network.trace(batch, backward=False)["nll"][0])


def _network(run: LessonRun, place: int) -> Network:
    network = run.network_at(place)
    assert isinstance(network, Network)  # a text has no encoder
    return network


def _first(windows: Sequence[tuple[int, ...]], predictions: int) -> tuple[tuple[int, ...], ...]:
    """So many of the first windows as have about `predictions` predictions, one at least."""
    ends = np.cumsum([len(window) - 1 for window in windows])
    return tuple(windows[: max(1, int((ends <= predictions).sum()))])


def _some(count: int, most: int) -> set[int]:
    """At most `most` of the places 0 … count − 1, the first and the last among them."""
    return set(np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist())
