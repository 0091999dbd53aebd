"""Scores of the healthy controls: what a patient's score is looked at beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import expr, get
from ifnscore._lazy import np, pd
from ifnscore.errors import DataError

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import ScoreTable

UNKNOWN = "unknown"


def mask(scores: ScoreTable, cohort: Cohort | None = None) -> pd.Series:
    """Return which samples are healthy controls, as far as that is known.

    Parameters
    ----------
    scores
        Scores with their annotations.
    cohort
        Its ``is_control`` decides. None, or a cohort without any: the controls that the scores were made with.

    Returns
    -------
    Series
        Boolean, shape (n_samples,), indexed by sample; all False where nothing is known.
    """
    nobody = pd.Series(data=False, index=scores.values.index)
    if cohort is not None and len(cohort.samples) and cohort.samples["is_control"].astype(bool).any():
        ids = cohort.samples.loc[cohort.samples["is_control"].astype(bool), "sample_id"]
        return pd.Series(nobody.index.isin(ids), index=nobody.index)
    if scores.adata is None:
        return nobody
    text = get.provenance(scores.adata, key=scores.key).get("controls")
    if not isinstance(text, str) or not text:
        return nobody
    try:
        return pd.Series(np.asarray(expr.Selection(text)(scores.obs), dtype=bool), index=nobody.index)
    except (DataError, ValueError):  # a mask given in Python, or a column that the scored file did not keep
        return nobody


def values(scores: ScoreTable, signature: str, tissue: str | None = None, cohort: Cohort | None = None) -> pd.Series:
    """Return control scores on the scale of analysis, repeats of one donor averaged.

    Parameters
    ----------
    scores, cohort
        See :func:`mask`.
    signature
        Which scores.
    tissue
        Controls of this tissue; None for all.

    Returns
    -------
    Series
        Shape (n_controls,), indexed by donor, or by sample where donors are not known. Empty where there are no controls.
    """
    chosen = mask(scores, cohort)
    table = pd.DataFrame({"score": scores.analysed()[signature]})[chosen]
    about = scores.obs.reindex(table.index)
    if cohort is not None and cohort.simple is None:
        about = cohort.samples.set_index("sample_id").reindex(table.index)
    if tissue is not None and "tissue" in about:
        here = about["tissue"].astype(object).where(about["tissue"].notna(), "").astype(str)
        table = table[here.where(here != "", UNKNOWN) == tissue]
        about = about.reindex(table.index)
    person = pd.Series(table.index.astype(str), index=table.index)
    if "donor_id" in about:
        donor = about["donor_id"].astype(object).where(about["donor_id"].notna(), "").astype(str)
        person = donor.where(donor != "", person)
    return table["score"].groupby(person.to_numpy()).mean().dropna()
