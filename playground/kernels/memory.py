"""Tensors in compiled loops: a place in memory, seen as a matrix."""

# Numba says little of its types, and gives an intrinsic its first argument by itself.
# pyright: reportCallIssue=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

from numba import carray, njit, types
from numba.extending import intrinsic

from playground.kernels.elementary import COMPILED


@intrinsic
def _pointer(typingctx, address, like):
    """Where numbers of the kind of `like` begin."""
    del typingctx, address

    def codegen(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(like)(types.int64, like), codegen


@njit(**COMPILED)
def matrix(address, rows, columns, like):
    """The numbers from this address on, row after row."""
    return carray(_pointer(address, like), (rows, columns))


@njit(**COMPILED)
def fill(row, value):
    """Set all numbers of a row."""
    for k in range(len(row)):
        row[k] = value


@njit(**COMPILED)
def copy(row, out):
    """out = row"""
    for k in range(len(row)):
        out[k] = row[k]


@njit(**COMPILED)
def clear(rows):
    """Set all numbers of a matrix to zero."""
    for row in rows:
        for k in range(len(row)):
            row[k] = 0
