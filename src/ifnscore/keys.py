"""Where scores are kept in an AnnData, and how they are found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore.errors import DataError, listing, say

if TYPE_CHECKING:
    from anndata import AnnData

#: Top-level key in ``uns``.
UNS = "ifnscore"
PREFIX = "ifn_"
LATEST = "latest"
#: ``obs`` column of a small scored file: totals over the genes of the matrix it was made from.
LIBRARY_SIZE = "ifn_library_size"


def recorded_input(adata: AnnData) -> dict[str, Any]:
    """Return what the loader recorded about the input."""
    return dict(dict(adata.uns.get(UNS, {})).get("input", {}))


def layers(adata: AnnData) -> list[str]:
    """Return the names of the layers; anndata 0.13 also lists ``None``, which is ``X``."""
    return [str(k) for k in adata.layers if k is not None]


def totals(adata: AnnData) -> Any:
    """Return the stored library sizes of a small scored file, or None for a complete matrix."""
    if not recorded_input(adata).get("subset"):
        return None
    return adata.obs[LIBRARY_SIZE].to_numpy(dtype=float)


def key_of(method: str, key_added: str | None) -> str:
    """Return the ``obsm`` key for the scores of a method."""
    return key_added or f"{PREFIX}{method}"


def detail_key(key: str) -> str:
    """Return the ``obsm`` key of the per-sample details beside the scores."""
    return f"{key}_detail"


def null_key(key: str) -> str:
    """Return the ``obsm`` key of the p values against random gene sets beside the scores."""
    return f"{key}_null"


def controls_key(key: str) -> str:
    """Return the ``obsm`` key of the controls that were given as a mask: true or false, shape (n_samples, 1)."""
    return f"{key}_controls"


def find(adata: AnnData, key: str | None) -> str:
    """Return the key of the scores to use; the latest where none is named, said aloud.

    Raises
    ------
    DataError
        There are no scores, or none under this key.
    """
    stored = dict(adata.uns.get(UNS, {}))
    have = [k for k in stored if k in adata.obsm]
    if key is None:
        key = str(stored.get(LATEST, ""))
        if key and key in adata.obsm:
            say(f"using the scores in obsm[{key!r}]")
    if not key or key not in adata.obsm or key not in stored:
        msg = f"no scores under {key!r}; scored keys: {listing(have) or 'none'} (run ifn.tl.score first)"
        raise DataError(msg)
    return key


def record(adata: AnnData, key: str) -> dict[str, Any]:
    """Return what ``tl.score`` wrote beside the scores: coverage, genes, cut-offs, provenance."""
    return dict(adata.uns[UNS][key])
