"""Compiled sums over the places of genes in sparse rows: the fast way, of which ``_order`` and ``_rank`` are the slow twin.

One pass over the stored values of a row finds every tie group without sorting: the bits of positive floats grow with the
values, so values are counted in buckets of bits; a bucket with one distinct value is a tie group, any other is sorted. Zeros
are one tie group of known size. What a gene adds to a score depends on its tie group alone (or on its position in it), so it
is looked up once a group and added to the sums of the signatures that hold the gene.

This module imports numba; nothing imports it before a matrix is large enough to be worth it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ifnscore.methods._compiled import jit

#: Buckets of a row; a power of two.
BUCKETS = 2048
#: Up to this many values of a bucket are sorted by insertion.
_FEW = 48
#: Rules for ties, numbered as ``_measure.RULES``.
AVERAGE, MINIMUM, MAXIMUM, EXPECTED, FORWARD, REVERSE = range(6)


class Row(NamedTuple):
    """Where the work on one row is kept, made once for many rows; buckets come first in arrays over groups."""

    count: Any
    below: Any
    one: Any
    many: Any
    start: Any
    less: Any
    equal: Any
    group: Any
    keys: Any
    items: Any
    value: Any
    done: Any
    stored: Any
    present: Any
    before: Any
    seen: Any
    words: Any
    prefix: Any
    at: Any


class Sets(NamedTuple):
    """Which half of a signature holds which gene.

    ``slot`` (n_genes,): place of a gene among the wanted ones, or -1. ``start`` (n_wanted + 1,) and ``halves``: the halves that
    hold a wanted gene. ``size`` (n_halves,): genes of each half. ``wanted`` (n_wanted,): column of each wanted gene.
    """

    slot: Any
    start: Any
    halves: Any
    size: Any
    wanted: Any


class Measures(NamedTuple):
    """How places become numbers, for m methods.

    Rules (m, 2), tables (m, 2, 2 n_genes + 1), values of zeros (m,), order of genes (n_genes,) or empty.
    """

    rules: Any
    tables: Any
    at_zero: Any
    order: Any


@jit
def _room(bits: Any, widest: int, n_genes: int, sets: Any, measures: Any) -> Any:
    """Return the arrays for rows of up to `widest` stored values."""
    groups, ordered = BUCKETS + widest, len(measures.order) > 0
    return Row(
        np.zeros(BUCKETS, np.int32),
        np.zeros(BUCKETS, np.int32),
        np.zeros(BUCKETS, bits.dtype),
        np.zeros(BUCKETS, np.bool_),
        np.zeros(BUCKETS, np.int32),
        np.zeros(groups, np.int32),
        np.zeros(groups, np.int32),
        np.zeros(widest, np.int32),
        np.zeros(widest, bits.dtype),
        np.zeros(widest, np.int32),
        np.zeros((len(measures.rules), 2, groups)),
        np.zeros(groups, np.bool_),
        np.zeros(len(sets.size), np.int32),
        np.zeros(len(sets.wanted) if ordered else 1, np.bool_),
        np.zeros(widest, np.int32),
        np.zeros(groups if ordered else 1, np.int32),
        np.zeros(n_genes // 64 + 1, np.uint64),
        np.zeros(n_genes // 64 + 1, np.int32),
        np.zeros(n_genes if ordered else 1, np.int32),
    )


@jit
def _value(rule: Any, table: Any, less: Any, equal: Any, before: Any) -> Any:
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
def _ones(word: Any) -> Any:
    """Count the bits of a 64-bit word."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@jit
def _sort(keys: Any, items: Any, start: Any, stop: Any) -> None:
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
def _extent(bits: Any, s: Any, e: Any, infinity: Any) -> Any:
    """Return the smallest stored value that is not 0, the largest, and how many are not 0."""
    low, high, n = infinity, bits.dtype.type(0), 0
    for v in bits[s:e]:
        high = max(high, v)
        if v != 0:
            low = min(low, v)
            n += 1
    return low, high, n


@jit
def _count(bits: Any, s: Any, e: Any, low: Any, by: Any, row: Any) -> Any:
    """Put every value into a bucket; return whether some bucket holds several distinct values."""
    count, group, one, many = row.count, row.group, row.one, row.many
    count[:] = 0
    mixed, own = False, bits[s:e]
    for j in range(len(own)):
        v = own[j]
        if v == 0:
            group[j] = -1
            continue
        b = np.uintp((v - low) >> by)  # unsigned: an index that cannot be negative is not looked at for being so
        group[j] = np.int32(b)
        if count[b] == 0:
            one[b] = v
            many[b] = False
        elif one[b] != v:
            many[b] = True
            mixed = True
        count[b] += 1
    return mixed


@jit
def _place(n_zero: Any, row: Any) -> None:
    """Turn counts into the number of genes below each bucket."""
    count, below, less, equal, many = row.count, row.below, row.less, row.equal, row.many
    total = np.int32(n_zero)
    for b in range(BUCKETS):
        n = count[b]
        below[b], less[b], equal[b] = total, total, n
        if n == 0:
            many[b] = False
        total += n


@jit
def _split(bits: Any, s: Any, e: Any, row: Any) -> Any:
    """Split buckets with several values into tie groups of their own; return how many groups there are now."""
    count, group, many, start, keys, items = row.count, row.group, row.many, row.start, row.keys, row.items
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
    less, equal, below = row.less, row.equal, row.below
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
def _befores(columns: Any, order: Any, groups: Any, row: Any) -> None:
    """Count, for every stored value of a row, the members of its group that stand before it in the order of genes."""
    words, seen, at, group, prefix, before = row.words, row.seen, row.at, row.group, row.prefix, row.before
    words[:] = 0
    seen[:groups] = 0
    for j in range(len(columns)):
        if group[j] >= 0:
            p = np.uintp(order[np.uintp(columns[j])])
            words[p >> np.uintp(6)] |= np.uint64(1) << np.uint64(p & np.uintp(63))
            at[p] = j
    total = 0
    for w in range(len(words)):
        prefix[w] = total
        word = words[w]
        total += _ones(word)
        while word:
            low = word & (~word + np.uint64(1))
            here = np.uintp(at[np.uintp(w << 6) + np.uintp(_ones(low - np.uint64(1)))])
            g = np.uintp(group[here])
            before[here] = seen[g]
            seen[g] += 1
            word ^= low


@jit
def _add(out: Any, c: Any, i: Any, h: Any, u: Any, v: Any) -> None:
    out[c, 0, i, h] += u
    out[c, 1, i, h] += v
    out[c, 2, i, h] += u * v


@jit
def _evaluate(g: Any, before: Any, measures: Any, row: Any) -> None:
    """Look up the numbers of a tie group."""
    for c in range(len(measures.rules)):
        for second in range(2):
            rule = measures.rules[c, second]
            if rule >= 0:
                row.value[c, second, g] = _value(rule, measures.tables[c, second], row.less[g], row.equal[g], before)


@jit
def _add_stored(indices: Any, s: Any, e: Any, i: Any, sets: Any, measures: Any, row: Any, out: Any) -> None:
    """Add what the wanted genes with a stored value count for."""
    slot, start, halves, rules = sets.slot, sets.start, sets.halves, measures.rules
    group, present, done, before, stored, value = row.group, row.present, row.done, row.before, row.stored, row.value
    ordered, n_measures = len(measures.order) > 0, len(rules)
    own = indices[s:e]
    for j in range(len(own)):
        w = slot[np.uintp(own[j])]
        if w < 0:
            continue
        g = group[j]
        if g < 0:
            continue
        if ordered:
            present[w] = True
        if ordered or not done[g]:
            done[g] = True
            _evaluate(g, before[j], measures, row)
        for a in range(start[w], start[w + 1]):
            h = halves[a]
            stored[h] += 1
            for c in range(n_measures):
                if rules[c, 1] >= 0:
                    _add(out, c, i, h, value[c, 0, g], value[c, 1, g])
                else:
                    out[c, 0, i, h] += value[c, 0, g]


@jit
def _depends_on_order(c: Any, n_zero: Any, measures: Any) -> Any:
    """Whether genes that are 0 count for different numbers; tables never turn, so their ends tell."""
    for second in range(2):
        if second == 0 and not np.isnan(measures.at_zero[c]):
            continue
        table = measures.tables[c, second]
        if measures.rules[c, second] >= FORWARD and table[2] != table[2 * n_zero]:
            return True
    return False


@jit
def _add_zeros(i: Any, n_zero: Any, sets: Any, measures: Any, row: Any, out: Any) -> None:
    """Add what the wanted genes without a stored value count for."""
    for c in range(len(measures.rules)):
        if not _depends_on_order(c, n_zero, measures):
            u, v = measures.at_zero[c], 0.0
            if np.isnan(u):
                u = _value(measures.rules[c, 0], measures.tables[c, 0], 0, n_zero, 0)
            if measures.rules[c, 1] >= 0:
                v = _value(measures.rules[c, 1], measures.tables[c, 1], 0, n_zero, 0)
            for h in range(len(sets.size)):
                k = sets.size[h] - row.stored[h]
                out[c, 0, i, h] += k * u
                out[c, 1, i, h] += k * v
                out[c, 2, i, h] += k * (u * v)
            continue
        present, words, prefix, start, halves = row.present, row.words, row.prefix, sets.start, sets.halves
        order, wanted, zero = measures.order, sets.wanted, measures.at_zero[c]
        rule, second_rule = measures.rules[c, 0], measures.rules[c, 1]
        table, second = measures.tables[c, 0], measures.tables[c, 1]
        for w in range(len(wanted)):
            if present[w]:
                continue
            p = order[wanted[w]]
            inside = words[p >> 6] & ((np.uint64(1) << np.uint64(p & 63)) - np.uint64(1))
            before = p - prefix[p >> 6] - _ones(inside)
            u = _value(rule, table, 0, n_zero, before) if np.isnan(zero) else zero
            v = _value(second_rule, second, 0, n_zero, before) if second_rule >= 0 else 0.0
            for a in range(start[w], start[w + 1]):
                _add(out, c, i, halves[a], u, v)


@jit
def rank_sums(
    bits: Any, indices: Any, indptr: Any, n_genes: int, infinity: Any, sets: Any, measures: Any, out: Any, bad: Any
) -> None:
    """Add up, for each row and half of a signature, what its genes count for.

    Parameters
    ----------
    bits, indices, indptr
        Stored values as unsigned whole numbers, their columns (int32, growing within a row) and the bounds of the rows.
    n_genes, infinity
        Number of genes; bits of infinity: larger ones are negative or missing.
    sets, measures
        :class:`Sets` and :class:`Measures`.
    out
        Sums of first number, second number and product, shape (m, 3, n_rows, n_halves), filled here.
    bad
        Marks rows with negative or missing values, which are left out, shape (n_rows,).
    """
    widest = 1
    for i in range(len(indptr) - 1):
        widest = max(widest, indptr[i + 1] - indptr[i])
    row = _room(bits, widest, n_genes, sets, measures)
    for i in range(len(indptr) - 1):
        s, e = indptr[i], indptr[i + 1]
        low, high, n = _extent(bits, s, e, infinity)
        if high >= infinity:
            bad[i] = True
            continue
        shift = 0
        while n and ((high - low) >> bits.dtype.type(shift)) >= BUCKETS:
            shift += 1
        mixed = _count(bits, s, e, low, bits.dtype.type(shift), row)
        _place(n_genes - n, row)
        groups = _split(bits, s, e, row) if mixed else BUCKETS
        row.done[:groups] = False
        row.stored[:] = 0
        if len(measures.order) > 0:
            _befores(indices[s:e], measures.order, groups, row)
            row.present[:] = False
        _add_stored(indices, s, e, i, sets, measures, row, out)
        if n < n_genes:
            _add_zeros(i, n_genes - n, sets, measures, row, out)
