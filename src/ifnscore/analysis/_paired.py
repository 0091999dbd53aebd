"""From the changes of the patients to estimate, interval, exact p and effect sizes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ifnscore.analysis import _leave_one_out
from ifnscore.stats import attainable, effects, equivalence, sign_flip, signed_rank

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes, Question
    from ifnscore.scoretable import Column

NAN = math.nan
LEVEL = 0.95


def names(question: Question, column: Column) -> dict[str, Any]:
    """Return the columns that say what a row is about."""
    return {
        "signature": question.signature,
        "tissue": question.tissue,
        "contrast": question.contrast,
        "estimand": question.estimand,
        "group": question.group,
        "ifn_type": column.ifn_type,
        "score_type": column.score_type,
        "method": column.method,
        "unit": column.unit,
    }


def cannot_reject(n: int) -> str:
    """Return the sentence for a group that is too small for any exact test."""
    return f"cannot reject at n = {n} (smallest attainable p {attainable.min_p(n):.4g})"


def row(changes: Changes, rng: Any = None) -> dict[str, Any]:
    """Return the row of the main table: mean change, t interval, exact sign-flip p and the smallest p that it could be."""
    n, column = changes.n, changes.column
    made = {**names(changes.question, column), "n_patients": n}
    empty = {"estimate": NAN, "ci_low": NAN, "ci_high": NAN, "p": NAN, "p_adj": NAN, "test": "sign_flip"}
    if n == 0:
        return {**made, **empty, "min_attainable_p": NAN, **ratio(column, NAN, NAN, NAN), "exact": False, "note": "no patient"}
    t, p = sign_flip.t_interval(changes.change, LEVEL), sign_flip.test(changes.change, rng=rng)
    notes = [cannot_reject(n)] if n < _leave_one_out.TOO_FEW else []
    if p.n_zero:
        best = attainable.min_p(n, p.n_zero)
        notes.append(f"{p.n_zero} without any change: the smallest attainable p is {best:.4g}")
    if t.note:
        notes.append(t.note)
    if changes.table["cross_batch"].any():
        notes.append(f"{int(changes.table['cross_batch'].sum())} pairs across batches")
    return {
        **made,
        **empty,
        "estimate": t.mean,
        "ci_low": t.low,
        "ci_high": t.high,
        "p": p.p,
        "min_attainable_p": attainable.min_p(n),
        "min_attainable_p_given_zeros": attainable.min_p(n, p.n_zero),
        **ratio(column, t.mean, t.low, t.high),
        "sd_change": float(changes.change.std(ddof=1)) if n > 1 else NAN,
        "n_zero": p.n_zero,
        "exact": p.exact,
        "note": "; ".join(notes),
    }


def ratio(column: Column, mean: float, low: float, high: float) -> dict[str, float]:
    """Return the ratio of geometric means with its interval; NaN for scores that have no logarithm."""
    if not column.is_log:
        return {"ratio": NAN, "ratio_low": NAN, "ratio_high": NAN}
    r = effects.ratio_of_geometric_means(mean, low, high)
    return {"ratio": r.value, "ratio_low": r.low, "ratio_high": r.high}


def all_tests(changes: Changes, rng: Any = None, margin: float | None = None) -> list[dict[str, Any]]:
    """Return every test and interval of the paired changes, one row each, for those who ask for another one."""
    d, about = changes.change, names(changes.question, changes.column)
    if not changes.n:
        return []
    t = sign_flip.t_interval(d, LEVEL)
    flip, interval = sign_flip.test(d, rng=rng), sign_flip.interval(d, LEVEL, rng=rng)
    hl = signed_rank.hodges_lehmann(d, LEVEL)
    less, greater = (sign_flip.test(d, alternative=a, rng=rng) for a in ("less", "greater"))
    pratt, wilcox, sign = signed_rank.test(d), signed_rank.test(d, zeros="wilcox"), signed_rank.sign_test(d)
    rows = [
        _test("t", t.mean, t.low, t.high, LEVEL, t.p, t.note, statistic=t.t, df=float(t.df)),
        _test("sign_flip", t.mean, interval.low, interval.high, interval.attained, flip.p, flip.note or interval.note),
        _test("sign_flip_less", t.mean, NAN, NAN, NAN, less.p, less.note),
        _test("sign_flip_greater", t.mean, NAN, NAN, NAN, greater.p, greater.note),
        _test("signed_rank_pratt", hl.estimate, hl.low, hl.high, hl.attained, pratt.p, pratt.note or hl.note),
        _test("signed_rank_wilcox", hl.estimate, NAN, NAN, NAN, wilcox.p, wilcox.note),
        _test("sign_test", NAN, NAN, NAN, NAN, sign.p, sign.note),
    ]
    if margin is not None:
        same = equivalence.tost(d, margin)
        rows.append(_test("tost", same.mean, same.low, same.high, same.level, same.p, same.note or f"margin {margin:g}"))
    least = attainable.min_p(changes.n)
    floors = {"t": NAN, "tost": NAN, "sign_flip_less": least / 2, "sign_flip_greater": least / 2}
    return [{**about, "n_patients": changes.n, **r, "min_attainable_p": floors.get(str(r["test"]), least)} for r in rows]


def _test(
    test: str,
    estimate: float,
    low: float,
    high: float,
    attained: float,
    p: float,
    note: str,
    *,
    statistic: float = NAN,
    df: float = NAN,
) -> dict[str, Any]:
    return {
        "test": test,
        "estimate": estimate,
        "ci_low": low,
        "ci_high": high,
        "attained_level": attained,
        "statistic": statistic,
        "df": df,
        "p": p,
        "note": note,
    }


def effect(changes: Changes, rng: Any = None, *, bootstrap: bool = True) -> dict[str, Any]:
    """Return effect sizes with small-sample correction (exact gamma J on n - 1 degrees of freedom), one row."""
    table = changes.table
    before, after = table["baseline"].to_numpy(dtype=float), table["followup"].to_numpy(dtype=float)
    extra = {} if bootstrap else {"n_resamples": 0}
    made = effects.paired(before, after, LEVEL, rng=rng, **extra)
    facts = {name: getattr(made, name) for name in made.__slots__ if name not in {"n", "level", "note"}}
    means = {"mean_baseline": float(before.mean()), "mean_followup": float(after.mean())} if changes.n else {}
    return {**names(changes.question, changes.column), "n_patients": changes.n, **means, **facts, "note": made.note}
