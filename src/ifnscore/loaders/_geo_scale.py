"""What the words of a GEO record say about platform and scale; the words are hints, the values decide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ifnscore import expression
from ifnscore.errors import say
from ifnscore.expression import MAX_LOG2, Scale
from ifnscore.loaders._model import Known

if TYPE_CHECKING:
    from ifnscore._lazy import ad

#: Words of "data processing" -> (what they are called in the note, the scale that they suggest); the first hit counts.
_WORDS: tuple[tuple[str, str, Scale], ...] = (
    (r"\blog[ _\-]?\(?(?:base[ _]?)?2\b|\blog2|log-transform|log transform", "log2", "log2"),
    (r"\b(?:gc|f)?rma\b|robust multi-?(?:array|chip)", "RMA", "log2"),
    (r"variance[ \-]stabili[sz]|\bvsn\b|\bvst\b", "variance stabilisation", "log2"),
    (r"\bmas[ \-]?5|microarray suite|\bgcos\b", "MAS5", "linear"),
    (r"\b[rf]pkm\b|\btpm\b|\bcpm\b", "FPKM, TPM or CPM", "linear"),
)
_PLATFORMS = (
    ("high throughput sequencing", "RNA-seq"),
    ("by array", "microarray"),
    ("rt-pcr", "RT-qPCR"),
)
_NANOSTRING = re.compile(r"\b(nanostring|ncounter)\b", re.IGNORECASE)


#: Words for work after which whole numbers are no longer counts; not "non-normalized".
_NORMALISED = re.compile(
    r"(?<!non-)(?<!non )(?<!non)(?<!not )(?<!not been )(?<!un)(?<!un-)normali[sz]|\bvoom\b|\bcombat(?:[-_]?seq)?\b|quantile|"
    r"\b(?:gc|f)?rma\b|batch[- ](?:effect|correct)|\bvst\b|\brlog\b|\b[cr]pm\b|\btpm\b|\b[rf]pkm\b",
    re.IGNORECASE,
)


class Stated(NamedTuple):
    """Platform, scale (None where it has to be found), where the scale comes from, notes."""

    platform: str
    scale: Scale | None
    why: str
    notes: tuple[str, ...]
    doubt: str = ""


def stated(found: expression.Facts, types: Iterable[str], processing: Iterable[str], protocols: str) -> Stated:
    """Return what the record and its values say.

    Parameters
    ----------
    found
        Facts of the values.
    types
        ``!Series_type`` values.
    processing
        ``!Sample_data_processing`` values.
    protocols
        All attributes of the samples and platforms, among which NanoString may be named; a summary of the study may name what
        was used elsewhere.
    """
    kinds = " ".join(types).lower()
    platform = next((name for words, name in _PLATFORMS if words in kinds), "")
    platform = "NanoString" if _NANOSTRING.search(protocols) else platform
    intensities = platform == "microarray" and found.integer and found.minimum >= 0 and found.maximum > MAX_LOG2
    if intensities:
        why = f"whole numbers up to {found.maximum:.6g} on a microarray are intensities, not counts"
        return Stated(platform, "linear", why, ())
    texts = list(dict.fromkeys(processing))
    doubt = _doubt(texts) if found.integer and found.minimum >= 0 else ""
    notes = [n for n in (_hint(texts, found), negative_intensities(found)) if n]
    return Stated(platform, None, "", tuple(notes), doubt)


def known(adata: ad.AnnData, found: Stated, notes: tuple[str, ...], label: str) -> Known:
    """Return a matrix with what the record states, and tell the user the notes."""
    every = (*notes, *found.notes)
    for note in every:
        say(f"{label}: {note}")
    return Known(adata, found.scale, found.why, found.platform, every, found.doubt)


def _doubt(processing: Iterable[str]) -> str:
    found = _NORMALISED.search(" ".join(processing))
    if not found:
        return ""
    word = found.group().lower()
    word = "normalisation" if word.startswith("normali") else word
    return (
        f"whole numbers, but the data processing text names {word}: counts, or normalised and rounded? "
        "declare --scale counts or linear"
    )


def _hint(processing: Iterable[str], found: expression.Facts) -> str:
    text = " ".join(dict.fromkeys(processing))
    for pattern, name, scale in _WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            if scale == "log2" and found.maximum > MAX_LOG2:
                return f"the data processing text says {name}, but values up to {found.maximum:.4g} are no log2 values"
            if scale == "linear" and found.minimum < 0:
                return f"the data processing text says {name}, but there are negative values: they were transformed since"
            if scale == "linear" and found.maximum <= MAX_LOG2 / 2:
                return f"the data processing text says {name}, but no value is above {found.maximum:.4g}: probably logarithms now"
            return f"the data processing text says {name}: probably --scale {scale} (a hint: it is for you to declare)"
    return ""


def negative_intensities(found: expression.Facts) -> str:
    """Return a note for values that fit no scale: negative ones beside ones that no logarithm reaches."""
    if found.minimum < 0 and found.maximum > MAX_LOG2:
        return (
            f"values from {found.minimum:.4g} to {found.maximum:.4g} fit no scale: background-subtracted intensities (such as "
            "Affymetrix MAS4 average differences); raise the negative ones to a small positive floor, then use --scale linear"
        )
    return ""
