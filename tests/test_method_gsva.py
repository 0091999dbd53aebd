"""GSVA against R GSVA, gseapy and decoupler (tests/witness/enrichment), a literal slow implementation and calculations by hand."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError
from ifnscore.methods import _gsva_density, _gsva_table, _gsva_walk, gsva
from ifnscore.methods._protocol import Plan
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

HERE = Path(__file__).parent / "witness" / "enrichment"
SETS = {w[0]: w[2:] for w in (line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines())}
X = {name: pd.read_csv(HERE / f"{name}.csv", index_col=0).astype(float).T for name in ("log", "tied", "counts", "deep")}
PEERS = {name: pd.read_csv(HERE / f"{name}.csv") for name in ("R", "gseapy", "decoupler")}
TIES = {"R": "gsva", "gseapy": "gseapy", "decoupler": "decoupler"}
CASES = [
    (peer, *case)
    for peer, table in PEERS.items()
    for case in table[["matrix", "what"]].drop_duplicates().itertuples(index=False, name=None)
    if case[1] not in {"plage", "zscore"}
]
#: Where genes are tied by mathematics, the last digit of their sums decides for the peer, and its ppois or erfc rounds otherwise.
LAST_DIGIT = {("R", "counts"), ("gseapy", "counts"), ("decoupler", "counts"), ("gseapy", "tied")}
SCALE = {"log": "log2", "tied": "log2p1", "counts": "counts", "deep": "counts"}


def direct(x, sets=SETS, **params):
    return pd.DataFrame(methods.score_values(x.to_numpy(), list(x.columns), sets, "gsva", params), x.index, list(sets))


def adata_of(x, form=np.asarray):
    adata = ad.AnnData(X=form(x.to_numpy(copy=True)))
    adata.var_names, adata.obs_names = list(x.columns), list(x.index)
    return adata


def scored(x, sets=SETS, scale="log2", form=np.asarray, params=None, **options):
    adata = adata_of(x, form)
    ifn.tl.score(adata, sets, method="gsva", scale=scale, min_coverage=0.01, params=params, **options)
    return ifn.get.scores_wide(adata)


# --- other programs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("peer", "name", "what"), CASES)
def test_peers(peer, name, what):
    table = PEERS[peer]
    expected = table[(table["matrix"] == name) & (table["what"] == what)].set_index("sample")[list(SETS)]
    kernel, *options = what.split()
    params = {"kcdf": kernel, "ties": TIES[peer], **dict(o.split("=") for o in options)}
    got = direct(X[name], **params)
    # decoupler cuts the weight of the middle gene off to 0, and has no walk where that gene is the whole set
    expected = expected.where(np.isfinite(expected))
    assert expected.isna().sum().sum() == (1 if (peer, name, kernel) == ("decoupler", "log", "none") else 0)
    if (peer, name) not in LAST_DIGIT or kernel == "none":
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13, equal_nan=True)
        return
    off = np.abs(got - expected).to_numpy()
    assert (off < 1e-9).mean() > 0.75
    assert off.max() < 0.01


def test_default_is_near_r_on_log_values_and_far_on_ties():
    table = PEERS["R"]
    for name, what, bound in (("log", "gaussian", 0.01), ("tied", "none", 0.2)):
        expected = table[(table["matrix"] == name) & (table["what"] == what)].set_index("sample")[list(SETS)]
        off = np.abs(direct(X[name], kcdf=what) - expected).to_numpy().max()
        assert bound / 10 < off < bound


@pytest.mark.parametrize("ties", ["gsva", "gseapy", "decoupler", "average"])
def test_poisson_differs_from_a_literal_sum_by_the_last_digit_only(ties):
    x = X["counts"].to_numpy()
    kernel = [[math.fsum(poisson(y, k + 0.5) for k in column) / len(column) for y in column] for column in x.T]
    share = np.array(kernel).T
    if ties == "average":
        got = _gsva_density.densities(x, np.arange(x.shape[1]), "poisson", ties, compiled=False) / 2.0**28 / len(x)
        np.testing.assert_allclose(got, share, rtol=0, atol=2.0**-28)
        return
    got = _gsva_density.densities(x, np.arange(x.shape[1]), "poisson", ties, compiled=False)
    np.testing.assert_allclose(1 / (1 + np.exp(-got)), share, rtol=1e-12)


def poisson(y, rate):
    return math.fsum(math.exp(i * math.log(rate) - rate - math.lgamma(i + 1)) for i in range(int(y) + 1))


# --- the formula ----------------------------------------------------------------------------------------------------------


def phi(z):
    return (1 + math.erf(z / math.sqrt(2))) / 2


def literal(x, members, tau=1.0, kcdf="gaussian"):
    """Literal GSVA: every kernel by itself, then a walk over tie groups, each gene with the mean weight of the group's ranks."""
    x = x[:, x.min(axis=0) < x.max(axis=0)]
    n, total = x.shape
    spread = [np.std(column, ddof=1) / 4 for column in x.T]
    share = np.empty_like(x)
    for (j, g), value in np.ndenumerate(x):
        if kcdf == "gaussian":
            share[j, g] = math.fsum(phi((value - other) / spread[g]) for other in x[:, g]) / n
        elif kcdf == "poisson":
            share[j, g] = math.fsum(poisson(value, other + 0.5) for other in x[:, g]) / n
        else:
            share[j, g] = sum(other <= value for other in x[:, g]) / n
    out = []
    for row in np.round(share * n * 2.0**28):
        weight, inside, outside, walk, rank = {}, 0.0, 0, [0.0], total
        groups = [np.flatnonzero(row == v).tolist() for v in np.unique(row)[::-1]]
        for group in groups:
            ranks = range(rank - len(group) + 1, rank + 1)
            mean = math.fsum(abs(r - total / 2) ** tau for r in ranks) / len(group)
            weight |= dict.fromkeys(group, mean)
            rank -= len(group)
        whole = math.fsum(weight[m] for m in members)
        for group in groups:
            inside += math.fsum(weight[m] for m in members if m in group)
            outside += sum(g not in members for g in group)
            walk.append(inside / whole - outside / (total - len(members)))
        out.append((max(walk), min(walk)))
    return np.array(out)


@pytest.mark.parametrize("kcdf", ["gaussian", "none", "poisson"])
@pytest.mark.parametrize("tau", [1.0, 0.25, 0.0])
def test_default_equals_a_literal_walk(kcdf, tau):
    x = X["counts" if kcdf == "poisson" else "tied"].iloc[:7, :60]
    varies = list(x.columns[x.min() < x.max()])
    sets = {"a": varies[3:40:6], "b": varies[:2], "c": varies[10:45]}
    for name, genes in sets.items():
        high, low = literal(x.to_numpy(), {varies.index(g) for g in genes}, tau, kcdf).T
        options = {"kcdf": kcdf, "tau": tau}
        got = direct(x, {name: genes}, **options)[name]
        np.testing.assert_allclose(got, high + low, rtol=0, atol=1e-12)
        got = direct(x, {name: genes}, abs_ranking=True, **options)[name]
        np.testing.assert_allclose(got, high - low, rtol=0, atol=1e-12)
        got = direct(x, {name: genes}, mx_diff=False, **options)[name]
        np.testing.assert_allclose(got, np.where(high > -low, high, low), rtol=0, atol=1e-12)


def test_tied_genes_are_walked_by_the_mean_over_all_their_orders():
    """With equal weights (tau 0) the sum of weights depends on no order: then the mean walk over all orders is the default's."""
    groups, members = [[0, 1, 2], [3], [4, 5, 6], [7, 8]], {1, 2, 5, 8}
    orders = [list(itertools.chain.from_iterable(o)) for o in itertools.product(*(itertools.permutations(g) for g in groups))]
    steps = [[0.0, *np.cumsum([1 / 4 if g in members else -1 / 5 for g in order])] for order in orders]
    assert len({max(s) for s in steps}) > 1  # the order matters
    walk = np.mean(steps, axis=0)
    above = np.array([[0, 0, 0, 3, 4, 4, 4, 7, 7]])[:, sorted(members)]
    size = np.array([[3, 3, 3, 1, 3, 3, 3, 2, 2]])[:, sorted(members)]
    e = _gsva_walk.extremes(_gsva_walk.steps(above, size, _gsva_walk.weights(9, 0.0)))
    assert e.high[0] == pytest.approx(walk.max(), abs=1e-15)
    assert e.low[0] == pytest.approx(walk.min(), abs=1e-15)


def test_two_samples_by_hand():
    """Of four genes two are higher in each sample: ranks 3 and 4 weigh 1 and 2, ranks 1 and 2 weigh 1 and 0, ties share the mean.

    {a, c}, one up and one down: (1.5 / 2 - 1 / 2) = 1/4 behind the upper group, never below 0. {a, b}, both up: 1 behind it, then
    again 0; in the other sample -1 before they come.
    """
    x = pd.DataFrame([[2.0, 5, 1, 30], [1, 3, 4, 31]], index=["s", "t"], columns=list("abcd"))
    got = direct(x, {"ac": ["a", "c"], "ab": ["a", "b"]})
    np.testing.assert_allclose(got.loc["s"], [0.25, 1.0], atol=1e-15)
    np.testing.assert_allclose(got.loc["t"], [0.25, -1.0], atol=1e-15)


# --- compiled code and its twins ------------------------------------------------------------------------------------------


def shapes():
    rng = np.random.default_rng(7)
    plain = rng.normal(8, 1, (90, 40)) * rng.gamma(1, 1, 40)
    outlier = np.where(np.arange(400)[:, None] == 17, 50.0, rng.gamma(0.3, 1, (400, 12)))
    single = np.where(rng.random((60, 30)) < 0.02, rng.gamma(2, 1, (60, 30)), 0.0)
    single[3] += 1e-3
    return {"plain": plain, "outlier": outlier, "counts": np.log2(1 + rng.poisson(1.0, (80, 33))), "single": single}


@pytest.mark.parametrize("shape", list(shapes()))
def test_compiled_sums_equal_their_twins(shape):
    x = shapes()[shape]
    for which in ("exact", "decoupler"):
        table = _gsva_table.cdf_table(which)
        np.testing.assert_array_equal(_gsva_density._compiled_table(x, table), _gsva_density.table_sums(x, table))
    slow, fast = _gsva_density.smooth_sums(x), _gsva_density._compiled_smooth(x)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-13 * len(x))
    np.testing.assert_array_equal(_gsva_density._rounded(fast), _gsva_density._rounded(slow))


def test_a_value_on_a_step_of_the_table_is_cut_off_as_peers_cut_it():
    x = np.array([0.0, 0, 0, 1, 1, 1, 1, 1, 1])[:, None] * np.array(
        [1.0, 3.0, 0.1]
    )  # standard deviation 1/2: gaps of 8 bandwidths
    for ties in ("exact", "decoupler"):
        table = _gsva_table.cdf_table(ties)
        np.testing.assert_array_equal(_gsva_density._compiled_table(x, table), _gsva_density.table_sums(x, table))


@pytest.mark.parametrize("ties", ["average", "gsva", "decoupler"])
def test_compiled_scores_equal_numpy_scores_for_any_number_of_threads(ties, monkeypatch):
    x = X["tied"]
    expected = direct(x, ties=ties)
    monkeypatch.setattr(_gsva_density, "PATIENCE", 0)
    compiled = []
    for name in ("_compiled_table", "_compiled_smooth"):
        one = getattr(_gsva_density, name)
        monkeypatch.setattr(_gsva_density, name, lambda *a, one=one: compiled.append(1) or one(*a))
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("IFNSCORE_THREADS", threads)
        np.testing.assert_array_equal(direct(x, ties=ties), expected)
    assert compiled


def test_poisson_is_right_where_it_is_not_worked_out():
    from scipy.special import pdtr

    y, rate = np.meshgrid(np.arange(0, 3000.0, 7), np.array([0.5, 1.5, 20.5, 400.5, 1500.5]))
    np.testing.assert_allclose(_gsva_density._poisson(y, rate), pdtr(y, rate), rtol=0, atol=1e-17)


# --- what must change nothing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(X))
def test_order_changes_no_bit(name):
    rng, x = np.random.default_rng(1), X[name]
    kcdf = "poisson" if SCALE[name] == "counts" else "gaussian"
    expected = direct(x, kcdf=kcdf)
    shuffled = x.iloc[rng.permutation(len(x)), rng.permutation(x.shape[1])]
    np.testing.assert_array_equal(direct(shuffled, kcdf=kcdf).loc[x.index], expected)


def test_order_of_genes_changes_peers():
    x = X["tied"]
    backwards = x.iloc[:, ::-1]
    for ties in ("gsva", "gseapy", "decoupler"):
        assert np.abs(direct(backwards, ties=ties, kcdf="none") - direct(x, ties=ties, kcdf="none")).to_numpy().max() > 0.01


@pytest.mark.parametrize("name", list(X))
def test_through_the_package_in_chunks_and_sparse(name):
    x, params = X[name], {"kcdf": "poisson" if SCALE[name] == "counts" else "gaussian"}
    expected = direct(x, **params)
    for form, chunk_size in ((np.asarray, None), (sp.csr_matrix, 5), (sp.csc_matrix, 1)):
        got = scored(x, scale=SCALE[name], form=form, params=params, chunk_size=chunk_size)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-15)


def test_counts_are_scored_as_log_cpm_by_the_gaussian_kernel():
    x = X["counts"]
    cpm = np.log2(x.div(x.sum(axis=1), axis=0) * 1e6 + 1)
    np.testing.assert_allclose(scored(x, scale="counts"), direct(cpm), rtol=0, atol=1e-14)


def test_a_log_base_or_offset_changes_nothing():
    x = X["log"]
    expected = scored(x)
    np.testing.assert_allclose(scored(x * math.log(2), scale="log1p"), expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(direct(x - 3.0), expected, rtol=0, atol=1e-14)


def test_other_samples_change_a_score():
    assert not methods.get("gsva").sample_independent
    assert np.abs(direct(X["log"].iloc[:6]) - direct(X["log"]).iloc[:6]).to_numpy().max() > 0.05


# --- genes ----------------------------------------------------------------------------------------------------------------


def test_constant_genes_are_dropped_and_named():
    x = X["log"]
    constant = next(g for g in x.columns if x[g].nunique() == 1)
    assert constant in SETS["CONSTANT8"]
    np.testing.assert_array_equal(direct(x), direct(x.drop(columns=constant)))
    adata = adata_of(x)
    ifn.tl.score(adata, {"C": SETS["CONSTANT8"]}, method="gsva", scale="log2", min_coverage=0.01)
    note = ifn.get.genes(adata).set_index("gene").loc[constant]
    assert not note["used"]
    assert note["note"] == "no spread"
    coverage = ifn.get.coverage(adata).iloc[0]
    assert coverage["n_used"] == len(SETS["CONSTANT8"]) - 1
    # rounding error is no spread
    x = x.assign(**{constant: 0.1 + 0.2 * (np.arange(12) % 2 == 0) - 0.2 * (np.arange(12) % 2 == 0) + 1e-17})
    np.testing.assert_array_equal(direct(x), direct(x.drop(columns=constant)))


def test_missing_genes_are_left_out():
    x, found = X["log"], [g for g in SETS["HALF12"] if g in X["log"].columns]
    assert len(found) == 6
    np.testing.assert_array_equal(direct(x)["HALF12"], direct(x, {"found": found})["found"])


def test_down_is_subtracted():
    alone = direct(X["tied"])
    both = Signature(id="both", up=tuple(SETS["CORE12"]), down=tuple(SETS["DOWN15"]))
    got = scored(X["tied"], both, scale="log2p1")["both"]
    np.testing.assert_allclose(got, alone["CORE12"] - alone["DOWN15"], rtol=0, atol=1e-15)
    only = scored(X["tied"], Signature(id="down", up=(), down=tuple(SETS["DOWN15"])), scale="log2p1")["down"]
    np.testing.assert_allclose(only, -alone["DOWN15"], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "params", [{}, {"mx_diff": False}, {"abs_ranking": True}, {"tau": 0.25, "kcdf": "none"}, {"ties": "gsva"}], ids=str
)
def test_contributions_add_up_to_the_score(params):
    x = X["tied"]
    adata = adata_of(x)
    both = Signature(id="both", up=tuple(SETS["CONSTANT8"]), down=tuple(SETS["DOWN15"]))
    ifn.tl.score(adata, both, method="gsva", scale="log2p1", min_coverage=0.01, params=params)
    parts = ifn.get.contributions(adata, "both")
    assert np.abs(parts).to_numpy().max() > 0.01
    np.testing.assert_allclose(parts.sum(axis=1), ifn.get.scores_wide(adata)["both"], rtol=0, atol=1e-14)


def test_a_gene_before_the_peak_contributes_its_step():
    """Six genes, ranks 6 to 1 in each sample; the set holds ranks 6, 5 and 1 with weights 3, 2 and 2 of 7.

    The walk is highest behind the second: 5/7, where no other gene has stepped down; lowest before the last: 5/7 - 1 = -2/7.
    """
    e = _gsva_walk.steps(np.array([[5, 0, 1]]), np.ones((1, 3), dtype=int), _gsva_walk.weights(6, 1.0))
    found = _gsva_walk.extremes(e)
    np.testing.assert_allclose([found.high[0], found.low[0]], [5 / 7, -2 / 7], atol=1e-15)
    points = np.column_stack([found.genes_high, found.genes_low])
    others = np.column_stack([found.others_high, found.others_low])
    high = _gsva_walk.parts(e, (points, np.array([[1.0, 0.0]])), others)
    np.testing.assert_allclose(high, [[0, 3 / 7, 2 / 7]], atol=1e-15)
    low = _gsva_walk.parts(e, (points, np.array([[0.0, 1.0]])), others)
    np.testing.assert_allclose(low, [[-1 / 3, 3 / 7 - 1 / 3, 2 / 7 - 1 / 3]], atol=1e-15)


def test_jackknife_leaves_genes_out_of_the_set():
    x = X["tied"]
    up, down = SETS["CORE12"], SETS["DOWN15"]
    adata = adata_of(x)
    both = Signature(id="both", up=tuple(up), down=tuple(down))
    ifn.tl.score(adata, both, method="gsva", scale="log2p1", min_coverage=0.01)
    detail = ifn.get.scores(adata)
    signatures = [
        Signature(id=g, up=tuple(u for u in up if u != g), down=tuple(d for d in down if d != g))
        for g in up + down
        if x[g].nunique() > 1
    ]
    rest = scored(x, signatures, scale="log2p1")
    low = detail.pivot(index="sample", columns="signature", values="jackknife_low")["both"].loc[x.index]
    high = detail.pivot(index="sample", columns="signature", values="jackknife_high")["both"].loc[x.index]
    np.testing.assert_allclose(low, rest.min(axis=1), rtol=0, atol=1e-14)
    np.testing.assert_allclose(high, rest.max(axis=1), rtol=0, atol=1e-14)


# --- refusals -------------------------------------------------------------------------------------------------------------


def test_poisson_takes_counts_only():
    with pytest.raises(
        DataError, match=r"gsva with kcdf=poisson takes counts, and this matrix is on scale log2: leave kcdf=poisson"
    ):
        scored(X["log"], params={"kcdf": "poisson"})


def test_one_sample_is_refused():
    with pytest.raises(DataError, match=r"there is one: use -m ssgsea"):
        scored(X["log"].iloc[:1])


@pytest.mark.parametrize(
    ("n", "genes", "params", "words"),
    [
        (
            20_000,
            20_000,
            {},
            r"20000 of 20000 genes \(over 12500\) take more than 4 GB: make one sample of the cells of each type",
        ),
        (150_000, 500, {"ties": "gsva"}, r"compares every pair of samples, and 150000 have too many"),
        (150_000, 500, {"kcdf": "poisson"}, r"compares every pair of samples, and 150000 have too many"),
    ],
)
def test_too_many_samples_are_refused_before_they_are_read(n, genes, params, words):
    plan = Plan(genes=(), columns=np.zeros(0, dtype=int), sets=(), params=gsva.METHOD.resolve(params))
    with pytest.raises(DataError, match=words):
        gsva.KERNEL.admit(n, genes, plan)


def test_many_samples_by_the_default_are_admitted():
    plan = Plan(genes=(), columns=np.zeros(0, dtype=int), sets=(), params=gsva.METHOD.resolve({}))
    gsva.KERNEL.admit(150_000, 500, plan)
    gsva.KERNEL.admit(12_500, 20_000, plan)


def test_the_matrix_is_not_read_when_it_is_too_large(monkeypatch):
    monkeypatch.setattr(gsva, "MOST_VALUES", 1_000)
    monkeypatch.setattr("ifnscore.engine._run.whole_rows", lambda *_: pytest.fail("read"))
    with pytest.raises(DataError, match="take more than 4 GB"):
        scored(X["log"])


def test_a_sample_without_any_expression_has_no_part():
    x = X["counts"]
    more = pd.concat([x, pd.DataFrame(0.0, index=["empty"], columns=x.columns)])
    for params in ({"kcdf": "poisson"}, {"kcdf": "none"}):
        got = direct(more, **params)
        assert got.loc["empty"].isna().all()
        np.testing.assert_array_equal(got.iloc[:-1], direct(x, **params))


def test_a_set_of_all_genes_has_no_score():
    x = X["log"].iloc[:, :9]
    assert direct(x, {"all": list(x.columns)})["all"].isna().all()
    assert direct(x, {"none": ["absent"]})["none"].isna().all()
