"""Every estimate again without each patient: its range, and whether the conclusion hangs on one child."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np
from ifnscore.stats import sign_flip

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes

NAN = math.nan
ALPHA = 0.05
#: Below this many patients an exact two-sided test cannot reach 0.05 whatever happens: no language of significance.
TOO_FEW = 6


def of_changes(changes: Changes, p: float, rng: Any = None) -> dict[str, Any]:
    """Return the leave-one-out columns of a mean change."""
    d = changes.change

    def refit(keep: Any) -> tuple[float, float]:
        return float(d[keep].mean()), sign_flip.test(d[keep], rng=rng).p

    return summary(float(d.mean()) if len(d) else NAN, p, list(changes.table["patient_id"]), refit)


def summary(
    estimate: float, p: float, patients: Iterable[Any], refit: Callable[[Any], tuple[float, float]], fewest: int = 2
) -> dict[str, Any]:
    """Refit without each patient.

    Parameters
    ----------
    estimate, p
        Of all patients.
    patients
        Their codes.
    refit
        Takes a boolean mask over patients, returns estimate and p.
    fewest
        Patients that must remain.

    Returns
    -------
    dict
        ``loo_low, loo_high`` range of estimates; ``loo_p_low, loo_p_high``; ``loo_sign_holds`` whether every estimate has the
        sign of the whole; ``loo_flips`` whether p crosses 0.05 (where it still could) or the
        sign changes; ``n_loo_flips`` how many patients do that, ``loo_patients`` who;
        ``loo_patient`` who moves the estimate most.
    """
    names = list(patients)
    blank: dict[str, Any] = {"loo_low": NAN, "loo_high": NAN, "loo_p_low": NAN, "loo_p_high": NAN}
    if len(names) <= fewest or not np.isfinite(estimate):
        return {**blank, "loo_sign_holds": None, "loo_flips": None, "n_loo_flips": 0, "loo_patients": "", "loo_patient": ""}
    found = [refit(np.arange(len(names)) != i) for i in range(len(names))]
    values, ps = np.array([v for v, _ in found]), np.array([q for _, q in found])
    known = np.isfinite(values)
    if not known.any():
        return {**blank, "loo_sign_holds": None, "loo_flips": None, "n_loo_flips": 0, "loo_patients": "", "loo_patient": ""}
    moved = np.where(known, np.abs(values - estimate), -1.0)
    holds = bool((np.sign(values[known]) == np.sign(estimate)).all())
    # with fewer patients left than any exact test needs, p rises whoever is left out: only the sign can tell
    can_cross = bool(np.isfinite(p)) and len(names) > TOO_FEW
    turned = known & (np.sign(values) != np.sign(estimate))
    crossed = (np.isfinite(ps) & ((ps < ALPHA) != (p < ALPHA))) if can_cross else np.zeros(len(ps), dtype=bool)
    flips = turned | crossed
    return {
        "loo_low": float(values[known].min()),
        "loo_high": float(values[known].max()),
        "loo_p_low": float(np.nanmin(ps)) if np.isfinite(ps).any() else NAN,
        "loo_p_high": float(np.nanmax(ps)) if np.isfinite(ps).any() else NAN,
        "loo_sign_holds": holds,
        "loo_flips": bool(flips.any()),
        "n_loo_flips": int(flips.sum()),
        "loo_patients": ", ".join(sorted(str(n) for n, f in zip(names, flips, strict=True) if f)),
        "loo_patient": str(names[int(moved.argmax())]),
    }
