"""Paired inference against R (tests/witness/clinical/paired.R): ties, zeros, n from 2 to 40.

Exact p values to 1e-12; t, intervals and effect sizes to 1e-9; what R itself computes less exactly is said where it is.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ifnscore.stats import effects, equivalence, max_t, proportion, regression_to_mean, sign_flip, signed_rank

R = json.loads((Path(__file__).parent / "witness" / "clinical" / "paired.json").read_text(encoding="utf-8"))
CASES = R["cases"]
ALTERNATIVES = {"two.sided": "two-sided", "less": "less", "greater": "greater"}


def with_answer(key):
    found = [c for c in CASES if key in c]
    assert found, key
    return pytest.mark.parametrize("case", found, ids=[f"{c['kind']}-{c['n']}-{c['seed']}" for c in found])


def change(case):
    return np.array(case["post"], dtype=float) - np.array(case["pre"], dtype=float)


def close(got, want, tol=1e-9):
    np.testing.assert_allclose(got, np.array(want, dtype=float), rtol=tol, atol=tol)


def test_the_cases_are_what_they_should_be():
    assert {c["n"] for c in CASES} == {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 30, 40}
    assert sum(0 in np.round(change(c), 9) for c in CASES) > 10
    assert sum(len(set(np.round(np.abs(change(c)), 9))) < c["n"] for c in CASES) > 20


@with_answer("flip")
def test_sign_flip_of_exactranktests(case):
    for theirs, ours in ALTERNATIVES.items():
        got, want = sign_flip.test(change(case), ours), case["flip"][theirs]
        assert got.exact == (case["n"] <= 16)
        tolerance = 1e-12 if got.exact else 5 * math.sqrt(want * (1 - want) / 1e5) + 1e-5
        assert got.p == pytest.approx(want, abs=tolerance)


@with_answer("flip_enumerated")
def test_sign_flip_enumerated_by_r(case):
    assert sign_flip.test(change(case)).p == pytest.approx(case["flip_enumerated"], abs=1e-12)


@pytest.mark.parametrize("zeros", ["pratt", "wilcox"])
@with_answer("pratt")
def test_signed_rank_of_coin(case, zeros):
    for theirs, ours in ALTERNATIVES.items():
        got = signed_rank.test(change(case), zeros, ours)
        assert got.p == pytest.approx(case[zeros][theirs], abs=1e-12)
        assert got.exact


@with_answer("exactRankTests")
def test_signed_rank_without_zeros_of_exactranktests(case):
    for theirs, ours in ALTERNATIVES.items():
        want = min(1.0, case["exactRankTests"][theirs])
        assert signed_rank.test(change(case), "wilcox", ours).p == pytest.approx(want, abs=1e-12)


@with_answer("sign")
def test_sign_test(case):
    for theirs, ours in ALTERNATIVES.items():
        assert signed_rank.sign_test(change(case), ours).p == pytest.approx(case["sign"][theirs], abs=1e-12)


@with_answer("HL")
def test_hodges_lehmann_estimate(case):
    close(signed_rank.hodges_lehmann(change(case)).estimate, case["HL"])


@with_answer("HL_untied")
def test_hodges_lehmann_interval_without_ties(case):
    """`wilcox.test(conf.int = TRUE)` and the level by `psignrank`."""
    got = signed_rank.hodges_lehmann(change(case))
    close([got.low, got.high, got.attained], case["HL_untied"])


@with_answer("HL_interval")
def test_hodges_lehmann_interval_with_ties(case):
    got = signed_rank.hodges_lehmann(change(case))
    close([got.low, got.high, got.attained], case["HL_interval"])


@with_answer("flip_interval")
def test_sign_flip_interval(case):
    got = sign_flip.interval(change(case))
    close([got.low, got.high, got.attained], case["flip_interval"])


@with_answer("t")
def test_t_interval(case):
    got = sign_flip.t_interval(change(case))
    close([got.t, got.p, got.low, got.high, got.se, got.df], case["t"])


@with_answer("tost")
def test_equivalence(case):
    got = equivalence.tost(change(case), 1.0)
    close([got.p_low, got.p_high, got.low, got.high], case["tost"])
    assert got.p == max(got.p_low, got.p_high)


@with_answer("effects")
def test_effect_sizes(case):
    got = effects.paired(case["pre"], case["post"], n_resamples=0)
    for name, want in case["effects"].items():
        close(getattr(got, name), np.nan if want is None else want)
    if "d_rm" in case["effects"] and case["n"] > 2:
        close(got.g_rm, case["effects"]["d_rm"] * effects.hedges_j(case["n"] - 1))
    assert got.srm == got.d_z or math.isnan(got.d_z)


@with_answer("nct")
def test_noncentral_t_interval(case):
    """`pt(, ncp)` of R is good to about 1e-10 in the probability, so its roots to a little less."""
    got = effects.paired(case["pre"], case["post"], n_resamples=0)
    close([got.g_z_low, got.g_z_high], case["nct"], 1e-7)


@with_answer("g_av_bca")
def test_bootstrap_interval(case):
    """`boot.ci(type = "bca")` with 40,000 resamples: within Monte Carlo error of 9,999."""
    got = effects.paired(case["pre"], case["post"])
    width = case["g_av_bca"][1] - case["g_av_bca"][0]
    close([got.g_av_low, got.g_av_high], case["g_av_bca"], 0.05 * width)


@with_answer("oldham")
def test_oldham_and_pitman_morgan(case):
    got = regression_to_mean.oldham(case["pre"], case["post"])
    close([got.r, got.p], case["oldham"])
    close(regression_to_mean.pitman_morgan(case["pre"], case["post"]), case["oldham"][1])


@pytest.mark.parametrize("case", R["max_t"], ids=lambda c: f"n{c['n']}")
def test_max_t(case):
    """Enumerated in R with T recomputed for every flip; one family holds a column of zeros."""
    got = max_t.adjust(np.array(case["changes"]))
    close(got.p_raw, case["raw"], 1e-12)
    close(got.p_single_step, case["single"], 1e-12)
    close(got.p_adj, case["step"], 1e-12)
    close(got.t, [np.nan if t is None else t for t in case["t"]])


@pytest.mark.parametrize("case", R["binom"], ids=lambda c: f"{c['k']}of{c['n']}")
def test_clopper_pearson(case):
    for level, name in ((0.95, "ci95"), (0.9, "ci90")):
        got = proportion.clopper_pearson(case["k"], case["n"], level)
        close([got.low, got.high], case[name])


def conditional_tails(table, odds):
    """Return P(X >= x) and P(X <= x) of the first cell given the margins, from binomial coefficients."""
    (a, b), (c, d) = table
    first, second, column = a + b, c + d, a + c
    cells = range(max(0, column - second), min(first, column) + 1)
    weights = {x: math.comb(first, x) * math.comb(second, column - x) * odds**x for x in cells}
    total = sum(weights.values())
    return sum(w for x, w in weights.items() if x >= a) / total, sum(w for x, w in weights.items() if x <= a) / total


@pytest.mark.parametrize("case", R["fisher"], ids=lambda c: str(c["table"]))
def test_fisher(case):
    """R finds odds ratios by `uniroot` with a tolerance of 1e-4 (in 1/odds above 1); the bounds also solve their equations."""
    got = proportion.fisher(case["table"])
    assert got.p == pytest.approx(case["p"], abs=1e-9)
    close([got.odds_ratio, got.low, got.high], [float(case[k]) for k in ("odds", "low", "high")], 1e-2)
    if got.low > 0:
        assert conditional_tails(case["table"], got.low)[0] == pytest.approx(0.025, abs=1e-9)
    if math.isfinite(got.high):
        assert conditional_tails(case["table"], got.high)[1] == pytest.approx(0.025, abs=1e-9)
