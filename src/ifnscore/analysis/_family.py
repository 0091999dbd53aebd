"""Several signatures at once: p values adjusted over the family of one tissue, arm, contrast and estimand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import UsageError
from ifnscore.stats import max_t

if TYPE_CHECKING:
    from ifnscore.analysis._changes import Changes

ADJUSTMENTS = ("max_t", "holm", "bh", "none")
_STATSMODELS = {"holm": "holm", "bh": "fdr_bh"}


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Adjusted p values of a family.

    Attributes
    ----------
    p
        Signature -> adjusted p.
    n
        Patients complete over the family (max-T), or the smallest number of patients.
    size
        Number of hypotheses.
    """

    p: dict[str, float]
    n: int
    size: int


def check(adjust: str) -> None:
    """Refuse an unknown adjustment (UsageError)."""
    if adjust not in ADJUSTMENTS:
        msg = f"adjustment {adjust!r} is none of {', '.join(ADJUSTMENTS)}"
        raise UsageError(msg)


def adjust(family: Sequence[Changes], raw: dict[str, float], how: str, rng: Any = None) -> Adjusted:
    """Return adjusted p values.

    Parameters
    ----------
    family
        Changes of each signature in the same patients; signatures without a patient take no part.
    raw
        Signature -> p.
    how
        ``max_t``: joint studentised sign-flip max-T (Westfall and Young 1993), complete cases over the signatures that more than
        half of the patients have. ``holm``, ``bh``:
        statsmodels. ``none``: nothing is adjusted.
    rng
        Seed of the Monte Carlo flips above 16 patients.
    """
    asked = [c for c in family if c.n]
    nothing = {c.question.signature: float("nan") for c in family}
    if how == "none" or not asked:
        return Adjusted(nothing, 0, len(asked))
    ids = [c.question.signature for c in asked]
    if how == "max_t":
        most = max(c.n for c in asked)
        ids = [c.question.signature for c in asked if c.n > most / 2]  # one with few patients would cost all the others theirs
        wide = pd.concat({c.question.signature: c.table.set_index("patient_id")["change"] for c in asked}, axis=1)
        made = max_t.adjust(wide[ids].to_numpy(dtype=float), rng=rng)
        # over the complete cases a p may be smaller than over all; the adjusted one never is
        p = {s: max(float(a), raw[s]) for s, a in zip(ids, made.p_adj, strict=True)}
        return Adjusted({**nothing, **p}, made.n, len(ids))
    from statsmodels.stats.multitest import multipletests

    known = [i for i in ids if np.isfinite(raw[i])]
    adjusted = multipletests([raw[i] for i in known], method=_STATSMODELS[how])[1] if known else []
    return Adjusted({**nothing, **dict(zip(known, map(float, adjusted), strict=True))}, min(c.n for c in asked), len(known))


def adjust_rows(rows: Sequence[dict[str, Any]], how: str) -> None:
    """Set ``p_adj`` of finished rows in place by Holm or Benjamini-Hochberg (statsmodels)."""
    from statsmodels.stats.multitest import multipletests

    known = [r for r in rows if np.isfinite(r["p"])]
    if known:
        for row, p in zip(known, multipletests([r["p"] for r in known], method=_STATSMODELS[how])[1], strict=True):
            row["p_adj"] = float(p)
