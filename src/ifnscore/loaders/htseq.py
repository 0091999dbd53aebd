"""One sample's counts, as htseq-count writes them: no header, footer rows that start with two underscores."""

from __future__ import annotations

from ifnscore.loaders import _counts
from ifnscore.loaders._model import Loader

LOADER = Loader(
    name="htseq",
    title="counts of one sample (HTSeq): no header, gene and count in each line",
    suffixes=_counts.SUFFIXES,
    claims=_counts.is_count_file,
    load=lambda path, _: _counts.table(path),
    per_sample=True,
)
