"""Two arms: the difference of their changes, by permutation of the labels; and how well the change tells them apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.analysis import _leave_one_out, _paired
from ifnscore.stats import auc, two_groups

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes

NAN = math.nan
PREFIX = "difference_of_changes"


def row(a: Changes, b: Changes, rng: Any = None) -> dict[str, Any]:
    """Return the row "change in b minus change in a" of the main table: Welch interval, exact permutation p."""
    named = _named(a, b)
    if not a.n or not b.n:
        nothing = dict.fromkeys(("estimate", "ci_low", "ci_high", "p", "p_adj", "min_attainable_p"), NAN)
        ratio = _paired.ratio(a.column, NAN, NAN, NAN)
        return {**named, **nothing, "test": "permutation_of_labels", **ratio, "exact": False, "note": "an arm has no patient"}
    made = two_groups.mean_difference(a.change, b.change, rng=rng)
    floor = made.min_attainable_p
    notes = [made.note] if made.note else []
    if floor > _leave_one_out.ALPHA:
        notes.append(f"cannot reject with {a.n} and {b.n} patients (smallest attainable p {floor:.4g})")
    return {
        **named,
        "estimate": made.difference,
        "ci_low": made.low,
        "ci_high": made.high,
        "p": made.p,
        "p_adj": NAN,
        "test": "permutation_of_labels",
        "min_attainable_p": floor,
        **_paired.ratio(a.column, made.difference, made.low, made.high),
        "exact": made.exact,
        "note": "; ".join(notes),
        **_left_out(a, b, made.difference, made.p, rng),
    }


def _left_out(a: Changes, b: Changes, estimate: float, p: float, rng: Any) -> dict[str, Any]:
    x, is_b = np.r_[a.change, b.change], np.r_[np.zeros(a.n, dtype=bool), np.ones(b.n, dtype=bool)]

    def refit(keep: Any) -> tuple[float, float]:
        one, other = x[keep & ~is_b], x[keep & is_b]
        if not len(one) or not len(other):
            return NAN, NAN
        again = two_groups.mean_difference(one, other, rng=rng, n_resamples=9_999)
        return again.difference, again.p

    return _leave_one_out.summary(estimate, p, [*a.table["patient_id"], *b.table["patient_id"]], refit)


def all_tests(a: Changes, b: Changes, rng: Any = None) -> list[dict[str, Any]]:
    """Return further tests of the difference and the AUC of baseline, follow-up and change."""
    if not a.n or not b.n:
        return []
    named = _named(a, b)
    made = two_groups.mean_difference(a.change, b.change, rng=rng)
    ranks = two_groups.mann_whitney(a.change, b.change)
    least = ranks.min_attainable_p
    rows: list[dict[str, Any]] = [
        {"test": "welch_t", "estimate": made.difference, "ci_low": made.low, "ci_high": made.high, "df": made.df, "p": made.p_t},
        {
            "test": "mann_whitney",
            "estimate": made.shift,
            "ci_low": made.shift_low,
            "ci_high": made.shift_high,
            "attained_level": made.shift_level,
            "p": ranks.p,
            "note": ranks.note,
        },
    ]
    is_b = np.r_[np.zeros(a.n, dtype=bool), np.ones(b.n, dtype=bool)]
    for what in ("baseline", "followup", "change"):
        x = np.r_[a.table[what].to_numpy(dtype=float), b.table[what].to_numpy(dtype=float)]
        area = auc.auc(x, is_b)
        rows.append(
            {
                "test": f"auc_{what}",
                "estimate": area.auc,
                "ci_low": area.low,
                "ci_high": area.high,
                "p": area.p,
                "note": area.note,
            }
        )
    return [{**named, "min_attainable_p": least if r["test"] != "welch_t" else NAN, **r} for r in rows]


def _named(a: Changes, b: Changes) -> dict[str, Any]:
    named = _paired.names(b.question, b.column)
    label = f"{b.question.group} minus {a.question.group}"
    return {**named, "contrast": f"{PREFIX}:{b.question.contrast}", "group": label, "n_patients": a.n + b.n}
