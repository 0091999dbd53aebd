"""RCC files of NanoString nCounter instruments: one lane each, or eight samples of a PlexSet.

Counts of the classes Endogenous and Housekeeping are the matrix; control probes are kept in ``obsm["nanostring"]``. The sample is
named by the file, because the ID within is often the same for a whole cartridge. Owner, date and comments are not kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ifnscore._lazy import np
from ifnscore.errors import DataError
from ifnscore.loaders import _files, _join, _rcc_build, _rcc_parse
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.loaders._rcc_qc import Lane, number

_SUFFIX = ".rcc"
_GEOMX = b"<ngs_processing_attributes>"
_SECTIONS = (b"<sample_attributes>", b"<lane_attributes>", b"<code_summary>", _GEOMX)


def _claims(path: Path) -> bool:
    if _files.is_stdin(path) or path.is_dir():
        return False
    if _files.suffix(path) == _SUFFIX:
        return True
    head = _files.peek(path)[:4096].replace(b"\0", b"").lower()
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith(b"<header>") and any(s in head for s in _SECTIONS)


def read(data: bytes, label: str, sample: str) -> Known:
    """Read the text of one RCC file.

    Parameters
    ----------
    data
        UTF-8 with newlines.
    label
        The file as messages name it.
    sample
        Name of the sample.

    Raises
    ------
    DataError
        It is no RCC file, such as the DCC files of GeoMx, or it is damaged.
    """
    if _GEOMX in data[:65536].lower():
        msg = f"{label}: GeoMx NGS files (DCC) are not read: export the target counts as a table"
        raise DataError(msg)
    rcc = _rcc_parse.parse(data, label)
    counts = np.array([rcc.counts], dtype=np.int64)
    return _rcc_build.build(label, rcc.probes, counts, [_lane(sample, rcc.attributes)], "RCC files hold counts")


def _lane(sample: str, found: Mapping[str, str]) -> Lane:
    lane = "lane_attributes."
    return Lane(
        sample=sample,
        rlf=found.get("sample_attributes.generlf", ""),
        rcc_id=found.get("sample_attributes.id", ""),
        lane=found.get(f"{lane}id", ""),
        cartridge=found.get(f"{lane}cartridgeid", ""),
        scanner=found.get(f"{lane}scannerid", ""),
        fov_count=number(found.get(f"{lane}fovcount", "")),
        fov_counted=number(found.get(f"{lane}fovcounted", "")),
        binding_density=number(found.get(f"{lane}bindingdensity", "")),
    )


def _load(path: Path, _: Options) -> Known:
    return read(_files.read_text(path), _files.label(path), _files.sample_name(path))


def _load_many(paths: Sequence[Path], options: Options) -> Known:
    with _rcc_build.together():
        known = [_load(path, options) for path in paths]
    parts = [_join.Part(str(p), k.adata, "index", k.adata.X, k.scale) for p, k in zip(paths, known, strict=True)]
    notes = dict.fromkeys(n for k in known for n in k.notes)
    return replace(known[0], adata=_join.join(parts), notes=tuple(notes))


LOADER = Loader(
    name="rcc",
    title="NanoString RCC file: one lane, or a PlexSet of eight samples",
    suffixes=(_SUFFIX,),
    claims=_claims,
    load=_load,
    order=1,
    scale="counts",
    per_sample=True,
    marked=True,
    normalise="nanostring",
    load_many=_load_many,
)
