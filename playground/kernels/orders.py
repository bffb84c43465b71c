"""All that a program can be told to do, by name. Needs Numba: only what compiles imports it."""

from collections.abc import Mapping
from types import MappingProxyType

from playground.kernels import gru, layers, losses, lstm, mgu, optimizers, pictures, rnn, updates
from playground.kernels.order import Order

ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        "affine": layers.affine,
        "product": layers.product,
        "outer": layers.outer,
        "total": layers.total,
        "add": layers.add,
        "multiply": layers.multiply,
        "select": layers.select,
        "gather": layers.gather,
        "rnn": rnn.forward,
        "rnn_back": rnn.backward,
        "lstm": lstm.forward,
        "lstm_back": lstm.backward,
        "gru": gru.forward,
        "gru_back": gru.backward,
        "mgu": mgu.forward,
        "mgu_back": mgu.backward,
        "cross_entropy": losses.cross_entropy,
        "cross_entropy_back": losses.cross_entropy_back,
        "squared_error": losses.squared_error,
        "squared_error_back": losses.squared_error_back,
        "sum_of_losses": losses.sum_of_losses,
        "plane": pictures.plane,
        "lengths": pictures.lengths,
        "answers": pictures.answers,
        "apart": pictures.apart,
        "seen": pictures.seen,
        "updates": updates.updates,
        "sgd": optimizers.sgd,
        "momentum": optimizers.momentum,
        "rmsprop": optimizers.rmsprop,
        "adagrad": optimizers.adagrad,
        "adam": optimizers.adam,
    }
)
