"""Is this child's fall more than noise? The reference change value, from repeats of the controls.

RCV = 1.96 * sqrt(2) * within-person SD: the change that two repeats of one healthy person exceed in 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import ScoreTable

Z = 1.959963984540054
NOT_KNOWN = "assay noise unknown"


@dataclass(frozen=True, slots=True)
class Noise:
    """Within-person variation of a score on the scale of analysis.

    Attributes
    ----------
    sd
        Within-person SD; NaN where unknown.
    df
        Degrees of freedom: repeats beyond the first of each person.
    source
        ``repeated controls``, ``user`` or why it is unknown.
    """

    sd: float
    df: int
    source: str

    @property
    def rcv(self) -> float:
        """Reference change value."""
        return Z * math.sqrt(2.0) * self.sd

    @property
    def rcv_t(self) -> float:
        """The same with the t quantile of the degrees of freedom: few repeats do not know the SD."""
        if not self.df:
            return self.rcv
        from scipy.stats import t

        return float(t.ppf(0.975, self.df)) * math.sqrt(2.0) * self.sd


def within_person(scores: ScoreTable, cohort: Cohort) -> dict[tuple[str, str], Noise]:
    """Return (signature, tissue) -> noise, from controls with repeats in the same tissue and platform.

    Parameters
    ----------
    scores
        Scores, controls among them.
    cohort
        Its samples say who is a control and which samples are of one person (``donor_id``).
    """
    controls = cohort.samples[cohort.samples["is_control"].astype(bool)]
    controls = controls[controls["sample_id"].isin(scores.values.index)]
    tissues = sorted(set(cohort.samples["tissue"].astype(str)))
    values = scores.analysed()
    found = {}
    for column in scores.columns:
        for tissue in tissues:
            user = cohort.settings.score_rcv.get(column.id)
            if user is not None:
                found[column.id, tissue] = Noise(float(user), 0, "user")
                continue
            here = controls[(controls["tissue"].astype(str) == tissue)] if len(controls) else controls
            squares, df = 0.0, 0
            if "donor_id" in here:
                named = here[here["donor_id"].astype(str) != ""]
                for _, rows in named.groupby(["donor_id", "platform"]):
                    x = values.loc[list(rows["sample_id"]), column.id].dropna().to_numpy(dtype=float)
                    if len(x) > 1:
                        squares, df = squares + float(((x - x.mean()) ** 2).sum()), df + len(x) - 1
            sd = math.sqrt(squares / df) if df else math.nan
            found[column.id, tissue] = Noise(sd, df, "repeated controls" if df else NOT_KNOWN)
    return found


def beyond(row: Mapping[str, Any], noise: Noise) -> bool | None:
    """Return whether one sample against one sample changed by more than noise; None where that is unknown.

    Unknown also between the two limits (1.96 and the t quantile), and for means of several samples, which vary less.
    """
    if not np.isfinite(noise.sd) or row["n_baseline"] > 1 or row["n_followup"] > 1:
        return None
    size = abs(row["change"])
    return True if size > noise.rcv_t else False if size <= noise.rcv else None
