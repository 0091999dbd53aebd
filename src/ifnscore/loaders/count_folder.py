"""A folder of per-sample count files: one sample each, sorted by file name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore.errors import say
from ifnscore.loaders import _counts, _join, _orient
from ifnscore.loaders._model import Loader

if TYPE_CHECKING:
    from ifnscore._lazy import ad


def _files_of(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith("."))


def _claims(path: Path) -> bool:
    if not path.is_dir():
        return False
    files = _files_of(path)
    return bool(files) and all(_counts.is_count_file(f) for f in files)


def _load(path: Path) -> ad.AnnData:
    parts = []
    n_footers = 0
    for file in _files_of(path):
        table, n = _orient.without_footers(_counts.table(file))
        n_footers += n
        adata, _ = _orient.to_anndata(table)
        parts.append(_join.Part(str(file), adata, "index", adata.X, None))
    say(f"{path}: {len(parts)} samples, one per file; {n_footers} footer rows of htseq-count left out")
    return _join.join(parts)


LOADER = Loader(
    name="htseq_folder",
    title="a folder that holds nothing but per-sample count files (HTSeq: no header, gene and count in each line)",
    suffixes=(),
    claims=_claims,
    load=_load,
    folder=True,
    order=5,
)
