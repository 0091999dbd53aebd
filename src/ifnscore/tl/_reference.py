"""``tl.reference``: healthy controls frozen for later, one new sample included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ifnscore import genes
from ifnscore import signatures as catalogue
from ifnscore.reference import Reference
from ifnscore.tl import _inputs

if TYPE_CHECKING:
    from anndata import AnnData


def reference(
    adata: AnnData,
    controls: Any,
    *,
    signatures: object = "all",
    reference_by: Sequence[str] | str | None = None,
    donor: str | None = None,
    scale: str | None = None,
    layer: str | None = None,
    symbol_column: str | None = None,
    platform: str | None = None,
) -> Reference:
    """Freeze the healthy controls of a matrix.

    Parameters
    ----------
    adata
        Matrix of shape (n_samples, n_genes) that holds the controls.
    controls
        Expression over ``obs``, or a boolean mask of shape (n_samples,).
    signatures
        Further signatures whose genes are kept, beside all catalogue and housekeeping genes.
    reference_by, donor, scale, layer, symbol_column
        See :func:`ifnscore.tl.score`.
    platform
        Platform of the data, when it does not stand in ``obs["platform"]``.

    Returns
    -------
    Reference
        Write it with :meth:`~ifnscore.Reference.write`.

    Raises
    ------
    DataError
        The matrix or the controls cannot be used; a kept gene has missing values among all samples.
    """
    given = _inputs.prepare(adata, scale=scale, layer=layer, symbol_column=symbol_column, rows=None)
    if platform is not None:
        given = replace(given, platform=platform)
    known = genes.table()
    listed = [known.resolve(g) for s in catalogue.resolve(signatures) for g in s.genes]
    wanted = [k for k in dict.fromkeys([*known.genes, *listed]) if k in given.matrix.position]
    _inputs.tell(given.matrix, wanted, whole=False)
    missing = {gene for gene, _, _ in given.matrix.not_finite(wanted)}
    kept = [k for k in wanted if k not in missing]
    by = _inputs.stratify(adata, reference_by, None)
    made, _ = _inputs.make_reference(adata, given, controls, kept, by, donor, everybody=True)
    return made
