"""Scores joined to the cohort: one row a patient sample, coded, with phase, tissue, platform and blood counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.cohort import _labels, _match, _pairs, _timeline
from ifnscore.errors import DataError, listing, warn

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort, Settings
    from ifnscore.scoretable import Column, ScoreTable

UNKNOWN = "unknown"
_KEPT = ("hours_since_last_dose", "wbc", "neutrophils", "lymphocytes", "monocytes", "infection_flag")


@dataclass(frozen=True, eq=False)
class Frame:
    """What every analysis starts from.

    Attributes
    ----------
    rows
        One row a patient sample: ``sample, patient_id`` (codes), ``order, day, tissue, platform, batch, phase, days_on,
        total_days_on, group`` and blood counts. Index 0..n-1.
    values
        Scores on the scale of analysis, same index, one column a signature.
    columns
        What the scores are.
    settings
        Rules of the cohort.
    simple
        Whether the design is labels only: no exposure is known.
    ids
        Original sample names, same index; never written.
    calibrated
        Batches with enough controls of their own.
    patients
        Code -> group of every patient that entered, with samples or without.
    """

    rows: pd.DataFrame
    values: pd.DataFrame
    columns: tuple[Column, ...]
    settings: Settings
    simple: bool
    ids: list[str]
    calibrated: frozenset[str]
    patients: dict[str, str]
    #: Pairs found so far: most signatures have scores of the same samples. A frame with other settings starts anew.
    found: dict[Any, Any] = field(init=False, default_factory=dict, repr=False)

    @property
    def tissues(self) -> list[str]:
        """Tissues, the primary one first."""
        names = sorted(set(self.rows["tissue"]))
        first = self.settings.primary_tissue
        return sorted(names, key=lambda t: (t != first, t))

    @property
    def groups(self) -> list[str]:
        """Arms; one empty name where there are none, ``unknown`` last."""
        return sorted(set(self.patients.values()), key=lambda g: (g == UNKNOWN, g))

    @property
    def estimands(self) -> tuple[str, ...]:
        """Estimands that the design can tell apart."""
        return (_pairs.OBSERVED,) if self.simple else (_pairs.WHILE_ON, _pairs.POLICY)

    @property
    def declared(self) -> bool:
        """Whether there is a primary score: a declared one, or only one."""
        names = [c.id for c in self.columns]
        return len(names) == 1 or self.settings.primary_signature in names

    @property
    def primary(self) -> str:
        """The primary signature: the declared one, else the first on a log scale, else the first."""
        names = [c.id for c in self.columns]
        declared = self.settings.primary_signature
        if declared in names:
            return str(declared)
        logs = [c.id for c in self.columns if c.is_log and c.ifn_type != "comparator"]
        return (logs or names)[0]


def build(scores: ScoreTable, cohort: Cohort, group: str | None = None) -> Frame:
    """Join scores and cohort.

    Parameters
    ----------
    scores
        Scores of some or all samples.
    cohort
        From a folder, or a simple design (its columns are looked up in the annotations of the scores).
    group
        Column of the patients table that makes arms; None for the design's own, or one arm.

    Raises
    ------
    DataError
        No sample is in both.
    """
    bound = cohort.bind(scores.obs) if cohort.simple is not None and cohort.samples.empty else cohort
    _labels.check(bound, group)
    groups = _groups(bound, group)
    rows = _timeline.samples(bound)
    rows = rows.assign(group=rows["patient_id"].map(groups).fillna(""))
    scored = rows["sample_id"].isin(scores.values.index)
    unknown = _unknown(scores, bound)
    if not scored.any():
        msg = (
            f"no sample of the cohort ({listing(rows['sample_id'], 3)}) has scores ({listing(scores.values.index, 3)}); "
            "sample_id must be the sample name of the scored matrix"
        )
        raise DataError(msg)
    if unknown:
        warn(f"{unknown} scored samples stand in no row of the cohort and are left out")
    if not scored.all():
        warn(f"{int((~scored).sum())} of {len(rows)} samples of the cohort have no score; the flow counts them")
    # in the order of the ids, not of the codes, so that what is drawn at random is the same for every drawing of codes
    rows = rows.sort_values(["patient_id", "day", "sample_id"], kind="stable").reset_index(drop=True)
    ids = [str(i) for i in rows["sample_id"]]
    return Frame(
        rows=_coded(rows, bound),
        values=scores.analysed().reindex(ids).reset_index(drop=True),
        columns=scores.columns,
        settings=bound.settings,
        simple=bound.simple is not None,
        ids=ids,
        calibrated=_calibrated(bound, scores),
        patients={bound.codes[p]: groups[p] for p in sorted(bound.patients["patient_id"])},
    )


def _groups(cohort: Cohort, group: str | None) -> dict[str, str]:
    """Return patient -> arm; an arm that is not known is called so and compared with nothing."""
    everybody = cohort.patients["patient_id"]
    if cohort.simple is not None:
        if group is not None:
            msg = "the groups of a simple design are named when it is made: Cohort.from_samples(group=...)"
            raise DataError(msg)
        named = cohort.samples[cohort.samples["group"].astype(str) != ""].drop_duplicates("patient_id")
        known = dict(zip(named["patient_id"], named["group"].astype(str), strict=True))
        return {p: known.get(p, UNKNOWN if known else "") for p in everybody}
    if group is None:
        return dict.fromkeys(everybody, "")
    if group not in cohort.patients.columns:
        msg = f"patients.csv has no column {group!r}; columns: {listing(cohort.patients.columns, 12)}"
        raise DataError(msg)
    if group == "patient_id":
        msg = "group patient_id makes every patient an arm of one; name a column that patients share"
        raise DataError(msg)
    values = cohort.patients[group]
    given = values.notna() & (values.astype(str) != "")
    return {p: str(v) if g else UNKNOWN for p, v, g in zip(everybody, values, given, strict=True)}


def _unknown(scores: ScoreTable, cohort: Cohort) -> int:
    return int((~scores.values.index.isin(cohort.samples["sample_id"])).sum())


def _coded(rows: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Return the rows under codes, with text that is never missing; ``order`` counts patients in the order of their ids."""
    out = pd.DataFrame(
        {
            "sample": rows["sample_id"].map(cohort.sample_codes),
            "patient_id": rows["patient_id"].map(cohort.codes),
            "order": pd.factorize(rows["patient_id"], sort=True)[0],
            "day": rows["day"].astype(float),
        }
    )
    for column in ("tissue", "platform", "batch", "group"):
        text = rows[column].astype(str) if column in rows else pd.Series("", index=rows.index)
        out[column] = text.where(text != "", UNKNOWN if column == "tissue" else "")
    simple = cohort.simple is not None
    out["steroid"] = np.nan if simple else _match.doses(cohort, list(rows["patient_id"]), list(out["day"]))
    out["phase"], out["days_on"], out["total_days_on"] = rows["phase"], rows["days_on"], rows["total_days_on"]
    for column in _KEPT:
        out[column] = rows[column].astype(float) if column in rows else np.nan
    if "vaccine_within_days" in rows:
        near = rows["vaccine_within_days"].astype(float) <= cohort.settings.infection_days
        out["infection_flag"] = (out["infection_flag"].fillna(0.0).astype(bool) | near).astype(float)
    return out


def _calibrated(cohort: Cohort, scores: ScoreTable) -> frozenset[str]:
    """Return batches that have enough controls of their own, scored against them (a reference per batch)."""
    controls = cohort.samples[cohort.samples["is_control"].astype(bool)]
    if controls.empty or "batch" not in controls or not _by_batch(scores):
        return frozenset()
    person = controls["sample_id"]
    if "donor_id" in controls:  # a simple design does not know donors
        person = controls["donor_id"].where(controls["donor_id"].astype(str) != "", person)
    people = controls.assign(person=person).groupby("batch")["person"].nunique()
    return frozenset(str(b) for b, n in people.items() if n >= cohort.settings.min_controls_batch and str(b))


def _by_batch(scores: ScoreTable) -> bool:
    if scores.adata is None:
        return True  # a foreign table does not say; its owner answers for it
    from ifnscore import get

    return "batch" in (get.provenance(scores.adata, key=scores.key)["reference_by"] or [])
