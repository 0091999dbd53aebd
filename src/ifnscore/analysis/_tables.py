"""The tidy tables of a comparison."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ifnscore import get, methods
from ifnscore._lazy import np, pd
from ifnscore.analysis import _batch, _changes, _noise
from ifnscore.result import COLUMNS
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.analysis._frame import Frame
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import ScoreTable

#: Rules that a design without exposure uses.
_OF_SIMPLE = frozenset(
    [
        *("title", "synthetic", "hypotheses", "allow_cross_batch", "allow_confounded_batch", "min_controls_batch"),
        *("primary_signature", "primary_tissue", "icc", "long_run_mean", "small_cell", "score_rcv"),
    ]
)
#: Columns that hold a p.
_P = (
    *("p", "p_adj", "p_t", "p_parametric", "loo_p_low", "loo_p_high", "oldham_p", "pitman_morgan_p", "kendall_p"),
    *("min_attainable_p", "min_attainable_p_given_zeros"),
)
PRIMARY, SECONDARY, EXPLORATORY, FIRST = "primary", "secondary", "exploratory", "first_listed"


def main(rows: list[dict[str, Any]], frame: Frame) -> pd.DataFrame:
    """Return the main table: fixed columns first, a role for each row, the primary row on top."""
    table = pd.DataFrame(rows)
    role = [_role(frame, r) for r in rows]
    table.insert(0, "role", role)
    first = [c for c in COLUMNS if c in table.columns]
    table = table[[*first, *(c for c in table.columns if c not in first)]]
    for column in ("loo_flips", "loo_sign_holds"):
        if column in table:
            table[column] = table[column].astype(object).where(table[column].notna(), None)
    order = pd.Series(role).map({PRIMARY: 0, FIRST: 0, SECONDARY: 1, EXPLORATORY: 1})
    return table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def _role(frame: Frame, row: Mapping[str, Any]) -> str:
    if row["signature"] != frame.primary or row["tissue"] != frame.tissues[0]:
        return EXPLORATORY
    headline = row["contrast"] == _changes.PAIRED and row["estimand"] == frame.estimands[0]
    if not frame.declared:
        return FIRST if headline else EXPLORATORY
    return PRIMARY if headline else SECONDARY


def whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose counts are whole numbers, also where some are missing."""
    counts = [c for c in table.columns if c.startswith("n_") and pd.api.types.is_float_dtype(table[c])]
    return table.astype(dict.fromkeys(counts, "Int64"))


def hide_p(table: pd.DataFrame, tissues: Collection[str]) -> pd.DataFrame:
    """Blank every p, and every conclusion from one, of tissues whose batch is confounded with time; the note says why."""
    if not tissues or "tissue" not in table:
        return table
    table, here = table.copy(), table["tissue"].isin(list(tissues))
    for column in (c for c in _P if c in table):
        table.loc[here, column] = np.nan
    if "loo_flips" in table:
        table["loo_flips"] = table["loo_flips"].astype(object).where(~here, None)
    if "note" in table:
        notes = table["note"].fillna("").astype(str)
        table["note"] = notes.where(~here, (_batch.NO_P + "; " + notes).str.removesuffix("; "))
    return table


def patients(answers: Iterable[_changes.Changes], frame: Frame, noise: Mapping[tuple[str, str], _noise.Noise]) -> pd.DataFrame:
    """Return every patient's value, one row a question and patient, with the reference change value of the score."""
    parts: list[dict[str, Any]] = []
    for a in answers:
        q = a.question
        about = {"signature": q.signature, "tissue": q.tissue, "group": q.group, "contrast": q.contrast, "estimand": q.estimand}
        known = noise.get((q.signature, q.tissue), _noise.Noise(float("nan"), 0, _noise.NOT_KNOWN))
        more = {"unit": a.column.unit, "rcv": known.rcv, "rcv_t": known.rcv_t, "excluded": ""}
        if frame.simple:
            more["followup_phase"] = ""
        parts += [
            {**about, **r, **more, "beyond_rcv": _noise.beyond(r, known)}
            for r in rows_of(a.table.drop(columns=["baseline_rows", "followup_rows"]))
        ]
        parts += [{**about, "patient_id": p, "excluded": why} for p, why in a.excluded.items()]
    first = ["signature", "tissue", "group", "contrast", "estimand", "patient_id", "baseline", "followup", "change", "unit"]
    values = [c for c in _changes.COLUMNS if c not in {*first, "baseline_rows", "followup_rows"}]
    columns = [*first, *values, "rcv", "rcv_t", "beyond_rcv", "excluded"]  # all of them, also where nobody has a pair
    return _by_code(pd.DataFrame(parts, columns=columns))


def _by_code(table: pd.DataFrame) -> pd.DataFrame:
    """Sort patients by code within each question: their order in the files would give the codes away."""
    place = table.groupby(["signature", "tissue", "group", "contrast", "estimand"], sort=False).ngroup()
    return table.assign(place=place).sort_values(["place", "patient_id"]).drop(columns="place").reset_index(drop=True)


def score_facts(scores: ScoreTable, frame: Frame, noise: Mapping[tuple[str, str], _noise.Noise]) -> pd.DataFrame:
    """Return what is known of each score: IFN type, method, what may be done with it, and its noise in each tissue."""
    rows = []
    for column in scores.columns:
        for tissue in frame.tissues:
            known = noise.get((column.id, tissue), _noise.Noise(float("nan"), 0, _noise.NOT_KNOWN))
            here = frame.values.loc[frame.rows["tissue"] == tissue, column.id]
            rows.append(
                {
                    "signature": column.id,
                    "tissue": tissue,
                    "ifn_type": column.ifn_type,
                    "method": column.method,
                    "sample_independent": _independent(column.method),
                    "score_type": column.score_type,
                    "unit": column.unit,
                    "n_samples": len(here),
                    "n_without_score": int(here.isna().sum()),
                    "within_person_sd": known.sd,
                    "within_person_df": known.df,
                    "rcv": known.rcv,
                    "rcv_t": known.rcv_t,
                    "noise_source": known.source,
                }
            )
    return pd.DataFrame(rows)


def _independent(method: str) -> bool | None:
    """Whether a sample's score stays the same when other samples are added; None for a foreign score."""
    record = methods.records().get(method)
    return None if record is None else record.sample_independent


def settings(cohort: Cohort, **more: Any) -> pd.DataFrame:
    """Return every rule that was applied, with its value."""
    from ifnscore.cohort._settings import KEYS

    said = {k.field: k.help for k in KEYS}
    rows = [
        {"rule": f.name, "value": _text(getattr(cohort.settings, f.name)), "meaning": said.get(f.name, "")}
        for f in fields(cohort.settings)
        if cohort.simple is None or f.name in _OF_SIMPLE
    ]
    if cohort.simple is not None:
        rows += [
            {"rule": f.name, "value": _text(getattr(cohort.simple, f.name)), "meaning": "column or value of the simple design"}
            for f in fields(cohort.simple)
        ]
    rows += [{"rule": k, "value": _text(v), "meaning": ""} for k, v in {**more, **_versions()}.items()]
    return pd.DataFrame(rows)


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={v:g}" for k, v in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("ifnscore", "numpy", "pandas", "scipy", "statsmodels"):
        try:
            found[f"{name}_version"] = version(name)
        except PackageNotFoundError:  # run from a source tree
            found[f"{name}_version"] = "unknown"
    return found


def origin(scores: ScoreTable) -> dict[str, str]:
    """Return where the scores come from: key, version, scale, references, and a hash of their whole provenance."""
    if scores.adata is None:
        return {"scores_from": "a table of scores"}
    facts = get.provenance(scores.adata, key=scores.key)
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return {
        "scores_from": scores.key,
        "scores_ifnscore_version": str(facts["ifnscore"]),
        "scores_scale": str(facts["scale"]),
        "scores_reference_by": ", ".join(facts["reference_by"] or []) or "none",
        "scores_provenance_sha256": digest,
    }
