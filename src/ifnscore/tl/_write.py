"""From results to the AnnData: scores, coverage, genes, cut-offs, provenance; and what must be said about them."""

from __future__ import annotations

import json
import platform as python_platform
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ifnscore import keys
from ifnscore._lazy import np, pd
from ifnscore.engine import Runner, Scores, Spilled, Task
from ifnscore.errors import listing, warn
from ifnscore.stats.cutoff import from_controls

if TYPE_CHECKING:
    from anndata import AnnData

#: A gene that makes more of a score than this is named.
TOP_SHARE = 0.25


def coverage_table(runner: Runner, out: Scores) -> pd.DataFrame:
    """Return one row a signature and stratum."""
    uses = genes_table(out)
    rows = []
    for position, task in enumerate(runner.tasks):
        of_signature = uses[uses["signature"] == task.signature.id]
        for stratum in runner.by:
            part = of_signature[of_signature["stratum"] == stratum]
            absent = part[part["column"] == ""]
            dropped = part[(part["column"] != "") & ~part["used"]]
            used = int(part["used"].sum())
            centre, spread, factor = runner.score_level(position, stratum)
            rows.append(
                {
                    "signature": task.signature.id,
                    "n_genes": len(part),
                    "n_found": len(part) - len(absent),
                    "n_used": used,
                    "missing": ",".join(absent["published"]),
                    "dropped": ",".join(dropped["gene"]),
                    "coverage": used / len(part),
                    "min_coverage": task.min_coverage,
                    "method": task.method.id,
                    "formula": task.label,
                    "score_type": task.method.score_type,
                    "platform_match": task.platform_match,
                    "stratum": stratum,
                    "score_centre": centre,
                    "score_spread": spread,
                    "score_factor": factor,
                }
            )
    return pd.DataFrame(rows)


def genes_table(out: Scores) -> pd.DataFrame:
    """Return what happened to each gene of each signature."""
    return pd.DataFrame([asdict(u) for u in out.uses])


def cutoff_table(runner: Runner, out: Scores, people: Mapping[int, str], rng: Any) -> pd.DataFrame | None:
    """Return cut-offs from the scores of the controls, or None without controls.

    Parameters
    ----------
    runner, out
        What was scored.
    people
        Position of each control sample in this matrix -> person; empty with a frozen reference.
    rng
        Seed of the bootstrap.
    """
    if runner.reference is None:
        return None
    rows = []
    for position, task in enumerate(runner.tasks):
        for name in runner.by:
            pair = runner.control_scores(position, name) or _own_scores(out, position, name, task, people)
            if pair is None:
                continue
            left_out, inside = pair
            made = from_controls(left_out, inside, task.signature.cutoff.rule, [rng or 0, zlib.crc32(task.signature.id.encode())])
            rows.append(
                {
                    "signature": task.signature.id,
                    "stratum": name,
                    "rule": made.rule,
                    "n_controls": made.n_controls,
                    "cutoff": made.value,
                    "cutoff_in_sample": made.in_sample,
                    "cutoff_low": made.low,
                    "cutoff_high": made.high,
                    "note": made.note,
                }
            )
    return pd.DataFrame(rows) if rows else None


def _own_scores(out: Scores, position: int, stratum: str, task: Task, people: Mapping[int, str]) -> tuple[Any, Any] | None:
    """Return scores of the controls in this matrix, one a person, for methods that need no controls (ranks)."""
    if task.method.reference == "required" or task.method.passes > 1:
        return None
    of_person: dict[str, list[float]] = {}
    for sample, person in people.items():
        if out.stratum[sample] == stratum:
            of_person.setdefault(person, []).append(float(out.values[sample, position]))
    scores = np.array([np.mean(v) for v in of_person.values()])
    return (scores, scores) if len(scores) else None


def detail_table(adata: AnnData, tasks: Sequence[Task], out: Scores) -> pd.DataFrame | None:
    """Return jackknife range and leading gene of every score, one column ``signature|what`` each."""
    if out.low is None or out.high is None or out.top_share is None or out.top_gene is None:
        return None
    columns: dict[str, Any] = {}
    for j, task in enumerate(tasks):
        name = task.signature.id
        columns[f"{name}|jackknife_low"] = out.low[:, j]
        columns[f"{name}|jackknife_high"] = out.high[:, j]
        columns[f"{name}|top_gene"] = pd.Categorical(out.top_gene[:, j].astype(str))
        columns[f"{name}|top_gene_share"] = out.top_share[:, j]
    return pd.DataFrame(columns, index=pd.Index(adata.obs_names))


def provenance(tasks: Sequence[Task], facts: Mapping[str, Any]) -> str:
    """Return versions, parameters and hashes as one JSON string; no path, no time."""
    body = {
        "ifnscore": _version("ifnscore"),
        "python": python_platform.python_version(),
        "versions": {p: _version(p) for p in ("anndata", "numpy", "pandas", "scipy")},
        **facts,
        "signatures": {
            t.signature.id: {
                "hash": t.signature.hash(),
                "method": t.method.id,
                "params": dict(t.params),
                "pseudocount": t.pseudocount,
                "housekeeping": list(t.housekeeping),
                "min_coverage": t.min_coverage,
                "formula": t.label,
            }
            for t in tasks
        },
    }
    return json.dumps(body, sort_keys=True)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def store(adata: AnnData, key: str, tasks: Sequence[Task], out: Scores, tables: Mapping[str, Any]) -> None:
    """Write scores and tables under `key`, replacing what an earlier run wrote there."""
    names = [t.signature.id for t in tasks]
    if isinstance(out.values, Spilled):
        out.values.columns = names
        adata.obsm[key] = out.values
    else:
        adata.obsm[key] = pd.DataFrame(out.values, index=pd.Index(adata.obs_names), columns=names)
    detail = detail_table(adata, tasks, out)
    if detail is not None:
        adata.obsm[keys.detail_key(key)] = detail
    elif keys.detail_key(key) in adata.obsm:
        del adata.obsm[keys.detail_key(key)]
    if out.p_null is not None:
        adata.obsm[keys.null_key(key)] = pd.DataFrame(out.p_null, index=pd.Index(adata.obs_names), columns=names)
    elif keys.null_key(key) in adata.obsm:
        del adata.obsm[keys.null_key(key)]
    uns = dict(adata.uns.get(keys.UNS, {}))
    uns[key] = {k: v for k, v in tables.items() if v is not None}
    uns[keys.LATEST] = key
    adata.uns[keys.UNS] = uns


def remember_controls(adata: AnnData, key: str, mask: Any) -> None:
    """Keep which samples a mask named as controls, beside the samples; an expression stands in the provenance."""
    name = keys.controls_key(key)
    if mask is not None:
        adata.obsm[name] = pd.DataFrame({"control": np.asarray(mask, dtype=bool)}, index=pd.Index(adata.obs_names))
    elif name in adata.obsm:  # of an earlier run under this key
        del adata.obsm[name]


def announce(tasks: Sequence[Task], covered: pd.DataFrame, out: Scores) -> None:
    """Say which scores are missing and why, which genes were dropped, and which single gene rules a score."""
    _announce_missing(tasks, covered)
    _announce_dropped(covered)
    if out.top_share is None or out.top_gene is None:
        return
    said = []
    for j, task in enumerate(tasks):
        over = np.nan_to_num(out.top_share[:, j]) > TOP_SHARE
        if over.any() and task.method.summary != "median" and task.method.score_type != "rank":
            leader = pd.Series(out.top_gene[over, j]).value_counts().index[0]
            most = np.nanmax(out.top_share[:, j])
            said.append(f"{task.signature.id} {leader} (up to {most:.0%}, {int(over.sum())} samples)")
    if said:
        warn(f"one gene makes over 25 % of the score: {'; '.join(said)}")


def _announce_missing(tasks: Sequence[Task], covered: pd.DataFrame) -> None:
    low = covered[(covered["coverage"] < covered["min_coverage"] - 1e-9) | (covered["n_used"] == 0)]
    if low.empty:
        return
    of = {t.signature.id: t.method for t in tasks}
    said = []
    for row in low.to_dict(orient="records"):
        where = f" in {row['stratum']}" if row["stratum"] else ""
        if of[row["signature"]].passes > 1 and not row["n_used"]:
            said.append(f"{row['signature']}{where} ({row['method']} needs several samples that differ)")
            continue
        absent = listing([g for g in str(row["missing"]).split(",") if g], 4)
        useless = listing([g for g in str(row["dropped"]).split(",") if g], 4)
        why = "; ".join(filter(None, [absent and f"absent: {absent}", useless and f"not usable: {useless}"]))
        used = f"{row['n_used']}/{row['n_genes']} genes, needs {row['min_coverage']:.0%}"
        said.append(f"{row['signature']}{where} ({used}; {why})")
    sums = [s for s in low["signature"].drop_duplicates() if of[s].summary == "sum"]
    offer = f". The sum {listing(sums)} needs all its genes, the mean does not: method zref_mean (-m zref_mean)" if sums else ""
    warn(f"no score for {', '.join(said)}{offer}. Lower the bar with min_coverage= (--min-coverage)")


def _announce_dropped(covered: pd.DataFrame) -> None:
    dropped = covered[(covered["dropped"] != "") & (covered["n_used"] > 0)]
    if not dropped.empty:
        once = dropped.drop_duplicates("signature").itertuples()
        said = "; ".join(f"{r.signature}: {listing(str(r.dropped).split(','), 6)}" for r in once)
        warn(f"genes dropped for all samples alike (no spread or centre in the controls, or missing values): {said}")
