"""Rank methods and means against other programs (tests/witness) and against literal, slow implementations.

Tolerances: R GSVA and decoupler 1e-12 relative; gseapy 1e-11; pyUCell 1e-6 absolute (it computes in float32);
own slow implementations 1e-12.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.stats import rankdata

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

HERE = Path(__file__).parent / "witness"
LINES = [line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines()]
SETS = {w[0]: w[2:] for w in LINES}
ROW_METHODS = ["singscore", "ssgsea", "ucell"]
ALL_METHODS = sorted(methods.records())
NEEDS_CONTROLS = {m for m, r in methods.records().items() if r.reference == "required"}


def matrix(name):
    return pd.read_csv(HERE / f"{name}.csv", index_col=0).astype(float).T


def answer(name):
    table = pd.read_csv(HERE / f"{name}.csv", index_col=0)
    return (table.T if name.startswith("R_") else table)[[s for s in SETS if s in set(table.columns) | set(table.index)]]


def adata_of(x, genes=None, samples=None):
    frame = isinstance(x, pd.DataFrame)
    adata = ad.AnnData(X=x.to_numpy(copy=True) if frame else x)
    adata.var_names = list(x.columns) if frame else list(genes)
    adata.obs_names = list(x.index) if frame else list(samples)
    return adata


def run(adata, method, *, sets=None, scale="linear", min_coverage=0.01, params=None, **options):
    adata = adata.copy()
    if method in NEEDS_CONTROLS and "controls" not in options:
        options["controls"] = np.isin(adata.obs_names, ["S0", "S1", "S2", "S3"])
    ifn.tl.score(adata, sets or SETS, method=method, scale=scale, min_coverage=min_coverage, params=params, **options)
    return ifn.get.scores_wide(adata)


def scored(name, method, **options):
    params = {"max_rank": 100} if method == "ucell" and "params" not in options else options.pop("params", None)
    return run(adata_of(matrix(name)), method, params=params, **options)


def test_inputs_hold_what_the_tests_need():
    untied, tied = matrix("untied"), matrix("tied")
    assert all(row.is_unique for _, row in untied.iterrows())
    assert all(not row.is_unique and (row == 0).mean() > 0.2 for _, row in tied.iterrows())
    assert sum(f.stat().st_size for f in HERE.iterdir() if f.is_file()) < 200_000


# --- ssGSEA ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["untied", "tied"])
@pytest.mark.parametrize(("alpha", "what"), [(0.25, "ssgsea_raw"), (1.0, "ssgsea_raw_alpha1")])
def test_ssgsea_equals_r_gsva(name, alpha, what):
    got = scored(name, "ssgsea", params={"ties": "gsva", "alpha": alpha})
    np.testing.assert_allclose(got, answer(f"R_{name}_{what}"), rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("name", ["untied", "tied"])
def test_normalised_ssgsea_equals_r_gsva(name):
    got = scored(name, "ssgsea", params={"ties": "gsva", "normalise": True})
    np.testing.assert_allclose(got, answer(f"R_{name}_ssgsea_norm"), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["untied", "tied"])
@pytest.mark.parametrize("alpha", [0.25, 1.0])
@pytest.mark.parametrize(("normalise", "what"), [(False, "ES"), (True, "NES")])
def test_ssgsea_equals_gseapy(name, alpha, normalise, what):
    got = scored(name, "ssgsea", params={"ties": "gseapy", "alpha": alpha, "normalise": normalise})
    np.testing.assert_allclose(got, answer(f"gseapy_{name}_ssgsea_alpha{alpha:g}_{what}"), rtol=1e-11, atol=1e-10)


def test_default_ssgsea_equals_both_without_ties_and_neither_with_ties():
    got = scored("untied", "ssgsea")
    np.testing.assert_allclose(got, answer("R_untied_ssgsea_raw"), rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(got, answer("gseapy_untied_ssgsea_alpha0.25_ES"), rtol=1e-11, atol=1e-10)
    tied = scored("tied", "ssgsea")
    for peer in ("R_tied_ssgsea_raw", "gseapy_tied_ssgsea_alpha0.25_ES"):
        assert np.abs(tied - answer(peer)).to_numpy().max() > 0.1


def walk(values, members, order, alpha=0.25):
    """Literal ssGSEA: walk the genes in `order` and add up the gaps of the two cumulative distributions."""
    weight = rankdata(values) ** alpha
    inside = sum(weight[g] for g in members)
    step_in = step_out = total = 0.0
    for g in order:
        if g in members:
            step_in += weight[g] / inside
        else:
            step_out += 1.0 / (len(values) - len(members))
        total += step_in - step_out
    return total


def decreasing_orders(values):
    """Yield every order from high to low that the ties allow."""
    groups = [np.flatnonzero(values == v).tolist() for v in np.unique(values)[::-1]]
    for parts in itertools.product(*(itertools.permutations(g) for g in groups)):
        yield list(itertools.chain.from_iterable(parts))


def test_ssgsea_on_ties_is_the_mean_over_all_orders_of_tied_genes():
    rng = np.random.default_rng(5)
    genes = matrix("untied").columns[:209]
    values = rng.permutation(np.arange(1.0, 210.0))
    order = np.argsort(values)
    for start, stop in ((40, 43), (100, 102), (0, 4)):  # groups of three, two and four, the last at zero
        values[order[start:stop]] = values[order[start]] if start else 0.0
    orders = list(decreasing_orders(values))
    assert len(orders) == 6 * 2 * 24
    sets = {
        "mixed": [genes[i] for i in (order[40], order[101], order[1], order[2], order[180], order[7])],
        "one": [genes[order[3]]],
    }
    got = run(adata_of(values[None, :], genes, ["S0"]), "ssgsea", sets=sets)
    for name, chosen in sets.items():
        members = {list(genes).index(g) for g in chosen}
        every = [walk(values, members, o) for o in orders]
        assert np.ptp(every) > 1e-3  # the order matters
        assert got.loc["S0", name] == pytest.approx(math.fsum(every) / len(every), rel=1e-12)


def test_ssgsea_on_counts_is_the_mean_over_random_orders_of_tied_genes():
    x = matrix("tied").iloc[:1]
    values = x.to_numpy()[0]
    got = scored("tied", "ssgsea")
    rng = np.random.default_rng(11)
    for name in ("RICE6", "RANDOM30", "MISSING12"):
        members = {x.columns.get_loc(g) for g in SETS[name] if g in x.columns}
        drawn = [walk(values, members, np.lexsort((rng.random(len(values)), -values)).tolist()) for _ in range(600)]
        error = np.std(drawn, ddof=1) / math.sqrt(len(drawn))
        assert np.std(drawn) > 0.5
        assert abs(got.loc["S0", name] - np.mean(drawn)) < 4 * error, name


@pytest.mark.parametrize("ties", ["gsva", "gseapy"])
def test_peer_tie_rules_are_literal_orders(ties):
    x = matrix("tied")
    got = scored("tied", "ssgsea", params={"ties": ties})
    members = {x.columns.get_loc(g) for g in SETS["ISG20"]}
    for sample in x.index:
        values, place = x.loc[sample].to_numpy(), np.arange(x.shape[1])
        order = np.lexsort((place if ties == "gsva" else -place, -values)).tolist()
        ranks = np.floor(rankdata(values)) if ties == "gsva" else rankdata(values)
        weight = ranks**0.25
        inside = np.cumsum([weight[g] if g in members else 0.0 for g in order]) / sum(weight[g] for g in members)
        outside = np.cumsum([g not in members for g in order]) / (len(values) - len(members))
        assert got.loc[sample, "ISG20"] == pytest.approx((inside - outside).sum(), rel=1e-11)


def test_ssgsea_down_set_is_subtracted():
    up, down = SETS["RICE6"], SETS["RANDOM30"]
    both = run(adata_of(matrix("tied")), "ssgsea", sets=Signature(id="both", up=tuple(up), down=tuple(down)))["both"]
    alone = scored("tied", "ssgsea")
    np.testing.assert_allclose(both, alone["RICE6"] - alone["RANDOM30"], rtol=1e-12)


# --- UCell ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "params"),
    [
        ("max100_skip", {"max_rank": 100}),
        ("max100_skip", {"max_rank": 100, "ties": "pyucell"}),
        ("max100_skip_min", {"max_rank": 100, "ties": "min"}),
        ("max320_skip", {"max_rank": 320}),
        ("max320_skip", {"max_rank": 320, "ties": "pyucell"}),
        ("max320_skip", {"max_rank": 1500}),
    ],
)
def test_ucell_equals_pyucell_without_ties(what, params):
    np.testing.assert_allclose(scored("untied", "ucell", params=params), answer(f"pyucell_untied_{what}"), atol=1e-6)


@pytest.mark.parametrize("what", ["max100_skip", "max320_skip"])
def test_ucell_equals_pyucell_with_ties(what):
    got = scored("tied", "ucell", params={"max_rank": int(what[3:6]), "ties": "pyucell"})
    np.testing.assert_allclose(got, answer(f"pyucell_tied_{what}"), atol=1e-6)


def test_ucell_default_differs_from_pyucell_only_where_zeros_reach_above_max_rank():
    x = matrix("tied")
    low = ((x > 0).sum(axis=1) + ((x == 0).sum(axis=1) + 1) / 2) < 320
    assert low.all()
    assert np.abs(scored("tied", "ucell", params={"max_rank": 320}) - answer("pyucell_tied_max320_skip")).to_numpy().max() > 1e-3
    high = (x > 0).sum(axis=1) + ((x == 0).sum(axis=1) + 1) / 2 >= 100
    assert high.all()
    np.testing.assert_allclose(scored("tied", "ucell"), answer("pyucell_tied_max100_skip"), atol=1e-6)


def test_missing_genes_are_skipped_not_imputed():
    skip, impute = answer("pyucell_tied_max100_skip"), answer("pyucell_tied_max100")
    assert np.abs(skip["MISSING12"] - impute["MISSING12"]).max() > 1e-3
    np.testing.assert_allclose(scored("tied", "ucell")["MISSING12"], skip["MISSING12"], atol=1e-6)


@pytest.mark.parametrize("ties", ["average", "min", "max"])
@pytest.mark.parametrize("max_rank", [50, 250, 320])
def test_ucell_equals_the_published_formula(ties, max_rank):
    x = matrix("tied")
    signature = Signature(id="both", up=tuple(SETS["RICE6"]), down=tuple(SETS["RANDOM30"]))
    got = run(adata_of(x), "ucell", sets=signature, params={"ties": ties, "max_rank": max_rank})["both"]
    for sample in x.index:
        ranks = np.minimum(rankdata(-x.loc[sample].to_numpy(), method=ties), max_rank)
        halves = []
        for chosen in (signature.up, signature.down):
            r = [ranks[x.columns.get_loc(g)] for g in chosen]
            least = len(r) * (len(r) + 1) / 2
            halves.append(1 - (math.fsum(r) - least) / (len(r) * max_rank - least))
        assert got[sample] == pytest.approx(halves[0] - halves[1], abs=1e-12)


# --- singscore ------------------------------------------------------------------------------------------------------------


def singscore_slow(values, up, down, ties, *, centre=True):
    """Foroutan 2018: mean rank of each half between its least and greatest possible value."""
    n, total = len(values), 0.0
    ascending = rankdata(values, method=ties)
    for ranks, members in ((ascending, up), (n - ascending + 1, down)):
        k = len(members)
        if k:
            least, greatest = sum(range(1, k + 1)) / k, sum(range(n - k + 1, n + 1)) / k
            total += (sum(ranks[m] for m in members) / k - least) / (greatest - least) - (0.5 if centre else 0.0)
    return total


@pytest.mark.parametrize("name", ["untied", "tied"])
@pytest.mark.parametrize("ties", ["min", "average", "max"])
@pytest.mark.parametrize("centre", [True, False])
def test_singscore_equals_the_published_formula(name, ties, centre):
    x = matrix(name)
    at = {k: [x.columns.get_loc(g) for g in v if g in x.columns] for k, v in SETS.items()}
    signatures = [Signature(id=k, up=tuple(v)) for k, v in SETS.items()]
    signatures += [
        Signature(id="both", up=tuple(SETS["RICE6"]), down=tuple(SETS["RANDOM30"])),
        Signature(id="down", up=(), down=tuple(SETS["MISSING12"])),
    ]
    got = run(adata_of(x), "singscore", sets=signatures, params={"ties": ties, "centre": centre})
    halves = {k: (v, []) for k, v in at.items()} | {"both": (at["RICE6"], at["RANDOM30"]), "down": ([], at["MISSING12"])}
    for sample, (key, (up, down)) in itertools.product(x.index, halves.items()):
        expected = singscore_slow(x.loc[sample].to_numpy(), up, down, ties, centre=centre)
        assert got.loc[sample, key] == pytest.approx(expected, abs=1e-12), (sample, key)


def test_singscore_default_is_min_ties_and_centred():
    x = matrix("tied")
    at = [x.columns.get_loc(g) for g in SETS["RICE6"]]
    expected = [singscore_slow(x.loc[s].to_numpy(), at, [], "min") for s in x.index]
    np.testing.assert_allclose(scored("tied", "singscore")["RICE6"], expected, atol=1e-12)
    np.testing.assert_allclose(scored("tied", "singscore", params={"ties": "singscore"})["RICE6"], expected, atol=1e-12)


def test_singscore_bounds_are_reached():
    x = matrix("untied").iloc[:1]
    order = x.columns[np.argsort(x.to_numpy()[0])]
    got = run(adata_of(x), "singscore", sets={"top": list(order[-7:]), "low": list(order[:7])})
    np.testing.assert_allclose(got.to_numpy(), [[0.5, -0.5]], atol=1e-12)


# --- means ----------------------------------------------------------------------------------------------------------------


def test_zcohort_mean_is_r_zscore_without_its_root_of_k():
    got = scored("untied", "zcohort_mean", scale="log2")
    for name, genes in SETS.items():
        k = len(set(genes) & set(matrix("untied").columns))
        np.testing.assert_allclose(got[name] * math.sqrt(k), answer("R_untied_zscore")[name], rtol=1e-12, atol=1e-12)


def test_mean_log_and_weighted_mean_equal_decoupler():
    np.testing.assert_allclose(scored("untied", "mean_log", scale="log2"), answer("decoupler_untied_wmean"), rtol=1e-12)
    weighted = {k: {g: (1 + i) / 4 * (-1 if i % 5 == 4 else 1) for i, g in enumerate(v)} for k, v in SETS.items()}
    mean = scored("untied", "weighted_mean", scale="log2", sets=weighted)
    np.testing.assert_allclose(mean, answer("decoupler_untied_wmean_weighted"), rtol=1e-12, atol=1e-12)
    total = scored("untied", "weighted_mean", scale="log2", sets=weighted, params={"normalise": "none"})
    np.testing.assert_allclose(total, answer("decoupler_untied_wsum_weighted"), rtol=1e-12, atol=1e-12)


# --- what must change nothing ---------------------------------------------------------------------------------------------


def explicit_zeros(dense):
    """CSR in which every third zero is stored."""
    rows, columns = np.indices(dense.shape)
    keep = (dense != 0) | ((rows + columns) % 3 == 0)
    return sp.csr_matrix((dense[keep], (rows[keep], columns[keep])), shape=dense.shape)


def doubled_entries(dense):
    """CSR that is not canonical: every value is stored in two halves."""
    half = sp.csr_matrix(dense / 2)
    indptr = half.indptr * 2
    return sp.csr_matrix((np.repeat(half.data, 2), np.repeat(half.indices, 2), indptr), shape=dense.shape)


def unsorted_indices(dense):
    """CSR whose columns run backwards inside each row."""
    made = sp.csr_matrix(dense)
    for i in range(made.shape[0]):
        part = slice(made.indptr[i], made.indptr[i + 1])
        made.indices[part], made.data[part] = made.indices[part][::-1].copy(), made.data[part][::-1].copy()
    made.has_sorted_indices = False
    return made


FORMS = {
    "csr": sp.csr_matrix,
    "csc": sp.csc_matrix,
    "csr_array": sp.csr_array,
    "zeros": explicit_zeros,
    "doubled": doubled_entries,
    "unsorted": unsorted_indices,
    "float32": lambda x: x.astype(np.float32),
    "csr_float32": lambda x: sp.csr_matrix(x.astype(np.float32)),
    "int": lambda x: x.astype(np.int64),
    "fortran": np.asfortranarray,
}
VARIANTS = [(m, None) for m in ALL_METHODS]
VARIANTS += [("ssgsea", {"ties": "gsva"}), ("ssgsea", {"ties": "gseapy"}), ("ucell", {"ties": "pyucell"})]


@pytest.mark.parametrize(("form", "scale"), [*((f, "linear") for f in FORMS), ("csr", "counts"), ("csc", "counts")])
@pytest.mark.parametrize(("method", "params"), VARIANTS)
def test_storage_changes_nothing(form, method, params, scale):
    x = matrix("tied")
    dense = run(adata_of(x), method, params=params, scale=scale)
    made = FORMS[form](x.to_numpy(copy=True))
    got = run(adata_of(made, x.columns, x.index), method, params=params, scale=scale)
    np.testing.assert_allclose(got, dense, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ALL_METHODS)
@pytest.mark.parametrize("name", ["untied", "tied"])
def test_order_of_samples_and_genes_changes_nothing(method, name):
    x, rng = matrix(name), np.random.default_rng(3)
    expected = run(adata_of(x), method)
    assert np.isfinite(expected.to_numpy()).any()
    rows = x.iloc[rng.permutation(len(x))]
    np.testing.assert_allclose(run(adata_of(rows), method).loc[x.index], expected, rtol=1e-12, atol=1e-12)
    columns = x.iloc[:, rng.permutation(x.shape[1])]
    np.testing.assert_allclose(run(adata_of(columns), method), expected, rtol=1e-12, atol=1e-12)
    genes = {k: list(rng.permutation(v)) for k, v in SETS.items()}
    np.testing.assert_allclose(run(adata_of(x), method, sets=genes), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ALL_METHODS)
@pytest.mark.parametrize("chunk_size", [1, 3, 8, 100])
def test_chunks_change_nothing(method, chunk_size):
    expected = scored("tied", method, params=None)
    np.testing.assert_allclose(scored("tied", method, params=None, chunk_size=chunk_size), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ALL_METHODS)
def test_other_signatures_and_other_samples_change_nothing(method):
    x = matrix("tied")
    expected = run(adata_of(x), method)
    for name, genes in SETS.items() if methods.get(method).signature_independent else ():
        alone = run(adata_of(x), method, sets={name: genes})
        np.testing.assert_allclose(alone[name], expected[name], rtol=1e-13, atol=1e-13)
    if methods.get(method).sample_independent:
        fewer = run(adata_of(x.iloc[[0, 1, 2, 3, 6]]), method)
        np.testing.assert_allclose(fewer.loc["S6"], expected.loc["S6"], rtol=1e-13, atol=1e-13)


def test_other_signatures_change_nothing_for_cohort_z():
    x = matrix("tied").assign(MX1=np.arange(1.0, 9.0), ISG15=np.arange(8.0, 0.0, -1.0) ** 2)
    sets = {"A": ["MX1", "ISG15"]}
    for pseudocount in (None, 0.5):
        alone = run(adata_of(x), "zcohort_mean", sets=sets, pseudocount=pseudocount)["A"]
        more = run(adata_of(x), "zcohort_mean", sets=sets | {"B": SETS["BIG90"]}, pseudocount=pseudocount)["A"]
        np.testing.assert_allclose(more, alone, rtol=1e-13, atol=1e-13)
    # the logarithm of 0 in a gene of B alone must not quietly take samples out of the mean and SD of A
    with pytest.raises(DataError, match="is 0 in some samples"):
        run(adata_of(x), "zcohort_mean", sets=sets | {"B": SETS["BIG90"]}, pseudocount=0.0)


@pytest.mark.parametrize("method", ROW_METHODS)
def test_rank_scores_see_only_the_order(method):
    x = matrix("tied")
    expected = run(adata_of(x), method)
    np.testing.assert_array_equal(run(adata_of(np.log1p(x)), method, scale="log1p"), expected)
    np.testing.assert_array_equal(run(adata_of(x), method, scale="counts"), expected)
    upside_down = 40.0 - np.log2(x + 1)
    np.testing.assert_array_equal(run(adata_of(upside_down), method, scale="ct", params={"housekeeping": "none"}), expected)


@pytest.mark.parametrize("method", ALL_METHODS)
def test_scoring_leaves_the_matrix_alone(method):
    x = matrix("tied")
    for made in (x.to_numpy(copy=True), sp.csr_matrix(x.to_numpy())):
        adata = adata_of(made, x.columns, x.index)
        controls = np.arange(8) < 4 if method in NEEDS_CONTROLS else None
        ifn.tl.score(adata, SETS, method=method, scale="linear", controls=controls, min_coverage=0.01)
        np.testing.assert_array_equal(adata.X.toarray() if sp.issparse(adata.X) else adata.X, x.to_numpy())
