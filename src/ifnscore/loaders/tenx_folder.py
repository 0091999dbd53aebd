"""10x Genomics folders: matrix.mtx, barcodes.tsv and genes.tsv (v2) or features.tsv (v3)."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _tenx
from ifnscore.loaders._model import Loader, Options
from ifnscore.loaders._optional import need

_PARTS = ("matrix.mtx", "barcodes.tsv")
_FEATURES = ("features.tsv", "genes.tsv")


def _find(folder: Path, name: str) -> list[Path]:
    """Return the files called `name`, compressed or not, with or without a prefix."""
    return sorted(p for p in folder.iterdir() if p.name.endswith((name, f"{name}.gz")))


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
    sc = need("scanpy", label, "10x files")
    with tempfile.TemporaryDirectory(prefix="ifnscore-") as canonical:
        for name, file in parts.items():
            _place(file, Path(canonical), name, zipped=features == "features.tsv")
        return _tenx.gene_expression(lambda: sc.read_10x_mtx(canonical, make_unique=False, gex_only=False), label)


def _place(file: Path, folder: Path, name: str, *, zipped: bool) -> None:
    """Put a file where scanpy looks for it: v3 compressed, v2 not; linked where it already is."""
    target = folder / (f"{name}.gz" if zipped else name)
    if file.suffix.lower() == ".gz" and zipped:
        target.symlink_to(file.resolve())
    elif zipped:
        target.write_bytes(gzip.compress(_files.read_text(file), compresslevel=1))
    elif file.suffix.lower() == ".gz":
        target.write_bytes(_files.read_text(file))
    else:
        target.symlink_to(file.resolve())


LOADER = Loader(
    name="10x_folder",
    title="a 10x Genomics folder (matrix.mtx, barcodes.tsv, genes.tsv or features.tsv)",
    suffixes=(),
    claims=_claims,
    load=_load,
    folder=True,
)
