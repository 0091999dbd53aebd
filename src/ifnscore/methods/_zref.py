"""Per-gene standardisation against controls, shared by ``zref_sum`` and ``zref_mean``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore._lazy import np
from ifnscore.methods._protocol import ColumnKernel, Parameter, Stats

if TYPE_CHECKING:
    from ifnscore.methods._protocol import Array, Plan

#: Makes the median absolute deviation estimate the SD of a normal distribution (1 / Phi^-1(3/4), rounded as published).
MAD_SCALE = 1.4826

#: A spread this far below the size of its centre is rounding error of a constant gene.
CONSTANT = 1e-12


def parameters(scale: str) -> tuple[Parameter, ...]:
    """Return the parameters of a control-based z, with the default working scale of the method."""
    return (
        Parameter(name="centre", default="mean", choices=("mean", "median"), help="centre of the controls"),
        Parameter(name="spread", default="sd", choices=("sd", "mad"), help="spread of the controls; mad is times 1.4826"),
        Parameter(name="ddof", default=1, choices=(0, 1), help="1: divide squares by n - 1, as R does"),
        Parameter(name="scale", default=scale, choices=("linear", "log2"), help="scale on which genes are standardised"),
    )


class ControlZ(ColumnKernel):
    """z_g = (x_g - centre_g) / spread_g, centre and spread from the controls; a gene with spread 0 is dropped."""

    def statistics(self, controls: Array, plan: Plan) -> Stats:
        """Return centre and spread of the controls per gene."""
        p = plan.params
        if not np.isfinite(controls).all():
            controls = np.where(np.isfinite(controls).all(axis=0), controls, np.nan)
        n = len(controls)
        centre = np.median(controls, axis=0) if p["centre"] == "median" else controls.mean(axis=0)
        if p["spread"] == "mad":
            middle = np.median(controls, axis=0)
            spread = MAD_SCALE * np.median(np.abs(controls - middle), axis=0)
        elif n > p["ddof"]:
            spread = controls.std(axis=0, ddof=p["ddof"])
        else:
            spread = np.zeros(controls.shape[1])
        flat = spread <= CONSTANT * np.abs(controls).max(axis=0, initial=0.0)
        return Stats(centre=centre, spread=spread, usable=~flat & np.isfinite(centre) & np.isfinite(spread))

    def terms(self, x: Array, plan: Plan) -> Array:
        """Return z per sample and gene; NaN for genes without a usable spread."""
        assert plan.stats is not None
        return (x - plan.stats.centre) / np.where(plan.stats.usable, plan.stats.spread, np.nan)
