"""What keeps the Korean of the product in one voice: particles that agree, and one word for one thing.

A particle takes one of two forms, after a vowel or after a consonant: 스텝을, 시점을 but 배치를. After a number or a
name that is filled in later neither is right for all values, so a sentence has to do without, or has a noun there.
"""

import re
from collections.abc import Iterator

# After a vowel, after a consonant. 이다 may keep its 이 after a vowel, so 입니다, 이고 and 이면 agree with everything.
FORMS = (
    ("는", "은"), ("가", "이"), ("를", "을"), ("와", "과"), ("로", "으로"), ("라", "이라"), ("라고", "이라고"),
    ("나", "이나"), ("란", "이란"), ("랑", "이랑"), ("든", "이든"), ("든지", "이든지"), ("여야", "이어야"),
    ("여서", "이어서"), ("였습니다", "이었습니다"), ("예요", "이에요"),
)  # fmt: skip
AFTER_VOWEL = {vowel for vowel, _ in FORMS}
_PARTICLE = "|".join(sorted((form for pair in FORMS for form in pair), key=len, reverse=True))
_END = r"(?:는|도|만|서|써|부터)?(?![가-힣])"  # 로부터, 라는
_SIGN = re.compile(rf"(\{{[^{{}}]*\}}|[A-Za-z]+|[^\s가-힣])({_PARTICLE}){_END}")
# The end of a Korean word may look like a particle: 있는, 평가, 결과, 경로. These forms are hardly anything else.
_SYLLABLE = re.compile(rf"((?!경로)[가-힣])(를|을|와|으로|로){_END}")

RIEUL = 8  # the place of ㄹ among the 28 final consonants of Unicode's Hangul syllables, of which 0 is none
_LETTERS = {
    "a": "에이", "b": "비", "c": "시", "d": "디", "e": "이", "f": "에프", "g": "지", "h": "에이치", "i": "아이",
    "j": "제이", "k": "케이", "l": "엘", "m": "엠", "n": "엔", "o": "오", "p": "피", "q": "큐", "r": "알", "s": "에스",
    "t": "티", "u": "유", "v": "브이", "w": "더블유", "x": "엑스", "y": "와이", "z": "제트",
}  # fmt: skip
_DIGITS = {
    "0": "영", "1": "일", "2": "이", "3": "삼", "4": "사", "5": "오", "6": "육", "7": "칠", "8": "팔", "9": "구",
}  # fmt: skip
_SIGNS = {
    "%": "퍼센트",
    "′": "프라임",
    "φ": "파이",
    "ε": "엡실론",
    "¼": "사분의 일",
    "→": "화살표",
    "α": "알파",
}
_NAMES = {
    "autograd": "오토그래드", "hello": "헬로", "tanh": "탄에이치", "torch": "토치", "ReLU": "렐루", "Adam": "아담",
    "Adagrad": "에이다그래드", "PyTorch": "파이토치", "NaN": "난", "noun": "나운", "JavaScript": "자바스크립트",
    "Shift": "시프트",
}  # fmt: skip
_COMMANDS = {r"\varphi'": "φ′", r"\varphi": "φ", r"\varepsilon": "ε"}


def read_aloud(sign: str) -> str | None:
    """How a Korean reader says the end of `sign`, in Hangul; None if that depends on a value, or is not known."""
    if sign in _NAMES:
        return _NAMES[sign]
    if len(sign) == 1 or sign.isupper():
        last = sign[-1].lower()
        return _LETTERS.get(last) or _DIGITS.get(last) or _SIGNS.get(last)
    return None


def final_consonant(syllable: str) -> int:
    """The place of a syllable's final consonant among Unicode's 28, 0 if it ends in its vowel."""
    return (ord(syllable) - ord("가")) % 28


def agrees(syllable: str, particle: str) -> bool:
    """Whether a particle has the form that it takes after this syllable; 로 also follows ㄹ."""
    final = final_consonant(syllable)
    return (particle in AFTER_VOWEL) == (final == 0 or (final == RIEUL and particle in ("로", "으로")))


def _last_sign(formula: str) -> str:
    """The sign on which the reading of a formula ends; an exponent stays one, for it is read as a power."""
    formula = formula.rstrip(" )")
    if re.search(r"\^(\{[^{}]*\}|.)$", formula):
        return "^"
    for command, sign in _COMMANDS.items():
        if formula.endswith(command):
            return sign[-1]
    return formula.rstrip("}")[-1]


def _spoken(text: str) -> str:
    """What is read of `text` before a particle: no marks, emphasis, quotes or brackets, of a formula its last sign."""
    text = re.sub(r"\[([^\]]+)\]\(\w+\)", r"\1", text)  # a term that explains itself
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"\$([^$]+)\$", lambda formula: _last_sign(formula[1]), text)
    text = re.sub(r"\w*<sub>[^<>]*(\w)</sub>", r"\1", text)
    text = re.sub(r"[*`\"'“”‘’]", "", text)
    return re.sub(r"(?<=\S)\([^()]*\)(?=[가-힣])", "", text)


def mistaken_particles(text: str) -> Iterator[str]:
    """Every particle in `text` that does not agree with what is read before it, or cannot for every value."""
    text = _spoken(text)
    for found in _SIGN.finditer(text):
        spoken = read_aloud(found[1])
        if spoken is None or not agrees(spoken[-1], found[2]):
            yield found[0]
    for found in _SYLLABLE.finditer(text):
        if not agrees(found[1], found[2]):
            yield found[0]


# One word for one thing: what is not said, and what is said instead. Patterns, as some words are part of others.
GLOSSARY = {
    # networks
    "네트워크|신경 망": "신경망",
    "뉴런": "유닛",
    "레이어": "층",
    "숨은 상태|히든": "은닉 상태",
    "잊기|망각문": "망각 게이트",
    "갱신": "업데이트",
    "초기화 게이트|재설정": "리셋 게이트",
    "비선형성": "비선형 함수",
    "경사(?! 하강)|도함수": "미분값",
    "웨이트|(?<!몸)무게": "가중치",
    "바이어스": "편향",
    "매개변수|모수": "파라미터",
    "스펙트럴|분광": "스펙트럼 반지름",
    "고유값": "고윳값",
    "특이값": "특잇값",
    "자코비": "야코비안",
    # training
    "훈련|트레이닝": "학습",
    "학습율": "학습률",
    "이번 학습|한 학습": "실행",
    "옵티마이저|최적화기": "최적화 방법",
    "타임 ?스텝|시간 스텝|매 스텝|스텝 거슬": "시점",
    r"\}스텝(까지|에서|부터)|\}단계": "스텝",
    "시드값|씨앗": "시드",
    "주사위": "새 가중치",
    "일시정지|멈춤 상태": "일시 정지",
    "실행을 살리": "발산을 막는지",
    "추첨|제비": "표본",
    "랜덤|임의의": "무작위",
    # loss and gradient
    r"(?<!그래디언트\()기울기|그라디언트|그레이디언트|그레디언트": "그래디언트",
    r"(?<!퍼플렉시티\()혼란도|퍼플렉서티|당혹도": "퍼플렉시티",
    "로스(?![가-힣])": "손실",
    "시간에 걸[친쳐]": "시점별 손실을 합치는 방법",
    "잘림|절단": "클리핑됨",
    "임계치|문턱값|역치": "임계값",
    "놈": "노름",
    "요소|원소": "성분",
    "밀어 ?(서|보기)|수치적": "수치 미분",
    "목소리": "영향",
    "나르[는던]|나른다": "전달된 몫",
    "최대값|최소값": "최댓값",
    # what is read and shown
    "토큰|심볼": "기호",
    "(?<![가-힣])글(?![가-힣]*자)": "텍스트",
    "탐침|프로브": "시험 텍스트",
    "프롬프트": "시작 텍스트",
    "예시": "예제",
    "이름표|라벨": "레이블",
    "목표(?!로)|타깃|타겟": "정답",
    "노브|손잡이": "슬라이더",
    "무엇을 볼": "관찰 포인트",
    "자취|경로의 길": "궤적",
    "옛 |예전 ": "이전 상태",
    # Both themes show small near the page and large away from it: no word for a hue or for dark and pale fits both.
    "붉|빨[간갛강]|푸른|파[란랗랑]|보라색|초록|[진짙]은?[한하할]|연[한하할]": "뚜렷",
}
# The same from the other side: what an English message says by the first, its Korean says by the second.
TERMS = {
    "hidden state": "은닉 상태", "cell state": "셀 상태", "forget gate": "망각 게이트", "input gate": "입력 게이트",
    "output gate": "출력 게이트", "reset gate": "리셋 게이트", "update gate": "업데이트 게이트", "candidate": "후보",
    "nonlinearity": "비선형 함수", "slope": "미분값", "bias": "편향", "parameter": "파라미터", "layer": "층",
    "spectral radius": "스펙트럼 반지름", "singular value": "특잇값", "eigenvalue": "고윳값", "Jacobian": "야코비안",
    "gradient": "그래디언트", "exploding": "폭발", "vanishing": "소실", "perplexity": "퍼플렉시티", "loss": "손실",
    "learning rate": "학습률", "momentum": "모멘텀", "clipping": "클리핑", "threshold": "임계값", "batch": "배치",
    "sequence length": "시퀀스 길이", "timestep": "시점", "training step": "학습 스텝", "playhead": "재생 위치",
    "median": "중앙값", "quantile": "분위수", "diverged": "발산", "saturated": "포화", "principal axis": "주축",
    "training text": "학습 텍스트", "probability": "확률", "target": "정답", "variance": "분산", "embedding": "임베딩",
}  # fmt: skip
# What reads like a translation, and what is wrong with it.
CLUMSY = {
    "되어[지진집]|지어집": "passive twice over",
    "에 의[해한하]": "passive: says who does what",
    "가지고 있": "has, where Korean says there is",
    "[가-힣]+의 [가-힣]+의 ": "one 의 upon the other",
}


def mistaken_words(text: str) -> Iterator[str]:
    """Every word in `text` for which there is another or a plainer one, with the reason: `훈련: 학습`."""
    for pattern, instead in (GLOSSARY | CLUMSY).items():
        yield from (f"{found[0].strip()}: {instead}" for found in re.finditer(pattern, text))


def missing_terms(english: str, korean: str) -> Iterator[str]:
    """Every term of the English message that its Korean does not call by its name: `slope: 미분값`."""
    said = re.sub(r"\{[^{}]*\}", "", english)
    for term, name in TERMS.items():
        if re.search(rf"(?<![a-z]){term}(?!ed|er)", said, re.IGNORECASE) and name not in korean:
            yield f"{term}: {name}"
