"""The verbs: each takes an AnnData and adds to it, or returns a result."""

from __future__ import annotations

from ifnscore.tl._associate import associate
from ifnscore.tl._compare import compare
from ifnscore.tl._pseudobulk import pseudobulk
from ifnscore.tl._reference import reference
from ifnscore.tl._score import DETAIL_LIMIT, score

__all__ = ["DETAIL_LIMIT", "associate", "compare", "pseudobulk", "reference", "score"]
