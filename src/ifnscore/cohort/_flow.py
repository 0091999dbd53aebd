"""Who entered, who was left out and why, who was analysed: one reason each, and totals that reconcile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ifnscore._lazy import pd

ENTERED, EXCLUDED, ANALYSED = "entered", "excluded", "analysed"


def flow(
    entered: Mapping[str, int],
    excluded: Mapping[str, str],
    used: Mapping[str, int],
    order: Sequence[str],
    about: Mapping[str, Any],
) -> pd.DataFrame:
    """Return one flow as rows: entered, one row a reason in the fixed order, analysed.

    Parameters
    ----------
    entered
        Patient -> number of samples of everybody who entered.
    excluded
        Patient -> the one reason for exclusion.
    used
        Patient -> number of samples in the analysis.
    order
        Reasons in the order in which they are looked for.
    about
        Columns that say which analysis this is.

    Returns
    -------
    DataFrame
        ``step, reason, n_patients, n_samples, n_patients_left``. Patients entered = excluded + analysed; samples likewise, where
        the row ``samples not needed`` holds samples of analysed patients that are no part of the contrast.

    Raises
    ------
    AssertionError
        A patient is both or neither: a fault of the package.
    """
    assert set(excluded).isdisjoint(used)
    assert set(excluded) | set(used) == set(entered)
    left = len(entered)
    rows: list[dict[str, Any]] = [
        {"step": ENTERED, "reason": "", "n_patients": left, "n_samples": sum(entered.values()), "n_patients_left": left}
    ]
    extra = sorted(set(excluded.values()) - set(order))
    for reason in [*order, *extra]:
        who = [p for p, r in excluded.items() if r == reason]
        if who:
            left -= len(who)
            samples = sum(entered[p] for p in who)
            rows.append(
                {"step": EXCLUDED, "reason": reason, "n_patients": len(who), "n_samples": samples, "n_patients_left": left}
            )
    spare = sum(entered[p] - used[p] for p in used)
    if spare:
        rows.append(
            {"step": EXCLUDED, "reason": "samples not needed", "n_patients": 0, "n_samples": spare, "n_patients_left": left}
        )
    rows.append(
        {"step": ANALYSED, "reason": "", "n_patients": len(used), "n_samples": sum(used.values()), "n_patients_left": left}
    )
    return pd.DataFrame([{**about, **r} for r in rows])
