"""Probes to genes: annotation, probes of several genes, and one value per gene where the user asks for it.

With ``max_mean``, the default, all probes stay, named ``GENE|probe ID``, and the probe with the highest mean stands for a gene
when samples are scored (:mod:`ifnscore.matrix`). That is the rule that gave the best agreement between studies in Miller et al.
2011 (BMC Bioinformatics 12:322, ``collapseRows``). Leaving it to the scoring keeps two promises: a frozen reference finds the
very probe that it was made from, and joined series are matched probe by probe, never the first with the first.

``mean`` is the mean over the probes on the scale of the file. ``best`` is the probe with the largest interquartile range over the
samples of this file (quartiles as R's default, type 7), as ``nsFilter`` of Bioconductor's genefilter keeps one probe per gene.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ifnscore import genes, identify
from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing, warn
from ifnscore.loaders import _geo_platform
from ifnscore.loaders._orient import quiet_names
from ifnscore.options import Option

OPTIONS = (
    Option("platform", "table that names the gene of each probe (GPL*.annot, GPL*.soft, full table, .chip, CSV)", is_file=True),
    Option("platform_column", "column of that table that names the genes"),
    Option(
        "probes",
        "which probe stands for a gene: the highest mean (chosen when scoring), the mean of all, the widest interquartile range",
        choices=("max_mean", "mean", "best"),
        default="max_mean",
    ),
)
#: Under this share of known identifiers the rows are probes: a full human annotation has about 1 to 3 %.
_FEW = 0.005
#: Below these shares of probes in the annotation table it is of another platform, or perhaps so.
_HARDLY, _MOST = 0.05, 0.5
#: Quartiles of fewer samples say nothing.
_MIN_FOR_BEST = 4
_NOTES = {
    "max_mean": "of several probes of a gene the one with the highest mean is scored (probes=max_mean)",
    "mean": "several probes of a gene are averaged on the scale of the file (probes=mean)",
    "best": "of several probes of a gene the one with the widest interquartile range in this file is taken (probes=best); "
    "other samples may choose another one: not for scores against controls of another file",
}


class Mapped(NamedTuple):
    """A matrix of genes, and what was done in words."""

    adata: ad.AnnData
    notes: tuple[str, ...]


def to_genes(
    adata: ad.AnnData,
    label: str,
    options: Mapping[str, str],
    platform: str = "",
    own: _geo_platform.Annotation | None = None,
) -> Mapped:
    """Name the genes of a matrix whose rows are probes or genes.

    Parameters
    ----------
    adata
        Samples by probes; ``var_names`` are the ids of the file.
    label
        The file as messages name it.
    options
        Values of :data:`OPTIONS`.
    platform
        GPL accession, for messages.
    own
        Annotation that the file itself holds; one that the user gives comes first.

    Raises
    ------
    DataError
        The ids are neither genes nor in the annotation, or there is no annotation.
    """
    names = [str(n) for n in adata.var_names]
    if options.get("platform"):
        own = _geo_platform.read(Path(options["platform"]), names, platform, options.get("platform_column", ""))
    elif are_genes(names) or _has_gene_column(adata):
        if options["probes"] == "max_mean":
            return Mapped(adata, ())
        return _collapsed(adata, identify.identifiers(adata)[1], None, label, options["probes"])
    elif own is None:
        raise DataError(_no_annotation(label, names, platform))
    _check_share(own, names, label, platform)
    found = [own.genes.get(n, ()) for n in names]
    keep = np.array([len(g) == 1 for g in found], dtype=bool)
    note = _left_out(own, names, found)
    order = {probe: i for i, probe in enumerate(own.genes)}
    rows = sorted(np.flatnonzero(keep).tolist(), key=lambda i: order[names[i]])
    if not rows:
        msg = f"{label}: no probe has exactly one gene in column {own.column!r} of {own.label}: take another column or table"
        raise DataError(msg)
    mapped = _collapsed(adata[:, rows].copy(), [found[i][0] for i in rows], [names[i] for i in rows], label, options["probes"])
    return Mapped(mapped.adata, (note, *mapped.notes))


def _check_share(own: _geo_platform.Annotation, names: Sequence[str], label: str, platform: str) -> None:
    """Refuse an annotation that knows hardly any probe, and warn where it knows less than half of them."""
    wanted = set(names)
    share = len(wanted & own.genes.keys()) / len(wanted)
    if share >= _MOST:
        return
    of = f" of platform {platform}" if platform else ""
    msg = f"{label}: only {len(wanted & own.genes.keys())} of {len(wanted)} probes{of} are in the annotation table {own.label}"
    if share < _HARDLY:
        msg += ": give the table of the right platform"
        raise DataError(msg)
    warn(f"{msg}: is it the table of another platform?")


def are_genes(names: Sequence[str]) -> bool:
    """Whether names are gene identifiers rather than probes."""
    return identify.known(names) >= max(1, _FEW * len(set(names)))


def _has_gene_column(adata: ad.AnnData) -> bool:
    """Whether a column of ``var`` names genes, as the descriptions of GCT files may."""
    columns = [c for c, dtype in adata.var.dtypes.items() if identify.may_name_genes(str(c), dtype.kind)]
    return any(are_genes(identify.names(adata.var[c])) for c in columns)


def _no_annotation(label: str, names: Sequence[str], platform: str) -> str:
    of = f" of platform {platform}" if platform else ""
    where = f"https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc={platform} ('Download full table', or its annotation file)"
    table = f"{platform}.annot.gz" if platform else "FILE"
    source = f" from {where}" if platform else " (a GPL table of GEO, a .chip file, or a CSV with probe and gene symbol columns)"
    return (
        f"{label}: the rows are probes{of} (for instance {listing([repr(n) for n in names[:2]])}), not genes: "
        f"get the annotation table{source} and add --option platform={table}"
    )


def _left_out(own: _geo_platform.Annotation, names: Sequence[str], found: Sequence[tuple[str, ...]]) -> str:
    """Say how many probes have a gene, and which genes of the catalogue are lost because a probe cannot tell them apart."""
    one = {g[0] for g in found if len(g) == 1}
    several = [g for g in found if len(g) > 1]
    parts = [f"probes named by column {own.column!r} of the platform table: {len(names)} probes, {len(one)} genes"]
    without = sum(not g for g in found)
    if without:
        parts.append(f"{without} probes without a gene left out")
    if several:
        table = genes.table()
        kept = {table.resolve(g) for g in one}
        lost = dict.fromkeys(table.resolve(g) for group in several for g in group if table.knows(g))
        lost_names = [g for g in lost if g not in kept]
        also = f" (no other probe has {listing(lost_names, 8)})" if lost_names else ""
        parts.append(f"{len(several)} probes of several genes left out{also}")
    return ", ".join(parts)


def _collapsed(adata: ad.AnnData, names: Sequence[str], probes: Sequence[str] | None, label: str, how: str) -> Mapped:
    """Name the columns, and make one of each gene where `how` says so."""
    if probes is not None and how == "max_mean":
        return _all_probes(adata, names, probes)
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        groups.setdefault(name or f"unnamed row {i + 1}", []).append(i)
    x = np.asarray(adata.X, dtype=np.float64)
    if how == "best" and x.shape[0] < _MIN_FOR_BEST:
        msg = f"{label}: probes=best needs at least {_MIN_FOR_BEST} samples, there are {x.shape[0]}: use probes=max_mean or mean"
        raise DataError(msg)
    values = _mean(x, groups) if how == "mean" else _widest(x, groups)
    return Mapped(ad.AnnData(X=values, obs=adata.obs, var=pd.DataFrame(index=list(groups))), (_NOTES[how],))


def _all_probes(adata: ad.AnnData, names: Sequence[str], probes: Sequence[str]) -> Mapped:
    """Keep every probe under a name that says its gene and itself; the word between them keeps a number from being a gene id."""
    index = [f"{gene}|probe {probe.replace('|', '/')}" for gene, probe in zip(names, probes, strict=True)]
    var = pd.DataFrame({"gene": list(names), "probe": list(probes)}, index=index)
    with quiet_names():
        made = ad.AnnData(X=adata.X, obs=adata.obs, var=var)
    return Mapped(made, (_NOTES["max_mean"],) if len(set(names)) < len(names) else ())


def _complete(x: np.ndarray, columns: list[int]) -> list[int]:
    """Return the probes without a missing value, or all where there is none: a value must not change its meaning by sample."""
    full = [c for c in columns if np.isfinite(x[:, c]).all()]
    return full or columns


def _mean(x: np.ndarray, groups: Mapping[str, list[int]]) -> np.ndarray:
    return np.column_stack([x[:, _complete(x, c)].mean(axis=1) for c in groups.values()])


def _widest(x: np.ndarray, groups: Mapping[str, list[int]]) -> np.ndarray:
    chosen = []
    for columns in groups.values():
        usable = _complete(x, columns)
        if len(usable) > 1 and np.isfinite(x[:, usable]).all():
            low, high = np.percentile(x[:, usable], [25, 75], axis=0)
            chosen.append(usable[int(np.argmax(high - low))])
        else:
            chosen.append(usable[0])
    return x[:, chosen]
