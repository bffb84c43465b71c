"""Random texts of a given size."""

import random
import string

SYMBOLS = string.ascii_letters + string.digits + ".,-"  # 65 of them


def random_text(vocabulary: int, time: int, lines: int = 1) -> str:
    """Lines of `time` + 1 symbols, so that T = time, which together use the whole vocabulary."""
    symbols = SYMBOLS[:vocabulary]
    draw = random.Random(0)
    letters = list(symbols) + draw.choices(symbols, k=lines * (time + 1) - len(symbols))
    draw.shuffle(letters)
    return "\n".join("".join(letters[start : start + time + 1]) for start in range(0, len(letters), time + 1))
