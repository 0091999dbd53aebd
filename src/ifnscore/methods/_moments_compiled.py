"""Compiled sums over sparse rows: weighted sums over the genes of signatures and the moments of whole rows; imports numba.

Nothing is copied out of the rows: of a stored value one look-up says whether a signature holds its gene.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ifnscore.methods._compiled import jit


class Held(NamedTuple):
    """Which signature holds which gene with which weight.

    ``wanted`` (n_genes,): 1 for genes that a signature holds, else 0, in bytes, so that the table stays in the nearest cache.
    ``slot`` (n_genes,): place of a gene among the wanted ones. ``start`` (n_wanted + 1,): bounds of a wanted gene in ``sets``
    and ``weights``, the signatures that hold it and its weights there.
    """

    wanted: Any
    slot: Any
    start: Any
    sets: Any
    weights: Any


@jit
def moments_of_row(data: Any, first: Any, last: Any) -> Any:
    """Return sum and sum of squares of ``data[first:last]``, in four strands so that additions do not wait for each other."""
    a = b = c = d = 0.0
    e = f = g = h = 0.0
    whole = first + (last - first) // 4 * 4
    for j in range(first, whole, 4):
        u, v, w, x = np.float64(data[j]), np.float64(data[j + 1]), np.float64(data[j + 2]), np.float64(data[j + 3])
        a += u
        b += v
        c += w
        d += x
        e += u * u
        f += v * v
        g += w * w
        h += x * x
    for j in range(whole, last):
        u = np.float64(data[j])
        a += u
        e += u * u
    return (a + b) + (c + d), (e + f) + (g + h)


@jit
def weighted_sums(data: Any, indices: Any, indptr: Any, held: Any, hits: Any, out: Any, sums: Any) -> None:
    """Add up weight times value over the stored values of each row.

    Parameters
    ----------
    data, indices, indptr
        Stored values, their columns and the bounds of the rows.
    held
        A :class:`Held`.
    hits
        Room for the positions of a row, shape (most stored values of a row,).
    out
        Zeros, filled: shape (n_rows, n_sets).
    sums
        Filled, if it has as many rows: sum and sum of squares of each row, shape (n_rows, 2).
    """
    wanted, slot, start, sets, weights = held
    moments = len(sums) > 0
    for i in range(len(indptr) - 1):
        first, last = indptr[i], indptr[i + 1]
        if moments:
            sums[i, 0], sums[i, 1] = moments_of_row(data, first, last)
        own, values, row = indices[first:last], data[first:last], out[i]
        found = np.uintp(0)  # unsigned: an index that cannot be negative is not looked at for being so
        for j in range(len(own)):  # every position is written, and kept if its gene is wanted: no branch to guess
            hits[found] = j
            found += np.uintp(wanted[np.uintp(own[j])])
        for m in range(found):
            j = hits[m]
            place, value = np.uintp(slot[np.uintp(own[j])]), np.float64(values[j])
            for a in range(np.uintp(start[place]), np.uintp(start[place + np.uintp(1)])):
                row[np.uintp(sets[a])] += weights[a] * value
