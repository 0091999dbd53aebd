"""Wells to a matrix of Ct values: replicates, plates, calibrators, and the quality of each sample.

Replicate wells of a sample and gene become their mean (or median) Ct, as in the delta-delta-Ct method (Livak and Schmittgen 2001,
doi 10.1006/meth.2001.1262). Their standard deviation (n - 1) is the repeatability that the MIQE guidelines ask to be reported
(Bustin 2009, doi 10.1373/clinchem.2008.112797). No limit of MIQE's is known to us; 0.5 cycles, the default
above which a sample is flagged, is a convention of laboratories and can be changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, median, stdev

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing, nearest, say
from ifnscore.loaders._model import Known
from ifnscore.loaders._orient import quiet_names
from ifnscore.loaders._qpcr_options import Choices
from ifnscore.loaders._qpcr_wells import Plate, Well, left_out

PLATFORM = "RT-qPCR"
#: Samples by genes: the wells of each.
Cells = dict[str, dict[str, list[Well]]]


def matrix(plates: Sequence[Plate], label: str, chosen: Choices, why: str) -> Known:
    """Return samples by genes on the scale ``ct``, of one or several files.

    Parameters
    ----------
    plates
        At least one file.
    label
        What messages name.
    chosen
        The user's choices.
    why
        What says that these are Ct values.

    Returns
    -------
    Known
        ``obs``: ``plate`` and ``is_calibrator`` where known, ``sample`` where a sample is on several plates,
        ``qc_undetermined`` (genes without a Ct), ``qc_max_sd`` (largest replicate SD in cycles), ``qc_min_replicates`` and
        ``qc_flags``; what else a table of the user's own says of samples.

    Raises
    ------
    DataError
        The calibrator is not there, or it cannot be told whether plates hold the same samples.
    """
    wells = [replace(w, sample=chosen.sample(w.sample)) for p in plates for w in p.wells]
    calibrators = _calibrators(plates, wells, label, chosen)
    described = _described(plates, chosen)
    apart = _apart(wells, label, chosen)
    cells: Cells = {}
    base: dict[str, str] = {}
    for well in wells:
        name = f"{well.sample}@{well.plate}" if well.sample in apart else well.sample
        base[name] = well.sample
        cells.setdefault(name, {}).setdefault(well.gene, []).append(well)
    genes = list(dict.fromkeys(w.gene for w in wells))
    adata = _adata(cells, genes, chosen)
    _describe(adata.obs, cells, base, calibrators, described)
    assays = {w.gene: w.assay for w in wells if w.assay}
    if assays:
        adata.var["assay"] = [assays.get(g, "") for g in genes]
    notes = tuple(_notes(plates, adata, cells, chosen, apart, calibrators))
    for note in notes:
        say(f"{label}: {note}")
    return Known(adata, "ct", why, PLATFORM, notes)


def _apart(wells: Sequence[Well], label: str, chosen: Choices) -> set[str]:
    """Return the samples that are one sample a plate, because several plates hold the same genes of them."""
    seen: dict[str, dict[str, set[str]]] = {}
    for well in wells:
        seen.setdefault(well.sample, {}).setdefault(well.plate, set()).add(well.gene)
    several = {s: by for s, by in seen.items() if len(by) > 1}
    if not several or chosen.plates == "together":
        return set()
    if chosen.plates == "separate":
        return set(several)
    shared = {s: set.intersection(*by.values()) for s, by in several.items()}
    if not any(shared.values()):
        return set()
    for sample, by in several.items():
        if any(genes != shared[sample] for genes in by.values()):
            msg = (
                f"{label}: sample {sample} is on plates {listing(by)}, which hold some genes in common and others not: "
                "say --option plates=together (one sample, wells of the same gene averaged over plates) or plates=separate"
            )
            raise DataError(msg)
    return set(several)


def _calibrators(plates: Sequence[Plate], wells: Sequence[Well], label: str, chosen: Choices) -> set[str]:
    """Return the names of calibrators: the user's, else those that the files mark."""
    if not chosen.calibrator:
        return {chosen.sample(c) for p in plates for c in p.calibrators}
    samples = list(dict.fromkeys(w.sample for w in wells))
    asked = chosen.calibrator if chosen.calibrator in samples else chosen.sample(chosen.calibrator)
    if asked not in samples:
        shown = nearest(asked, samples) or f" The samples are {listing(samples)}"
        msg = f"{label}: no sample {chosen.calibrator!r} to be the calibrator.{shown}"
        raise DataError(msg)
    return {asked}


def _adata(cells: Cells, genes: Sequence[str], chosen: Choices) -> ad.AnnData:
    """Summarise the replicates."""
    x = np.full((len(cells), len(genes)), np.nan)
    position = {g: j for j, g in enumerate(genes)}
    rows: list[dict[str, object]] = []
    for i, by_gene in enumerate(cells.values()):
        quality = [_summary(g, wells, chosen) for g, wells in by_gene.items()]
        for gene, (value, _, _) in zip(by_gene, quality, strict=True):
            x[i, position[gene]] = value
        spreads = [sd for _, sd, _ in quality if math.isfinite(sd)]
        rows.append(
            {
                "qc_undetermined": sum(all(w.undetermined for w in wells) for wells in by_gene.values()),
                "qc_max_sd": max(spreads, default=math.nan),
                "qc_min_replicates": min(sum(w.undetermined or math.isfinite(w.ct) for w in ws) for ws in by_gene.values()),
                "qc_flags": "; ".join(f for _, _, flags in quality for f in flags),
            }
        )
    with quiet_names():
        return ad.AnnData(X=x, obs=pd.DataFrame(rows, index=list(cells)), var=pd.DataFrame(index=list(genes)))


def _summary(gene: str, wells: Sequence[Well], chosen: Choices) -> tuple[float, float, list[str]]:
    """Return the Ct of one sample and gene, the SD of its measured replicates, and what is wrong with it."""
    measured = [w.ct for w in wells if math.isfinite(w.ct)]
    nothing = sum(w.undetermined for w in wells)
    values = measured + ([] if math.isnan(chosen.undetermined) else [chosen.undetermined] * nothing)
    value = (median(values) if chosen.median else fmean(values)) if values else math.nan
    sd = stdev(measured) if len(measured) > 1 else math.nan
    flags = []
    if sd > chosen.max_sd:
        flags.append(f"{gene}: replicate SD {sd:.2f} cycles")
    if nothing:
        some = f"{nothing} of {len(wells)} wells undetermined"
        flags.append(f"{gene}: {some if nothing < len(wells) else 'undetermined'}")
    if any(w.flagged for w in wells):
        flags.append(f"{gene}: flagged by the instrument's software")
    return value, sd, flags


def _described(plates: Sequence[Plate], chosen: Choices) -> dict[str, dict[str, str]]:
    """Return sample -> column -> value, for columns that say one thing of each sample and are not empty."""
    found: dict[str, dict[str, set[str]]] = {}
    for plate in plates:
        for sample, columns in plate.described.items():
            for name, values in columns.items():
                found.setdefault(name, {}).setdefault(chosen.sample(sample), set()).update(values)
    kept = {n: by for n, by in found.items() if max(len(v - {""}) for v in by.values()) == 1}
    return {n: {s: next(iter(v - {""}), "") for s, v in by.items()} for n, by in kept.items()}


def _describe(
    obs: pd.DataFrame,
    cells: Cells,
    base: Mapping[str, str],
    calibrators: set[str],
    described: Mapping[str, Mapping[str, str]],
) -> None:
    """Add what is known of each sample in front of its quality."""
    plates = [", ".join(dict.fromkeys(w.plate for ws in by.values() for w in ws if w.plate)) for by in cells.values()]
    at = 0
    if any(plates):
        obs.insert(at, "plate", plates)
        at += 1
    if list(base) != list(base.values()):
        obs.insert(at, "sample", [base[n] for n in cells])
        at += 1
    if calibrators:
        obs.insert(at, "is_calibrator", [base[n] in calibrators for n in cells])
        at += 1
    for name, values in described.items():
        if name not in obs.columns:
            obs.insert(at, name, _typed([values.get(base[n], "") for n in cells], obs.index))
            at += 1


def _typed(words: list[str], index: pd.Index) -> pd.Series:
    """Return words as numbers or as true and false where all of them are."""
    if {w.lower() for w in words} <= {"true", "false"}:
        return pd.Series([w.lower() == "true" for w in words], index=index)
    column = pd.Series(words, index=index)
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().all() else column


def _notes(
    plates: Sequence[Plate], adata: ad.AnnData, cells: Cells, chosen: Choices, apart: set[str], calibrators: set[str]
) -> list[str]:
    """Return what was left out, changed or found."""
    notes = []
    n_wells = sum(len(p.wells) for p in plates)
    how = "median" if chosen.median else "mean"
    if n_wells > adata.n_obs * adata.n_vars or int(adata.obs["qc_min_replicates"].max()) > 1:
        notes.append(f"{n_wells} wells, replicates became their {how} Ct")
    left = left_out(plates)
    if left:
        notes.append(f"left out: {listing(left, 8)}")
    notes += _about_missing(adata, cells, chosen)
    if any(p.comma for p in plates):
        notes.append("decimal commas were read as points")
    no_template = {g: min(p.no_template[g] for p in plates if g in p.no_template) for p in plates for g in p.no_template}
    if no_template:
        shown = listing([f"{g} {ct:.1f}" for g, ct in no_template.items()])
        notes.append(f"no-template controls with a Ct, which hints at contamination or primer dimers: {shown}")
    flagged = [str(n) for n, f in adata.obs["qc_flags"].items() if "SD" in f]
    if flagged:
        notes.append(f"replicate SD above {chosen.max_sd:g} cycles in {listing(flagged)} (see qc_flags)")
    if apart:
        notes.append(f"{listing(sorted(apart))} on several plates: one sample a plate, named SAMPLE@PLATE")
    if calibrators:
        own = ", --reference-by plate with that of the own plate" if "plate" in adata.obs.columns else ""
        notes.append(f"calibrator: {listing(sorted(calibrators))} (--controls is_calibrator compares with it{own})")
    named = dict.fromkeys(p.endogenous for p in plates if p.endogenous)
    if named:
        used = "a score uses those of its formula, or --param housekeeping="
        notes.append(f"the run names {listing(named)} as endogenous control: {used}")
    return notes


def _about_missing(adata: ad.AnnData, cells: Cells, chosen: Choices) -> list[str]:
    """Tell apart what did not amplify and what was not measured."""
    undetermined = [(s, g) for s, by in cells.items() for g, wells in by.items() if any(w.undetermined for w in wells)]
    none = [(s, g) for s, g in undetermined if not any(math.isfinite(w.ct) for w in cells[s][g])]
    notes = []
    if undetermined and not math.isnan(chosen.undetermined):
        notes.append(f"undetermined wells count as Ct {chosen.undetermined:g}")
    elif none:
        notes.append(f"undetermined, and so missing: {_places(none)} (--option undetermined=40 sets a Ct for no amplification)")
    rows, columns = np.nonzero(np.isnan(adata.X))
    missing = [(str(adata.obs_names[i]), str(adata.var_names[j])) for i, j in zip(rows, columns, strict=True)]
    absent = [place for place in missing if place not in set(none)]
    if absent:
        notes.append(f"not measured, and so missing: {_places(absent)}")
    return notes


def _places(places: Sequence[tuple[str, str]]) -> str:
    return listing([f"{gene} in {sample}" for sample, gene in places], 4)
