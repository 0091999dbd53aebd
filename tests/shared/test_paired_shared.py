"""Paired inference against the answers of R in shared/oracles: exact p to 1e-12, everything else to 1e-9."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ifnscore.stats import attainable, effects, regression_to_mean, sign_flip, signed_rank

ORACLES = Path(__file__).parents[2].parent / "shared" / "oracles"
if not ORACLES.is_dir():
    pytest.skip("shared material is absent (../shared/oracles)", allow_module_level=True)

pytestmark = pytest.mark.shared

REFERENCE = json.loads((ORACLES / "reference.json").read_text(encoding="utf-8"))


def pairs(name):
    if name == "B_type_I":
        table = pd.read_csv(ORACLES / "paired_n12_type_I.csv").dropna()
        return table["pre"].to_numpy(), table["post"].to_numpy()
    table, column = pd.read_csv(ORACLES / "paired_n6.csv"), name[2:]
    return table[f"{column}_pre"].to_numpy(dtype=float), table[f"{column}_post"].to_numpy(dtype=float)


@pytest.mark.parametrize("name", ["A_ifn", "A_cdasi", "B_type_I"])
def test_exact_p(name):
    (pre, post), want = pairs(name), REFERENCE[name]
    d = post - pre
    flip = sign_flip.test(d)
    got = {
        "p_signflip_exact": flip.p,
        "p_signflip_less": sign_flip.test(d, "less").p,
        "p_signedrank_exact_wilcox": signed_rank.test(d, "wilcox").p,
        "p_signedrank_exact_pratt": signed_rank.test(d).p,
        "p_coin_pratt": signed_rank.test(d).p,
        "p_exactRankTests": signed_rank.test(d, "wilcox").p,
        "p_sign": signed_rank.sign_test(d).p,
        "min_attainable_p": attainable.min_p(len(d)),
    }
    assert got == pytest.approx({k: want[k] for k in got}, abs=1e-12)
    assert (flip.n, flip.n_zero) == (want["n_pairs"], want["n_zero"])


@pytest.mark.parametrize("name", ["A_ifn", "A_cdasi", "B_type_I"])
def test_estimates(name):
    (pre, post), want = pairs(name), REFERENCE[name]
    d = post - pre
    t, e = sign_flip.t_interval(d), effects.paired(pre, post)
    ratio = effects.ratio_of_geometric_means(t.mean, t.low, t.high)
    got = {
        "mean_diff": t.mean,
        "t": t.t,
        "df": t.df,
        "p_t": t.p,
        "HL_walsh_all": signed_rank.hodges_lehmann(d).estimate,
        "d_z": e.d_z,
        "g_z": e.g_z,
        "d_av": e.d_av,
        "g_av": e.g_av,
        "d_rm": e.d_rm,
        "g_rm": e.g_rm,
        "J_df_nminus1": effects.hedges_j(len(d) - 1),
        "rank_biserial_zeros_dropped": e.rank_biserial,
        "cles_P_post_lt_pre": e.p_post_below_pre,
        "pearson_pre_post": e.pearson,
        "oldham_r": regression_to_mean.oldham(pre, post).r,
        "pitman_morgan_p": regression_to_mean.pitman_morgan(pre, post),
        "ratio_if_log2": ratio.value,
    }
    assert got == pytest.approx({k: want[k] for k in got}, abs=1e-9)
    assert [t.low, t.high] == pytest.approx(want["ci_t"], abs=1e-9)
    assert [ratio.low, ratio.high] == pytest.approx(want["ratio_if_log2_ci"], abs=1e-9)
    flip = sign_flip.interval(d)
    assert [flip.low, flip.high] == pytest.approx(want["ci_signflip_exact"], abs=1e-9)


def test_the_attained_level_is_printed_not_the_nominal_one():
    pre, post = pairs("A_ifn")
    got = signed_rank.hodges_lehmann(post - pre)
    assert [got.low, got.high] == pytest.approx(REFERENCE["A_ifn"]["ci_HL"], abs=1e-9)
    assert (got.attained, sign_flip.interval(post - pre).attained) == (0.96875, 0.96875)
