"""NanoString counts as nSolver normalises them: background, positive controls, housekeeping genes.

For lane i with counts x: background b_i is taken off (or is the least value), every count is multiplied by the positive control
factor p_i = mean_j(g_j) / g_i, where g is the geometric mean of the positive controls, then by the content factor
c_i = mean_j(h_j) / h_i, where h is the geometric mean of the housekeeping genes after the steps before; means over the lanes of
the run are arithmetic. Sources: nCounter Gene Expression Data Analysis Guidelines (NanoString MAN-C0011) and nSolver User Manual
(MAN-C0019), as the vendor's open package NanoStringNCTools (``normalize``, type "nSolver") and packages that restate them
(NanoStringNorm, NACHO, NanoTube) have it; the manuals themselves could not be opened. NanoStringNCTools adds 1 to every count
first, which no description of nSolver mentions; here counts stay as they are.

Written out, without background, a value is x / h_i * mean_j(h_j p_j) with h of the raw counts: within a run lanes differ by x / h
only, and positive controls and other lanes give one factor for the whole run. A score against frozen controls of another run
would be off by the ratio of two such factors (NanoStringNCTools issue 34 describes it). Hence ``target=fixed``, the default: the
same algorithm, but h is brought to 1000 in every lane, so that a lane's values depend on that lane only. ``target=run`` is
nSolver as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing, warn
from ifnscore.options import Option
from ifnscore.pp import _housekeeping
from ifnscore.pp._model import Normalisation, Options

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What the geometric mean of the housekeeping genes becomes with ``target=fixed``.
FIXED = 1000.0
_CONTROLS = "nanostring"
#: nSolver flags lanes outside these (nSolver User Manual).
POSITIVE_RANGE, CONTENT_RANGE = (0.3, 3.0), (0.1, 10.0)
#: Geometric mean of raw housekeeping counts below which the vendor's report calls a lane failed (NanoStringNCTools).
HOUSEKEEPING_LOW = 32.0
_FLAGS = "qc_flags"


def _settle(adata: ad.AnnData, options: Options) -> Options:
    """Put the genes themselves in the place of ``auto``, ``panel`` or ``genorm``, and leave out options without effect."""
    chosen = _housekeeping.choose(adata, options["housekeeping"], stable=options["target"] == "run")
    unused = ["background_from"] if options["background"] == "none" else []
    unused += ["positives"] if options["target"] == "fixed" else []
    return {**options, "housekeeping": ",".join(chosen)} | dict.fromkeys(unused, "")


def _apply(adata: ad.AnnData, options: Options) -> tuple[ad.AnnData, tuple[str, ...]]:
    """Normalise; see the module for the formulas."""
    x = _housekeeping.dense(adata)
    controls = _controls(adata)
    genes = options["housekeeping"].split(",")
    here = _housekeeping.columns(adata, genes)
    empty = x[:, here].sum(axis=1) == 0
    if empty.all():
        msg = f"no lane has counts of the housekeeping genes {listing(genes)}: is this a failed run?"
        raise DataError(msg)
    after = _background(x, controls, options, list(adata.obs_names))
    positive = _positive_factors(controls, options, list(adata.obs_names))
    levels = _geomean(after[:, here]) * positive
    content = levels[~empty].mean() / levels
    factor = FIXED / (levels / positive) if options["target"] == "fixed" else positive * content
    factor[empty] = 0.0
    with warnings.catch_warnings():  # genes with several probes are no fault
        warnings.filterwarnings("ignore", message=".*names are not unique", category=UserWarning)
        out = adata.copy()
    out.layers["counts"] = adata.X
    out.X = after * factor[:, None]
    printed = [str(adata.var_names[j]) for j in here]
    zeros = [[name for name, c in zip(printed, row, strict=True) if c <= 0] for row in after[:, here]]
    facts = {"qc_positive_factor": positive, "qc_content_factor": content, "qc_housekeeping": _geomean(x[:, here])}
    _annotate(out, facts, empty, zeros, known=_has_positives(controls, options))
    return out, _notes(options, genes, out)


def _notes(options: Options, genes: list[str], out: ad.AnnData) -> tuple[str, ...]:
    taken = options["background"]
    notes = [
        "background not taken off" if taken == "none" else f"background: {taken} {options['background_from']} of the negatives",
        f"housekeeping genes ({len(genes)}): {', '.join(genes)}",
    ]
    if options["target"] == "fixed":
        notes.append(
            f"the housekeeping geometric mean of every lane is brought to {FIXED:g}, not to the mean of the run as in nSolver "
            "(target=run): values are nSolver's but for one factor a run, and do not depend on the other lanes"
        )
    else:
        notes.append(f"factors as in nSolver, relative to the mean of these {out.n_obs} lanes: other runs differ by a factor")
    flagged = [f"{n}: {f}" for n, f in out.obs[_FLAGS].items() if f]
    if flagged:
        notes.append(f"{len(flagged)} of {out.n_obs} lanes have quality flags")
        warn(f"{len(flagged)} of {out.n_obs} lanes have quality flags (qc_flags): {listing(flagged, 3)}")
    return tuple(notes)


def _controls(adata: ad.AnnData) -> pd.DataFrame:
    table = adata.obsm.get(_CONTROLS)
    return table if isinstance(table, pd.DataFrame) else pd.DataFrame(index=adata.obs_names)


def _geomean(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geometric mean of each row; what is below 1 counts as 1, for a count of 0 has no logarithm."""
    return np.asarray(np.exp(np.log(np.maximum(x, 1.0)).mean(axis=1)))


def _background(x: NDArray[np.float64], controls: pd.DataFrame, options: Options, lanes: list[str]) -> NDArray[np.float64]:
    """Take the background of every lane off, or raise counts to it; values below 0 become 0."""
    if options["background"] == "none":
        return x
    if options["background_from"] == "20":
        level = np.full(len(x), 20.0)
    else:
        table = controls[[c for c in controls.columns if str(c).startswith("NEG_")]]
        least = 2 if options["background_from"] == "mean2sd" else 1
        short = [n for n, k in zip(lanes, table.notna().sum(axis=1), strict=True) if k < least]
        if short:
            msg = f"{listing(short)}: fewer than {least} negative controls: choose --option background=none"
            raise DataError(msg)
        level = _LEVELS[options["background_from"]](table)
    level = level[:, None]
    return np.maximum(x - level, 0.0) if options["background"] == "subtract" else np.maximum(x, level)


_LEVELS = {
    "mean": lambda t: t.mean(axis=1).to_numpy(),
    "mean2sd": lambda t: (t.mean(axis=1) + 2 * t.std(axis=1, ddof=1)).to_numpy(),
    "max": lambda t: t.max(axis=1).to_numpy(),
}


def _positives(controls: pd.DataFrame, options: Options) -> pd.DataFrame:
    names = [c for c in controls.columns if str(c).startswith("POS_")]
    if options["positives"] == "A-E":
        names = [c for c in names if not str(c).startswith("POS_F")]
    return controls[names].dropna(axis=1, how="all")


def _has_positives(controls: pd.DataFrame, options: Options) -> bool:
    table = _positives(controls, options)
    return bool(table.shape[1]) and bool((table.sum(axis=1) > 0).all())


def _positive_factors(controls: pd.DataFrame, options: Options, lanes: list[str]) -> NDArray[np.float64]:
    """Return mean of the lanes' geometric means over a lane's own; ones where nothing depends on them and some are missing.

    Raises
    ------
    DataError
        A lane has none, and factors of the run are asked for.
    """
    if _has_positives(controls, options):
        table = _positives(controls, options)
        level = np.array([_geomean(row[~np.isnan(row)][None, :])[0] for row in table.to_numpy(dtype=float)])
        return np.asarray(level.mean() / level)
    if options["target"] == "run":
        table = _positives(controls, options)
        without = [n for n, total in zip(lanes, table.sum(axis=1), strict=True) if not total > 0]
        msg = f"{listing(without)}: no positive controls, which nSolver's factors need: leave these out, or take target=fixed"
        raise DataError(msg)
    return np.ones(len(lanes))


def _annotate(
    out: ad.AnnData,
    facts: Mapping[str, NDArray[np.float64]],
    empty: NDArray[np.bool_],
    zeros: list[list[str]],
    *,
    known: bool,
) -> None:
    """Write factors and what is wrong with them into ``obs``."""
    for name, values in facts.items():
        out.obs[name] = np.where(empty & (name != "qc_positive_factor"), np.nan, values)
    if not known:
        out.obs["qc_positive_factor"] = np.nan
    before = [str(f) for f in out.obs[_FLAGS]] if _FLAGS in out.obs else [""] * out.n_obs
    flags = []
    for i, text in enumerate(before):
        wrong = [text] if text else []
        if known:
            wrong += _outside("positive control factor", facts["qc_positive_factor"][i], POSITIVE_RANGE)
        if empty[i]:
            wrong.append("no counts of the housekeeping genes: not normalised, no score")
        else:
            wrong += _outside("content factor", facts["qc_content_factor"][i], CONTENT_RANGE)
            level = facts["qc_housekeeping"][i]
            wrong += [f"housekeeping geometric mean {level:.1f} < {HOUSEKEEPING_LOW:g}"] if level < HOUSEKEEPING_LOW else []
            wrong += [f"housekeeping genes without counts, taken as 1: {', '.join(zeros[i])}"] if zeros[i] else []
        flags.append("; ".join(wrong))
    out.obs[_FLAGS] = flags


def _outside(what: str, value: float, limits: tuple[float, float]) -> list[str]:
    low, high = limits
    return [] if low <= value <= high else [f"{what} {value:.3g} outside {low:g} to {high:g}"]


NORMALISATION = Normalisation(
    name="nanostring",
    title="background, positive controls and housekeeping genes of NanoString lanes, as nSolver",
    source="NanoString MAN-C0011 and MAN-C0019; geNorm: Vandesompele 2002, doi:10.1186/gb-2002-3-7-research0034",
    takes=("counts",),
    gives="linear",
    apply=_apply,
    settle=_settle,
    dependent="target=run",
    options=(
        Option(
            "housekeeping",
            "auto (the panel's Housekeeping probes; with target=run those most stable by geNorm), panel, genorm, genes with "
            "commas between them, or a signature whose own genes are taken",
            default="auto",
        ),
        Option(
            "target",
            "fixed: housekeeping geometric mean 1000 in every lane, fit for frozen controls; run: nSolver's mean of the lanes",
            choices=("fixed", "run"),
            default="fixed",
        ),
        Option(
            "background",
            "none; subtract the level of the negative controls; or raise lower counts to it",
            choices=("none", "subtract", "threshold"),
            default="none",
        ),
        Option(
            "background_from",
            "level: mean, mean + 2 SD or maximum of the lane's negative controls, or 20 counts",
            choices=("mean", "mean2sd", "max", "20"),
            default="mean2sd",
        ),
        Option("positives", "positive controls of the lane factor", choices=("A-F", "A-E"), default="A-F"),
    ),
)
