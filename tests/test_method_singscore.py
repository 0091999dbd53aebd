"""singscore: unknown direction and stable genes, against the R package and against literal implementations.

The numbers of the R package are the answers of singscore 1.29.1 in R 4.2.2 on the ten genes and two samples below.
"""

from __future__ import annotations

import itertools
import statistics

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

import ifnscore as ifn
from ifnscore import methods
from ifnscore.errors import DataError, IfnscoreWarning, UsageError
from ifnscore.methods import singscore
from ifnscore.methods._protocol import Plan, SetPlan
from ifnscore.signatures import Signature

TINY = np.array([[5, 3, 3, 0, 0, 2, 0, 3, 1, 0], [1, 0, 2, 2, 0, 0, 4, 0, 2, 7]], dtype=float)
A, B, STABLE = [0, 2, 3], [1, 7, 8, 9], np.array([4, 5, 6, 9])
KERNEL = singscore.KERNEL
PARAMS = singscore.METHOD.resolve({})


def score(x, up, down=(), *, stable=None, what="score", compiled=False, **params):
    """Return scores, contributions or left-out scores of one signature, straight from the kernel."""
    index = np.array([*up, *down], dtype=int)
    sign = np.array([1.0] * len(up) + [-1.0] * len(down))
    columns = np.unique(index)
    one = SetPlan(id="s", index=np.searchsorted(columns, index), sign=sign, weights=np.ones(len(index)), n_published=len(index))
    plan = Plan(
        genes=tuple(map(str, columns)),
        columns=columns,
        sets=(one,),
        params={**PARAMS, **params},
        n_universe=x.shape[1],
        stable=stable,
        compiled=compiled,
    )
    if what == "scores":
        return KERNEL.scores(x, plan)
    terms = KERNEL.terms(x, plan)
    extra = (None,) if what == "left_out_scores" else ()
    return getattr(KERNEL, what)(terms, one, plan, *extra)


# --- unknown direction ----------------------------------------------------------------------------------------------------


def test_unknown_direction_as_the_r_package():
    package = {"direction": "unknown", "ties": "singscore"}
    np.testing.assert_allclose(score(TINY, A, **package), [0.5833333333, -0.1666666667], atol=1e-9)
    np.testing.assert_allclose(score(TINY, B, **package), [0.1666666667, 0.6666666667], atol=1e-9)


@pytest.mark.parametrize(
    ("n", "k", "near", "far"),  # of the package, for the k ranks nearest to and farthest from ceil(n / 2), lower ranks first
    [
        *[(9, 1, -0.1, 0.7), (9, 2, -0.125, 0.75), (9, 3, -0.08333333, 0.6666667), (9, 5, -0.1, 0.5666667)],
        *[(10, 1, 0.1, 0.7), (10, 2, 0.125, 0.625), (10, 3, 0.0, 0.75), (10, 5, -0.03333333, 0.7)],
        *[(11, 3, -0.06666667, 0.7333333), (11, 4, -0.125, 0.75), (100, 4, 0.0, 0.9791667), (100, 5, -0.002083333, 0.98125)],
        *[(1000, 300, -0.001409524, 0.9985524), (20_000, 28, -4.291723e-05, 0.9999428), (20_001, 29, -2.589573e-05, 0.999874)],
    ],
)
def test_bounds_of_the_r_package(n, k, near, far):
    x, distance = np.arange(1.0, n + 1)[None], np.abs(np.arange(1, n + 1) - (n + 1) // 2)
    order = np.argsort(distance, kind="stable")
    for chosen, expected in ((order[:k], near), (order[::-1][:k], far)):
        got = score(x, chosen, direction="unknown", ties="singscore")[0]
        assert got == pytest.approx(expected, abs=1e-7 if n < 100 else 6e-8)
        if n >= 20_000:
            assert abs(score(x, chosen, direction="unknown")[0] - got) < 2e-4


@pytest.mark.parametrize(("n", "k"), list(itertools.product([4, 5, 6, 7, 8, 9], [1, 2, 3, 4])))
def test_bounds_of_unknown_direction_are_attained(n, k):
    means = [statistics.fmean(abs(r - (n + 1) / 2) for r in ranks) for ranks in itertools.combinations(range(1, n + 1), k)]
    low, high = singscore.bounds_unknown(n, k)
    assert (low, high) == pytest.approx((min(means), max(means)), abs=1e-12)


@given(st.integers(3, 60), st.data())
def test_unknown_direction_lies_in_0_to_1_and_does_not_know_up_from_down(n, data):
    x = np.array([data.draw(st.permutations(range(1, n + 1)))], dtype=float)
    up = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n - 1, unique=True))
    got = score(x, up, direction="unknown")[0]
    assert -1e-12 <= got <= 1 + 1e-12
    assert score(n + 1 - x, up, direction="unknown")[0] == pytest.approx(got, abs=1e-12)
    half = len(up) // 2
    assert score(x, up[:half], up[half:], direction="unknown")[0] == pytest.approx(got, abs=1e-12)


@pytest.mark.parametrize("ties", ["min", "average", "max"])
def test_unknown_direction_literally(ties):
    rng = np.random.default_rng(1)
    x, chosen = rng.poisson(1.5, (6, 41)).astype(float), [0, 3, 4, 17, 40]
    ranks = rankdata(x, method=ties, axis=1)
    distances = np.sort(np.abs(np.arange(1, 42) - 21))
    low, high = distances[:5].mean(), distances[-5:].mean()
    expected = (np.abs(ranks[:, chosen] - 21).mean(axis=1) - low) / (high - low)
    np.testing.assert_allclose(score(x, chosen, direction="unknown", ties=ties), expected, atol=1e-12)


# --- stable genes ---------------------------------------------------------------------------------------------------------


def test_stable_genes_as_the_r_package():
    np.testing.assert_allclose(score(TINY, A, stable=STABLE), [0.2333333333, 0.1], atol=1e-9)
    np.testing.assert_allclose(score(TINY, A, B, stable=STABLE), [-0.01666666667, 0.15], atol=1e-9)
    np.testing.assert_allclose(score(TINY, A, stable=STABLE, centre=False), [0.7333333333, 0.6], atol=1e-9)
    np.testing.assert_allclose(score(TINY, A, B, stable=STABLE, centre=False), [0.9833333333, 1.15], atol=1e-9)


@pytest.mark.parametrize(("ties", "tied"), [("min", 0.0), ("singscore", 0.0), ("average", 0.5), ("max", 1.0)])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_stable_genes_literally(ties, tied, form):
    def rank(row, gene):
        others = [row[s] for s in STABLE if s != gene]
        below = sum(v < row[gene] for v in others) + tied * sum(v == row[gene] for v in others)
        return (below + 1) / (len(STABLE) + 1)

    for up, down in ((A, []), (A, B), ([], B), ([4, 5], [9])):
        sums = [[rank(row, g) for g in up] for row in TINY], [[1 - rank(row, g) for g in down] for row in TINY]
        expected = [sum(np.mean(s[i]) - 0.5 for s in sums if s[i]) for i in range(2)]
        np.testing.assert_allclose(score(form(TINY), up, down, stable=STABLE, ties=ties), expected, atol=1e-12)


def test_stable_genes_and_unknown_direction():
    below = np.array([[4, 4, 0], [2, 2, 2]])  # stable genes below g1, g3, g4, counted by hand
    expected = np.abs(2 * below / 4 - 1).mean(axis=1)
    np.testing.assert_allclose(score(TINY, A, stable=STABLE, direction="unknown"), expected, atol=1e-12)


# --- both -----------------------------------------------------------------------------------------------------------------

OPTIONS = [{"direction": "unknown"}, {"direction": "unknown", "ties": "singscore"}, {"stable": np.arange(20, 31)}]
OPTIONS += [{"direction": "unknown", "stable": np.arange(20, 31)}, {"stable": np.arange(20, 31), "centre": False}, {}]


@pytest.mark.parametrize("options", OPTIONS)
def test_contributions_sum_to_the_score_and_each_gene_can_be_left_out(options):
    x = np.random.default_rng(2).poisson(2.0, (5, 60)).astype(float)
    up, down = [1, 5, 7, 30], [2, 9, 11]
    whole = score(x, up, down, **options)
    np.testing.assert_allclose(score(x, up, down, what="contributions", **options).sum(axis=1), whole, atol=1e-12)
    left = score(x, up, down, what="left_out_scores", **options)
    for i, gene in enumerate([*up, *down]):
        rest = [g for g in up if g != gene], [g for g in down if g != gene]
        np.testing.assert_allclose(left[i], score(x, *rest, **options), atol=1e-12)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_scores_are_the_same(options, dtype):
    x = np.random.default_rng(3).poisson(0.5, (70, 90)).astype(dtype)
    for up, down in (([1, 5, 7, 30], [2, 9, 11]), ([3], [])):
        expected = score(x, up, down, **options)
        got = score(sp.csr_matrix(x), up, down, what="scores", compiled=True, **options)
        np.testing.assert_allclose(got[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize("options", [{"direction": "unknown"}, {"stable": True}])
def test_order_of_genes_changes_nothing(options):
    rng = np.random.default_rng(4)
    x, order = rng.poisson(1.0, (5, 50)).astype(float), rng.permutation(50)
    place = np.argsort(order)
    stable = [{"stable": s} if options.get("stable") else options for s in (np.arange(20, 31), place[20:31])]
    expected = score(x, [1, 5, 21], [2, 9], **stable[0])
    np.testing.assert_allclose(score(x[:, order], place[[1, 5, 21]], place[[2, 9]], **stable[1]), expected, atol=1e-12)


# --- through tl.score -----------------------------------------------------------------------------------------------------

HOUSEKEEPING = ["ACTB", "GAPDH", "TBP", "HPRT1", "B2M", "GUSB"]
ISG = ["ISG15", "IFI44L", "IFIT1", "RSAD2", "MX1", "OAS1"]


@pytest.fixture
def panel():
    rng = np.random.default_rng(5)
    names = [*ISG, *HOUSEKEEPING, *(f"PANEL{i}" for i in range(28))]
    x = rng.lognormal(3.0, 2.0, (6, len(names)))
    return ad.AnnData(X=x, obs=pd.DataFrame(index=list("abcdef")), var=pd.DataFrame(index=names))


def test_a_panel_is_scored_with_stable_genes(panel):
    with pytest.raises(DataError, match=r"under 200: .* -m mean_log, controls with -m zref_mean, .* stable_genes=GENE"):
        ifn.tl.score(panel, {"six": ISG}, method="singscore", scale="linear")
    params = {"stable_genes": ",".join(HOUSEKEEPING)}
    ifn.tl.score(panel, {"six": ISG}, method="singscore", scale="linear", params=params)
    x = panel.to_df()
    expected = [np.mean([(1 + sum(row[HOUSEKEEPING] < row[g])) / 7 for g in ISG]) - 0.5 for _, row in x.iterrows()]
    np.testing.assert_allclose(ifn.get.scores_wide(panel)["six"], expected, atol=1e-12)
    parts = ifn.get.contributions(panel, "six")
    np.testing.assert_allclose(parts.sum(axis=1), expected, atol=1e-12)
    assert ifn.get.provenance(panel)["signatures"]["six"]["params"]["stable_genes"] == params["stable_genes"]
    only = panel[:, [*ISG, *HOUSEKEEPING]].copy()
    ifn.tl.score(only, {"six": ISG}, method="singscore", scale="linear", params={"stable_genes": HOUSEKEEPING})
    np.testing.assert_allclose(ifn.get.scores_wide(only)["six"], expected, atol=1e-12)


def test_stable_genes_are_resolved_like_any_other(panel):
    ifn.tl.score(panel, {"six": ISG}, method="singscore", scale="linear", params={"stable_genes": HOUSEKEEPING})
    expected = ifn.get.scores_wide(panel)["six"].to_numpy()
    again = panel.copy()
    again.var_names = [{"TBP": "ENSG00000112592", "GAPDH": "gapdh"}.get(n, n) for n in panel.var_names]
    ifn.tl.score(again, {"six": ISG}, method="singscore", scale="linear", params={"stable_genes": HOUSEKEEPING})
    np.testing.assert_allclose(ifn.get.scores_wide(again)["six"], expected, atol=1e-12)


def test_wrong_stable_genes_are_refused(panel):
    score = {"method": "singscore", "scale": "linear"}
    with pytest.raises(DataError, match="stable gene NOSUCH1 is not in the matrix"):
        ifn.tl.score(panel, {"six": ISG}, params={"stable_genes": "ACTB,NOSUCH1"}, **score)
    with pytest.raises(UsageError, match="no parameter 'stable_genes'"):
        ifn.tl.score(panel, {"six": ISG}, method="ucell", scale="linear", params={"stable_genes": "ACTB"})
    with pytest.warns(IfnscoreWarning, match="2 stable genes tell only 3 ranks apart"):
        ifn.tl.score(panel, {"six": ISG}, params={"stable_genes": "ACTB,TBP,ACTB"}, **score)
    panel.X[0, list(panel.var_names).index("ACTB")] = np.nan
    with pytest.raises(DataError, match="stable gene ACTB holds missing values"), pytest.warns(IfnscoreWarning):
        ifn.tl.score(panel, {"six": ISG}, params={"stable_genes": "ACTB"}, allow_missing=True, **score)


def test_missing_values_leave_a_stable_gene_out_for_all(panel):
    fewer = [h for h in HOUSEKEEPING if h != "ACTB"]
    ifn.tl.score(panel, {"six": ISG}, method="singscore", scale="linear", params={"stable_genes": fewer})
    expected = ifn.get.scores_wide(panel)["six"]
    panel.X[0, list(panel.var_names).index("ACTB")] = np.nan
    options = {"method": "singscore", "scale": "linear", "allow_missing": True}
    ifn.tl.score(panel, {"six": ISG}, params={"stable_genes": HOUSEKEEPING}, **options)
    np.testing.assert_allclose(ifn.get.scores_wide(panel)["six"], expected, atol=1e-12)
    np.testing.assert_allclose(ifn.get.contributions(panel, "six").sum(axis=1), expected, atol=1e-12)


def test_a_scored_file_keeps_the_stable_genes(panel, tmp_path):
    from ifnscore import scored

    params = {"stable_genes": [*HOUSEKEEPING[:4], "PANEL3", "PANEL4"]}
    ifn.tl.score(panel, {"six": ISG}, method="singscore", scale="linear", params=params)
    scored.write(panel, tmp_path / "small.h5ad")
    small = ad.read_h5ad(tmp_path / "small.h5ad")
    expected = ifn.get.contributions(panel, "six").to_numpy()
    np.testing.assert_allclose(ifn.get.contributions(small, "six").to_numpy(), expected, atol=1e-12)


def test_unknown_direction_through_score(panel):
    names = [*panel.var_names, *(f"MORE{i}" for i in range(280))]
    x = np.random.default_rng(6).lognormal(2.0, 1.0, (6, 320))
    wide = ad.AnnData(X=x, obs=panel.obs, var=pd.DataFrame(index=names))
    both = Signature(id="both", up=tuple(ISG[:3]), down=tuple(ISG[3:]))
    with pytest.warns(IfnscoreWarning, match="on 320 genes, under 2000"):
        ifn.tl.score(wide, [both], method="singscore", scale="linear", params={"direction": "unknown"})
    with pytest.warns(IfnscoreWarning, match="on 320 genes, under 2000"):
        parts = ifn.get.contributions(wide, "both")
    ranks = rankdata(wide.X, axis=1)[:, :6]
    distance = np.sort(np.abs(np.arange(1, 321) - 160.5))
    low, high = distance[:6].mean(), distance[-6:].mean()
    expected = (np.abs(ranks - 160.5).mean(axis=1) - low) / (high - low)
    np.testing.assert_allclose(ifn.get.scores_wide(wide)["both"], expected, atol=1e-12)
    np.testing.assert_allclose(parts.sum(axis=1), expected, atol=1e-12)


def test_the_record_says_what_there_is():
    assert {p.name for p in methods.get("singscore").parameters} == {"ties", "centre", "direction", "stable_genes"}
