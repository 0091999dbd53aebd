"""featureCounts: gene, position and length, then one column of counts for each BAM file.

Source of the layout: Subread/Rsubread Users Guide, section "Program output": a comment line with the command, then ``Geneid``,
``Chr``, ``Start``, ``End``, ``Strand``, ``Length``, the attributes of ``--extraAttributes``, and a column named after each input
file with its path. Rsubread writes the same without the comment (``GeneID``).
"""

from __future__ import annotations

from pathlib import Path

from ifnscore import identify
from ifnscore._lazy import ad, pd
from ifnscore.errors import DataError, listing, say
from ifnscore.loaders import _bam_names, _files, _orient, _parse, _quant
from ifnscore.loaders._model import Known, Loader, Options, Table

_LEADING = ["geneid", "chr", "start", "end", "strand", "length"]
#: Positions of the columns that are left out: lists of exons, far longer than the counts.
_DROPPED = range(1, 5)
#: Fewer genes than this are no whole annotation.
_WHOLE = 1000
#: Attributes of a GTF line whose values are numbers, so that they look like counts.
_ATTRIBUTES = {"gene_version", "transcript_version", "exon_number", "exon_version", "level", "score", "phase", "frame"}


def _claims(path: Path) -> bool:
    words = [w.lower() for w in _quant.header(path)]
    return words[: len(_LEADING)] == _LEADING or words[: len(_LEADING) + 1] == ["", *_LEADING]


def _load(path: Path, _: Options) -> Known:
    label = _files.label(path)
    table = _without_row_numbers(_parse.parse(_files.read_text(path), label))
    n = len(_LEADING)
    if len(table.header) == n:
        msg = f"{label}: no column of counts after {table.header[-1]!r}: is the file whole?"
        raise DataError(msg)
    last = max((j for j in range(n, len(table.header)) if _is_attribute(table, j)), default=n - 1)
    samples = range(last + 1, len(table.header))
    if not samples:
        msg = f"{label}: no column of counts, only attributes of the genes: is the file whole?"
        raise DataError(msg)
    titles = [table.header[j] for j in samples]
    names = _bam_names.names(titles, _files.sample_name(path))
    if names != titles:
        say(f"{label}: samples are named after the BAM files, without folders and endings")
    keep = [j for j in range(len(table.header)) if j not in _DROPPED and table.header[j].lower() not in _ATTRIBUTES]
    renamed = dict(zip(samples, names, strict=True))
    frame = table.frame[keep]
    frame.columns = pd.RangeIndex(len(keep))
    header = [renamed.get(j, table.header[j]) for j in keep]
    adata, _found = _orient.to_anndata(Table(label, header, frame, "genes_in_rows"))
    _refuse_part(adata, label)
    return Known(adata, "counts", "featureCounts table", "RNA-seq")


def _refuse_part(adata: ad.AnnData, label: str) -> None:
    """Refuse a table of a few genes none of which is known: the example annotations of courses, cut to one region."""
    words = [adata.var[c] for c in adata.var if identify.may_name_genes(str(c), adata.var[c].dtype.kind)]
    names = [n for column in (adata.var_names.to_series(), *words) for n in identify.names(column)]
    if adata.n_vars < _WHOLE and not identify.known(names):
        msg = (
            f"{label}: only {adata.n_vars} genes ({listing(adata.var_names, 3)}), none of which a signature needs: count against "
            "the whole human annotation (featureCounts -a)"
        )
        raise DataError(msg)


def _without_row_numbers(table: Table) -> Table:
    """Drop the unnamed first column in which ``write.table`` puts the row names."""
    if table.header[0] or [h.lower() for h in table.header[1:7]] != _LEADING:
        return table
    frame = table.frame[list(range(1, len(table.header)))]
    frame.columns = pd.RangeIndex(len(table.header) - 1)
    return Table(table.label, table.header[1:], frame, table.orientation)


def _is_attribute(table: Table, j: int) -> bool:
    """Whether a column after ``Length`` describes genes: known by its name, or words that are no name of a file."""
    name = table.header[j]
    if name.lower() in _ATTRIBUTES:
        return True
    return table.frame[j].dtype.kind not in "iuf" and not _bam_names.is_file(name) and not _mostly_numbers(table, j)


def _mostly_numbers(table: Table, j: int) -> bool:
    cells = table.frame[j].dropna().astype(str).str.strip()
    return 2 * int(cells.str.fullmatch(r"[+-]?[\d.,]+").sum()) > len(cells)


LOADER = Loader(
    name="featurecounts",
    title="counts of featureCounts or Rsubread (Geneid, Chr, Start, End, Strand, Length, one column per BAM file)",
    suffixes=(".txt", ".tsv", ".counts"),
    claims=_claims,
    load=_load,
    order=-1,
    per_sample=True,
    marked=True,
)
