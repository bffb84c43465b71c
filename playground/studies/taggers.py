"""Tags from a conditional random field and from recurrent networks, learned from the same sentences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

import pandas as pd
import torch
from torch import Tensor

from playground.cells import CELLS
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.models.crf import PART, CRFConfig, CRFTrainer, Sentences
from playground.models.network import Network
from playground.models.parameters import parameter_shapes
from playground.passes.replica import layer_names
from playground.pieces import SMALL_BYTES, InPieces, Pieces, share
from playground.tasks.own import OwnTags
from playground.tasks.packing import split
from playground.tasks.tagging import Tagging
from playground.training import Trainer

DECIDES = ("later", "earlier", "own")  # which word decides a tag that the word itself leaves open
MODELS = ("crf", "forward", "both")  # a CRF, a network that reads forwards, one that reads in both directions
UPDATES = 300  # of the networks; a CRF makes fewer, for each of them takes all sentences
CRF_UPDATES = 100
POSITIONS = 4_000  # words that a network reads at once when it is judged
Sentenced = Tagging | OwnTags
WORD_COLUMNS = {"word": object, "tag": object, "n": int, **dict.fromkeys(MODELS, float)}


def _lines(*choices: tuple[str, ...]) -> str:
    """A line for each way to choose one of every position, word/tag by word/tag."""
    return "\n".join(map(" ".join, product(*choices)))


# The first word says whether it is asked or told, and the tag of the end says so; all tags between them are the same.
EARLIER: Mapping[str, str] = MappingProxyType(
    {
        "en": "\n".join(
            _lines(
                tuple(f"{word}/pronoun" for word in words),
                ("sings/verb", "dances/verb", "writes/verb", "swims/verb", "cooks/verb"),
                ("very/adverb", "quite/adverb"),
                ("well/adverb", "badly/adverb"),
                (f"END/{end}",),
            )
            for words, end in ((("who", "which", "what"), "question"), (("she", "he", "it"), "statement"))
        ),
        "ko": "\n".join(
            _lines(
                tuple(f"{word}/대명사" for word in words),
                ("노래를/명사", "춤을/명사", "글을/명사", "그림을/명사", "밥을/명사"),
                ("잘해/동사", "못해/동사", "좋아해/동사", "싫어해/동사"),
                (f"끝/{end}",),
            )
            for words, end in ((("누가", "뭐가", "어디가"), "물음"), (("그가", "내가", "네가"), "알림"))
        ),
    }
)


def sentences(decides: str, language: str, lines: str) -> Sentenced:
    """The sentences to be tagged. lines: the visitor's, for "own".

    Raises `Refusal` for "lines" where these cannot be used.
    """
    if decides == "later":
        return Tagging(language=language)
    return OwnTags(lines=lines if decides == "own" else EARLIER[language])


@dataclass(frozen=True, slots=True)
class TaggerSettings:
    """What the taggers are made of: the CRF, and the cell, units and seed of both networks."""

    crf: CRFConfig = field(default_factory=CRFConfig)
    cell: str = "rnn"
    hidden_size: int = 16
    seed: int = 0

    def network(self, *, bidirectional: bool) -> TaskConfig:
        """How a network learns to tag."""
        return TaskConfig(
            NetworkConfig(self.cell, self.hidden_size, bidirectional=bidirectional),
            TrainingConfig("adam", 0.01),
            self.seed,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """What a tagger says of the sentences that are held out.

    numbers: how many it has learned. tags: (T, B), its answers. chances: (T, B, Y), of every tag.
    """

    numbers: int
    tags: Tensor
    chances: Tensor


class TaggerStudy(InPieces[None]):
    """A CRF and two networks learn the same sentences, one after the other, and tag those that are held out.

    A network answers each word by itself with the tag that is most probable there, a CRF with the tags that are most
    probable together.

    Attributes:
        task: the sentences. held_out: those that nobody has learned; all of them where too few are there.
        tagged: by the names of `MODELS`, of those that are done. crf: the trainer of the CRF.
    """

    def __init__(
        self,
        settings: TaggerSettings,
        task: Sentenced,
        *,
        updates: int = UPDATES,
        crf_updates: int = CRF_UPDATES,
    ) -> None:
        self.task, self.held_out = task, Sentences.of(task.held_out())
        self.tagged: dict[str, Tagged] = {}
        learned, signature = Sentences.of(task.learned), task.signature
        self.crf = CRFTrainer(settings.crf, learned, signature.input_size, signature.output_size)
        needs = _crf_bytes(self.crf, learned) + _network_bytes(settings.network(bidirectional=True), task)
        super().__init__(self._learn(settings, updates, crf_updates), needs=needs)

    def frame(self) -> pd.DataFrame:
        """Of those that are done: model, numbers, right (how many words), n (of so many that were judged)."""
        n = int(self.held_out.there.sum())
        rows = [(name, each.numbers, int(self._right(name).sum()), n) for name, each in self.tagged.items()]
        columns = {"model": object, "numbers": int, "right": int, "n": int}
        return pd.DataFrame(rows, columns=list(columns)).astype(columns)

    @property
    def usual(self) -> float:
        """The share of right words among those judged for who always gives the tag most frequent in what is learned."""
        learned = Sentences.of(self.task.learned)
        tag = learned.tags[learned.there].bincount().argmax()
        return (self.held_out.tags[self.held_out.there] == tag).double().mean().item()

    def words(self) -> pd.DataFrame:
        """Every word with every tag it has among those judged: word, tag, n, and the share that each model has right.

        Those on which the models differ most come first; NaN for a model that is not done.
        """
        right = {name: self._right(name) for name in self.tagged}
        counted: dict[tuple[int, int], list[int]] = {}
        for t, column in self.held_out.there.nonzero().tolist():
            pair = int(self.held_out.words[t, column]), int(self.held_out.tags[t, column])
            sums = counted.setdefault(pair, [0] * (1 + len(MODELS)))
            sums[0] += 1
            for place, name in enumerate(MODELS, 1):
                sums[place] += name in right and bool(right[name][t, column])
        rows = [
            (
                self.task.symbol(word),
                self.task.answer(tag),
                n,
                *(count / n if name in right else None for name, count in zip(MODELS, sums, strict=True)),
            )
            for (word, tag), (n, *sums) in counted.items()
        ]
        table = pd.DataFrame(rows, columns=list(WORD_COLUMNS)).astype(WORD_COLUMNS)
        shares = table[list(MODELS)]
        apart = (shares.max(axis="columns") - shares.min(axis="columns")).fillna(0)
        return table.iloc[apart.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)

    def differences(self, one: str, other: str) -> tuple[int, int]:
        """How many words one model has right and another wrong, and the other way round."""
        ours, theirs = self._right(one), self._right(other)
        return int((ours & ~theirs).sum()), int((theirs & ~ours).sum())

    def sentence(self, column: int) -> pd.DataFrame:
        """One of the sentences judged: t (from 1), word, tag, and of each model that is done its answer, <model>, and
        how probable it holds that, <model>_p."""
        rows = []
        for t in range(int(self.held_out.there[:, column].sum())):
            row: dict[str, object] = {
                "t": t + 1,
                "word": self.task.symbol(int(self.held_out.words[t, column])),
                "tag": self.task.answer(int(self.held_out.tags[t, column])),
            }
            for name, each in self.tagged.items():
                answer = int(each.tags[t, column])
                row |= {name: self.task.answer(answer), f"{name}_p": each.chances[t, column, answer].item()}
            rows.append(row)
        return pd.DataFrame(rows)

    def marginals(self, column: int) -> pd.DataFrame:
        """What the models hold of every tag in one of the sentences judged: model, t, token, tag, probability."""
        rows = [
            (name, t + 1, self.task.symbol(int(self.held_out.words[t, column])), self.task.answer(tag), p)
            for name, each in self.tagged.items()
            for t in range(int(self.held_out.there[:, column].sum()))
            for tag, p in enumerate(each.chances[t, column].tolist())
        ]
        return pd.DataFrame(rows, columns=["model", "t", "token", "tag", "probability"])

    def transitions(self, beginning: str, end: str) -> pd.DataFrame:
        """The CRF's weights from tag to tag: before, after, weight; nothing after `end`, nothing before `beginning`."""
        weights = self.crf.model.weights
        tags = [self.task.answer(tag) for tag in range(len(weights.start))]
        rows = [(beginning, tag, w) for tag, w in zip(tags, weights.start.tolist(), strict=True)]
        for before, row in zip(tags, weights.transition.tolist(), strict=True):
            rows += [(before, after, w) for after, w in zip(tags, row, strict=True)]
        rows += [(before, end, w) for before, w in zip(tags, weights.end.tolist(), strict=True)]
        return pd.DataFrame(rows, columns=["before", "after", "weight"])

    def _right(self, name: str) -> Tensor:
        """Where a model's answer is the tag: (T, B) bool."""
        return (self.tagged[name].tags == self.held_out.tags) & self.held_out.there

    def _learn(self, settings: TaggerSettings, updates: int, crf_updates: int) -> Pieces[None]:
        yield from share(0.0, 0.3, self.crf.updates_in_pieces(crf_updates))
        self.tagged["crf"] = yield from share(0.3, 0.35, self._by_crf())
        for low, name in ((0.35, "forward"), (0.65, "both")):
            config = settings.network(bidirectional=name == "both")
            network = Network(config.network, self.task.signature, seeds=(config.seed,))
            trainer = Trainer(config, self.task, network=network)
            for made in range(updates):
                if not trainer.update().finite:
                    break
                yield low + 0.3 * (made + 1) / updates
            self.tagged[name] = yield from share(low + 0.3, low + 0.35, self._by_network(network))

    def _by_crf(self) -> Pieces[Tagged]:
        """What the CRF answers, as many sentences at a time as are read at once when it learns."""
        crf, words = self.crf.model, self.held_out.words
        chances, tags = list[Tensor](), list[Tensor]()
        for some in words.split(max(1, _places(self.task) // len(words)), 1):
            chances.append(crf.chain(some).marginals)
            tags.append(crf.viterbi(some))
            yield 0.5
        return Tagged(crf.parameter_count, torch.cat(tags, 1), torch.cat(chances, 1))

    def _by_network(self, network: Network) -> Pieces[Tagged]:
        """What a network answers, some sentences at a time."""
        outputs = list[Tensor]()
        for some in split(self.task.held_out(), max(1, POSITIONS // len(self.held_out.words))):
            outputs.append(network.run(some, reduction="sum", backward=False).outputs[:, 0].clone())
            yield 0.5
        chances = torch.cat(outputs, 1).softmax(-1)
        numbers = sum(each[0].numel() for each in network.named_parameters().values())
        return Tagged(numbers, chances.argmax(-1), chances)


def _places(task: Sentenced) -> int:
    """Words that a CRF reads at once."""
    return PART // task.signature.output_size**2


def _crf_bytes(trainer: CRFTrainer, learned: Sentences) -> int:
    """Bytes of a CRF that learns: of the weights and what Adam keeps of them, and of one pass (measured)."""
    tags = len(trainer.model.weights.start)
    places = min(PART // tags**2, learned.words.numel())
    pairs = tags**2 * places // len(learned.words)
    return SMALL_BYTES + 6 * 8 * trainer.model.parameter_count + 8 * (6 * tags * places + 2 * pairs)


def _network_bytes(config: TaskConfig, task: Sentenced) -> int:
    """Bytes of a network that learns, and of its passes over what is held out."""
    network, signature, (time, _, count) = config.network, task.signature, task.held_out().mask.shape
    layers, cell = len(layer_names(network)), CELLS[network.cell]
    of_position = (layers * cell.planes + max(cell.shared_planes)) * network.hidden_size
    of_position += 6 * signature.output_size + 2 * signature.input_size
    weights = sum(map(math.prod, parameter_shapes(network, signature).values()))
    positions = min(POSITIONS, time * count) + 2 * time * task.batch_size
    return 4 * (positions * of_position + 4 * weights)
