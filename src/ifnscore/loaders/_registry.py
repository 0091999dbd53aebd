"""Which loaders there are, found by looking at the modules of this package, and which one reads a path."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from pathlib import Path
from typing import NamedTuple, NoReturn

from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _folder, _hints
from ifnscore.loaders._model import Loader
from ifnscore.options import Option

#: What to do with files that lie beside a matrix and hold no expression per gene.
_ADVICE = {
    ".summary": "a summary of featureCounts, without genes: give the table of counts, of the same name without .summary",
    **dict.fromkeys((".bam", ".sam", ".cram"), "aligned reads: count them per gene first (featureCounts, STAR, RSEM)"),
    **dict.fromkeys((".fastq", ".fq"), "raw reads: quantify them per gene first (salmon, kallisto, STAR)"),
    **dict.fromkeys((".gtf", ".gff", ".gff3"), "an annotation of genes, without expression: give the table of counts"),
}


class Format(NamedTuple):
    """A format that can be read: short name, file name endings, description, options, normalisation."""

    name: str
    suffixes: tuple[str, ...]
    title: str
    options: tuple[Option, ...] = ()
    normalise: str = ""


@functools.cache
def loaders() -> tuple[Loader, ...]:
    """Return the ``LOADER`` of every public module of this package, in the order in which they are asked."""
    package = importlib.import_module("ifnscore.loaders")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    found = [importlib.import_module(f"ifnscore.loaders.{name}").LOADER for name in names]
    return tuple(sorted(found, key=lambda loader: loader.order))


def formats() -> list[Format]:
    """List the formats that :func:`read` knows.

    Returns
    -------
    list of Format
        Named tuples ``(name, suffixes, title, options, normalise)``, sorted by name; `normalise` names the normalisation
        that is applied unless another is chosen.

    Examples
    --------
    >>> from ifnscore import loaders
    >>> "h5ad" in [f.name for f in loaders.formats()]
    True
    """
    folders = [_folder.variant(loader) for loader in loaders() if loader.per_sample]
    found = [Format(f.name, f.suffixes, f.title, f.options, f.normalise) for f in (*loaders(), *folders)]
    return sorted(found, key=lambda f: f.name)


def find(path: Path) -> Loader:
    """Return the loader of `path`.

    Raises
    ------
    DataError
        There is no such file, or no loader claims it.
    """
    label = _files.label(path)
    try:
        if not _files.is_stdin(path) and not path.exists():
            lost = path.is_symlink()
            msg = f"{label}: {'a link that leads nowhere, or in a circle' if lost else 'no such file or folder'}"
            raise DataError(msg)
        loader = next((loader for loader in loaders() if loader.claims(path)), None)
        if loader is None and path.is_dir():
            loader = _folder.find(path, loaders())
        return loader or _unknown(path, label)
    except OSError as error:
        msg = f"{label}: cannot be opened ({error.strerror or error})"
        raise DataError(msg) from error


def _unknown(path: Path, label: str) -> NoReturn:
    """Say what is known and what was found."""
    if path.is_dir():
        entries = sorted(p.name for p in path.iterdir())
        found = f"it holds {listing(entries, 4)}" if entries else "it is empty"
        readable = [p.name for p in sorted(path.iterdir()) if p.is_file() and any(loader.claims(p) for loader in loaders())]
        hint = _hints.of_folder(path, readable)
        folders = [x.name for x in loaders() if x.folder] + [f"files of {x.name}" for x in loaders() if x.per_sample]
        todo = f"; {hint}" if hint else f". Known layouts: {', '.join(folders)} (see 'ifnscore formats')"
        msg = f"{label}: a folder of no known layout: {found}{todo}"
        raise DataError(msg)
    known = ", ".join(dict.fromkeys(s for loader in loaders() if not loader.folder for s in loader.suffixes))
    suffix = _files.suffix(path)
    if suffix in _ADVICE:
        msg = f"{label}: {_ADVICE[suffix]}"
        raise DataError(msg)
    titles = [loader.title for loader in loaders() if suffix and suffix in loader.suffixes and not loader.folder]
    if titles:
        msg = f"{label}: not what the ending {suffix!r} says ({'; '.join(titles)}): damaged, cut off, or of another format"
        raise DataError(msg)
    ending = f"the ending {suffix!r}" if suffix else "a name without an ending"
    msg = f"{label}: {ending} is no known format; known are {known} (text also as .gz, .bz2, .zst)"
    raise DataError(msg)
