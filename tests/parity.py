"""The parity page: every method beside every program that has it. ``python -m tests.parity > docs/parity.md`` writes it."""

from __future__ import annotations

import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
from tests.parity_rows import ALL, ROWS, Reason, Row

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import IfnscoreWarning

HERE = Path(__file__).parent / "witness" / "parity"
PAGE = Path(__file__).parents[1] / "docs" / "parity.md"
#: Relative difference that is arithmetic only.
SAME = 1e-12
#: Difference from which a reason is asked for.
REASON = 1e-9
SCALE = {"log": "log2", "half": "log2", "log1p": "log1p", "counts": "counts"}
#: What the witnesses call the matrix that others were given, where ours has another name.
GIVEN = {"counts": "cpm"}
PROGRAMS = {
    "R_GSVA": "GSVA 1.46.0 (R 4.2.2)",
    "R_ranks": "",
    "decoupler": "decoupler 2.2.0",
    "gseapy": "gseapy 1.3.1",
    "pyucell": "pyUCell 0.8.0",
    "pyscenic": "pySCENIC 0.12.1",
    "scanpy": "scanpy 1.11.5",
}
OF_R_RANKS = {"singscore": "singscore 1.29.1 (R)", "ucell": "UCell 2.17.0 (R)", "aucell": "AUCell 1.25.2 (R)"}
#: How an answer becomes what ours is, from the answer, the number k of genes that vary, and ours.
TURNED: dict[str, Callable[[pd.Series, int, pd.Series], pd.Series]] = {
    "": lambda score, _k, _ours: score,
    "2^score": lambda score, _k, _ours: 2**score,
    "score/sqrt(k)": lambda score, k, _ours: score / math.sqrt(k),
    "score*sqrt(k)": lambda score, k, _ours: score * math.sqrt(k),
    "sign as ours": lambda score, _k, ours: score * np.sign((score * ours).sum()),
}


@dataclass(frozen=True)
class Cell:
    """One comparison on one matrix: largest relative difference, scores that only we have, what is allowed, and why."""

    row: Row
    matrix: str
    difference: float
    alone: int
    why: Reason | None


@functools.cache
def matrix(name: str) -> pd.DataFrame:
    """Return samples x genes."""
    counts = name in {"counts", "log1p"}
    x = pd.read_csv(HERE / ("counts.csv" if counts else "log.csv"), index_col=0).astype(float).T
    if name == "log1p":
        return np.log1p(x.div(x.sum(axis=1), axis=0) * 1e4)
    return x.drop(columns=list(roles("not in half"))) if name == "half" else x


@functools.cache
def varying(name: str) -> frozenset[str]:
    x = matrix(name)
    return frozenset(x.columns[(x != x.iloc[0]).any()])


@functools.cache
def roles(role: str) -> tuple[str, ...]:
    table = pd.read_csv(HERE / "roles.csv")
    return tuple(table.loc[table["role"] == role, "gene"])


@functools.cache
def sets(kind: str) -> dict[str, dict[str, float]]:
    """Return weights by gene by signature; see :class:`tests.parity_rows.Row`."""
    net = pd.read_csv(HERE / "sets.csv")
    found = {str(s): dict(zip(part["target"], part["weight"], strict=True)) for s, part in net.groupby("source", sort=False)}
    if kind == "plain":
        found = {s: w for s, w in found.items() if min(w.values()) > 0}
    if kind == "signed":
        return {s: {g: math.copysign(1.0, v) for g, v in w.items()} for s, w in found.items()}
    return {s: dict.fromkeys(w, 1.0) for s, w in found.items()} if kind == "whole" else found


@functools.cache
def answers(file: str) -> dict[tuple[str, str], pd.DataFrame]:
    table = pd.read_csv(HERE / f"{file}.csv")
    return {(str(d), str(c)): part.drop(columns=["data", "call"]) for (d, c), part in table.groupby(["data", "call"])}


def answer(row: Row, name: str) -> pd.DataFrame | None:
    """Return samples x sets, of sets with two directions up minus down; None where the witness has no such matrix."""
    table = answers(row.file)
    if (poisson := row.params.get("kcdf") == "poisson") and name != "counts":
        return None
    given = name if poisson else GIVEN.get(name, name)
    # without genes that are constant over the samples, where the other program cannot do with them
    key = next((k for k in ((given, row.call), (f"{given} varying", row.call)) if k in table), None)
    if key is None:
        return None
    made = table[key].set_index("set").T
    for s in [str(c).removesuffix("_up") for c in made if str(c).endswith("_up")]:
        made[s] = made.pop(f"{s}_up") - made.pop(f"{s}_down")
    return made


def ours(row: Row, name: str) -> pd.DataFrame:
    return scored(row.method, tuple(row.params.items()), row.sets, name, row.detected)


@functools.cache
def scored(method: str, given: tuple[tuple[str, Any], ...], kind: str, name: str, detected: bool) -> pd.DataFrame:
    """Return our scores, samples x sets; where values must be brought to another scale through :func:`ifnscore.tl.score`."""
    x, params, wanted = matrix(name), dict(given), sets(kind)
    if detected:
        x = x.loc[:, (x != 0).any()]
    samples, controls = x.index, None
    if params.pop("controls", None):  # some must be left that are none: all samples stand there twice, and count once
        x = pd.concat([x, x.set_axis([f"{s} again" for s in x.index])])
        controls = np.arange(len(x)) < len(samples)
    if params.get("stable_genes"):
        params["stable_genes"] = ",".join(roles("stable"))
    as_it_is = methods.get(method).works_on == "order" or name != "counts"
    if as_it_is and controls is None and "stable_genes" not in params:
        return pd.DataFrame(methods.score_values(x.to_numpy(), list(x), wanted, method, params), x.index, list(wanted))
    adata = ad.AnnData(x.to_numpy(), obs=pd.DataFrame(index=x.index), var=pd.DataFrame(index=x.columns))
    options: dict[str, Any] = {"controls": controls} if controls is not None else {}
    ifn.tl.score(adata, wanted, method=method, scale=SCALE[name], params=params, min_coverage=0.01, detail=False, **options)
    return ifn.get.scores_wide(adata).loc[samples]


def compare(row: Row, name: str) -> tuple[float, int] | None:
    """Return the largest difference over the signatures, relative to the largest score of the signature in the other program.

    And how many scores have a number here and none there. None where there is no answer on this matrix.
    """
    theirs = answer(row, name)
    if theirs is None:
        return None
    got = ours(row, name)
    names = [s for s in theirs if s in sets(row.sets) and (not row.only or s in row.only) and s not in row.but]
    assert names, row
    worst, alone = 0.0, 0
    for s in names:
        k = len(varying(name) & set(sets(row.sets)[str(s)]))
        other = TURNED[row.turned](theirs[s].astype(float).loc[got.index], k, got[s])
        there, here = np.isfinite(other), np.isfinite(got[s])
        assert here[there].all(), (row, s)
        alone += int((here & ~there).sum())
        largest = float(other.abs().max())
        worst = max(worst, float((got[s] - other).abs().max()) / (largest or 1.0))
    return worst, alone


@functools.cache
def cells() -> tuple[Cell, ...]:
    out = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IfnscoreWarning)
        for row in ROWS:
            for name in row.matrices:
                found = compare(row, name)
                if found is not None:
                    out.append(Cell(row, name, *found, row.why.get(name)))
    return tuple(out)


# --- the page -------------------------------------------------------------------------------------------------------------


def magnitude(x: float) -> str:
    """Return a number as the page shows it: what is arithmetic only is not told apart, the rest is rounded up to 1, 2 or 5."""
    for small in (SAME, REASON):
        if x < small:
            return f"< {small:.0e}".replace("e-0", "e-")
    ten = 10.0 ** math.floor(math.log10(x))
    up = next(f for f in (1, 2, 5, 10) if x <= f * ten * (1 + 1e-6)) * ten
    return f"{up:.0e}".replace("e-0", "e-").replace("e+0", "e") if up < 0.1 else f"{up:g}"


def number(cell: Cell) -> str:
    return f"< {cell.why.most:g}" if cell.why and cell.why.most else magnitude(cell.difference)


def program(row: Row) -> str:
    return PROGRAMS[row.file] or OF_R_RANKS[row.method]


def mode(row: Row) -> str:
    given: Mapping[str, Any] = row.params
    words = [f"{k}={','.join(['GENE', '...']) if k == 'stable_genes' else v}" for k, v in given.items()]
    shown = f"`{' '.join(words)}`" if words else "defaults"
    return f"{shown}, without genes that are 0 everywhere" if row.detected else shown


def call(row: Row) -> str:
    which = [f"only {', '.join(row.only)}"] * bool(row.only) + [f"not {', '.join(row.but)}"] * bool(row.but)
    return "; ".join([f"`{row.call}`", *([f"as `{row.turned}`"] if row.turned else []), *which])


def table(method: str) -> Iterator[str]:
    yield "| ours | other program | its call | " + " | ".join(HEADINGS[m] for m in ALL) + " | why not below 1e-9 |"
    yield "|" + "---|" * (len(ALL) + 4)
    for row in ROWS:
        if row.method != method:
            continue
        found = {c.matrix: c for c in cells() if c.row == row}
        shown = [(number(found[m]) if m in found else "") for m in ALL]
        why = list(dict.fromkeys(w for c in found.values() if c.why for w in c.why.text.split("; ")))
        alone = sum(c.alone for c in found.values())
        why += [f"{alone} score of one gene is 0/0 there"] * bool(alone)
        yield f"| {mode(row)} | {program(row)} | {call(row)} | {' | '.join(shown)} | {'; '.join(why)} |"


HEADINGS = {"log": "no ties", "counts": "counts", "log1p": "ties", "half": "half missing"}
HEAD = """# Parity with other programs

This page is written by a test (`tests/parity.py`), which fails when a number here is not what is computed. The answers of the other
programs, and the scripts that made them, are in `tests/witness/parity/`; the matrices hold 405 genes with real symbols (391 in
the last) in 12 samples, and 7 signatures of 1 to 90 genes, two of them with genes that go down.

A number is the largest difference over samples and signatures, relative to the largest score of the signature in the other
program. Below 1e-12 it is the order in which numbers are added up; others are rounded up to 1, 2 or 5 of their power of ten.

- **no ties**: log2 values, no two of a sample equal, negative ones among them.
- **counts**: ours was given counts, the other program log2(counts per million + 1) of them, for `kcdf=poisson` the counts: ties and
  zeros, 64 genes without any count.
- **ties**: logarithms of the same counts per 10,000, plus 1.
- **half missing**: log2 values, without 14 of the 28 genes of one signature.

Our defaults depend on no order of genes and no seed. A mode named after a program does what that program does. `k` is the number of genes
that vary. Genes that go down were another signature in programs without directions, and its score was subtracted.
"""
TAIL = """## Methods without another program

{others}: the formulas are of single papers, and no program above has them. Their witnesses are hand calculations (`tests/test_methods_by_hand.py`).

## What others have and this package has not

decoupler's `zscore` (a z of the signature's mean among all genes of the sample) and `gsea`, gseapy's `sample_norm_method` other than
`rank`, pySCENIC's `normalize`: [](formulas.md) says which formulas there are here, and each method's page why.
"""


def page() -> str:
    """Return the text of docs/parity.md."""
    compared = list(dict.fromkeys(row.method for row in ROWS))
    parts = [HEAD, *(f"## {method}\n\n" + "\n".join(table(method)) + "\n" for method in compared)]
    others = ", ".join(f"`{m}`" for m in methods.records() if m not in compared)
    return "\n".join([*parts, TAIL.format(others=others)])


if __name__ == "__main__":
    sys.stdout.write(page())
