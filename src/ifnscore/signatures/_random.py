"""Random gene sets matched to a signature in size and expression: the null control of an interferon score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore import genes, identify
from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.matrix import Matrix
from ifnscore.signatures._catalogue import get
from ifnscore.signatures._model import Signature

if TYPE_CHECKING:
    from anndata import AnnData

#: A gene is replaced by one of this many genes nearest to it in mean expression.
NEIGHBOURS = 100


def random_like(
    signature: Signature | str, adata: AnnData, n: int = 100, *, layer: str | None = None, rng: Any = None
) -> list[Signature]:
    """Draw random signatures with as many genes and the same expression levels as `signature`.

    Each gene found in the matrix is replaced by one of the 100 genes nearest to it in mean expression. Genes of the
    catalogue are never drawn, so that the null holds no interferon-response gene that is known.

    Parameters
    ----------
    signature
        The signature to imitate, or its id.
    adata
        Matrix of shape (n_samples, n_genes), on any scale.
    n
        Number of random signatures.
    layer
        Layer to read instead of ``X``.
    rng
        Seed or :class:`numpy.random.Generator`.

    Returns
    -------
    list of Signature
        Ids ``random_<id>_001`` ...; type ``comparator``.

    Raises
    ------
    DataError
        No gene of the signature is in the matrix, or too few genes are outside the catalogue to draw from.
    """
    signature = get(signature) if isinstance(signature, str) else signature
    matrix = Matrix(
        adata.X if layer is None else adata.layers[layer], identify.identifiers(adata)[1], list(adata.obs_names), "linear"
    )
    known = genes.table()
    targets = [k for k in dict.fromkeys(known.resolve(g) for g in signature.genes) if k in matrix.position]
    means = matrix.gene_means()
    pool = np.array([i for i, key in enumerate(matrix.universe) if key not in known.genes], dtype=int)
    if not targets or len(pool) < 2 * len(targets):
        msg = (
            f"cannot draw random sets like {signature.id}: {len(targets)} of its genes are in the matrix and {len(pool)} genes "
            "outside the catalogue; a genome-wide matrix is needed"
        )
        raise DataError(msg)
    pool = pool[np.argsort(means[pool], kind="stable")]
    places = np.searchsorted(means[pool], means[[matrix.position[t] for t in targets]])
    generator = np.random.default_rng(rng)
    width = len(str(n))
    drawn = []
    for number in range(1, n + 1):
        picked = _draw(places, len(pool), generator)
        names = tuple(row.identifier for row in matrix.rows_of([matrix.universe[pool[p]] for p in picked]).values())
        drawn.append(_named(signature, f"random_{signature.id}_{number:0{max(width, 3)}d}", names))
    return drawn


def _draw(places: Any, size: int, generator: Any) -> list[int]:
    """Pick one pool position near each place, none twice."""
    taken: set[int] = set()
    for place in generator.permutation(places):
        reach = NEIGHBOURS // 2
        while True:
            near = [p for p in range(max(0, place - reach), min(size, place + reach)) if p not in taken]
            if near:
                break
            reach *= 2
        taken.add(int(near[generator.integers(len(near))]))
    return sorted(taken)


def _named(signature: Signature, name: str, names: tuple[str, ...]) -> Signature:
    title = f"random genes, expressed like those of {signature.id}"
    return Signature(id=name, up=names, title=title, ifn_type="comparator", min_coverage=signature.min_coverage)
