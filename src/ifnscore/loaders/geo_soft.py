"""GEO SOFT family files (``GSE*_family.soft.gz``): samples and platforms as one sequence of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ifnscore import expression
from ifnscore.errors import DataError, listing, say, warn
from ifnscore.loaders import _files, _geo_family, _geo_obs, _geo_platform, _geo_scale, _geo_text, _probes
from ifnscore.loaders._geo_family import Record
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.options import Option

_KINDS = ("^database", "^series", "^platform", "^sample", "^annotation", "^dataset", "^subset")
_GPL = Option("gpl", "platform of the samples to read, where a SOFT file holds several (such as GPL570)")


def _claims(path: Path) -> bool:
    named = _files.suffix(path) == ".soft"  # also where nothing is left of the content
    return path.is_file() and (named or _geo_text.first_line(path).lower().startswith(_KINDS))


def _load(path: Path, options: Options) -> Known:
    label = _files.label(path)
    records = _geo_family.records(_files.read_text(path, table=False))
    samples = [r for r in records if r.kind == "SAMPLE"]
    if not samples:
        raise _no_samples(records, label)
    samples, platform = _of_platform(samples, options["gpl"], label)
    samples = _with_values(samples, records, label)
    twice = [name for name, n in Counter(s.name for s in samples).items() if n > 1]
    if twice:
        msg = f"{label}: duplicate sample names: {listing(twice)}; each sample may stand in the file once"
        raise DataError(msg)
    adata = _geo_family.matrix(samples, label)
    annotated = _geo_obs.annotate({s.name: s.attributes for s in samples}, label)
    adata.obs = annotated.obs
    probes = [str(n) for n in adata.var_names]
    own = None if options["platform"] or _probes.are_genes(probes) else _annotation(records, platform, probes, options, label)
    mapped = _probes.to_genes(adata, label, options, platform, own)
    types = [v for r in records if r.kind == "SERIES" for v in r.values("Series_type")]
    protocols = " ".join(dict.fromkeys(v for r in records if r.kind in ("SAMPLE", "PLATFORM") for _, v in r.attributes))
    processing = [v for s in samples for v in s.values("Sample_data_processing")]
    stated = _geo_scale.stated(expression.facts(adata.X), types, processing, protocols)
    return _geo_scale.known(mapped.adata, stated, (*mapped.notes, *annotated.notes), label)


def _no_samples(records: Sequence[Record], label: str) -> DataError:
    kinds = {r.kind for r in records}
    if "DATASET" in kinds:
        what = "a GEO DataSet (GDS), which is not read: take the series matrix or family file of its series (GSE) instead"
    elif kinds & {"PLATFORM", "ANNOTATION"}:
        what = "a platform annotation without samples: give the series matrix as input and add --option platform=" + label
    else:
        what = "a SOFT file without samples: the download was cut off; download it again"
    return DataError(f"{label}: this is {what}")


def _of_platform(samples: Sequence[Record], wanted: str, label: str) -> tuple[list[Record], str]:
    """Return the samples of one platform, and its accession.

    Raises
    ------
    DataError
        There are several platforms and none was chosen, or there is no such platform.
    """
    names = [next(iter(s.values("Sample_platform_id")), "") for s in samples]
    counts = Counter(names)
    shown = ", ".join(f"{name or 'no platform'} ({n} samples)" for name, n in counts.items())
    if wanted and wanted not in counts:
        msg = f"{label}: no sample of platform {wanted}; there are {shown}"
        raise DataError(msg)
    if not wanted and len(counts) > 1:
        msg = f"{label}: samples of several platforms: {shown}; choose one with --option gpl={names[0] or names[-1]}"
        raise DataError(msg)
    platform = wanted or names[0]
    chosen = [s for s, name in zip(samples, names, strict=True) if name == platform]
    if len(chosen) < len(samples):
        say(f"{label}: {len(chosen)} samples of platform {platform} are read, {len(samples) - len(chosen)} of others are not")
    return chosen, platform


def _with_values(samples: Sequence[Record], records: Sequence[Record], label: str) -> list[Record]:
    """Return the samples that have a table with rows; the last record is cut off where its table is."""
    series = _geo_text.accession([r.name for r in records if r.kind == "SERIES"], "GSE")
    full = [s for s in samples if s.table is not None and (not s.complete or b"\n" in s.table.strip())]
    if not full:
        links = [v for r in records for n, v in r.attributes if n.startswith(("Series_supplementary", "Sample_supplementary"))]
        raise _geo_text.no_values(label, series, links)
    if len(full) < len(samples):
        empty = [s.name for s in samples if s not in full]
        warn(f"{label}: {len(empty)} samples without values left out: {listing(empty)}")
    return full


def _annotation(
    records: Sequence[Record], platform: str, probes: Sequence[str], options: Options, label: str
) -> _geo_platform.Annotation | None:
    """Return the genes of the probes from the platform record of the file itself, if it holds one."""
    found = next((r for r in records if r.kind == "PLATFORM" and r.name == platform and r.table), None)
    if found is None or found.table is None:
        return None
    where = f"{label}, platform {platform}"
    if not found.complete:
        msg = f"{where}: the table that begins in line {found.table_line} has no end: the file is cut off; download it again"
        raise DataError(msg)
    text = found.table.decode("utf-8", errors="replace")
    return _geo_platform.parse(text, where, probes, platform, options["platform_column"])


LOADER = Loader(
    name="geo_soft",
    title="GEO SOFT family file: samples with their platform tables",
    suffixes=(".soft", ".txt"),
    claims=_claims,
    load=_load,
    order=2,
    options=(*_probes.OPTIONS, _GPL),
)
