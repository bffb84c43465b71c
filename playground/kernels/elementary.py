"""exp, sigmoid and tanh for compiled loops: plain arithmetic, of which a processor does many at once.

In 32 bits they are polynomials, of Chebyshev interpolation, with errors of at most 1.6e-7 of the value; in 64 bits,
where numbers are checked, they are the standard library's. What is not a number stays what it is.
"""

# Numba says little of its types, and gives an intrinsic its first argument by itself.
# pyright: reportCallIssue=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

CALLED = {  # from Python
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},  # no sum in another order
}
COMPILED = {
    **CALLED,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}  # from other compiled functions only

_ONE, _TWO = np.float32(1), np.float32(2)
_LARGEST = np.float32(87)  # e⁸⁷ and e⁻⁸⁷ are numbers of 32 bits
_LOG2_E = np.float32(1 / math.log(2))
_LN_2_HIGH, _LN_2_LOW = (
    np.float32(0.693359375),
    np.float32(-2.12194440e-4),
)  # their sum is ln 2; the first is exact


def _coefficients(function, degree: int, half_width: float) -> list[np.float32]:
    """Of the polynomial that interpolates a function on [−half_width, half_width], lowest power first."""
    chebyshev = np.polynomial.Chebyshev.interpolate(lambda u: function(u * half_width), degree)
    powers = chebyshev.convert(kind=np.polynomial.Polynomial).coef
    return [np.float32(c / half_width**k) for k, c in enumerate(powers)]


_E0, _E1, _E2, _E3, _E4, _E5, _E6 = _coefficients(np.exp2, 6, 0.5)

_NEAR = np.float32(
    0.625
)  # up to here tanh(x) / x is a polynomial in x² − _MIDDLE, beyond it follows from exp
_MIDDLE = 0.625**2 / 2


def _tanh_ratio(u: np.ndarray) -> np.ndarray:
    """tanh(x) / x, x² = u + _MIDDLE."""
    x = np.sqrt(np.maximum(u + _MIDDLE, 1e-12))
    return np.tanh(x) / x


_T0, _T1, _T2, _T3, _T4, _T5 = _coefficients(_tanh_ratio, 5, _MIDDLE)
_MIDDLE_32 = np.float32(_MIDDLE)


@intrinsic
def _float_of_bits(typingctx, bits):
    """The number of 32 bits that these are."""
    del typingctx

    def codegen(context, builder, signature, arguments):
        del context, signature
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), codegen


@njit(**COMPILED)
def _exp_32(x):
    """2ⁿ · 2ᶠ with n whole and |f| ≤ ½, n + f = x / ln 2."""
    bounded = min(max(x, -_LARGEST), _LARGEST)
    n = np.int32(bounded * _LOG2_E + np.float32(128.5)) - np.int32(128)
    whole = np.float32(n)
    f = ((bounded - whole * _LN_2_HIGH) - whole * _LN_2_LOW) * _LOG2_E
    power = _E0 + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * (_E5 + f * _E6)))))
    return power * _float_of_bits(np.int32((n + np.int32(127)) << np.int32(23)))


@njit(**COMPILED)
def _exp_32_or_nan(x):
    y = _exp_32(x)
    return y if x == x else x


@njit(**COMPILED)
def _sigmoid_32(x):
    y = _ONE / (_ONE + _exp_32(-x))
    return y if x == x else x


@njit(**COMPILED)
def _tanh_32(x):
    u = x * x - _MIDDLE_32
    near = x * (_T0 + u * (_T1 + u * (_T2 + u * (_T3 + u * (_T4 + u * _T5)))))
    size = abs(x)
    far = _ONE - _TWO / (_ONE + _exp_32(_TWO * size))
    far = far if x > np.float32(0) else -far
    far = far if x == x else x
    return near if size < _NEAR else far


@njit(**COMPILED)
def _sigmoid_64(x):
    return 1 / (1 + math.exp(-x))


def exp(x):
    """eˣ; of 32 bits between e⁻⁸⁷ and e⁸⁷."""
    raise NotImplementedError


def sigmoid(x):
    """1 / (1 + e⁻ˣ)"""
    raise NotImplementedError


def tanh(x):
    """tanh(x)"""
    raise NotImplementedError


@overload(exp, inline="always")
def _exp(x):
    return (lambda x: _exp_32_or_nan(x)) if x == types.float32 else (lambda x: math.exp(x))


@overload(sigmoid, inline="always")
def _sigmoid(x):
    return (lambda x: _sigmoid_32(x)) if x == types.float32 else (lambda x: _sigmoid_64(x))


@overload(tanh, inline="always")
def _tanh(x):
    return (lambda x: _tanh_32(x)) if x == types.float32 else (lambda x: math.tanh(x))


@njit(**CALLED)
def sigmoid_row(a, out):
    """out = σ(a), rows of equal length."""
    for k in range(len(a)):
        out[k] = sigmoid(a[k])


@njit(**CALLED)
def tanh_row(a, out):
    """out = tanh(a), rows of equal length."""
    for k in range(len(a)):
        out[k] = tanh(a[k])
