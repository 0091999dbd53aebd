"""GEO series matrix files (``GSE*_series_matrix.txt.gz``): sample annotations above one table of probes or genes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ifnscore import expression, identify
from ifnscore._lazy import ad
from ifnscore.errors import DataError, listing, warn
from ifnscore.loaders import _bounds, _cells, _files, _geo_obs, _geo_scale, _geo_text, _orient, _parse, _probes, _record
from ifnscore.loaders._geo_text import Attributes, Line
from ifnscore.loaders._model import Known, Loader, Options, Table

_BEGIN = re.compile(rb'(?im)^"?!series_matrix_table_begin[^\n]*\n?')
_HEADER = re.compile(rb'(?im)^"?ID_REF\b')
_END = re.compile(rb'(?im)^"?!series_matrix_table_end')
_GSM = re.compile(r"GSM\d+")


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above the table: attributes of the series, and of each sample."""

    series: dict[str, list[str]]
    samples: dict[str, Attributes]

    @property
    def accession(self) -> str:
        return _geo_text.accession(self.series.get("Series_geo_accession", []), "GSE")

    def of_samples(self, name: str) -> list[str]:
        """Return the different values of an attribute of the samples."""
        return list(dict.fromkeys(v for row in self.samples.values() for n, v in row if n == name and v))


def _claims(path: Path) -> bool:
    return path.is_file() and _geo_text.is_series(_geo_text.first_line(path))


def _load(path: Path, options: Options) -> Known:
    label = _files.label(path)
    data = _files.read_text(path, table=False)
    begin = _BEGIN.search(data) or _HEADER.search(data)
    top = data[: begin.start()] if begin else data
    head = _head(top.decode("utf-8", errors="replace"), label)
    if begin is None:
        msg = (
            f"{label}: the data table is missing (no '!series_matrix_table_begin' in {len(data.splitlines())} "
            f"lines): the download was cut off; download the file again{_from(head.accession)}"
        )
        raise DataError(msg)
    table = _table(data, begin, head, label)
    adata, _ = _orient.to_anndata(table, symbol_column=None)
    _record.check_shape(adata, label)
    adata.obs, notes = _annotations(adata, head, label)
    platforms = head.of_samples("Sample_platform_id") or head.series.get("Series_platform_id", [])
    mapped = _probes.to_genes(adata, label, options, platforms[0] if len(platforms) == 1 else "")
    protocols = " ".join(dict.fromkeys(v for row in head.samples.values() for _, v in row))
    processing = head.of_samples("Sample_data_processing")
    stated = _geo_scale.stated(expression.facts(adata.X), head.series.get("Series_type", []), processing, protocols)
    return _geo_scale.known(mapped.adata, stated, (*mapped.notes, *notes), label)


def _from(series: str) -> str:
    return f" from https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc={series}" if series else " from GEO"


def _head(text: str, label: str) -> _Head:
    lines = _geo_text.attributes(text)
    names = next((line.values for line in lines if line.name.lower() == "sample_geo_accession"), [])
    if names:
        lines = _geo_text.attributes(text, len(names))
    series: dict[str, list[str]] = {}
    for line in lines:
        if line.name.lower().startswith("series_"):
            series.setdefault(line.name, []).extend(line.values)
    return _Head(series, _samples([n for n in lines if n.name.lower().startswith("sample_")], names, label))


def _samples(lines: Sequence[Line], names: Sequence[str], label: str) -> dict[str, Attributes]:
    """Return the attributes of each sample; an attribute that has not one value per sample cannot be placed."""
    samples: dict[str, Attributes] = {name: [] for name in names}
    skipped = []
    for line in lines:
        if names and len(line.values) == len(names):
            for name, value in zip(names, line.values, strict=True):
                samples[name].append((line.name, value))
        elif names:
            skipped.append(f"{line.name} (line {line.number}: {len(line.values)} values for {len(names)} samples)")
    if skipped:
        warn(f"{label}: annotations left out: {listing(skipped, 3)}")
    return samples


def _table(data: bytes, begin: re.Match[bytes], head: _Head, label: str) -> Table:
    """Return the table; line numbers in messages stay those of the file."""
    start = begin.end() if _BEGIN.match(begin.group()) else begin.start()
    end = _END.search(data, start)
    body = data[start : end.start()] if end else data[start:]
    _bounds.check_table(body, label)
    n_rows = sum(1 for line in body.split(b"\n") if line.strip()) - 1
    if end is None and _BEGIN.match(begin.group()):
        expected = next(iter(head.of_samples("Sample_data_row_count")), "")
        msg = (
            f"{label}: the data table has no end ('!series_matrix_table_end') after {max(n_rows, 0)} rows"
            f"{f' of {expected}' if expected.isdigit() else ''}: the download was cut off; download the file again"
            f"{_from(head.accession)}"
        )
        raise DataError(msg)
    if n_rows < 1:
        links = [*head.series.get("Series_supplementary_file", []), *head.of_samples("Sample_supplementary_file_1")]
        raise _geo_text.no_values(label, head.accession, links)
    table = _parse.parse(b"\n" * data.count(b"\n", 0, start) + body, label)
    _check_samples(table, label)
    return Table(label, table.header, table.frame, "genes_in_rows")


def _check_samples(table: Table, label: str) -> None:
    """Refuse a sample column that holds words, which would otherwise be taken for a description of the genes."""
    converted, values = _cells.numeric_columns(table)
    for j in range(1, len(table.header)):
        if j not in values:
            cells = identify.names(converted.frame[j])
            row = next((i for i, cell in enumerate(cells) if cell), 0)
            where = f"row {converted.frame[0].iloc[row]!r}, column {table.header[j]!r}"
            msg = f"{label}: {where}: {cells[row]!r} is not a number; every sample of the table needs expression values"
            raise DataError(msg)


def _annotations(adata: ad.AnnData, head: _Head, label: str) -> tuple[object, tuple[str, ...]]:
    """Return ``obs`` in the order of the table; samples are found by their GSM ids, never by position."""
    wanted = [str(n) for n in adata.obs_names]
    missing = [n for n in wanted if n not in head.samples]
    if head.samples and missing:
        warn(f"{label}: samples of the table without annotations: {listing(missing)}")
    found, notes = _geo_obs.annotate({n: head.samples.get(n, []) for n in wanted}, label)
    return found, notes


LOADER = Loader(
    name="geo_series_matrix",
    title="GEO series matrix, with a platform annotation table where its rows are probes",
    suffixes=(".txt",),
    claims=_claims,
    load=_load,
    order=2,
    options=_probes.OPTIONS,
)
