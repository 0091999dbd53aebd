"""What the per-sample tables of RNA-seq quantifiers share: their marks, columns of numbers, sample names, one matrix."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ifnscore import identify
from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _join, _parse
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.loaders._orient import quiet_names
from ifnscore.options import Option

if TYPE_CHECKING:
    from ifnscore.loaders._model import Table

#: Transcripts per million add up to a million; the rest is for rounding.
_MOST_TPM = 1.01e6


@dataclass(frozen=True, slots=True)
class Quantified:
    """What a quantifier found in one sample.

    Attributes
    ----------
    label
        The file as messages name it.
    name
        The sample.
    ids
        Genes or transcripts, one a row.
    columns
        Arrays of shape (n_rows,): ``tpm``, ``counts``, ``length`` and what else the format has.
    genes
        The gene of each row, for transcript-level files that say so themselves; empty for others.
    """

    label: str
    name: str
    ids: list[str]
    columns: dict[str, np.ndarray]
    genes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Files:
    """How the files of a quantifier are called and known.

    Attributes
    ----------
    gene_level, transcript_level
        Endings of file names; what stands before them names the sample, otherwise its folder does.
    marked
        Whether the content of a file is of this quantifier.
    sure
        Endings that nothing else has, so that a damaged file is missed by name and not passed over.
    """

    gene_level: tuple[str, ...]
    transcript_level: tuple[str, ...]
    marked: Callable[[Path], bool]
    sure: tuple[str, ...] = ()

    @property
    def endings(self) -> tuple[str, ...]:
        """All endings, longer ones first."""
        return tuple(sorted((*self.gene_level, *self.transcript_level), key=len, reverse=True))

    def claims(self, path: Path) -> bool:
        """Whether `path` is such a file, or the output folder of one sample."""
        if path.is_file():
            return self._is_mine(path)
        return len({self.sample(p) for p in self.inside(path)}) == 1

    def inside(self, folder: Path) -> list[Path]:
        """Return the files of this quantifier that lie directly in a folder, found by name and content."""
        if not folder.is_dir():
            return []
        named = sorted(p for p in folder.iterdir() if not p.name.startswith(".") and self._ending(p))
        return [p for p in named if p.is_file() and self._is_mine(p)]

    def sample(self, file: Path) -> str:
        """Return the name of the sample: of the file without its ending, or of the folder where nothing is left."""
        name, ending = self._name(file), self._ending(file)
        rest = name[: len(name) - len(ending)].rstrip("._-") if ending else Path(name).stem
        return rest or file.absolute().parent.name

    def choose(self, paths: Sequence[Path], *, transcripts: bool) -> list[Path]:
        """Return one file a sample: gene level where there is one, transcript level where the user brings a tx2gene table."""
        best: dict[tuple[Path, str], Path] = {}
        for path in (q for p in paths for q in (self.inside(p) if p.is_dir() else [p])):
            key = (path.parent, self.sample(path))
            if key not in best or self._rank(path, transcripts) < self._rank(best[key], transcripts):
                best[key] = path
        return list(best.values())

    def _is_mine(self, path: Path) -> bool:
        return self.marked(path) or self._ending(path) in self.sure

    def loader(
        self,
        name: str,
        title: str,
        suffixes: tuple[str, ...],
        load_many: Callable[[Sequence[Path], Options], Known],
        options: tuple[Option, ...],
    ) -> Loader:
        """Return the loader of such files: known by their content, and all files of a folder read together."""
        return Loader(
            name=name,
            title=title,
            suffixes=suffixes,
            claims=self.claims,
            load=lambda path, given: load_many([path], given),
            load_many=load_many,
            order=-1,
            options=options,
            per_sample=True,
            marked=True,
        )

    def _ending(self, path: Path) -> str:
        name = self._name(path).lower()
        return next((e for e in self.endings if name.endswith(e.lower())), "")

    def _name(self, path: Path) -> str:
        """Return a file name without its compression suffix, and without the .txt that GEO's submitters put behind the ending."""
        name = _plain(path.name)
        bare = name[: -len(".txt")] if name.lower().endswith(".txt") else name
        return bare if bare.lower().endswith(tuple(e.lower() for e in self.endings)) else name

    def _rank(self, path: Path, transcripts: bool) -> int:  # noqa: FBT001
        order = (*self.transcript_level, *self.gene_level) if transcripts else (*self.gene_level, *self.transcript_level)
        ending = self._ending(path)
        return order.index(ending) if ending else len(order)


def _plain(name: str) -> str:
    """Return a file name without its compression suffix."""
    ending = next((e for e in _files.COMPRESSED if name.lower().endswith(e)), "")
    return name[: len(name) - len(ending)]


def header(path: Path) -> list[str]:
    """Return the words of the first line that is no comment, from the first bytes of a file; never raises."""
    head = _files.peek(path)
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-16" if wide else "utf-8", errors="replace").removeprefix("\ufeff")
    line = next((x for x in text.splitlines() if x.strip() and not x.lstrip('"').startswith("#")), "")
    return [word.strip().strip('"') for word in re.split(r"[\t,; ]", line)]


def read(path: Path, name: str, ids: str, numbers: dict[str, str], genes: str = "") -> Quantified:
    """Read the table of one sample.

    Parameters
    ----------
    path
        The file.
    name
        The sample.
    ids
        Name of the column that holds genes or transcripts.
    numbers
        What to call a column -> its name in the file.
    genes
        Name of the column that holds the gene of each transcript, or nothing.

    Raises
    ------
    DataError
        A column is missing, a cell is no number from 0 on, or the file is empty or cut off.
    """
    label = _files.label(path)
    table = _parse.parse(_files.read_text(path), label)
    position = {title.strip().strip('"'): j for j, title in enumerate(table.header)}
    absent = [c for c in (ids, *numbers.values(), *([genes] if genes else [])) if c not in position]
    if absent:
        there = listing([repr(c) for c in position], 9)
        msg = f"{label}: no column {listing([repr(c) for c in absent])}; the columns are {there}"
        raise DataError(msg)
    rows = identify.names(table.frame[position[ids]])
    columns = {key: number_column(table, position[title], rows) for key, title in numbers.items()}
    if "tpm" in columns and columns["tpm"].sum() > _MOST_TPM:
        total = columns["tpm"].sum()
        msg = f"{label}: the {numbers['tpm']} column adds up to {total:.4g}, more than a million: is the file damaged?"
        raise DataError(msg)
    return Quantified(label, name, rows, columns, identify.names(table.frame[position[genes]]) if genes else [])


def read_all(files: Sequence[Path], reader: Callable[[Path], Quantified]) -> list[Quantified]:
    """Read one file after the other; samples with the same rows share one list of them."""
    found: list[Quantified] = []
    for file in files:
        one = reader(file)
        if found and (one.ids, one.genes) == (found[0].ids, found[0].genes):
            one = replace(one, ids=found[0].ids, genes=found[0].genes)
        found.append(one)
    return found


def number_column(table: Table, j: int, rows: Sequence[str]) -> np.ndarray:
    """Return a column as numbers, shape (n_rows,).

    Raises
    ------
    DataError
        A cell is missing, no number, negative or infinite; its row and column are named.
    """
    cells = table.frame[j]
    values = np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        i = int(np.argmax(wrong))
        found = "is empty or NA" if bool(cells.isna().iloc[i]) else f"is {str(cells.iloc[i]).strip()!r}"
        more = f" (and {int(wrong.sum()) - 1} more cells of this column)" if wrong.sum() > 1 else ""
        column = table.header[j].strip() or str(j + 1)
        msg = f"{table.label}: row {rows[i]!r}, column {column!r} {found}{more}; a number from 0 on is needed"
        raise DataError(msg)
    return values


def matrix(samples: Sequence[Quantified], quantity: str) -> ad.AnnData:
    """Return one column of every sample as a matrix of samples by genes; genes that all have are kept."""
    return stack([(s.label, s.name, s.ids, s.columns[quantity]) for s in samples])


def stack(rows: Sequence[tuple[str, str, list[str], np.ndarray]]) -> ad.AnnData:
    """Join samples, each given as file label, sample name, genes and values of shape (n_genes,).

    Raises
    ------
    DataError
        Two samples have one name, or no gene is in all of them.
    """
    parts = []
    for label, name, genes, values in rows:
        if not genes:
            msg = f"{label}: 0 genes"
            raise DataError(msg)
        with quiet_names():
            one = ad.AnnData(X=values[None, :], obs=pd.DataFrame(index=[name]), var=pd.DataFrame(index=genes))
        parts.append(_join.Part(label, one, identify.INDEX, one.X, None))
    return _join.join(parts)
