"""Values that are seen for the first time while they are scored: what the first samples said must hold for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ifnscore import expression
from ifnscore._lazy import is_sparse, np
from ifnscore.errors import DataError, ScaleError
from ifnscore.expression import Facts, Scale

if TYPE_CHECKING:
    from ifnscore.matrix import Matrix
    from ifnscore.methods._protocol import Array


class Finding(NamedTuple):
    """A value that cannot be scored: its row among those looked at, its gene, and what is wrong with it in words."""

    row: int
    gene: str
    what: str
    scale: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """What every part of a streamed matrix is held to, the rules being those of a matrix in memory.

    Attributes
    ----------
    scale
        Scale that was declared, recorded or found in the first samples.
    whole
        Whether counts were found there because all values were whole numbers.
    genes
        Gene keys that may hold no missing value; None: no gene of the matrix may.
    signature_genes
        The ones of signatures, for the message.
    dropped
        Gene keys with missing values that were left out for all samples.
    """

    scale: Scale
    whole: bool = False
    genes: tuple[str, ...] | None = None
    signature_genes: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()

    def look(self, part: Matrix) -> Finding | None:
        """Return the first value that contradicts, or None."""
        facts = expression.facts(part.x)
        return (
            (self._missing(part) if facts.missing else None)
            or self._impossible(part, facts)
            or (self._fraction(part) if self.whole and not facts.integer else None)
        )

    def _missing(self, part: Matrix) -> Finding | None:
        held = part.universe if self.genes is None else self.genes
        keys = [k for k in held if k in part.position and k not in self.dropped]
        columns, _ = part.columns_of(keys)
        found = first(part.x, lambda v: ~np.isfinite(v), columns)
        if found is None:
            return None
        row, column, value = found
        gene = next(k for k in keys if column in part.columns_of([k])[0])
        kind = "signature gene" if gene in self.signature_genes else "gene"
        fix = "fill or remove it, or let the gene be dropped for all samples with --allow-missing"
        return Finding(row, gene, f"{value} in {kind} {gene}, sample {{sample}}: {fix}", scale=False)

    def _impossible(self, part: Matrix, facts: Facts) -> Finding | None:
        try:
            expression.check(facts, self.scale)
        except ScaleError as error:
            low = _fits(Facts(0.0, max(facts.maximum, 0.0), integer=True, missing=False), self.scale)
            at = facts.minimum if low else facts.maximum
            found = first(part.x, lambda v: v == at)
            row, column, _ = found or (0, 0, at)
            return self._against(part, row, column, str(error))
        return None

    def _fraction(self, part: Matrix) -> Finding | None:
        found = first(part.x, lambda v: np.isfinite(v) & (np.floor(v) != v))
        if found is None:
            return None
        row, column, value = found
        return self._against(part, row, column, f"{value:.6g} is no whole number, but those of the first samples are")

    def _against(self, part: Matrix, row: int, column: int, what: str) -> Finding:
        gene = part.identifiers[column]
        fix = f"the scale was taken for {self.scale}; declare it with --scale, or choose another layer with --layer"
        return Finding(row, gene, f"{what} (sample {{sample}}, gene {gene}): {fix}", scale=True)


def refuse(found: Finding, sample: str) -> None:
    """Raise the error of a finding.

    Raises
    ------
    ScaleError
        The value contradicts the scale.
    DataError
        It is missing or infinite.
    """
    msg = found.what.replace("{sample}", sample)
    raise (ScaleError if found.scale else DataError)(msg)


def _fits(facts: Facts, scale: Scale) -> bool:
    try:
        expression.check(facts, scale)
    except ScaleError:
        return False
    return True


def first(x: Any, wrong: Callable[[Array], Array], columns: Array | None = None) -> tuple[int, int, float] | None:
    """Return row, column and value of the first value that is wrong, of some columns or all."""
    if is_sparse(x):
        x = x.tocsr()
        at = np.flatnonzero(wrong(x.data))
        at = at if columns is None else at[np.isin(x.indices[at], columns)]
        if not len(at):
            return None
        row = int(np.searchsorted(x.indptr, at[0], side="right")) - 1
        return row, int(x.indices[at[0]]), float(x.data[at[0]])
    rows, found = np.nonzero(wrong(x))
    keep = slice(None) if columns is None else np.isin(found, columns)
    rows, found = rows[keep], found[keep]
    return (int(rows[0]), int(found[0]), float(x[rows[0], found[0]])) if len(rows) else None
