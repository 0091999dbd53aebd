"""Blood cells: type I interferon and JAK inhibitors change who is in the tube, so a change of score may be a change of cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _paired
from ifnscore.result import rows as rows_of
from ifnscore.stats import sign_flip

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes
    from ifnscore.analysis._frame import Frame

NAN = math.nan
CELLS = ("monocytes", "neutrophils", "lymphocytes")
#: Parts of white cells that the score is adjusted for, one at a time: six children carry no more.
ADJUSTED_FOR = ("monocytes", "neutrophils")
FEWEST = 4
NO_COUNTS = "no blood counts: a change of cells cannot be told from a change of score"


def fractions(frame: Frame) -> pd.DataFrame:
    """Return parts of white cells of each row of the frame, NaN where counts are missing; same index."""
    wbc = frame.rows["wbc"].where(frame.rows["wbc"] > 0)
    return pd.DataFrame({cell: frame.rows[cell] / wbc for cell in CELLS})


def shifts(frame: Frame, changes: Changes) -> pd.DataFrame:
    """Return the change of each cell fraction in the samples of each patient, shape (n_patients, 3)."""
    parts = fractions(frame)
    rows = []
    for r in rows_of(changes.table):
        before = parts.loc[list(r["baseline_rows"])].mean()
        after = parts.loc[list(r["followup_rows"])].mean()
        rows.append({"patient_id": r["patient_id"], **{f"{c}_change": after[c] - before[c] for c in CELLS}})
    return pd.DataFrame(rows, columns=["patient_id", *(f"{c}_change" for c in CELLS)])


def adjusted(frame: Frame, changes: Changes) -> list[dict[str, Any]]:
    """Return the mean change and, for each cell type, the change that would be left with unchanged composition.

    The intercept of the regression (ordinary least squares) of change in score on change in fraction, with its t interval. A
    sensitivity analysis: no p.
    """
    named = _paired.names(changes.question, changes.column)
    moved = shifts(frame, changes)
    rows = []
    for cell in CELLS:
        x = moved[f"{cell}_change"].to_numpy(dtype=float) if len(moved) else np.array([])
        known = np.isfinite(x)
        n = int(known.sum())
        mean = sign_flip.t_interval(x[known]) if n else None
        row = {
            **named,
            "cell": cell,
            "n_patients": n,
            "fraction_change": mean.mean if mean else NAN,
            "fraction_change_low": mean.low if mean else NAN,
            "fraction_change_high": mean.high if mean else NAN,
            "score_change": float(changes.change[known].mean()) if n else NAN,
            "adjusted_change": NAN,
            "adjusted_low": NAN,
            "adjusted_high": NAN,
            "extrapolated": False,
            "note": "" if n else NO_COUNTS,
        }
        if cell in ADJUSTED_FOR and n >= FEWEST and np.ptp(x[known]) > 0:
            row.update(_intercept(x[known], changes.change[known]))
        elif cell in ADJUSTED_FOR and n >= FEWEST:
            row["note"] = "not adjusted: the fraction changes alike in all"
        elif cell in ADJUSTED_FOR and n:
            row["note"] = f"not adjusted: {n} patients with counts on both sides, {FEWEST} needed"
        rows.append(row)
    return rows


def _intercept(x: Any, y: Any) -> dict[str, Any]:
    from statsmodels.regression.linear_model import OLS

    fit = OLS(y, np.column_stack([np.ones_like(x), x])).fit()
    low, high = fit.conf_int()[0]
    made = {"adjusted_change": float(fit.params[0]), "adjusted_low": float(low), "adjusted_high": float(high)}
    return {**made, "extrapolated": bool(x.min() > 0 or x.max() < 0)}  # no change of cells lies outside what was seen
