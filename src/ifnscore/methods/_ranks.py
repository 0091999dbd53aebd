"""Compiled sums over the places of genes in sparse rows: the fast way, of which ``_order`` and ``_rank`` are the slow twin.

One pass over the stored values of a row finds every tie group without sorting: the bits of positive floats grow with the values,
so values are counted in buckets of bits; a bucket with one distinct value is a tie group, any other is sorted. Zeros are one tie
group of known size. What a gene adds to a score depends on its tie group alone (or on its position in it), so it is looked up
once a group and added to the sums of the signatures that hold the gene.

This module imports numba; nothing imports it before a matrix is large enough to be worth it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ifnscore.methods._compiled import jit

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Buckets of a row; a power of two.
BUCKETS = 2048
#: Up to this many values of a bucket are sorted by insertion.
_FEW = 48

AVERAGE, MINIMUM, MAXIMUM, EXPECTED, FORWARD, REVERSE = range(6)


@jit
def _value(rule: int, table: Array, less: int, equal: int, before: int) -> float:
    """Return the value of a gene from its place; tables are indexed by twice the ascending rank, sums by the rank."""
    if rule == AVERAGE:
        return table[2 * less + equal + 1]
    if rule == EXPECTED:
        return (table[less + equal] - table[less]) / equal
    if rule == MINIMUM:
        return table[2 * less + 2]
    if rule == MAXIMUM:
        return table[2 * (less + equal)]
    if rule == FORWARD:
        return table[2 * (less + before + 1)]
    return table[2 * (less + equal - before)]


@jit
def _ones(word: Any) -> int:
    """Count the bits of a 64-bit word."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@jit
def _sort(keys: Array, items: Array, start: int, stop: int) -> None:
    """Sort `keys` from `start` to `stop` and move `items` along."""
    if stop - start > _FEW:
        order = np.argsort(keys[start:stop], kind="mergesort")
        k, i = keys[start:stop].copy(), items[start:stop].copy()
        for a in range(stop - start):
            keys[start + a], items[start + a] = k[order[a]], i[order[a]]
        return
    for a in range(start + 1, stop):
        key, item = keys[a], items[a]
        b = a - 1
        while b >= start and keys[b] > key:
            keys[b + 1], items[b + 1] = keys[b], items[b]
            b -= 1
        keys[b + 1], items[b + 1] = key, item


@jit
def _mixed(bits: Array, group: Array, s: int, e: int, count: Array, below: Array, many: Array, work: tuple[Array, ...]) -> int:
    """Split buckets with several values into tie groups of their own; return how many groups there are now."""
    less, equal, start, keys, items = work
    total = 0
    for b in range(BUCKETS):
        if many[b]:
            start[b] = total
            total += count[b]
    for j in range(s, e):
        g = group[j - s]
        if g >= 0 and many[g]:
            keys[start[g]], items[start[g]] = bits[j], j - s
            start[g] += 1
    groups = BUCKETS
    for b in range(BUCKETS):
        if not many[b]:
            continue
        stop = start[b]
        first = stop - count[b]
        _sort(keys, items, first, stop)
        a = first
        while a < stop:
            z = a + 1
            while z < stop and keys[z] == keys[a]:
                z += 1
            less[groups], equal[groups] = below[b] + a - first, z - a
            for q in range(a, z):
                group[items[q]] = groups
            groups += 1
            a = z
    return groups


@jit
def _befores(group: Array, cols: Array, position: Array, groups: int, n_genes: int, work: tuple[Array, ...]) -> None:
    """Count, for every stored value of a row, the members of its group that stand before it in the order of genes."""
    before, seen, words, prefix, at = work
    n_words = n_genes // 64 + 1
    words[:n_words] = 0
    seen[:groups] = 0
    for j in range(len(cols)):
        if group[j] >= 0:
            p = position[cols[j]]
            words[p >> 6] |= np.uint64(1) << np.uint64(p & 63)
            at[p] = j
    total = 0
    for w in range(n_words):
        prefix[w] = total
        word = words[w]
        total += _ones(word)
        while word:
            low = word & (~word + np.uint64(1))
            j = at[(w << 6) + _ones(low - np.uint64(1))]
            before[j] = seen[group[j]]
            seen[group[j]] += 1
            word ^= low


@jit
def rank_sums(
    bits: Array,
    indices: Array,
    indptr: Array,
    first: int,
    n_genes: int,
    infinity: Any,
    sets: tuple[Array, Array, Array, Array, Array],
    position: Array,
    rules: Array,
    tables: Array,
    at_zero: Array,
    out: Array,
    bad: Array,
) -> None:
    """Add up, for each row and half of a signature, what its genes count for.

    Parameters
    ----------
    bits, indices, indptr, first
        Stored values as unsigned whole numbers, their columns (int32, growing within a row) and the bounds of the rows, which
        count from `first`.
    n_genes, infinity
        Number of genes; bits of infinity: larger ones are negative or missing.
    sets
        ``slot`` (n_genes,): place of a gene among the wanted ones or -1; ``start``, ``halves``: the halves of signatures that
        hold a wanted gene; ``size`` of each half; ``wanted``: column of each wanted gene.
    position
        Place of each gene in the order that breaks ties, or empty.
    rules, tables, at_zero
        Rules (m, 2), their tables (m, 2, 2 n_genes + 1) and the value of genes that are 0 (m,), NaN for that of their place. A second
        rule of -1: no second factor.
    out
        Sums of first factor, second factor and product, shape (m, 3, n_rows, n_halves), filled here.
    bad
        Marks rows with negative or missing values, which are left out, shape (n_rows,).
    """
    slot, starts, halves, size, wanted = sets
    m, n_halves = len(rules), len(size)
    ordered = len(position) > 0
    widest = 1
    for i in range(len(indptr) - 1):
        widest = max(widest, indptr[i + 1] - indptr[i])
    room = BUCKETS + widest
    count, below = np.zeros(BUCKETS, np.int32), np.zeros(BUCKETS, np.int32)
    one, many = np.zeros(BUCKETS, bits.dtype), np.zeros(BUCKETS, np.bool_)
    less, equal = np.zeros(room, np.int32), np.zeros(room, np.int32)
    group, start = np.zeros(widest, np.int32), np.zeros(BUCKETS, np.int32)
    keys, items = np.zeros(widest, bits.dtype), np.zeros(widest, np.int32)
    value, done = np.zeros((m, 2, room)), np.zeros(room, np.bool_)
    stored = np.zeros(n_halves, np.int32)
    present = np.zeros(len(wanted) if ordered else 1, np.bool_)
    before, seen = np.zeros(widest, np.int32), np.zeros(room if ordered else 1, np.int32)
    words, prefix = np.zeros(n_genes // 64 + 1, np.uint64), np.zeros(n_genes // 64 + 1, np.int32)
    at = np.zeros(n_genes if ordered else 1, np.int32)
    for i in range(len(indptr) - 1):
        s, e = indptr[i] - first, indptr[i + 1] - first
        high, low, stored_n = bits.dtype.type(0), infinity, 0
        for j in range(s, e):
            v = bits[j]
            high = max(high, v)
            if v != 0:
                low = min(low, v)
                stored_n += 1
        if high >= infinity:
            bad[i] = True
            continue
        shift = 0
        while stored_n and ((high - low) >> bits.dtype.type(shift)) >= BUCKETS:
            shift += 1
        count[:] = 0
        mixed = False
        by = bits.dtype.type(shift)
        for j in range(s, e):
            v = bits[j]
            if v == 0:
                group[j - s] = -1
                continue
            b = np.int32((v - low) >> by)
            group[j - s] = b
            if count[b] == 0:
                one[b] = v
                many[b] = False
            elif one[b] != v:
                many[b] = True
                mixed = True
            count[b] += 1
        n_zero = n_genes - stored_n
        total = n_zero
        for b in range(BUCKETS):
            below[b], less[b], equal[b] = total, total, count[b]
            if count[b] == 0:
                many[b] = False
            total += count[b]
        groups = BUCKETS
        if mixed:
            groups = _mixed(bits, group, s, e, count, below, many, (less, equal, start, keys, items))
        done[:groups] = False
        stored[:] = 0
        if ordered:
            _befores(group, indices[s:e], position, groups, n_genes, (before, seen, words, prefix, at))
            present[:] = False
        for j in range(s, e):
            w = slot[indices[j]]
            if w < 0 or group[j - s] < 0:
                continue
            g = group[j - s]
            if ordered:
                present[w] = True
            if ordered or not done[g]:
                done[g] = True
                for c in range(m):
                    value[c, 0, g] = _value(rules[c, 0], tables[c, 0], less[g], equal[g], before[j - s])
                    if rules[c, 1] >= 0:
                        value[c, 1, g] = _value(rules[c, 1], tables[c, 1], less[g], equal[g], before[j - s])
            for a in range(starts[w], starts[w + 1]):
                h = halves[a]
                stored[h] += 1
                for c in range(m):
                    u = value[c, 0, g]
                    out[c, 0, i, h] += u
                    if rules[c, 1] >= 0:
                        out[c, 1, i, h] += value[c, 1, g]
                        out[c, 2, i, h] += u * value[c, 1, g]
        if n_zero == 0:
            continue
        for c in range(m):
            by_order = False
            u, v = at_zero[c], 0.0
            if u != u:
                by_order = rules[c, 0] >= FORWARD and tables[c, 0, 2] != tables[c, 0, 2 * n_zero]
                u = _value(rules[c, 0], tables[c, 0], 0, n_zero, 0)
            if rules[c, 1] >= 0:
                by_order = by_order or (rules[c, 1] >= FORWARD and tables[c, 1, 2] != tables[c, 1, 2 * n_zero])
                v = _value(rules[c, 1], tables[c, 1], 0, n_zero, 0)
            if not by_order:
                for h in range(n_halves):
                    k = size[h] - stored[h]
                    out[c, 0, i, h] += k * u
                    out[c, 1, i, h] += k * v
                    out[c, 2, i, h] += k * (u * v)
                continue
            for w in range(len(wanted)):
                if present[w]:
                    continue
                p = position[wanted[w]]
                inside = words[p >> 6] & ((np.uint64(1) << np.uint64(p & 63)) - np.uint64(1))
                ahead = p - prefix[p >> 6] - _ones(inside)
                u = at_zero[c]
                if u != u:
                    u = _value(rules[c, 0], tables[c, 0], 0, n_zero, ahead)
                v = 0.0
                if rules[c, 1] >= 0:
                    v = _value(rules[c, 1], tables[c, 1], 0, n_zero, ahead)
                for a in range(starts[w], starts[w + 1]):
                    h = halves[a]
                    out[c, 0, i, h] += u
                    out[c, 1, i, h] += v
                    out[c, 2, i, h] += u * v


@jit
def chosen_columns(
    data: Array, indices: Array, indptr: Array, first: int, slot: Array, moments: bool, values: Array, columns: Array, ends: Array, sums: Array
) -> int:
    """Copy the stored values of the wanted columns; return how many there are.

    Parameters
    ----------
    data, indices, indptr, first, slot
        As in :func:`rank_sums`, with plain values.
    moments
        Whether to add up each row and its squares too.
    values, columns, ends
        Filled: values, their places among the wanted columns, and the bounds of the rows, shape (n_rows + 1,).
    sums
        Filled if asked for: sum and sum of squares of each row, shape (n_rows, 2).
    """
    n = 0
    for i in range(len(indptr) - 1):
        total = squares = 0.0
        for j in range(indptr[i] - first, indptr[i + 1] - first):
            w = slot[indices[j]]
            if moments:
                v = np.float64(data[j])
                total += v
                squares += v * v
            if w >= 0:
                values[n], columns[n] = data[j], w
                n += 1
        ends[i + 1] = n
        sums[i, 0], sums[i, 1] = total, squares
    return n
