"""A folder of per-sample files is one matrix: every sample joined, sorted by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ifnscore.errors import DataError, listing, say
from ifnscore.loaders import _join, _orient, _record
from ifnscore.loaders._model import Known, Loader, Options, Table


def variant(loader: Loader) -> Loader:
    """Return the loader of a folder of `loader`'s files."""
    return replace(
        loader,
        name=f"{loader.name}_folder",
        title=f"a folder of files, each {loader.title}",
        suffixes=(),
        claims=lambda path: bool(_files_for(path, loader)),
        load=lambda path, options: _load(path, loader, options),
        folder=True,
    )


def find(path: Path, loaders: Iterable[Loader]) -> Loader | None:
    """Return the loader of a folder of per-sample files, or None.

    Raises
    ------
    DataError
        Files of two formats lie there, each of which could be meant.
    """
    claiming = [loader for loader in loaders if loader.per_sample and _files_for(path, loader)]
    marked = [loader for loader in claiming if loader.marked]
    if len(marked) > 1:
        named = "; ".join(f"{m.name}: {_files_for(path, m)[0].name}" for m in marked)
        msg = f"{path}: files of several formats ({named}); put each format into a folder of its own"
        raise DataError(msg)
    chosen = (marked or claiming)[:1]
    return variant(chosen[0]) if chosen else None


def _entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith("."))


def _claimed(loader: Loader, path: Path) -> bool:
    try:
        return loader.claims(path)
    except OSError:
        return False


def _files_for(folder: Path, loader: Loader) -> list[Path]:
    """Return the entries that `loader` reads; a format without a mark of its own must claim all of them."""
    if not folder.is_dir():
        return []
    entries = _entries(folder)
    claimed = [p for p in entries if _claimed(loader, p)]
    return claimed if loader.marked or len(claimed) == len(entries) else []


def _load(folder: Path, loader: Loader, options: Options) -> Known:
    files = _files_for(folder, loader)
    others = [p.name for p in _entries(folder) if p not in files]
    if others:
        say(f"{folder}: {len(files)} files are read ({loader.title}), {len(others)} others are not: {listing(others, 3)}")
    if loader.load_many is not None:
        known = loader.load_many(files, options)
        say(f"{folder}: {known.adata.n_obs} samples from {len(files)} files")
        return known
    parts = []
    facts: list[Known] = []
    n_footers = 0
    for file in files:
        loaded = loader.load(file, options)
        if isinstance(loaded, Table):
            loaded, n = _orient.without_footers(loaded)
            n_footers += n
            loaded, _ = _orient.to_anndata(loaded)
        known = loaded if isinstance(loaded, Known) else Known(loaded)
        facts.append(known)
        _record.check_shape(known.adata, str(file))
        parts.append(_join.Part(str(file), known.adata, "index", _record.matrix(known.adata, str(file), None), known.scale))
    joined = _join.join(parts)
    footers = f"; {n_footers} footer rows of htseq-count left out" if n_footers else ""
    say(f"{folder}: {joined.n_obs} samples from {len(parts)} files{footers}")
    notes = dict.fromkeys(n for f in facts for n in f.notes)
    return replace(facts[0], adata=joined, notes=tuple(notes))
