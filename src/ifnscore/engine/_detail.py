"""How much a score rests on single genes: its range when one is left out, and the gene with the largest part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.engine._group import Group
    from ifnscore.engine._scores import Scores
    from ifnscore.methods._protocol import Array, Plan, SetPlan


def detail_of(
    group: Group, plan: Plan, stratum: str, which: tuple[Array, SetPlan], at: tuple[slice | Array, int], out: Scores
) -> None:
    """Put range and leading gene of one signature into `out`.

    Parameters
    ----------
    group, plan, stratum
        The method, its plan and the stratum.
    which
        Terms of some samples, and the signature.
    at
        Which samples they are, and which column is the signature's.
    out
        Scores with details, filled in place.
    """
    assert out.low is not None
    assert out.high is not None
    assert out.top_share is not None
    assert out.top_gene is not None
    terms, one = which
    if len(one.index) > 1:
        left = group.kernel.left_out_scores(terms, one, plan, group.control_terms.get(stratum))
        out.low[at], out.high[at] = left.min(axis=0), left.max(axis=0)
    parts = np.abs(group.kernel.contributions(terms, one, plan))
    whole = parts.sum(axis=1)
    top = np.nan_to_num(parts).argmax(axis=1)
    share = np.where(whole > 0, parts[np.arange(len(parts)), top] / np.where(whole > 0, whole, 1.0), np.nan)
    out.top_share[at] = share
    names = np.array([plan.genes[i] for i in one.index], dtype=object)
    out.top_gene[at] = np.where(np.isfinite(share), names[top], "")
