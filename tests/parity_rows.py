"""What the parity page compares: our method and parameters, the call of the other program, and what is known of differences.

Matrices: ``log`` (log2 values, no ties), ``counts`` (ours takes the counts, the others log2(counts per million + 1)), ``log1p``
(log of counts per 10,000: ties and zeros), ``half`` (``log`` without half of the genes of KIM28).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TIED = ("counts", "log1p")
ALL = ("log", "counts", "log1p", "half")


@dataclass(frozen=True)
class Reason:
    """Why numbers differ; `most` is shown instead of the difference where that depends on the last digits of a machine."""

    text: str
    most: float | None = None


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    method, params
        Ours.
    file, call
        The witness: a table of tests/witness/parity, and what it calls the answer.
    sets
        What ours is given: ``signed`` (1 and -1), ``weighted``, ``plain`` (sets without genes that go down), ``whole`` (all genes up).
    turned
        How the answer becomes what ours is, a key of ``parity.TURNED``; shown.
    why
        Why there is a difference, by matrix; elsewhere there is none but arithmetic, below ``parity.SAME``.
    only, but
        Signatures to compare; none: all.
    detected
        Whether genes that are 0 in all samples are taken out before ours is called.
    matrices
        Those to compare on, where the other program has an answer.
    """

    method: str
    params: Mapping[str, Any]
    file: str
    call: str
    sets: str = "signed"
    turned: str = ""
    why: Mapping[str, Reason] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    detected: bool = False
    matrices: tuple[str, ...] = ALL


def on(matrices: tuple[str, ...], reason: str, most: float | None = None) -> dict[str, Reason]:
    return dict.fromkeys(matrices, Reason(reason, most))


MEAN_OF_ORDERS = "ties: ours is the mean over all orders of tied genes, the other program takes one order"
TABLE = "the other program looks the normal distribution up in a table"
SUMMED = "ties between genes that rounding makes or breaks in the other program's sums of Poisson probabilities"
SINGLE = "32-bit arithmetic of the other program"
EMPTY = "the other program drops genes that are 0 in all samples"


def _ssgsea() -> list[Row]:
    out = []
    for file, ties, calls in (
        ("R_GSVA", "gsva", ("ssgsea", "ssgsea tau=1", "ssgsea norm")),
        ("gseapy", "gseapy", ("ssgsea ES weight=0.25", "ssgsea ES weight=1", "ssgsea NES")),
    ):
        for call, params in zip(calls, ({}, {"alpha": 1.0}), strict=False):
            out += [
                Row("ssgsea", params, file, call, why=on(TIED, MEAN_OF_ORDERS)),
                Row("ssgsea", params | {"ties": ties}, file, call),
            ]
        out.append(Row("ssgsea", {"normalise": True, "ties": ties}, file, calls[2], sets="plain"))
    return out


#: Our parameters, then what R, gseapy and decoupler call them.
_GSVA = (
    ({}, "gsva gaussian", "gsva", "gsva"),
    ({"mx_diff": False}, "gsva mx.diff=FALSE", "gsva mx_diff=False", "gsva maxdiff=False"),
    ({"abs_ranking": True}, "gsva abs.ranking=TRUE", "gsva abs_rnk=True", ""),
    ({"tau": 0.25}, "gsva tau=0.25", "gsva weight=0.25", "gsva tau=0.25"),
    ({"kcdf": "none"}, "gsva none", "gsva kcdf=None", "gsva kcdf=None"),
    ({"kcdf": "poisson"}, "gsva poisson", "gsva kcdf=Poisson", "gsva kcdf=poisson"),
    ({"kcdf": "poisson", "tau": 0.25}, "gsva poisson tau=0.25", "", ""),
)


def _gsva() -> list[Row]:
    out = []
    for at, (file, ties) in enumerate((("R_GSVA", "gsva"), ("gseapy", "gseapy"), ("decoupler", "decoupler"))):
        for params, *calls in _GSVA:
            if not calls[at]:
                continue
            kcdf = params.get("kcdf", "gaussian")
            free = MEAN_OF_ORDERS + ("" if kcdf != "gaussian" else "; " + TABLE)
            default, named = on(ALL, free), {}
            if kcdf == "poisson":
                named = on(("counts",), SUMMED, 0.01)
            elif kcdf == "gaussian":
                default |= on(("log", "half"), TABLE)
            out.append(Row("gsva", params, file, calls[at], why=default))
            out.append(Row("gsva", params | {"ties": ties}, file, calls[at], why=named))
    return out


def _singscore() -> list[Row]:
    unknown = (
        "its bounds of unknown direction are not those that ranks can reach, and it measures from the median rank of the sample"
    )
    ties = {"min": "singscore", "average": "singscore average", "max": "singscore max"}
    out = [Row("singscore", {} if t == "min" else {"ties": t}, "R_ranks", call) for t, call in ties.items()]
    out += [
        Row("singscore", {"centre": False}, "R_ranks", "singscore centerScore=FALSE"),
        Row("singscore", {"stable_genes": "roles"}, "R_ranks", "singscore stable"),
        Row("singscore", {"direction": "unknown"}, "R_ranks", "singscore unknown", sets="whole", why=on(ALL, unknown)),
        Row("singscore", {"direction": "unknown", "ties": "singscore"}, "R_ranks", "singscore unknown", sets="whole"),
    ]
    return out


def _ucell() -> list[Row]:
    capped = "max_rank above the number of genes is kept there, and cut off here"
    reach = "zeros reach above max_rank: there they get max_rank, here the average rank of ties"
    as_peer = {"ties": "pyucell", "missing": "impute", "clip": True}
    single, skip = on(ALL, SINGLE), {"max_rank": 100, "clip": True}
    return [
        Row("ucell", {"clip": True, "missing": "impute"}, "pyucell", "default", why=on(ALL, capped)),
        Row("ucell", as_peer, "pyucell", "default", why=single),
        Row("ucell", as_peer | {"max_rank": 100}, "pyucell", "max_rank=100", why=single),
        Row("ucell", skip, "pyucell", "max_rank=100 skip", why=single),
        Row("ucell", skip | {"ties": "pyucell"}, "pyucell", "max_rank=100 skip", why=single),
        Row("ucell", skip | {"ties": "min"}, "pyucell", "max_rank=100 skip min", why=single),
        Row("ucell", {"max_rank": 300, "clip": True}, "pyucell", "max_rank=300 skip", why=single | on(TIED, reach)),
        Row("ucell", {"max_rank": 300, "clip": True, "ties": "pyucell"}, "pyucell", "max_rank=300 skip", why=single),
        Row("ucell", {"clip": True, "missing": "impute"}, "R_ranks", "ucell"),
        Row("ucell", skip | {"missing": "impute"}, "R_ranks", "ucell maxRank=100"),
        Row("ucell", skip, "R_ranks", "ucell maxRank=100 skip"),
        Row("ucell", skip | {"ties": "min"}, "R_ranks", "ucell maxRank=100 skip min"),
        Row("ucell", {"max_rank": 300, "clip": True}, "R_ranks", "ucell maxRank=300 skip"),
    ]


def _aucell() -> list[Row]:
    missing = "the other program scores 0 where under 80 % of a signature are in the matrix (KIM28)"
    scenic = {"normalise": "pyscenic"}
    drawn, error = "random order of ties in the other program", "mean of 2000 random orders in the other program: sampling error"
    out = [
        Row("aucell", {}, "decoupler", "aucell empty=False", why=on(TIED, MEAN_OF_ORDERS)),
        Row("aucell", {"ties": "decoupler"}, "decoupler", "aucell empty=False"),
        Row("aucell", {"ties": "decoupler"}, "decoupler", "aucell empty=True", why=on(TIED, EMPTY)),
        Row("aucell", {"ties": "decoupler"}, "decoupler", "aucell empty=True", detected=True),
        Row("aucell", scenic, "pyscenic", "aucell seed=0", why={**on(TIED, drawn), "half": Reason(missing)}),
    ]
    out += [
        Row(
            "aucell",
            scenic | {"ties": "pyscenic"} | ({"seed": seed} if seed else {}),
            "pyscenic",
            f"aucell seed={seed}",
            why={"half": Reason(missing)},
        )
        for seed in (0, 1)
    ]
    out.append(Row("aucell", scenic | {"ties": "pyscenic"}, "pyscenic", "aucell seed=0", but=("KIM28",), matrices=("half",)))
    out += [
        Row("aucell", {}, "R_ranks", "aucell seed 1", why=on(TIED, drawn)),
        Row("aucell", {}, "R_ranks", "aucell mean of 2000 seeds", sets="plain", why=on(("log1p",), error)),
    ]
    return out


def _linear() -> list[Row]:
    linear = {"sets": "weighted"}
    out = []
    for method in ("ulm", "mlm"):
        out += [
            Row(method, {}, "decoupler", f"{method} empty=False", **linear),
            Row(method, {}, "decoupler", f"{method} empty=True", why=on(TIED, EMPTY), **linear),
            Row(method, {}, "decoupler", f"{method} empty=True", detected=True, **linear),
        ]
    mean = {"file": "decoupler", "call": "waggr fun=wmean empty=False"}
    out += [
        Row("weighted_mean", {}, sets="weighted", **mean),
        Row("weighted_mean", {}, "decoupler", "waggr fun=wmean", why=on(TIED, EMPTY), **linear),
        Row("weighted_mean", {"normalise": "none"}, "decoupler", "waggr fun=wsum", **linear),
        Row("mean_log", {}, sets="plain", **mean),
        Row("geomean", {}, sets="plain", turned="2^score", matrices=("counts",), **mean),
    ]
    return out


def _scaled() -> list[Row]:
    single = "a signature of one gene: the other program answers 1 in every sample, ours is the z of the gene over sqrt(n - 1)"
    z = {"file": "R_GSVA", "call": "zscore", "sets": "plain"}
    return [
        Row("combined_z", {}, **z),
        Row("zcohort_mean", {}, turned="score/sqrt(k)", **z),
        Row("zref_mean", {"controls": "all"}, turned="score/sqrt(k)", **z),
        Row("zref_sum", {"controls": "all", "scale": "log2"}, turned="score*sqrt(k)", **z),
        Row("plage", {}, "R_GSVA", "plage", sets="whole", turned="sign as ours", but=("ONE",)),
        Row("plage", {}, "R_GSVA", "plage", sets="whole", only=("ONE",), why=on(ALL, single)),
    ]


def _score_genes() -> list[Row]:
    drawn = {"ctrl_size": 5, "n_bins": 12, "seed": 3}
    order = "it draws control genes in the order of the matrix, ours in the order of names"
    return [
        Row("score_genes", {}, "scanpy", "default", why=on(TIED, order)),
        Row("score_genes", {"order": "matrix"}, "scanpy", "default"),
        Row("score_genes", drawn, "scanpy", "ctrl_size=5", why=on(ALL, order)),
        Row("score_genes", drawn | {"order": "matrix"}, "scanpy", "ctrl_size=5"),
        Row("score_genes", drawn | {"order": "matrix", "ctrl_as_ref": False}, "scanpy", "ctrl_size=5 ctrl_as_ref=False"),
    ]


ROWS = (*_singscore(), *_ssgsea(), *_gsva(), *_ucell(), *_aucell(), *_linear(), *_scaled(), *_score_genes())
