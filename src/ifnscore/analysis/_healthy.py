"""Scores of the healthy controls: what a patient's score is looked at beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import expr, get, keys
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
    recorded = scores.adata.obsm.get(keys.controls_key(scores.key))
    if recorded is not None:  # a mask given in Python; it stands beside the samples, so it holds for a part of them too
        found = pd.Series(np.asarray(recorded).reshape(-1) == True, index=scores.adata.obs_names)  # noqa: E712
        return found.reindex(nobody.index, fill_value=False).astype(bool)
    text = get.provenance(scores.adata, key=scores.key).get("controls")
    if not isinstance(text, str) or not text:
        return nobody
    try:
        return pd.Series(np.asarray(expr.Selection(text)(scores.obs), dtype=bool), index=nobody.index)
    except (DataError, ValueError):  # a mask that an older version did not keep, or a column that the scored file did not keep
        return nobody


def donor_column(scores: ScoreTable) -> str:
    """Return the column of the annotations that names the person: what ``tl.score(donor=...)`` was given, else ``donor_id``."""
    if scores.adata is None:
        return "donor_id"
    named = get.provenance(scores.adata, key=scores.key).get("repeats_averaged")
    return named if isinstance(named, str) and named in scores.obs else "donor_id"


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
    who = people(scores, cohort)
    one = samples(scores, signature, tissue, cohort)
    return one.groupby(who.loc[one.index, "person"].to_numpy()).mean()


def samples(scores: ScoreTable, signature: str, tissue: str | None = None, cohort: Cohort | None = None) -> pd.Series:
    """Return control scores as :func:`values` does, one a sample: shape (n_samples_of_controls,), indexed by sample."""
    who = people(scores, cohort)
    chosen = who["control"] if tissue is None else who["control"] & (who["tissue"] == tissue)
    one: pd.Series = scores.analysed().loc[chosen.to_numpy(), signature]
    return one.dropna()


def counted(n_people: int, n_samples: int) -> str:
    """Return ``3 healthy controls (4 samples)``; the samples only where there are more of them than people."""
    many = f"{n_people} healthy control{'s' if n_people != 1 else ''}"
    return f"{many} ({n_samples} samples)" if n_samples > n_people else many


def people(scores: ScoreTable, cohort: Cohort | None = None) -> pd.DataFrame:
    """Return who gave each sample, as far as that is known.

    Returns
    -------
    DataFrame
        Columns ``control`` (boolean), ``person`` (donor; the sample where donors are not known) and ``tissue`` (``unknown`` where
        it is not known), indexed by sample.
    """
    index = scores.values.index
    about = scores.obs.reindex(index)
    if cohort is not None and cohort.simple is None:
        about = cohort.samples.set_index("sample_id").reindex(index)
    tissue = "tissue" if cohort is None or cohort.simple is None else cohort.simple.tissue
    place, donor = _text(about, tissue), _text(about, "donor_id")
    scored = _text(scores.obs.reindex(index), donor_column(scores))
    donor = donor.where(donor != "", scored)
    person = pd.Series(index.astype(str), index=index, dtype=object)
    return pd.DataFrame(
        {
            "control": mask(scores, cohort).astype(bool),
            "person": donor.where(donor != "", person),
            "tissue": place.where(place != "", UNKNOWN),
        }
    )


def _text(about: pd.DataFrame, column: str | None) -> pd.Series:
    """Return a column as text, empty where it is missing or there is none."""
    if column is None or column not in about:
        return pd.Series("", index=about.index, dtype=object)
    return about[column].astype(object).where(about[column].notna(), "").astype(str)
