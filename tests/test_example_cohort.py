"""The SYNTHETIC example cohort: its generator, its margins, and that what was planted can be found again."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "jdm_tofacitinib"
WRITTEN = ["counts.csv.gz", "truth.json", "cohort/cohort.toml"] + [
    f"cohort/{t}.csv" for t in ("patients", "visits", "samples", "exposures", "concomitant", "outcomes", "adverse_events")
]
TYPE_I, TYPE_II, RICE = "kim2018_irg28_geomean", "aybey_ifn2_6", "rice2013_ags6"
PUBLISHED = "_published"


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "cohort" / f"{name}.csv", comment="#", keep_default_na=False, na_values=[""])


def text(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.fixture(scope="module")
def truth():
    return json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def adata():
    found = ifn.read(FOLDER / "counts.csv.gz")
    obs = table("samples").set_index("sample_id").loc[found.obs_names]
    found.obs = obs.assign(donor=obs["donor_id"].fillna(obs["patient_id"]))[
        ["patient_id", "day", "tissue", "platform", "is_control", "donor"]
    ]
    return found


@pytest.fixture(scope="module")
def log_scores(adata):
    """Mean log2 expression, and the published formulas (ratios) on log2."""
    scored = ifn.tl.score(adata, [TYPE_I, RICE, TYPE_II], method="mean_log", copy=True)
    ifn.tl.score(scored, [TYPE_I, RICE], controls=adata.obs["is_control"].to_numpy(bool), donor="donor", method="published")
    ratios = np.log2(ifn.get.scores_wide(scored)).add_suffix(PUBLISHED)
    return ifn.get.scores_wide(scored, key="ifn_mean_log").join(ratios).join(adata.obs)


def test_the_generator_writes_the_committed_files_again(tmp_path):
    subprocess.run([sys.executable, "-B", str(FOLDER / "make_cohort.py"), str(tmp_path)], check=True, capture_output=True)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == sorted(WRITTEN)
    for name in WRITTEN:  # inside the gzip: another build of zlib may pack the same bytes otherwise
        assert text(tmp_path / name) == text(FOLDER / name), f"{name} differs: run make_cohort.py again"


def test_every_file_says_synthetic():
    for path in FOLDER.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert b"SYNTHETIC" in text(path)[:200], path.name
    assert tomllib.loads((FOLDER / "cohort" / "cohort.toml").read_text(encoding="utf-8"))["cohort"]["synthetic"] is True


def test_margins_are_those_of_the_report():
    p = table("patients")
    assert p["sex"].value_counts().to_dict() == {"F": 3, "M": 3}
    assert (p["age_at_start_years"].min(), p["age_at_start_years"].max()) == (7, 17)
    assert (p["age_at_dx_years"].min(), p["age_at_dx_years"].max()) == (2, 13)
    duration = p["age_at_start_years"] - p["age_at_dx_years"]
    assert (duration.min(), duration.max()) == (3, 9)
    assert p[["calcinosis_ever", "weakness_ever", "joint_ever"]].sum().to_list() == [5, 3, 4]
    c = table("concomitant")
    before = c[c["start_day"] < 0].groupby("drug")["patient_id"].nunique().to_dict()
    assert before == {
        "prednisone": 6, "methotrexate": 6, "nsaid": 6, "pamidronate": 4, "IVIG": 4, "mycophenolate": 3, "rituximab": 3,
        "cyclophosphamide": 1,
    }  # fmt: skip


def test_courses_on_the_drug_are_those_of_the_report():
    e, a, v = table("exposures"), table("adverse_events"), table("visits")
    assert set(e["drug"]) == {"tofacitinib"}
    assert set(e["dose"]) == {10}
    assert set(e["unit"]) == {"mg/day"}
    assert (e.groupby("patient_id")["start_day"].min() == 0).all()
    ongoing = set(e.loc[e["stop_day"].isna(), "patient_id"])
    assert len(ongoing) == 5
    months = v[v["patient_id"].isin(ongoing)].groupby("patient_id")["day"].max() / 30.44
    assert months.min().round() == 6
    assert months.max().round() == 24
    stopped = a[a["action"] == "discontinued"]
    assert stopped["term"].to_list() == ["severe allergic reaction"]
    assert not set(stopped["patient_id"]) & ongoing
    paused = e[e["patient_id"].isin(a.loc[a["action"] == "interrupted", "patient_id"])].sort_values("start_day")
    assert a.loc[a["action"] == "interrupted", "term"].to_list() == ["neutropenia"]
    assert paused["start_day"].iloc[1] - paused["stop_day"].iloc[0] == 30


def test_skin_improves_in_all_to_varying_degree():
    o = table("outcomes").merge(table("visits"), on=["patient_id", "visit_id"], validate="many_to_one")
    skin = o[o["instrument"] == "cdasi_activity"].sort_values("day")
    before = skin[skin["day"] < 0].groupby("patient_id")["value"].last()
    best = skin[skin["day"] > 0].groupby("patient_id")["value"].min()
    fall = before - best
    assert (fall > 0).all()
    assert fall.min() <= 5
    assert fall.max() >= 20
    assert set(o["instrument"]) == {
        "cdasi_activity", "cdasi_damage", "skin_vas", "physician_global", "patient_global", "cmas", "mmt8", "chaq", "ck",
    }  # fmt: skip


def test_samples_have_the_gaps_of_real_life():
    s, v = table("samples"), table("visits")
    controls, children = s[s["is_control"]], s[~s["is_control"]]
    donors = controls.groupby("tissue")["donor_id"].nunique()
    assert donors["blood"] >= 12
    assert donors["skin"] >= 6
    assert (controls.groupby("donor_id").size() == 2).sum() >= 2
    blood = children[children["tissue"] == "blood"]
    assert (blood[blood["day"].between(-90, -1)].groupby("patient_id").size().sort_values() == [1, 1, 1, 1, 1, 2]).all()
    near = [
        (v.loc[v["patient_id"] == p, "day"] - day).abs().min() for p, day in zip(blood["patient_id"], blood["day"], strict=True)
    ]
    assert sum(lag > 14 for lag in near) == 2
    assert blood["infection_flag"].sum() == 1
    neutrophils = blood[blood["patient_id"] == "SYN-06"].set_index("day")["neutrophils"]
    assert neutrophils[118] < neutrophils[40] < neutrophils[-45]
    assert blood.groupby("patient_id")["batch"].nunique().max() == 1


def test_controls_score_both_tissues(adata):
    with pytest.warns(ifn.IfnscoreWarning, match="one gene makes over 25 %"):
        scored = ifn.tl.score(adata, controls=adata.obs["is_control"].to_numpy(bool), donor="donor", copy=True)
    scores = ifn.get.scores_wide(scored).join(adata.obs)
    assert scores.drop(columns=["patient_id", "day"]).notna().all(axis=None)
    coverage = ifn.get.coverage(scored)
    assert set(coverage["stratum"]) == {"tissue=blood", "tissue=skin"}
    assert (coverage["n_used"] == coverage["n_genes"]).all()
    for _, tissue in scores.groupby("tissue"):
        assert tissue.loc[tissue["is_control"], RICE].median() == pytest.approx(1, abs=0.2)
        assert (tissue.loc[tissue["day"] < 0, RICE] > tissue.loc[tissue["is_control"], RICE].max()).all()


@pytest.mark.parametrize("score", [TYPE_I, RICE, TYPE_II, TYPE_I + PUBLISHED, RICE + PUBLISHED])
def test_planted_changes_are_found_in_every_child(log_scores, truth, score):
    """Every sample of every child against its last baseline: right sign, and within two of the standard errors written down."""
    signature = score.removesuffix(PUBLISHED)
    planted_as = TYPE_I if signature == RICE else signature
    error = truth["se_of_change_between_two_samples"][signature]
    n = 0
    by_day = log_scores[~log_scores["is_control"]].sort_values("day")
    for _, samples in by_day.groupby(["patient_id", "tissue"]):
        before = samples.loc[samples["day"] < 0, score].iloc[-1]
        for sample, row in samples[samples["day"] > 0].iterrows():
            planted = truth["samples"][sample][planted_as]["planted_change"]
            change = row[score] - before
            assert abs(change - planted) < 2 * error, (sample, change, planted)
            assert np.sign(change) == np.sign(planted) or abs(planted) < 0.15, (sample, change, planted)
            n += 1
    assert n == 27


def test_score_moves_by_the_realised_level(log_scores, truth):
    """With the noise of the samples known, only the counting noise of 28 genes is left: the planted level is what is scored."""
    blood = log_scores[log_scores["tissue"] == "blood"].query("not is_control").sort_values("day")
    real = pd.Series({s: v[TYPE_I]["planted_change"] + v[TYPE_I]["noise"] for s, v in truth["samples"].items()})
    left = blood[TYPE_I] - real[blood.index]
    left -= left.groupby(blood["patient_id"]).transform("mean")
    assert left.std() < 0.1
    on = [truth["children"][c]["change_on_drug"][TYPE_I] for c in sorted(truth["children"])]
    assert truth["mean_change_on_drug"][TYPE_I] == pytest.approx(np.mean(on), abs=1e-4)


def test_one_child_improves_without_a_fall_of_interferon(log_scores):
    child = log_scores[(log_scores["patient_id"] == "SYN-04") & (log_scores["tissue"] == "blood")].sort_values("day")
    assert child[TYPE_I].iloc[-1] > child[TYPE_I].iloc[0]
    skin = table("outcomes").query("patient_id == 'SYN-04' and instrument == 'cdasi_activity'")["value"]
    assert skin.iloc[-1] <= skin.iloc[0] - 4
