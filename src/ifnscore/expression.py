"""Expression scales: which one a matrix is on, and the conversions between them.

Scales are ``counts``; ``linear`` (CPM, TPM, FPKM, normalised counts); ``log2`` (no offset, as arrays);
``log2p1`` = log2(x + 1); ``log1p`` = ln(x + 1), as scanpy writes it; ``ct`` (cycle thresholds: higher is less).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ifnscore import _threads, sources
from ifnscore._lazy import is_sparse, np
from ifnscore.errors import ScaleError

Scale: TypeAlias = Literal["counts", "linear", "log2", "log2p1", "log1p", "ct"]
SCALES: tuple[Scale, ...] = ("counts", "linear", "log2", "log2p1", "log1p", "ct")
LOG_SCALES: tuple[Scale, ...] = ("log2", "log2p1", "log1p")
NO_NEGATIVES: tuple[Scale, ...] = ("counts", "linear", "log2p1", "log1p")

#: Above this a log2 value would mean 2**64 molecules: the matrix is not on a log scale.
MAX_LOG2 = 64.0
#: The logarithm of the smallest number that a float holds.
MIN_LOG2 = -1074.0
#: Beyond this a float no longer holds every whole number, and nobody has counted so far.
MAX_COUNT = 2.0**53
#: Below this squares and sums over a genome stay finite.
MAX_LINEAR = 1e100
#: Under this many genes, counts per million say more about the panel than about the sample.
MIN_GENES_FOR_CPM = 10_000
#: Values looked at together: they stay in the cache of a core.
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class Detection:
    """The scale found in a matrix, or None, and the reason in words."""

    scale: Scale | None
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What one pass over the stored values says: smallest, largest, all whole numbers, any missing."""

    minimum: float
    maximum: float
    integer: bool
    missing: bool


def facts(x: Any) -> Facts:
    """Read the facts that decide about the scale of `x`.

    Parameters
    ----------
    x
        Matrix of shape (n_samples, n_genes), dense or scipy sparse; implicit zeros count as zeros. Of a source that is read
        in parts the first ones are looked at.
    """
    if isinstance(x, sources.Source):
        x = sources.head(x)
    values = x.data if is_sparse(x) else np.asarray(x)
    implicit_zero = is_sparse(x) and x.nnz < x.shape[0] * x.shape[1]
    low, high, integer, missing = _seen(np.ravel(values, order="K"))
    if low > high:  # not one number
        return Facts(0.0 if implicit_zero else float("nan"), 0.0, implicit_zero, missing)
    if implicit_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    return Facts(low, high, integer, missing)


def _seen(values: Any) -> tuple[float, float, bool, bool]:
    """Return smallest and largest finite value, whether all are whole numbers, and whether any is not finite."""
    found: list[tuple[float, float, bool, bool]] = [(math.inf, -math.inf, True, False)]
    fractional = values.dtype.kind == "f" and not _whole(values[:10_000])

    def work(start: int, stop: int) -> None:
        low, high, whole, missing = math.inf, -math.inf, not fractional, False
        with np.errstate(invalid="ignore"):
            for at in range(start * _BLOCK, min(stop * _BLOCK, len(values)), _BLOCK):
                block = values[at : min(at + _BLOCK, stop * _BLOCK)]
                least, most = float(block.min()), float(block.max())
                if not (math.isfinite(least) and math.isfinite(most)):
                    missing, block = True, block[np.isfinite(block)]
                    if not block.size:
                        continue
                    least, most = float(block.min()), float(block.max())
                low, high, whole = min(low, least), max(high, most), whole and (values.dtype.kind != "f" or _whole(block))
        found.append((low, high, whole, missing))

    _threads.over_rows(work, -(-len(values) // _BLOCK), smallest=4)
    lows, highs, wholes, missings = zip(*found, strict=True)
    return min(lows), max(highs), all(wholes), any(missings)


def _whole(values: Any) -> bool:
    finite = values[np.isfinite(values)] if not np.isfinite(values).all() else values
    return bool((np.floor(finite) == finite).all())


def detect(found: Facts, log1p_mark: Any = None) -> Detection:
    """Name the scale only where it is certain: whole non-negative numbers, or scanpy's own mark.

    Parameters
    ----------
    found
        Facts of the matrix, see :func:`facts`.
    log1p_mark
        ``adata.uns["log1p"]`` as scanpy writes it (a mapping with ``base``), or None. It is trusted only
        when no value is negative and some are not whole.
    """
    low, high = found.minimum, found.maximum
    if found.integer and low >= 0 and high > MAX_COUNT:
        return Detection(None, f"whole numbers up to {high:.4g}, more than any count")
    if found.integer and low >= 0:
        return Detection("counts", "all values are non-negative whole numbers")
    if log1p_mark is not None and low >= 0 and not found.integer:
        base = log1p_mark.get("base") if hasattr(log1p_mark, "get") else None
        if base is None:  # scanpy's default, the natural logarithm
            return Detection("log1p", "scanpy's log1p mark, no negative value, not whole numbers")
        if str(base) in {"2", "2.0"}:
            return Detection("log2p1", "scanpy's log1p mark with base 2, no negative value, not whole numbers")
    if low < 0:
        return Detection(None, f"negative values (lowest {low:.4g}): z-scores, log fold changes or log2 values")
    return Detection(None, f"fractional values from {low:.4g} to {high:.4g} fit several scales")


def check(found: Facts, scale: Scale) -> None:
    """Refuse values that are impossible on the declared scale.

    Raises
    ------
    ScaleError
        Negative values on a scale that has none, log values beyond 2**64, or absurdly large numbers.
    """
    if scale in NO_NEGATIVES and found.minimum < 0:
        msg = f"the scale is {scale}, but the matrix holds negative values (lowest {found.minimum:.4g})"
        raise ScaleError(msg)
    largest = {"counts": MAX_COUNT, "linear": MAX_LINEAR}.get(scale)
    if largest is not None and found.maximum > largest:
        msg = f"the scale is {scale}, but the largest value is {found.maximum:.4g}, more than any measurement: is a cell broken?"
        raise ScaleError(msg)
    if scale == "ct" and found.minimum < -MAX_LOG2:
        msg = f"the scale is ct, but the lowest value is {found.minimum:.4g}, below any cycle threshold: is a cell broken?"
        raise ScaleError(msg)
    if scale in LOG_SCALES and found.minimum < MIN_LOG2:
        msg = f"the scale is {scale}, but the lowest value is {found.minimum:.4g}, below any logarithm: is a cell broken?"
        raise ScaleError(msg)
    if scale in LOG_SCALES and found.maximum > MAX_LOG2:
        msg = (
            f"the scale is {scale}, but the largest value is {found.maximum:.4g}, beyond any log scale: "
            "declare --scale linear or counts"
        )
        raise ScaleError(msg)


def to_linear(x: Any, scale: Scale, library_size: Any = None) -> Any:
    """Convert dense values to the linear scale (counts become counts per million).

    Parameters
    ----------
    x
        Array of shape (n_samples, n_columns).
    scale
        Scale of `x`; ``ct`` is normalised to housekeeping genes first, see :func:`from_ct`.
    library_size
        Array of shape (n_samples,): total count of each sample over all genes; needed for counts.
        A sample whose total is 0 becomes NaN.
    """
    x = np.asarray(x, dtype=np.float64)
    if scale == "counts":
        total = np.asarray(library_size, dtype=np.float64)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > 0, x / np.where(total > 0, total, 1.0) * 1e6, np.nan)
    if scale == "log2":
        return np.exp2(x)
    if scale == "log2p1":
        return np.exp2(x) - 1.0
    if scale == "log1p":
        return np.expm1(x)
    if scale == "ct":
        return np.exp2(-x)
    return x


def to_log2(x: Any, scale: Scale, library_size: Any = None, pseudocount: float | None = None) -> Any:
    """Convert dense values to log2.

    Array data (``log2``) and Ct values stay without an offset; everything else becomes log2(linear + pseudocount)
    with a pseudo-count of 1 unless another is given.

    Parameters
    ----------
    x, scale, library_size
        See :func:`to_linear`.
    pseudocount
        Offset on the linear scale; None means 0 for ``log2`` and ``ct`` and 1 otherwise.
    """
    if pseudocount is None:
        if scale == "log2":
            return np.asarray(x, dtype=np.float64)
        if scale == "ct":
            return -np.asarray(x, dtype=np.float64)
        pseudocount = 1.0
        if scale == "log2p1":
            return np.asarray(x, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.log2(to_linear(x, scale, library_size) + pseudocount)


def from_ct(x: Any, housekeeping: Any) -> Any:
    """Subtract the mean housekeeping Ct of each sample: delta Ct, shape (n_samples, n_columns)."""
    return np.asarray(x, dtype=np.float64) - np.asarray(housekeeping, dtype=np.float64).mean(axis=1, keepdims=True)
