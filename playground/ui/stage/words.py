"""The words that the stage shows and says."""

from playground.ui.words import N_, _

WORDS = {
    "step": N_("step {step}"),
}


def words() -> dict[str, str]:
    """All words of the stage in the reader's language; placeholders are filled in the browser."""
    return {key: _(text) for key, text in WORDS.items()}
