"""Tensors in compiled loops: a place in memory, seen as a matrix.

A compiler that does not know that two rows are different ones compares their addresses before every short loop, and
reads again what might have changed. So inner loops of products read one factor by `constant` and write by `add_to`: no
order writes by `add_to` what it reads by `constant`, and that is what LLVM is told.
"""

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


def _place(context, builder, row, kind, index):
    """Where a number of a row stands."""
    if kind.layout != "C":
        raise TypeError(f"numbers of a row must stand one after the other; got {kind}")
    return builder.gep(context.make_array(kind)(context, builder, row).data, [index], inbounds=True)


def _written(module):
    """What LLVM calls the places that `add_to` writes; a name makes it the same in all functions."""
    domain = module.add_metadata(["rnn-playground"])
    return module.add_metadata([module.add_metadata(["written by add_to", domain])])


@intrinsic
def constant(typingctx, row, index):
    """A number of a row that the order does not write by `add_to`."""
    del typingctx, index

    def codegen(context, builder, signature, arguments):
        number = builder.load(_place(context, builder, arguments[0], signature.args[0], arguments[1]))
        number.set_metadata("noalias", _written(builder.module))
        return number

    return row.dtype(row, types.int64), codegen


@intrinsic
def add_to(typingctx, row, index, number):
    """row[index] += number"""
    del typingctx, index

    def codegen(context, builder, signature, arguments):
        place = _place(context, builder, arguments[0], signature.args[0], arguments[1])
        before = builder.load(place)
        after = builder.store(builder.fadd(before, arguments[2], flags=("contract",)), place)
        for each in (before, after):
            each.set_metadata("alias.scope", _written(builder.module))
        return context.get_dummy_value()

    return types.void(row, types.int64, row.dtype), codegen


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
