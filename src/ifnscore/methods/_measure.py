"""How the place of a gene among all genes of a sample becomes a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array

#: Rules for ties. ``expected`` is the mean over all orders of the tied genes; ``forward`` ranks tied genes upwards in the order
#: of genes, ``reverse`` downwards. ``_ranks`` numbers them in the same order.
RULES = ("average", "min", "max", "expected", "forward", "reverse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How the place of a gene becomes a number, or a pair of numbers.

    Attributes
    ----------
    rule
        One of :data:`RULES`.
    table
        Values by twice the ascending rank, shape (2 n_genes + 1,); for ``expected`` sums of the values up to a rank, by the rank.
    second_rule, second
        The same for a second number, where the score needs sums of products.
    at_zero
        Value of a gene that is 0, instead of that of its place.
    order
        Place of each gene in the order that breaks ties, shape (n_genes,), for ``forward`` and ``reverse``.
    """

    rule: str
    table: Array
    second_rule: str = ""
    second: Array | None = None
    at_zero: float | None = None
    order: Array | None = None


def twice(n: int) -> Array:
    """Return the ranks that a table is indexed by: 0, 1/2, 1 ... n, shape (2 n + 1,)."""
    return np.arange(2 * n + 1) / 2.0
