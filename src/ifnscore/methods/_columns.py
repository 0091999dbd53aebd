"""Compiled choice of columns from sparse rows, with the sums over each row on the way; imports numba, as ``_ranks`` does."""

from __future__ import annotations

from typing import Any

import numpy as np

from ifnscore.methods._compiled import jit


@jit
def chosen_columns(data: Any, indices: Any, indptr: Any, slot: Any, values: Any, columns: Any, ends: Any, sums: Any) -> Any:
    """Copy the stored values of the wanted columns; return how many there are.

    Parameters
    ----------
    data, indices, indptr
        Stored values, their columns and the bounds of the rows.
    slot
        Place of each column among the wanted ones, or -1, shape (n_columns,).
    values, columns, ends
        Filled: values, their places among the wanted columns, and the bounds of the rows, shape (n_rows + 1,).
    sums
        Filled, if it has as many rows: sum and sum of squares of each row, shape (n_rows, 2).
    """
    n, moments = 0, len(sums) > 0
    for i in range(len(indptr) - 1):
        if moments:
            total = squares = 0.0
            for j in range(indptr[i], indptr[i + 1]):
                v = np.float64(data[j])
                total += v
                squares += v * v
            sums[i, 0], sums[i, 1] = total, squares
        for j in range(indptr[i], indptr[i + 1]):
            w = slot[indices[j]]
            if w >= 0:
                values[n], columns[n] = data[j], w
                n += 1
        ends[i + 1] = n
    return n
