"""Many-to-one: a family name, letter by letter; which language is it from?"""

from dataclasses import dataclass
from typing import ClassVar

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Listed
from playground.tasks.packing import packed
from playground.tasks.task import Shape

LANGUAGES = (N_("English"), N_("German"), N_("Italian"), N_("Japanese"), N_("Korean"))
# Common family names, those of other scripts in Latin letters; each list is as long as the others.
NAMES = {
    "English": (
        "smith johnson williams brown jones davis miller wilson moore taylor anderson thomas jackson "
        "white harris martin thompson robinson clark lewis walker hall young king wright hill green baker "
        "carter mitchell turner parker edwards collins stewart morgan"
    ),
    "German": (
        "müller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schäfer koch bauer "
        "richter klein wolf schröder neumann schwarz zimmermann braun krüger hofmann hartmann lange "
        "schmitt werner krause meier lehmann köhler herrmann könig walter kaiser fuchs"
    ),
    "Italian": (
        "rossi russo ferrari esposito bianchi romano colombo ricci marino greco bruno gallo conti costa "
        "giordano mancini rizzo lombardi moretti barbieri fontana santoro mariani rinaldi caruso ferrara "
        "galli martini leone longo gentile martinelli vitale lombardo serra coppola"
    ),
    "Japanese": (
        "sato suzuki takahashi tanaka watanabe ito yamamoto nakamura kobayashi kato yoshida yamada sasaki "
        "yamaguchi matsumoto inoue kimura hayashi shimizu yamazaki mori abe ikeda hashimoto ishikawa "
        "nakajima ogawa okada fujita goto hasegawa murakami kondo ishii saito sakamoto"
    ),
    "Korean": (
        "kim lee park choi jung kang cho yoon jang lim han oh seo shin kwon hwang ahn song yoo hong jeon "
        "ko moon yang son bae baek heo nam noh ha kwak sung cha joo woo"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Names(Listed):
    """Names of five languages, asked for at the last letter."""

    readout: str = "each"

    name: ClassVar[str] = "names"
    title: ClassVar[str] = N_("Many-to-one: names")
    tests: ClassVar[str] = N_(
        "Many inputs, one answer: the letters of a family name, and the language it is from."
    )
    shape: ClassVar[Shape] = "many-to-one"
    goal: ClassVar[float] = 0.7
    named: ClassVar[bool] = True

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All letters."""
        return tuple(sorted(set("".join(NAMES.values())) - {" "}))

    @property
    def signature(self) -> Signature:
        """Letters in, languages out."""
        return Signature("symbols", len(self.vocabulary), len(LANGUAGES), readout=self.readout)

    @property
    def chance(self) -> float:
        """All languages have as many names."""
        return 1 / len(LANGUAGES)

    def sequences(self) -> tuple[Batch, tuple[int, ...]]:
        """Every name, a group of its own."""
        ids = {letter: number for number, letter in enumerate(self.vocabulary)}
        numbered = [
            ([ids[letter] for letter in name], [*[None] * (len(name) - 1), label])
            for label, language in enumerate(LANGUAGES)
            for name in NAMES[language].split()
        ]
        return packed(numbered), tuple(range(len(numbered)))

    def symbol(self, read: int) -> str:
        """A letter."""
        return self.vocabulary[read]

    def answer(self, target: int) -> str:
        """A language."""
        return LANGUAGES[target]
