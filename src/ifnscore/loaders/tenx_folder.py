"""10x Genomics folders: matrix.mtx, barcodes.tsv and genes.tsv (v2) or features.tsv (v3)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _mtx, _tenx
from ifnscore.loaders._model import Loader, Options

_PARTS = ("matrix.mtx", "barcodes.tsv")
_FEATURES = ("features.tsv", "genes.tsv")


def _find(folder: Path, name: str) -> list[Path]:
    """Return the files called `name`, compressed or not, with or without a prefix; hidden ones (macOS writes them) are none."""
    return sorted(p for p in folder.iterdir() if p.name.endswith((name, f"{name}.gz")) and not p.name.startswith("."))


def _claims(path: Path) -> bool:
    if not path.is_dir():
        return False
    return all(_find(path, n) for n in _PARTS) and any(_find(path, n) for n in _FEATURES)


def _load(path: Path, _: Options) -> ad.AnnData:
    label = _files.label(path)
    features = next(n for n in _FEATURES if _find(path, n))
    parts: dict[str, Path] = {}
    for name in (*_PARTS, features):
        found = _find(path, name)
        if len(found) > 1:
            msg = f"{label}: several 10x matrices in one folder ({listing([p.name for p in found])}): give each its own"
            raise DataError(msg)
        parts[name] = found[0]
    return _tenx.gene_expression(lambda: _read(_Parts(parts[_PARTS[0]], parts[_PARTS[1]], parts[features]), label), label)


class _Parts(NamedTuple):
    matrix: Path
    barcodes: Path
    features: Path


def _read(parts: _Parts, label: str) -> ad.AnnData:
    """Read the three files; `genes.tsv` has ids and symbols, `features.tsv` also a type, some have names only."""
    barcodes = [row[0] for row in _mtx.rows(parts.barcodes)]
    features = _mtx.rows(parts.features)
    x = _mtx.samples_by_genes(parts.matrix, len(barcodes), len(features), f"{label}: {parts.matrix.name}")
    adata = ad.AnnData(x)
    adata.obs_names = barcodes
    adata.var_names = [row[min(1, len(row) - 1)] for row in features]
    adata.var["gene_ids"] = [row[0] for row in features]
    if all(len(row) > 2 for row in features):  # noqa: PLR2004
        adata.var["feature_types"] = [row[2] for row in features]
    return adata


LOADER = Loader(
    name="10x_folder",
    title="a 10x Genomics folder (matrix.mtx, barcodes.tsv, genes.tsv or features.tsv)",
    suffixes=(),
    claims=_claims,
    load=_load,
    folder=True,
)
