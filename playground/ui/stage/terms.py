"""What the words mean that nobody brings along: told where one points at them."""

from playground.ui.words import N_

# By the name that stands behind a word in brackets, as in `[line k](k)`.
TERMS = {
    "symbol": N_("What is read one at a time: a character, a jamo or a word."),
    "loss": N_(
        "−log of the probability that the network gave to the right answer: 0 if it was sure of it, the more the less "
        "it expected it. Measured in nats: 1 nat is a probability of 37 %, ln 2 ≈ 0.69 nats one of 50 %."
    ),
    "perplexity": N_(
        "exp of the mean loss: between how many equally likely symbols the network is still torn. 1: it is sure."
    ),
    "k": N_(
        "How many of the last symbols are seen, the one just read included. The line is the lowest perplexity that "
        "anybody can reach who sees only these, counted from the text."
    ),
    "state": N_(
        "The numbers that the network hands on from symbol to symbol: all it knows of what it has read. A unit is one "
        "of them."
    ),
    "cell_state": N_("The LSTM's own record: gates erase, write and show it; nothing else touches it."),
    "gate": N_("A number from 0 to 1 for every unit and timestep, learned: how much of something passes."),
    "phi": N_(
        "The slope of the nonlinearity φ where a unit stands: the gradient is multiplied by it on its way back. For "
        "tanh it is 1 in the middle and nearly 0 at −1 and 1."
    ),
    "gradient": N_(
        "How much the loss would change if a number changed a little. Training follows it downhill."
    ),
}
