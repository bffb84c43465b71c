"""What every choice is called and what it means, in the reader's language."""

from collections.abc import Sequence
from typing import Any

from playground.characters import whole
from playground.config import RateChange
from playground.presets import PRESETS
from playground.refusal import Refusal
from playground.tasks.fields import TASK_FIELD_LABELS, TASK_OPTION_LABELS
from playground.ui import cell_words, choices
from playground.ui.words import N_, _, plain

LINE = 16  # characters of a text in the name of a run
TOLD = 2  # changes of the learning rate in the name of a run

# A choice of one page that is called otherwise than elsewhere has its label under its key, `gradients.layer`.
FIELD_LABELS = {
    **TASK_FIELD_LABELS,
    "cell": N_("Cell"),
    "text": N_("Text"),
    "tokens": N_("Symbols"),
    "bos": N_("BOS"),
    "eos": N_("EOS"),
    "hidden_size": N_("Hidden size"),
    "layers": N_("Layers"),
    "embedding": N_("Embedding size"),
    "nonlinearity": N_("Nonlinearity"),
    "initialization": N_("Initialisation"),
    "spectral_radius": N_("Spectral radius"),
    "forget_bias": N_("Forget-gate bias"),
    "optimizer": N_("Optimiser"),
    "learning_rate": N_("Learning rate"),
    "rates": N_("Changes of the learning rate"),
    "clip": N_("Clipping"),
    "clip_threshold": N_("Threshold"),
    "clip_from": N_("Clipping from step"),
    "reduction": N_("Loss of a batch"),
    "sequence_length": N_("Sequence length"),
    "batch_size": N_("Batch size"),
    "seed": N_("Seed"),
    "bidirectional": N_("Bidirectional"),
    "dropout": N_("Dropout"),
    "longest_memory": N_("Longest memory"),
    "speed": N_("Speed"),
    "lang": N_("Language"),
    "probe": N_("Probe"),
    "prompt": N_("Prompt"),
    "panel": N_("What to look at"),
    "at": N_("Training step (0: untrained)"),
    "sequence": N_("Sequence of the training text"),
    "bits": N_("Precision"),
    "loss_at": N_("The loss at timestep t"),
    "layer": N_("Layer"),
    "state": N_("State"),
    "colours": N_("Colours"),
    "total": N_("Loss over time"),
    "knob_cell": N_("Cell"),
    "knob_nonlinearity": N_("Nonlinearity"),
    "knob_initialization": N_("Recurrent weights"),
    "knob_radius": N_("Spectral radius"),
    "knob_length": N_("Timesteps T"),
    "knob_hidden_size": N_("Hidden size"),
    "knob_forget_bias": N_("Forget-gate bias"),
    "knob_update_bias": N_("Update-gate bias"),
    "knob_seed": N_("Seed"),
    "parameter": N_("Parameter"),
    "cell.sequence": N_("Sequence of the batch"),
    "row": N_("Row"),
    "column": N_("Column"),
    "epsilon": N_("Step size ε"),
    "case": N_("Example"),
    "case_clip": N_("Clipping"),
    "case_threshold": N_("Threshold"),
    "case_grid": N_("Train the grid"),
    "stop": N_("Stop by itself"),
    "tour": N_("Scene of the tour"),
    "stop_step": N_("Stop at step"),
    "stop_perplexity": N_("Stop at perplexity"),
    "job": N_("Work"),
    "tracks": N_("Experiments side by side"),
    "race": N_("Race"),
    "edits": N_("Edits"),
    "quantity": N_("State or gate"),
    "source": N_("Whose numbers"),
    "example": N_("Worked example"),
    "shapes.example": N_("Example"),
    "shape": N_("Shape"),
    "task": N_("Task"),
    "directions": N_("Directions"),
    "networks": N_("Networks"),
    "classes": N_("Your own lines"),
    "tags": N_("Your own lines"),
    "pairs": N_("Your own lines"),
    "moment": N_("When"),
    "depth": N_("Layers"),
    "depth_dropout": N_("Dropout"),
    "frame": N_("Recorded training step"),
    "draw": N_("Draw of dropout"),
    "leak_text": N_("Text"),
    "typed": N_("One more line"),
    "near": N_("Neighbours of"),
    "reads": N_("Entries of x"),
    "size": N_("Units"),
    "numbers": N_("Changed numbers"),
    "number": N_("This field"),
    "way": N_("Direction"),
    "joined": N_("One matrix"),
    "units": N_("Units shown"),
    "t": N_("Timestep"),
    "run": N_("Run"),
    "draws": N_("Networks drawn"),
    "present": N_("Panels presented"),
    "updates": N_("Updates"),
    "ngram_order": N_("n, symbols of an n-gram"),
    "ngram_smoothing": N_("Smoothing"),
    "ngram_alpha": N_("Added to every count"),
    "hmm_states": N_("Hidden states"),
    "hmm_restarts": N_("Restarts"),
    "hmm_alpha": N_("Added to every expected count"),
    "hmm_seed": N_("Seed"),
    "window_size": N_("Symbols in the window"),
    "window_hidden_size": N_("Hidden size"),
    "window_embedding": N_("Embedding size"),
    "window_optimizer": N_("Optimiser"),
    "window_learning_rate": N_("Learning rate"),
    "window_seed": N_("Seed"),
    "before.seed": N_("Seed of what is written"),
    "counted": N_("What is shown"),
    "asked": N_("After which symbols?"),
    "windows": N_("Train windows of 1 to 8 symbols"),
    "bag_hidden_size": N_("Hidden size"),
    "bag_optimizer": N_("Optimiser"),
    "bag_learning_rate": N_("Learning rate"),
    "bag_seed": N_("Seed"),
    "beginning": N_("What has been read"),
    "order": N_("Seed of the order"),
    "line": N_("Line of the text"),
    "sizes": N_("Train 1 to 24 states"),
    "decides": N_("Sentences in which"),
    "before.language": N_("Language of the sentences"),
    "crf_neighbours": N_("Words read on either side"),
    "crf_penalty": N_("Penalty of large weights"),
    "crf_learning_rate": N_("Learning rate"),
    "tagger_cell": N_("Cell of the networks"),
    "tagger_hidden_size": N_("Units of the networks"),
    "tagger_seed": N_("Seed of the networks"),
    "sentence": N_("Sentence"),
}

OPTION_LABELS = {
    **TASK_OPTION_LABELS,
    **{cell: words.name for cell, words in cell_words.WORDS.items()},
    "character": N_("characters"),
    "jamo": N_("jamo"),
    "word": N_("words"),
    "tanh": N_("tanh"),
    "relu": N_("ReLU"),
    "sigmoid": N_("sigmoid"),
    "linear": N_("linear"),
    "default": N_("PyTorch's"),
    "orthogonal": N_("orthogonal"),
    "spectral": N_("spectral radius"),
    "identity": N_("identity"),
    "chrono": N_("chrono"),
    "sgd": N_("SGD"),
    "momentum": N_("momentum"),
    "rmsprop": N_("RMSprop"),
    "adagrad": N_("Adagrad"),
    "adam": N_("Adam"),
    "off": N_("off"),
    "norm": N_("by norm"),
    "value": N_("by value"),
    "mean": N_("mean"),
    "sum": N_("sum"),
    "watch": N_("watch 5/s"),
    "normal": N_("normal 30/s"),
    "fast": N_("fast 300/s"),
    "max": N_("max"),
    "simple": N_("simple"),
    "full": N_("full"),
    "learned": N_("when it is learned"),
    "crossed": N_("when k = 1 is crossed"),
    "never": N_("never by itself"),
    "32": N_("32 bits"),
    "64": N_("64 bits"),
    "h": N_("h, hidden state"),
    "c": N_("c, cell state"),
    "same": N_("the same for every run"),
    "fitted": N_("fitted to this one"),
    "where": N_("1–3 Flow"),
    "knobs": N_("4 Start"),
    "check": N_("5 Check"),
    "clipping": N_("6 Clipping"),
    "step": N_("One step"),
    "whatif": N_("What if"),
    "unrolled": N_("Unrolled"),
    "update": N_("One update"),
    "example": N_("a worked example"),
    "run": N_("my network"),
    "entries": N_("RNN: x has three entries, h two"),
    "keeps": N_("LSTM: f = [0.7, 0.4, 0.8] keeps 70 % of the first entry"),
    "blends": N_("GRU: z = 0.75 keeps three quarters of the first entry"),
    "one_gate": N_("MGU: one gate, f = 0.25 keeps three quarters"),
    "forward": N_("forward"),
    "back": N_("backward"),
    "both": N_("both directions"),
    "one_network": N_("one network"),
    "two_networks": N_("encoder and decoder"),
    "itself": N_("its own symbol before"),
    "one-to-one": N_("one-to-one"),
    "one-to-many": N_("one-to-many"),
    "many-to-one": N_("many-to-one"),
    "delayed": N_("delayed"),
    "each step": N_("each step"),
    "pressure": N_("blood pressure"),
    "naming": N_("a picture’s name"),
    "sentiment": N_("sentiment"),
    "names": N_("family names"),
    "words": N_("three words, then two"),
    "dates": N_("dates"),
    "tags": N_("tags"),
    "five": N_("1 Five shapes"),
    "gradient": N_("2 Where the gradient starts"),
    "depth": N_("3 Depth"),
    "directions": N_("4 Two directions"),
    "embedding": N_("5 Sentence embedding"),
    "text": N_("my text"),
    "verse": N_("a verse"),
    "start": N_("untrained"),
    "end": N_("at the end"),
    "exploding": N_("exploding gradients"),
    "vanishing": N_("vanishing gradients"),
    "experiment": N_("my experiment"),
    "none": N_("none"),
    "add": N_("a number added"),
    "witten_bell": N_("Witten–Bell"),
    "table": N_("All models"),
    "ngram": N_("n-grams"),
    "window": N_("Fixed window"),
    "counts": N_("counts"),
    "chances": N_("probabilities"),
    "bag": N_("Bag of symbols"),
    "hmm": N_("HMM: hidden states"),
    "crf": N_("CRF: tags as a whole"),
    "later": N_("a later word decides"),
    "earlier": N_("an earlier word decides"),
    "own": N_("my own lines"),
}

HELP = {
    "cell": N_(
        "The equations of one step. GRU: z = 1 keeps the old state (PyTorch's convention). MGU: a GRU with a single "
        "gate; f = 0 keeps the old state."
    ),
    "text": N_("Every line is one sequence. The network reads a symbol and predicts the next one."),
    "tokens": N_("What counts as one symbol. Jamo are the letters inside a Hangul syllable."),
    "bos": N_("A symbol before every line, so that the first symbol of the line is predicted too."),
    "eos": N_("A symbol after every line, so that the network learns where to stop."),
    "hidden_size": N_("How many numbers the hidden state has."),
    "layers": N_("Recurrent layers, one on top of the other; the top one predicts."),
    "embedding": N_("0 feeds one-hot vectors; otherwise every symbol gets a learned vector of this size."),
    "nonlinearity": N_("φ in h = φ(W x + U h + b), for the vanilla RNN."),
    "initialization": N_(
        "How the recurrent weights start: uniform ±1/√H, orthogonal, scaled to a chosen spectral radius, or the "
        "identity with biases 0, which is meant for a vanilla RNN with ReLU. In a gated cell that is so of each gate's "
        "own block. Chrono keeps PyTorch's weights and gives every unit a length of memory by the biases of its gates."
    ),
    "spectral_radius": N_(
        "Largest absolute eigenvalue of the recurrent matrix before training; in a gated cell, of each gate's own "
        "block."
    ),
    "longest_memory": N_(
        "In timesteps. Chrono sets the biases of the gates so that what a unit keeps at first fades within 2 timesteps "
        "in some units, within this many in others, and anything between."
    ),
    "forget_bias": N_(
        "Added to the forget gate's bias before training. In an LSTM the higher it is, the more of the old cell state "
        "is kept at first; in an MGU the lower, because there f = 0 keeps."
    ),
    "optimizer": N_(
        "How a gradient becomes an update; PyTorch's, with its default settings. Momentum is 0.9."
    ),
    "learning_rate": N_(
        "How far an update goes. It may change while training; the change is recorded at its step."
    ),
    "clip": N_(
        "By norm shortens a gradient that is longer than the threshold and keeps its direction; by value cuts off "
        "every entry beyond the threshold, which turns the gradient."
    ),
    "clip_threshold": N_(
        "The longest gradient (by norm) or the largest entry (by value) that passes unchanged."
    ),
    "clip_from": N_(
        "Updates before this step are not clipped: up to it the run is, number for number, the one without clipping."
    ),
    "reduction": N_(
        "Sum or mean of all losses of a batch, over the timesteps of each window and over its windows. The sum's "
        "gradient is the mean's times the number of predictions."
    ),
    "sequence_length": N_(
        "Longer lines are cut into windows of this many predictions. Each window is read from a state of zeros."
    ),
    "batch_size": N_("Windows per update; if all windows fit, every update sees the whole text."),
    "seed": N_("Same settings and same seed on the same machine: the same run, number for number."),
}


# In the name of a run, where no label stands before.
CLIP_LABELS = {
    "off": N_("no clipping"),
    "norm": N_("clipping by norm"),
    "value": N_("clipping by value"),
}
LESSON_LABELS = {
    "none": N_("No memory needed: {text}"),
    "memory": N_("Memory: {text}"),
    "gap": N_("Long gap: {text}"),
    "verse": N_("Verse: {text}"),
    "cliff": N_("Explosion: {text}"),
}
PRESET_LABELS = {
    "pangram": N_("a pangram, every letter once or more"),
    "cliff": N_("a step too far, with ReLU and no clipping"),
    "gap-20": N_("the first symbol decides the 20th after it"),
    "gap-30": N_("the 30th after it"),
    "gap-50": N_("the 50th after it"),
}


def preset_label(name: str) -> str:
    """A ready-made text, behind what it teaches; most are called what they say."""
    text = _(PRESET_LABELS[name]) if name in PRESET_LABELS else name
    return _(LESSON_LABELS[PRESETS[name].lesson]).format(text=text)


def label(field: str, page: str | None = None) -> str:
    """What a field is called; page: where it is a choice, for two pages may each have one of that name."""
    own = None if page is None else FIELD_LABELS.get(choices.key(page, field))
    return _(own or FIELD_LABELS[field])


def option_label(option: str) -> str:
    """An option of any choice."""
    return _(OPTION_LABELS[option])


def value_label(field: str, value: Any) -> str:
    """A field and its value in a few words: "hidden size 32", "GRU"."""
    if isinstance(value, bool):
        return _(FIELD_LABELS[field]) + (" +" if value else " −")
    if field == "rates":
        return _rates_label(value)
    if field == "clip":
        return _(CLIP_LABELS[value])
    if isinstance(value, float):
        return f"{_(FIELD_LABELS[field])} {exact_number(value)}"
    if field == "text":
        return _first_line(value)
    if isinstance(value, str):
        return option_label(value)
    return f"{_(FIELD_LABELS[field])} {value}"


def exact_number(value: float) -> str:
    """A number with as few digits as it needs to be no other: 0.01, 1e-05, 0.0099999999."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _rates_label(changes: Sequence[RateChange]) -> str:
    """What became of the learning rate while training, the first changes of many."""
    if not changes:
        return _("learning rate never changed")
    told = [
        _("learning rate {rate} from step {step:,}").format(
            rate=exact_number(change.learning_rate), step=change.step
        )
        for change in changes[:TOLD]
    ]
    return ", ".join(told) + (" …" if len(changes) > TOLD else "")


def _first_line(text: str) -> str:
    """The first line of a text that is not blank, shortened; … where there is more."""
    lines = [line for line in text.split("\n") if line.strip()]
    line = lines[0] if lines else ""
    if len(line) <= LINE and len(lines) <= 1:
        return line
    return whole(line, LINE - 1) + "…"


def sentence(refusal: Refusal, page: str | None = None) -> str:
    """What a refusal says, in the reader's language, as Markdown that shows the reader's own text as it is.

    page: whose choice is refused, if it is a page's.
    """
    return plain(said(refusal, page))


def said(refusal: Refusal, page: str | None = None) -> str:
    """The same as plain text, for who draws it as such."""
    values = refusal.values | {"field": label(refusal.field, page)}
    return _(refusal.template).format(**values)
