"""Patients, disease, measures and scores of Table 1: which variables there are, and the value of each patient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ifnscore import instruments
from ifnscore._lazy import pd
from ifnscore.cohort import _table1_drugs, _timeline
from ifnscore.cohort._exposure import BASELINE
from ifnscore.cohort._table1_rows import MISSING, NOT_GIVEN, OUTSIDE, Variable, count, flag, levels, numbers
from ifnscore.cohort._tables import TISSUES
from ifnscore.errors import DataError, listing
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    import pandas

    from ifnscore.cohort._model import Cohort

DAYS_A_YEAR = 365.25
#: Measures that Table 1 names even where nobody has a value.
EXPECTED = ("cmas", "mmt8", "ck", "physician_global")


def variables(cohort: Cohort, scores: pandas.Series[Any] | None, score_name: str) -> list[Variable]:
    """Return all variables of Table 1 in the order of printing; a simple design has samples and groups only."""
    who = list(cohort.patients["patient_id"])
    samples = _timeline.samples(cohort)
    made = [count("cohort", "Patients", dict.fromkeys(who, 1)), *_samples(who, samples)]
    if cohort.simple is not None:
        group = dict(zip(samples["patient_id"], samples["group"], strict=True))
        if any(group.values()):
            made.append(levels("cohort", "Group", {p: group.get(p, "") for p in who}))
    else:
        made += [*_visits(cohort, who), *_people(cohort, who), *_disease(cohort, who, samples)]
        made += [*_table1_drugs.others(cohort, who), *_table1_drugs.index(cohort, who), *_measures(cohort, who)]
    return made if scores is None else made + _scores(cohort, who, samples, scores, score_name)


def _samples(who: list[str], samples: pandas.DataFrame) -> list[Variable]:
    tissues = samples["tissue"].replace("", NOT_GIVEN)
    order = [*(t for t in TISSUES if (tissues == t).any()), *sorted(set(tissues) - set(TISSUES))]
    mine = {t: samples.loc[tissues == t, "patient_id"].value_counts() for t in order}
    cells = pd.DataFrame({t: [int(n.get(p, 0)) for p in who] for t, n in mine.items()}, index=who)
    total = _times(who, samples["patient_id"])
    made = [count("cohort", "Samples", total)]
    if order and order != [NOT_GIVEN]:
        made.append(Variable("cohort", "Samples by tissue", "levels", cells.assign(**{MISSING: 0, OUTSIDE: 0})))
    return [*made, numbers("cohort", "Samples a patient", {p: float(n) for p, n in total.items()})]


def _visits(cohort: Cohort, who: list[str]) -> list[Variable]:
    total = _times(who, cohort.visits["patient_id"])
    per_patient = {p: float(n) if len(cohort.visits) else math.nan for p, n in total.items()}
    return [count("cohort", "Visits", total), numbers("cohort", "Visits a patient", per_patient)]


def _times(who: list[str], patients: Iterable[str]) -> dict[str, int]:
    seen = list(patients)
    return {p: seen.count(p) for p in who}


def _people(cohort: Cohort, who: list[str]) -> list[Variable]:
    p = cohort.patients
    sexes = ["F", "M", *(["other"] if (p["sex"] == "other").any() else [])]
    made = [_age(cohort, who, "Age at start", "age_at_start"), _age(cohort, who, "Age at diagnosis", "age_at_dx")]
    made.append(levels("patients", "Sex", _of(who, p["sex"]), sexes))
    made.append(levels("patients", "Myositis-specific antibody", _of(who, p["msa"])))
    return [*made, levels("patients", "Site", _of(who, p["site"]))] if (p["site"] != "").any() else made


def _of(who: list[str], column: Any) -> dict[str, Any]:
    return dict(zip(who, column.tolist(), strict=True))


def _age(cohort: Cohort, who: list[str], name: str, column: str) -> Variable:
    """Return ages in bands where there are few patients or some ages are known as a band only, else as numbers."""
    years, bands = cohort.patients[f"{column}_years"].astype(float), cohort.patients[f"{column}_band"].astype(str)
    if not cohort.bands_ages and not ((bands != "") & years.isna()).any():
        return numbers("patients", f"{name}, years", _of(who, years))
    given = set(bands) - {""}
    usual = ["0-5", "6-11", "12-17", "18+"]
    shown = [b for b in usual if b in given or b != usual[-1]]
    order = sorted({*shown, *given}, key=lambda b: (float(b.rstrip("+").split("-")[0]), b))
    return levels("patients", f"{name}, years", _of(who, bands), order, ages=pd.Series(years.to_numpy(), index=who).dropna())


def _disease(cohort: Cohort, who: list[str], samples: pandas.DataFrame) -> list[Variable]:
    p = cohort.patients
    duration = p["age_at_start_years"].astype(float) - p["age_at_dx_years"].astype(float)
    days = pd.concat([t.set_index("patient_id")["day"].astype(float) for t in (cohort.visits, samples) if len(t)] or [_no_days()])
    by = days.dropna().groupby(level=0)
    follow_up = ((by.max() - by.min()) / DAYS_A_YEAR).to_dict()
    made = [
        numbers("disease", "Disease duration at start, years", _of(who, duration), note="from ages in whole years"),
        numbers("disease", "Follow-up, first to last visit or sample, years", {i: follow_up.get(i, math.nan) for i in who}),
    ]
    ever = {"Calcinosis": "calcinosis", "Muscle weakness": "weakness", "Joint involvement": "joint"}
    for name, column in {**ever, "Interstitial lung disease": "ild"}.items():
        known = [None if pd.isna(v) else bool(v) for v in p[f"{column}_ever"]]
        made.append(flag("disease", f"{name}, ever", dict(zip(who, known, strict=True))))
    return made


def _no_days() -> pandas.Series[Any]:
    return pd.Series([], dtype=float, index=pd.Index([], dtype=object))


def _in_window(cohort: Cohort, rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return the rows of the baseline window; the window's last day counts whole."""
    low, high = cohort.settings.baseline_window
    before = rows[rows["phase"] == BASELINE]
    if cohort.simple is not None:
        return before.assign(day=0.0)
    return before[before["day"].astype(float).between(low, high + 1, inclusive="left")]


def _baseline(cohort: Cohort, who: list[str], rows: pandas.DataFrame) -> dict[str, float]:
    """Return the baseline of each patient by the rule of the cohort; several values of one day are averaged."""
    found = dict.fromkeys(who, math.nan)
    for patient, mine in rows.groupby("patient_id"):
        kept = mine if cohort.settings.baseline_rule == "mean" else mine[mine["day"] == mine["day"].max()]
        found[str(patient)] = float(kept["value"].mean())
    return found


def _measures(cohort: Cohort, who: list[str]) -> list[Variable]:
    visits = _in_window(cohort, _timeline.visits(cohort))[["patient_id", "visit_id", "day"]]
    o = cohort.outcomes[["patient_id", "visit_id", "instrument", "subscale", "value", "unit", "imputed"]]
    rows = visits.merge(o[o["value"].notna()], on=["patient_id", "visit_id"])
    made = []
    for name in _measured(cohort):
        one = cohort.instruments[name]
        all_of_it = o[o["instrument"] == name]
        parts = ["", *one.subscales]
        there = [part for part in parts if (all_of_it["subscale"] == part).any()] or [""]
        unit = next((u for u in all_of_it["unit"] if u), one.unit)
        title = one.title if unit == "points" else f"{one.title}, {unit}"
        for part in there:
            mine = rows[(rows["instrument"] == name) & (rows["subscale"] == part)]
            raw = bool(one.ratio_unit) and unit != one.ratio_unit and len(mine) > 0
            notes = ["not divided by the upper limit of normal"] if raw else []
            notes += ["parts of its own naming are not shown"] if not set(all_of_it["subscale"]) <= set(parts) else []
            notes += ["includes values that were filled in"] if mine["imputed"].astype(bool).any() else []
            values = _baseline(cohort, who, mine)
            made.append(numbers("baseline measures", title, values, note="; ".join(notes), level=part))
    return made


def _measured(cohort: Cohort) -> list[str]:
    """Return instruments in the order of printing: the primary one, skin, what is always named, the others."""
    there = [i for i in cohort.instruments if (cohort.outcomes["instrument"] == i).any()]
    skin = [i for i in there if cohort.instruments[i].domain.startswith("skin")]
    expected = [i for i in EXPECTED if i in cohort.instruments]
    primary = cohort.settings.primary_instrument
    first = [instruments.get(primary, cohort.instruments).id] if primary else []
    return list(dict.fromkeys([*first, *skin, *expected, *there]))


def _scores(
    cohort: Cohort, who: list[str], samples: pandas.DataFrame, scores: pandas.Series[Any], score_name: str
) -> list[Variable]:
    values = pd.Series(scores.to_numpy(dtype=float), index=scores.index.astype(str))
    if values.index.duplicated().any():
        msg = f"scores: sample {values.index[values.index.duplicated()][0]!r} stands twice; one score a sample is needed"
        raise DataError(msg)
    if not values.index.isin(cohort.sample_codes).any():
        msg = f"scores: none of {listing(values.index, 3)} is a sample of this cohort; index them by sample_id"
        raise DataError(msg)
    rows = samples.assign(value=samples["sample_id"].map(values)).dropna(subset=["value"])
    rows = _in_window(cohort, rows)
    tissues = [cohort.settings.primary_tissue] if cohort.settings.primary_tissue else sorted(set(rows["tissue"])) or [""]
    return [
        numbers("baseline score", score_label(cohort, score_name), _baseline(cohort, who, rows[rows["tissue"] == t]), level=t)
        for t in tissues
    ]


def score_label(cohort: Cohort, score_name: str) -> str:
    """Return what the baseline score is called."""
    return score_name or cohort.settings.primary_signature or "Interferon score"


def controls(cohort: Cohort, scores: pandas.Series[Any]) -> dict[str, Any]:
    """Return the control scores of each tissue, repeats of one person averaged.

    Raises
    ------
    DataError
        A patient's sample is among them.
    """
    about = {row["sample_id"]: row for row in rows_of(cohort.samples)}
    rows = []
    for name, value in zip(scores.index.astype(str), scores.to_numpy(dtype=float), strict=True):
        row = about.get(name, {})
        if row and not row["is_control"]:
            msg = "controls: a patient's sample is among them; give the scores of healthy controls only"
            raise DataError(msg)
        rows.append({"tissue": row.get("tissue", ""), "donor": row.get("donor_id") or f"\0{name}", "value": value})
    table = pd.DataFrame(rows, columns=["tissue", "donor", "value"]).dropna(subset=["value"])
    wanted = cohort.settings.primary_tissue
    table = table[table["tissue"].isin([wanted, ""])] if wanted else table
    return {str(t): mine.groupby("donor")["value"].mean().to_numpy(dtype=float) for t, mine in table.groupby("tissue")}
