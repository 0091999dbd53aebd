"""AUCell: against decoupler (tests/witness), all orders of tied genes, many shuffles, and a literal pySCENIC."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import ifnscore as ifn
from ifnscore.methods import aucell
from ifnscore.methods._protocol import Plan, SetPlan

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

HERE = Path(__file__).parent / "witness"
LINES = [line.split("\t") for line in (HERE / "sets.gmt").read_text(encoding="utf-8").splitlines()]
SETS = {w[0]: w[2:] for w in LINES}
TINY = np.array([[5, 3, 3, 0, 0, 2, 0, 3, 1, 0], [1, 0, 2, 2, 0, 0, 4, 0, 2, 7]], dtype=float)
KERNEL = aucell.KERNEL


def plan_of(n, up, down=(), *, compiled=False, **params):
    index = np.array([*up, *down], dtype=int)
    columns = np.unique(index)
    sign = np.array([1.0] * len(up) + [-1.0] * len(down))
    one = SetPlan(id="s", index=np.searchsorted(columns, index), sign=sign, weights=np.ones(len(index)), n_published=len(index))
    resolved = aucell.METHOD.resolve(params)
    names = tuple(map(str, columns))
    return Plan(genes=names, columns=columns, sets=(one,), params=resolved, n_universe=n, compiled=compiled)


def score(x, up, down=(), **params):
    plan = plan_of(x.shape[1], up, down, **params)
    return KERNEL.score(KERNEL.terms(x, plan), plan.sets[0], plan)


def area(order, chosen, n_up):
    """Return the area under the recovery curve, counted step by step, for genes in order from the highest."""
    found = np.cumsum([g in chosen for g in order[: n_up - 1]])
    return int(found.sum())


def largest(k, n_up):
    return sum(min(k, step) for step in range(1, n_up))


def expected_over_orders(row, chosen, n_up):
    """Return the mean over every order that keeps higher values first."""
    groups = [np.flatnonzero(row == v).tolist() for v in sorted(set(row.tolist()), reverse=True)]
    orders = itertools.product(*(itertools.permutations(g) for g in groups))
    areas = [area(list(itertools.chain(*o)), set(chosen), n_up) for o in orders]
    return math.fsum(areas) / len(areas) / largest(len(chosen), n_up)


# --- the expectation over ties --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_up", [2, 4, 6, 8])
def test_default_is_the_mean_over_all_orders(n_up):
    for row in (TINY[:, :8], np.array([[0, 0, 0, 2, 2, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1, 1]], dtype=float)):
        for chosen in ([0, 2, 3], [1, 7], [4, 5, 6, 7], [0]):
            expected = [expected_over_orders(r, chosen, n_up) for r in row]
            np.testing.assert_allclose(score(row, chosen, top=n_up / 8), expected, atol=1e-12)


def test_values_counted_by_hand():
    a, b = [0, 2, 3], [1, 7, 8, 9]
    np.testing.assert_allclose(score(TINY, a, top=0.4), [2 / 3, 1 / 9], atol=1e-12)
    np.testing.assert_allclose(score(TINY, b, top=0.4), [1 / 3, 5 / 9], atol=1e-12)
    np.testing.assert_allclose(score(TINY, a, top=0.6), [2 / 3, 1 / 3], atol=1e-12)
    np.testing.assert_allclose(score(TINY, b, top=0.6), [3 / 7, 1 / 2], atol=1e-12)


def test_default_is_the_mean_over_many_shuffles():
    rng = np.random.default_rng(1)
    x, chosen, n_up = rng.poisson(0.4, (1, 60)).astype(float), [3, 5, 9, 20, 41, 58], 12
    places = np.arange(60)
    areas = []
    for _ in range(4_000):
        drawn = rng.permutation(places)
        areas.append(area(drawn[np.argsort(-x[0, drawn], kind="stable")].tolist(), set(chosen), n_up))
    mean, error = np.mean(areas) / largest(6, n_up), np.std(areas) / largest(6, n_up) / math.sqrt(4_000)
    assert error > 1e-4
    assert score(x, chosen, top=0.2)[0] == pytest.approx(mean, abs=4 * error)


def test_fewer_detected_genes_than_the_top_share_it_with_zeros():
    x = np.zeros((1, 40))
    x[0, :3] = 3.0, 2.0, 1.0
    # n_up = 10: places 1 to 3 are taken, the other 37 genes share the areas 6, 5, 4, 3, 2, 1
    np.testing.assert_allclose(score(x, [20], top=0.25), [21 / 37 / 9], atol=1e-12)
    np.testing.assert_allclose(score(x, [0], top=0.25), [1.0], atol=1e-12)
    np.testing.assert_allclose(score(x, [2, 20], top=0.25), [(7 + 21 / 37) / (9 + 8)], atol=1e-12)


# --- decoupler and pySCENIC -----------------------------------------------------------------------------------------------


def scored(name, **params):
    x = pd.read_csv(HERE / f"{name}.csv", index_col=0).astype(float).T
    adata = ad.AnnData(X=x.to_numpy(), obs=pd.DataFrame(index=x.index), var=pd.DataFrame(index=x.columns))
    ifn.tl.score(adata, SETS, method="aucell", scale="linear", params=params, min_coverage=0.01)
    return ifn.get.scores_wide(adata)


@pytest.mark.parametrize("name", ["untied", "tied"])
@pytest.mark.parametrize(("what", "top"), [("aucell", 0.05), ("aucell_up40", 0.125)])
def test_decoupler(name, what, top):
    peer = pd.read_csv(HERE / f"decoupler_{name}_{what}.csv", index_col=0)[list(SETS)]
    np.testing.assert_allclose(scored(name, top=top, ties="decoupler"), peer, rtol=0, atol=1e-15)
    difference = np.abs(scored(name, top=top) - peer).to_numpy().max()
    assert difference < 1e-15 if name == "untied" else difference > 0.01  # where the order of tied genes decides


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("top", [0.05, 0.11])
def test_pyscenic_literally(seed, top):
    """Columns in a drawn order, then ordinal ranks; areas over n_up times k, n_up rounded to nearest (its parity: tests/shared)."""
    x = pd.read_csv(HERE / "tied.csv", index_col=0).astype(float).T
    shuffled = x.sample(frac=1.0, replace=False, axis=1, random_state=seed)
    n_up = round(top * x.shape[1])
    got = scored("tied", top=top, ties="pyscenic", normalise="pyscenic", seed=seed)
    for sample in x.index:
        order = shuffled.columns[np.argsort(-shuffled.loc[sample].to_numpy(), kind="stable")].tolist()
        for name, genes in SETS.items():
            k = len(set(genes) & set(x.columns))
            total = sum(n_up - 1 - place for place in range(n_up - 1) if order[place] in genes)
            assert got.loc[sample, name] == pytest.approx(total / (n_up * k), abs=1e-12)


# --- rules ----------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4), min_size=4, max_size=30), st.data())
def test_scores_lie_in_0_to_1_and_genes_may_stand_in_any_order(values, data):
    x, n = np.array([values], dtype=float), len(values)
    chosen = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True))
    top = data.draw(st.sampled_from([0.01, 0.3, 0.8, 1.0]))
    got = score(x, chosen, top=top)[0]
    assert -1e-12 <= got <= 1 + 1e-12
    order = np.array(data.draw(st.permutations(range(n))))
    place = np.argsort(order)
    assert score(x[:, order], place[chosen], top=top)[0] == pytest.approx(got, abs=1e-12)


@pytest.mark.parametrize("params", [{}, {"ties": "decoupler"}, {"ties": "pyscenic", "normalise": "pyscenic", "seed": 3}])
def test_down_genes_contributions_left_out_genes_and_compiled_scores(params):
    x = np.random.default_rng(2).poisson(0.5, (66, 80)).astype(float)
    up, down = [1, 5, 7, 30], [2, 9, 11]
    plan = plan_of(80, up, down, top=0.15, compiled=True, **params)
    terms, one = KERNEL.terms(x, plan), plan.sets[0]
    whole = score(x, up, top=0.15, **params) - score(x, down, top=0.15, **params)
    np.testing.assert_allclose(KERNEL.score(terms, one, plan), whole, atol=1e-12)
    np.testing.assert_allclose(KERNEL.contributions(terms, one, plan).sum(axis=1), whole, atol=1e-12)
    np.testing.assert_allclose(KERNEL.scores(sp.csr_matrix(x), plan)[:, 0], whole, atol=1e-12)
    left = KERNEL.left_out_scores(terms, one, plan, None)
    for i, gene in enumerate([*up, *down]):
        parts = [[g for g in half if g != gene] for half in (up, down)]
        expected = score(x, parts[0], top=0.15, **params) - score(x, parts[1], top=0.15, **params)
        np.testing.assert_allclose(left[i], expected, atol=1e-12)
