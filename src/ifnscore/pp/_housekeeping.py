"""Which genes stand for the amount of RNA in a NanoString lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ifnscore import genes, identify, signatures
from ifnscore._lazy import ad, is_sparse, np
from ifnscore.errors import DataError, listing, nearest, say
from ifnscore.pp import _genorm

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = ("auto", "panel", "genorm")
_NAME_SOME = "name genes with --option housekeeping=GENE1,GENE2,... (or leave the normalisation out: --normalise none)"


def dense(adata: ad.AnnData) -> NDArray[np.float64]:
    """Return ``X`` as a dense array; panels are small."""
    return np.asarray(adata.X.toarray() if is_sparse(adata.X) else adata.X, dtype=float)


def positions(adata: ad.AnnData) -> dict[str, list[int]]:
    """Return the columns of every gene, by gene key."""
    return genes.match(identify.identifiers(adata)[1]).columns


def columns(adata: ad.AnnData, wanted: Sequence[str]) -> list[int]:
    """Return the columns of genes by key; where one has a Housekeeping probe, that probe counts and no other of it.

    Raises
    ------
    DataError
        A gene is not on the panel.
    """
    known, classes = positions(adata), _classes(adata)
    out = []
    for gene in wanted:
        found = known.get(gene, [])
        if not found:
            msg = f"housekeeping gene {gene} is not on this panel.{nearest(gene, known)}"
            raise DataError(msg)
        out += [j for j in found if classes[j] == "Housekeeping"] or found
    return out


def choose(adata: ad.AnnData, asked: str, *, stable: bool) -> list[str]:
    """Return the housekeeping genes as sorted gene keys.

    Parameters
    ----------
    adata
        Lanes by genes, counts in ``X``.
    asked
        ``auto``, ``panel``, ``genorm``, a comma list of genes, or the id of a signature.
    stable
        Whether ``auto`` means those most stable by geNorm where that can be told.

    Raises
    ------
    DataError
        There are none, one is not on the panel, or geNorm needs more lanes or genes.
    """
    if asked in signatures.ids():
        return _of_signature(adata, asked)
    if asked not in WORDS:
        wanted = sorted({genes.table().resolve(g) for g in asked.split(",") if g.strip()})
        if not wanted:
            msg = f"option housekeeping={asked!r} names no gene"
            raise DataError(msg)
        columns(adata, wanted)
        return wanted
    panel = _panel(adata)
    enough = len(panel) >= _genorm.LEAST and adata.n_obs >= _genorm.LEAST
    if asked == "panel" or (asked == "auto" and not (stable and enough)):
        return panel
    if not enough:
        least = _genorm.LEAST
        msg = f"geNorm needs {least} housekeeping genes and {least} lanes, here {len(panel)} and {adata.n_obs}: {_NAME_SOME}"
        raise DataError(msg)
    return _most_stable(adata, panel)


def _classes(adata: ad.AnnData) -> list[str]:
    return [str(c) for c in adata.var["code_class"]] if "code_class" in adata.var else [""] * adata.n_vars


def _panel(adata: ad.AnnData) -> list[str]:
    classes = _classes(adata)
    found = sorted(k for k, columns_ in positions(adata).items() if any(classes[j] == "Housekeeping" for j in columns_))
    if not found:
        msg = f"this panel has no probes of class Housekeeping: {_NAME_SOME}"
        raise DataError(msg)
    return found


def _of_signature(adata: ad.AnnData, signature: str) -> list[str]:
    known = genes.table()
    printed = signatures.get(signature).formula.housekeeping
    if not printed:
        msg = f"signature {signature} names no housekeeping genes: {_NAME_SOME}"
        raise DataError(msg)
    here = set(positions(adata))
    found = sorted({known.resolve(g) for g in printed} & here)
    absent = [g for g in printed if known.resolve(g) not in here]
    if not found:
        msg = f"none of the housekeeping genes of {signature} is on this panel ({listing(absent)}): {_NAME_SOME}"
        raise DataError(msg)
    if absent:
        say(f"housekeeping genes of {signature} that are not on this panel: {listing(absent)}; taken: {listing(found)}")
    return found


def _most_stable(adata: ad.AnnData, panel: Sequence[str]) -> list[str]:
    """Return the genes that geNorm prefers; genes with a count of 0 are no candidates, lanes without counts no witnesses."""
    x = dense(adata)
    counts = np.column_stack([x[:, columns(adata, [g])].mean(axis=1) for g in panel])
    counts = counts[counts.sum(axis=1) > 0]
    present = [j for j in range(len(panel)) if (counts[:, j] > 0).all()]
    if len(present) < _genorm.LEAST or len(counts) < _genorm.LEAST:
        msg = f"geNorm: only {len(present)} housekeeping genes are above 0 in all lanes: {_NAME_SOME}"
        raise DataError(msg)
    ranking = _genorm.rank(counts[:, present])
    shown = ", ".join(f"{panel[present[j]]} {m:.2f}" for j, m in zip(ranking.order, ranking.stability, strict=True))
    say(f"geNorm, most stable first (M): {shown}")
    return sorted(panel[present[j]] for j in ranking.chosen())
