"""Children in whom score and skin went different ways: listed, because an average hides them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore import instruments
from ifnscore._lazy import np, pd
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.instruments import Instrument

BOTH, NEITHER = "score fell and measure improved", "score did not fall and measure did not improve"
ONLY_SCORE, ONLY_MEASURE = "score fell, measure did not improve", "measure improved, score did not fall"
PATTERNS = (BOTH, ONLY_SCORE, ONLY_MEASURE, NEITHER)


def table(pairs: pd.DataFrame, instrument: Instrument, rcv: float, judged: pd.DataFrame) -> pd.DataFrame:
    """Return one row a patient with the pattern of both changes, and what the change of the measure is counted in.

    Parameters
    ----------
    pairs
        See :func:`ifnscore.analysis._linked.pairs`.
    instrument
        The measure: its direction decides what an improvement is.
    rcv
        Reference change value of the score; NaN where the assay's noise is unknown.
    judged
        Response of each patient; may be empty.
    """
    rows: list[dict[str, Any]] = []
    difference = instrument.comparison == "difference"
    measure = {
        "outcome": instrument.id,
        "outcome_title": instrument.title,
        "outcome_unit": instrument.unit if difference else "log2",
        "higher_is_worse": instrument.higher_is_worse,
    }
    met = judged.set_index("patient_id")["met"] if len(judged) else pd.Series(dtype=object)
    for r in rows_of(pairs):
        better = float(instruments.improvement(instrument, r["outcome_before"], r["outcome_after"]))
        fell = r["score_change"] < 0
        pattern = (BOTH if fell else ONLY_MEASURE) if better > 0 else (ONLY_SCORE if fell else NEITHER)
        rows.append(
            {
                "patient_id": r["patient_id"],
                "pattern": pattern,
                "discordant": pattern in {ONLY_SCORE, ONLY_MEASURE},
                "score_before": r["score_before"],
                "score_after": r["score_after"],
                "score_change": r["score_change"],
                "beyond_rcv": bool(abs(r["score_change"]) > rcv) if np.isfinite(rcv) else None,
                "outcome_before": r["outcome_before"],
                "outcome_after": r["outcome_after"],
                "outcome_change": r["outcome_change"],
                "improvement": better,
                "response": met.get(r["patient_id"]),
                "day_before": r["day_before"],
                "day_after": r["day_after"],
                "steroid_change": r["steroid_change"],
                **measure,
            }
        )
    return pd.DataFrame(rows).sort_values("patient_id").reset_index(drop=True) if rows else pd.DataFrame()
