"""Sample annotations of GEO records as ``obs``: characteristics as columns, nothing that names people or days."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ifnscore import orthologs
from ifnscore._lazy import pd
from ifnscore.errors import listing, say, warn
from ifnscore.loaders import _private
from ifnscore.loaders._geo_text import Attributes
from ifnscore.loaders._sniff import NUMBER

#: Attributes that become a column of their own; all others but characteristics stay behind.
_KEPT = {"title": "title", "source_name": "source_name", "organism": "organism", "platform_id": "platform_id"}
_CHARACTERISTICS = "characteristics"
_CHANNEL = re.compile(r"_ch(\d+)$")
_HUMAN = "homo sapiens"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?:19|20)\d\d"
_DAY = re.compile(
    rf"(?<![\w.])(?:{_YEAR}[-/._](?:0?[1-9]|1[0-2])[-/._](?:0?[1-9]|[12]\d|3[01])"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.]{_YEAR}|\d{{1,2}}/\d{{1,2}}/\d\d"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ \-]?{_MONTH}[ ,\-]*(?:{_YEAR}|\d\d)"
    rf"|{_MONTH}[ \-]?(?:\d{{1,2}}(?:st|nd|rd|th)?,?[ \-]*)?{_YEAR}"
    rf"|{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\w)",
    re.IGNORECASE,
)
_MASK = "(date)"
_LINK = re.compile(r"\b(?:ftp|https?|file)://\S+|[\w.+\-]+@[\w\-]+\.\w+|(?<!\S)(?:[A-Za-z]:\\|/(?:home|Users|mnt|data)/)\S*")


class Annotated(NamedTuple):
    """Annotations of samples, and what the reader of the scores should know about them."""

    obs: pd.DataFrame
    notes: tuple[str, ...]


def annotate(samples: Mapping[str, Attributes], label: str) -> Annotated:
    """Return one row per sample.

    Parameters
    ----------
    samples
        Sample -> attributes ``(name, value)`` with names such as ``Sample_characteristics_ch1``.
    label
        The file as messages name it.

    Returns
    -------
    Annotated
        Columns ``title``, ``source_name``, ``organism``, ``platform_id`` where they are given, then one column per key of the
        characteristics. Numbers are numbers; a key that a sample lacks is missing there.
    """
    cells = [_cells(attributes) for attributes in samples.values()]
    order = {name: None for row in cells for name in row}
    names = [*(n for n in _KEPT.values() if n in order), *(n for n in order if n not in _KEPT.values())]
    frame = table({name: [row.get(name, "") for row in cells] for name in names}, list(samples), label)
    return Annotated(frame, _notes(samples, cells, label))


def table(columns: Mapping[str, Sequence[str]], samples: Sequence[str], label: str) -> pd.DataFrame:
    """Return annotations as ``obs``, without what names people, days or files.

    Parameters
    ----------
    columns
        Name -> one text per sample, empty where it is missing.
    samples
        Sample names.
    label
        The file as messages name it.
    """
    dropped = [n for n in columns if _private.by_name(n)]
    if dropped:
        say(f"{label}: annotations that may name people, days or files are not read: {listing([repr(n) for n in dropped])}")
    frame = pd.DataFrame(index=pd.Index(list(samples)))
    masked = False
    for name, texts in columns.items():
        if name not in dropped:
            values = [_LINK.sub("", _DAY.sub(_MASK, text)).strip() for text in texts]
            masked = masked or any(_MASK in v for v in values)
            frame[_safe_name(name)] = _column(values, frame.index)
    if masked:
        say(f"{label}: calendar dates in the annotations were replaced by {_MASK}")
    return frame


def _cells(attributes: Attributes) -> dict[str, str]:
    """Return column -> value of one sample; keys that differ only in capitals or come twice are one column."""
    found: dict[str, list[str]] = {}
    spelling: dict[str, str] = {}
    for name, value in attributes:
        key, text = _key_and_value(name.removeprefix("Sample_"), value)
        text = text.strip()
        if not key or not text:
            continue
        key = spelling.setdefault(key.casefold(), key)
        if text not in found.setdefault(key, []):
            found[key].append(text)
    return {key: "; ".join(values) for key, values in found.items()}


def _key_and_value(name: str, value: str) -> tuple[str, str]:
    """Return the column and the text of an attribute, an empty column for those that are not kept."""
    channel = _CHANNEL.search(name)
    base = name[: channel.start()] if channel else name
    suffix = f"_ch{channel.group(1)}" if channel and channel.group(1) != "1" else ""
    if base in _KEPT:
        return f"{_KEPT[base]}{suffix}", value
    if base != _CHARACTERISTICS:
        return "", ""
    key, colon, rest = value.partition(":")
    key = key.strip()
    if not colon or not key or len(key) > 80 or NUMBER.fullmatch(key):  # noqa: PLR2004
        return f"{_CHARACTERISTICS}{suffix}", value
    key = f"{key} (characteristic)" if key.lower() in _KEPT.values() or key == _CHARACTERISTICS else key
    return f"{key}{suffix}", rest


def _safe_name(name: str) -> str:
    """Return a column name that can be written as h5ad: no slash, not anndata's own ``_index``."""
    return "index" if name == "_index" else name.replace("/", "_")


def _column(values: Sequence[str], index: pd.Index) -> pd.Series:
    """Return values as numbers where all are numbers (leading zeros are kept, as words); words may be missing."""
    given = [v for v in values if v]
    if given and all(NUMBER.fullmatch(v) and not re.match(r"[+-]?0\d", v) for v in given):
        numbers = pd.to_numeric(pd.Series([v or None for v in values], dtype=object, index=index))
        return pd.Series(numbers, index=index)
    if len(given) == len(values):
        return pd.Series(list(values), index=index)
    return pd.Series([v or None for v in values], index=index, dtype=object).astype("category")


def _notes(samples: Mapping[str, Attributes], cells: Sequence[Mapping[str, str]], label: str) -> tuple[str, ...]:
    """Say what limits a score: other species, two colours."""
    notes = []
    others = sorted({o for row in cells if (o := row.get("organism", "")) and o.casefold() != _HUMAN})
    if others:
        if orthologs.reading() != "mouse":
            warn(f"{label}: organism {listing(others)}; the signatures are human (mouse genes: --species mouse)")
        notes.append(f"organism: {listing(others)}")
    if any(name == "Sample_channel_count" and value == "2" for row in samples.values() for name, value in row):
        notes.append("two-colour arrays: the values are usually log ratios to a common reference sample, which no scale fits")
    return tuple(notes)
