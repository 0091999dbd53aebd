"""Cut-offs on the scale of analysis, beside the samples that they were made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import get, reference
from ifnscore._lazy import np, pd

if TYPE_CHECKING:
    from ifnscore.scoretable import ScoreTable

#: Numbers of the table of cut-offs that are on the scale of the score.
_ON_SCALE = ("cutoff", "cutoff_in_sample", "cutoff_low", "cutoff_high")


def strata(scores: ScoreTable) -> pd.Series:
    """Return the stratum of every sample: which controls it was compared with.

    Returns
    -------
    Series
        Text as in the tables of :mod:`ifnscore.get` (``tissue=blood``), shape (n_samples,), indexed by sample; empty text where
        there is one reference for all, or a table of scores.
    """
    by = [] if scores.adata is None else list(get.provenance(scores.adata, key=scores.key)["reference_by"] or [])
    found = [", ".join(f"{k}={v}" for k, v in one.items()) for one in reference.strata_of(scores.obs, by)]
    return pd.Series(found, index=scores.values.index, dtype=object)


def table(scores: ScoreTable, signature: str) -> pd.DataFrame:
    """Return the cut-offs of a signature, one row a stratum, on the scale of :meth:`ScoreTable.analysed`.

    A logarithm keeps the order of scores: the same samples lie above the cut-off, and the bounds of its interval are those of the
    logarithm.

    Returns
    -------
    DataFrame
        Columns of :func:`ifnscore.get.cutoffs`, and ``why_none``: in words, why there is no cut-off (empty text where there is
        one). A bound of 0 or less becomes minus infinity as a logarithm. Without controls one row without stratum.
    """
    found = pd.DataFrame() if scores.adata is None else get.cutoffs(scores.adata, key=scores.key)
    if len(found):
        found = found[found["signature"] == signature].reset_index(drop=True)
    if not len(found):
        why = "a table of scores holds none" if scores.adata is None else "the scores were made without healthy controls"
        empty = dict.fromkeys((*_ON_SCALE, "n_controls"), np.nan)
        return pd.DataFrame([{"signature": signature, "stratum": "", "rule": "", **empty, "why_none": f"no cut-off: {why}"}])
    if scores.column(signature).score_type == "ratio":
        for name in _ON_SCALE:
            raw = found[name].to_numpy(dtype=float)
            found[name] = np.where(np.isnan(raw), np.nan, np.log2(raw, out=np.full(len(raw), -np.inf), where=raw > 0))
    note = found["note"].fillna("").astype(str)
    return found.assign(why_none=note.where(found["cutoff"].isna(), ""))
