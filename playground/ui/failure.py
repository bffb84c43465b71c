"""What a visitor sees, and what the log keeps, when our own code breaks."""

import hashlib
import logging
import traceback
from pathlib import Path

import streamlit as st

from playground.refusal import Refusal
from playground.ui.fields import sentence
from playground.ui.words import _

logger = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]


def fingerprint(error: BaseException) -> str:
    """Six hexadecimal digits that name the place and kind of an error: the same bug has the same name.

    The message takes no part, so neither do a visitor's texts.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    return hashlib.sha256("|".join([type(error).__name__, *places]).encode()).hexdigest()[:6]


def place(error: BaseException) -> str:
    """The innermost line of ours the error passed through, as `playground/models/network.py:41`."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
            return f"{path.relative_to(ROOT)}:{frame.lineno}"
    return "outside the playground"


def of_a_job(error: Exception) -> Refusal:
    """Log a mistake in a job with its traceback, once for all who look at it; what they are told in its place."""
    name = fingerprint(error)
    logger.error(
        "Error %s in a job: %s at %s",
        name,
        type(error).__name__,
        place(error),
        exc_info=error,
        extra={"kind": name},
    )
    return Refusal("job", "This broke on our side; the rest of the page goes on. (Error {error})", error=name)


def on_script_error(error: Exception) -> bool:
    """Show one friendly sentence in place of the traceback; log what finds the traceback again.

    Streamlit has logged the traceback by now. Returning True keeps its own error element off the page.
    """
    if isinstance(error, Refusal):  # a dropped run for which there is no room just now
        st.error(sentence(error), icon=":material/memory:")
        return True
    name = fingerprint(error)
    logger.error(
        "Error %s shown to a visitor: %s at %s",
        name,
        type(error).__name__,
        place(error),
        extra={"kind": name},  # for the log, which leaves out more of a kind
    )
    apology = _(
        "Something broke on our side. Your settings are in the address bar; reload the page to go on. "
        "(Error {error})"
    )
    st.error(apology.format(error=name), icon=":material/healing:")
    return True
