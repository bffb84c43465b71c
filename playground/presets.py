"""Ready-made texts, each chosen for what a network needs to learn it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

# What a text teaches; they stand together by it.
LESSONS = ("none", "memory", "gap", "verse", "cliff")


@dataclass(frozen=True, slots=True)
class Preset:
    """A text and how it is read; the fields are those of `TextConfig`, but for two.

    lesson: one of `LESSONS`. settings: other fields of the experiment, where the lesson needs them as they are.
    """

    lesson: str
    text: str
    tokens: str = "character"
    bos: bool = False
    eos: bool = False
    sequence_length: int = 50
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def values(self) -> dict[str, Any]:
        """The config fields that the preset sets, by name."""
        own = ("lesson", "settings")
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name not in own} | dict(
            self.settings
        )


def _gap(timesteps: int) -> Preset:
    """Two lines of `timesteps` predictions in which only the first symbol tells what the last one will be."""
    filler = "." * (timesteps - 1)
    return Preset("gap", f"a{filler}A\nb{filler}B")


_PANGRAM = "the quick brown fox jumps over the lazy dog"

# Half learned, after about a hundred updates, a single one goes too far: within two more every number is lost. With the
# gradient clipped by norm from shortly before, the same run learns the text by heart.
_CLIFF = Preset(
    "cliff",
    _PANGRAM,
    settings=MappingProxyType(
        {
            "cell": "rnn",
            "nonlinearity": "relu",
            "hidden_size": 16,
            "layers": 1,
            "embedding": 0,
            "initialization": "default",
            "dropout": 0.0,
            "optimizer": "sgd",
            "learning_rate": 0.5,
            "clip": "off",
            "clip_from": 0,
            "reduction": "mean",
            "batch_size": 16,
            "seed": 2,
        }
    ),
)

_TYGER = """\
Tyger Tyger, burning bright,
In the forests of the night;
What immortal hand or eye,
Could frame thy fearful symmetry?"""  # William Blake, 1794

_AZALEAS = """\
나 보기가 역겨워
가실 때에는
말없이 고이 보내 드리우리다
영변에 약산
진달래꽃
아름 따다 가실 길에 뿌리우리다
가시는 걸음 걸음
놓인 그 꽃을
사뿐히 즈려밟고 가시옵소서
나 보기가 역겨워
가실 때에는
죽어도 아니 눈물 흘리우리다"""  # 김소월, 1925

PRESETS: dict[str, Preset] = {
    "ybigta": Preset("none", "ybigta"),  # every letter has one successor: the one just read is enough
    "안녕하세요": Preset("none", "안녕하세요"),
    "hello": Preset("memory", "hello"),  # l is followed by l, then by o: one prediction needs memory
    "hello world": Preset("memory", "hello world"),
    "mississippi": Preset("memory", "mississippi"),
    "abcabd": Preset("memory", "abcabd"),  # needs to see three characters back
    "안녕하세요 (jamo)": Preset("memory", "안녕하세요", tokens="jamo"),
    "pangram": Preset("memory", _PANGRAM),
    "gap-20": _gap(20),
    "gap-30": _gap(30),
    "gap-50": _gap(50),
    "Tyger (Blake)": Preset("verse", _TYGER, bos=True, eos=True),
    "진달래꽃 (김소월)": Preset("verse", _AZALEAS, bos=True, eos=True),
    "cliff": _CLIFF,
}
