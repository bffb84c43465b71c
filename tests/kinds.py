"""Every cell with every nonlinearity it has."""

KINDS = [
    ("rnn", "tanh"),
    ("rnn", "relu"),
    ("rnn", "sigmoid"),
    ("rnn", "linear"),
    ("lstm", "tanh"),
    ("gru", "tanh"),
]
