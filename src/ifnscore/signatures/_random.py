"""Random gene sets matched to a signature in size and expression: the null control of an interferon score."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ifnscore import genes, identify
from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.matrix import Matrix
from ifnscore.signatures._catalogue import get
from ifnscore.signatures._model import Signature

if TYPE_CHECKING:
    from anndata import AnnData

    from ifnscore.methods._protocol import Array

#: A gene is replaced by one of this many genes nearest to it in mean expression.
NEIGHBOURS = 100
#: Fewest neighbours, for the most and the least expressed genes.
LEAST = 10
#: How often genes that were drawn twice are drawn again before their set is drawn one by one.
_ROUNDS = 50


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
    place = standing(matrix.universe, means)
    pool = pool[np.argsort(place[pool])]
    places = np.searchsorted(place[pool], place[[matrix.position[t] for t in targets]])
    generator = np.random.default_rng(rng)
    width = len(str(n))
    drawn = []
    for number in range(1, n + 1):
        picked = np.sort(_pick(places, len(pool), generator))
        names = tuple(row.identifier for row in matrix.rows_of([matrix.universe[pool[p]] for p in picked]).values())
        drawn.append(_named(signature, f"random_{signature.id}_{number:0{max(width, 3)}d}", names))
    return drawn


def standing(keys: Sequence[str], level: Array) -> Array:
    """Return the place of each gene by its mean; genes of equal mean are mixed by their names, whatever order they come in."""
    mixed = np.array([zlib.crc32(k.encode()) for k in keys])
    place: Array = np.empty(len(keys), dtype=np.int64)
    place[np.lexsort((np.array(keys), mixed, level))] = np.arange(len(keys))
    return place


def matched(places: Array, size: int, n: int, generator: Any) -> Array:
    """Draw sets of pool positions, one near each place and none twice in a set, shape (n, n_places).

    Near are the 50 positions on either side. For the most and the least expressed genes they are fewer, on both sides alike
    as long as there are 5, because sets from one side alone would lie lower or higher than what they are compared with.

    Parameters
    ----------
    places
        Where each gene would stand in a pool that is sorted by mean expression, shape (n_places,).
    size
        Number of genes in the pool, at least twice `n_places`.
    n
        Number of sets.
    generator
        A :class:`numpy.random.Generator`.
    """
    reach = np.clip(np.minimum(places, size - places), LEAST // 2, NEIGHBOURS // 2)
    low, high = np.clip(places - reach, 0, size - 1), np.clip(places + reach, 1, size)
    picked: Array = generator.integers(low, high, size=(n, len(places)))
    for _ in range(_ROUNDS):
        row, column = np.nonzero(_repeated(picked))
        if not len(row):
            return picked
        picked[row, column] = generator.integers(low[column], high[column])
    for again in np.flatnonzero(_repeated(picked).any(axis=1)):
        picked[again] = _pick(places, size, generator)
    return picked


def _repeated(picked: Array) -> Array:
    """Return which entries stand in their row already, further left."""
    order = np.argsort(picked, axis=1, kind="stable")
    ordered = np.take_along_axis(picked, order, axis=1)
    same = np.zeros(picked.shape, dtype=bool)
    np.put_along_axis(same, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return same


def _pick(places: Array, size: int, generator: Any) -> Array:
    """Pick one pool position near each place, none twice, from wider surroundings where those are taken."""
    taken: set[int] = set()
    picked = np.zeros(len(places), dtype=np.int64)
    for i in generator.permutation(len(places)):
        reach = NEIGHBOURS // 2
        while True:
            near = [p for p in range(max(0, places[i] - reach), min(size, places[i] + reach)) if p not in taken]
            if near:
                break
            reach *= 2
        picked[i] = near[generator.integers(len(near))]
        taken.add(int(picked[i]))
    return picked


def _named(signature: Signature, name: str, names: tuple[str, ...]) -> Signature:
    title = f"random genes, expressed like those of {signature.id}"
    return Signature(id=name, up=names, title=title, ifn_type="comparator", min_coverage=signature.min_coverage)
