"""RCC files: what is read, what stays behind, PlexSets, folders, and the quality of lanes."""

from __future__ import annotations

import logging
import math
import statistics

import numpy as np
import pandas as pd
import pytest
from tests import nanostring_files as files

import ifnscore as ifn
from ifnscore.errors import IfnscoreWarning
from ifnscore.loaders import _rcc_build, _rcc_qc


def read(path, **kwargs):
    return ifn.read(path, normalise="none", **kwargs)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["a lane 05.RCC", "a.rcc", "a.RCC.gz", "a.b_01.RCC"])
def test_a_lane_is_read(tmp_path, name, end):
    adata = read(files.write(tmp_path / name, end=end))
    assert adata.obs_names.tolist() == [name.removesuffix(".gz")[:-4]]
    assert dict(zip(adata.var_names, adata.X[0].tolist(), strict=True)) == files.GENES | files.HOUSEKEEPING
    assert adata.X.dtype == np.int64
    assert adata.var["code_class"].tolist() == ["Endogenous"] * 4 + ["Housekeeping"] * 3
    assert adata.var["accession"].iloc[0] == "EM_00001.1"
    controls = adata.obsm["nanostring"]
    assert controls.iloc[0].to_dict() == {k: float(v) for k, v in (files.POSITIVES | files.NEGATIVES).items()}
    facts = adata.obs.iloc[0]
    assert (facts.rlf, facts.cartridge, facts.lane, facts.instrument) == ("IFN_v1", "30102498310821", "1", "MAX/FLEX")
    assert (facts.fov_count, facts.fov_counted, facts.qc_binding_density) == (280, 275, 0.8)
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["platform"]) == ("rcc", "counts", "NanoString")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "a.RCC"
    path.write_bytes(files.text(rlf="IFN_v1").replace("SystemAPF", "Système").encode(encoding))
    assert read(path).X[0].tolist() == [400, 900, 30, 120, 100, 200, 400]


def test_an_rcc_file_is_known_by_its_content(tmp_path):
    files.write(tmp_path / "lane.txt")
    assert read(tmp_path / "lane.txt").uns["ifnscore"]["input"]["format"] == "rcc"


def test_nobody_and_no_date_is_carried(tmp_path):
    """Owner, comments and date stay behind; an ID that may be a name does, too; a cartridge named by a date becomes a code."""
    adata = read(files.write(tmp_path / "a.RCC", cartridge="JDM 20240131"))
    said = adata.obs.to_csv() + str(adata.uns)
    for word in ("Mustermann", "who", "2011", "2024", "born"):
        assert word not in said
    assert adata.obs["cartridge"].iloc[0] == _rcc_build.cartridge("JDM 20240131") != _rcc_build.cartridge("JDM 20240201")
    assert "rcc_id" not in adata.obs
    assert read(files.write(tmp_path / "b.RCC", rcc_id="HC7_v2")).obs["rcc_id"].tolist() == ["HC7_v2"]


@pytest.mark.parametrize(
    ("rcc_id", "kept"),
    [("P-012", True), ("11132019 12 samples", False), ("20110203", False), ("Anna2004", False), ("Eva 3", False), ("", False)],
)
def test_which_ids_look_like_codes(tmp_path, rcc_id, kept):
    assert ("rcc_id" in read(files.write(tmp_path / "a.RCC", rcc_id=rcc_id)).obs) is kept


def test_other_code_classes_are_left_out_and_said(tmp_path):
    probes = [
        *files.classes(),
        ("SNV_REF", "NRAS Ref (exon 2)|hg19|-|chr1:1-2", "nRef_1.1", 5890),
        ("PROTEIN", "CD3", "p1", 7),
        ("Ligation", "LIG_POS_A", "l1", 3),
        ("endogenous1", "OAS1|NM_016816", "x", 9),
    ]
    adata = read(files.write(tmp_path / "a.RCC", probes))
    assert adata.var_names[-1] == "OAS1|NM_016816"
    assert adata.var["code_class"].iloc[-1] == "Endogenous"
    assert "LIG_POS_A" in adata.obsm["nanostring"]
    assert adata.n_vars == 8
    assert "2 probes that are no RNA of genes are left out (1 SNV_REF, 1 PROTEIN)" in adata.uns["ifnscore"]["input"]["notes"]
    assert "OAS1" in ifn.matrix.Matrix(adata.X, list(adata.var_names), ["a"], "counts").position


def test_controls_have_the_same_names_however_they_are_printed(tmp_path):
    plain = files.classes(positives={k[:5]: v for k, v in files.POSITIVES.items()}, negatives={"NEG_A": 4, "NEG_B": 8})
    files.write(tmp_path / "a.RCC", plain)
    files.write(tmp_path / "b.RCC")
    adata = read(tmp_path)
    assert adata.obsm["nanostring"].columns.tolist() == [*files.POSITIVES, *files.NEGATIVES]
    assert adata.obsm["nanostring"].loc["a", "NEG_C(0)":].isna().all()
    assert adata.obs["qc_detection_limit"].tolist() == pytest.approx([6 + 2 * math.sqrt(8), 5 + 2 * 2])


def test_a_folder_is_one_matrix_and_panels_that_grew_are_joined(tmp_path, caplog):
    files.write(tmp_path / "2.RCC", files.classes({**files.GENES, "OAS1": 5}), rlf="IFN_v2")
    files.write(tmp_path / "1.RCC")
    (tmp_path / "panel.rlf").write_text("[Header]\n")
    with caplog.at_level(logging.INFO, "ifnscore"), pytest.warns(IfnscoreWarning, match=r"2\.RCC loses 1 of 8"):
        adata = read(tmp_path)
    assert adata.obs["rlf"].tolist() == ["IFN_v1", "IFN_v2"]
    assert adata.shape == (2, 7)
    assert adata.obsm["nanostring"].shape == (2, 12)
    assert "1 others are not: panel.rlf" in caplog.text


def test_a_reference_for_each_panel(tmp_path):
    rng = np.random.default_rng(4)
    for i in range(6):
        genes = {g: int(c * rng.lognormal(0, 0.2)) for g, c in files.GENES.items()}
        files.write(tmp_path / f"s{i}.RCC", files.classes(genes), rlf=f"IFN_v{i % 2 + 1}")
    adata = ifn.read(tmp_path)
    ifn.tl.score(adata, ["rice2013_ags6"], controls=np.arange(6) < 4, reference_by=["rlf"], min_coverage=0.1)
    scores = ifn.get.scores_wide(adata)["rice2013_ags6"]
    for i, controls in ((4, [0, 2]), (5, [1, 3])):
        fold = [adata[i, g].X[0, 0] / np.median(adata[controls, g].X) for g in ("IFI27", "IFIT1", "ISG15")]
        assert scores.iloc[i] == pytest.approx(np.median(fold), rel=1e-9)


def test_a_plexset_is_eight_samples(tmp_path, caplog):
    genes = {k: {"ISG15": 10 * k, "MX1": 7 + k} for k in range(1, 9)}
    housekeeping = {k: {"TBP": 100 + k} for k in range(1, 9)}
    path = files.write(tmp_path / "plate 03.RCC", files.plex(genes, housekeeping))
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = read(path)
    assert adata.obs_names.tolist() == [f"plate 03_{w}" for w in "ABCDEFGH"]
    assert adata.obs["plexset"].tolist() == list("ABCDEFGH")
    assert adata.var_names.tolist() == ["ISG15", "MX1", "TBP"]
    assert adata[:, "ISG15"].X.ravel().tolist() == [10 * k for k in range(1, 9)]
    assert adata[:, "TBP"].X.ravel().tolist() == [100 + k for k in range(1, 9)]
    assert adata.var.loc["TBP", "code_class"] == "Housekeeping"
    assert (adata.obsm["nanostring"]["POS_3"] == 10003).all()
    assert adata.obs["qc_positive_r2"].isna().all()
    assert (adata.obs["qc_flags"] == "").all()
    assert "different probes" in adata.uns["ifnscore"]["input"]["notes"]


def test_a_plexset_with_unequal_sets(tmp_path):
    path = files.write(tmp_path / "p.RCC", files.plex({1: {"ISG15": 1, "MX1": 2}, 3: {"ISG15": 3}}, {1: {}, 3: {}}))
    with pytest.warns(IfnscoreWarning, match="1 probes are not in all 2 sets"):
        adata = read(path)
    assert adata.obs_names.tolist() == ["p_A", "p_C"]
    assert adata.X.ravel().tolist() == [1, 3]


# quality ------------------------------------------------------------------------------------------------------------------


def flags(tmp_path, **facts):
    adata = read(files.write(tmp_path / "a.RCC", facts.pop("probes", None), **facts))
    return adata.obs["qc_flags"].iloc[0], adata.obs.iloc[0]


def test_measures_of_a_sound_lane_by_hand(tmp_path):
    words, facts = flags(tmp_path)
    assert words == ""
    assert facts.qc_fov_ratio == pytest.approx(275 / 280)
    # negatives 4 8 6 2 5 5: mean 5, squares of deviations 1 9 1 9 0 0, variance 20 / 5
    assert facts.qc_detection_limit == pytest.approx(5 + 2 * 2)
    assert facts.qc_positive_half_fm == 78
    x = [7, 5, 3, 1, -1]
    y = [math.log2(v) for v in (20000, 5000, 1250, 312, 78)]
    assert facts.qc_positive_r2 == pytest.approx(statistics.correlation(x, y) ** 2, rel=1e-12)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"fov": (280, 209)}, "fields of view counted 0.75 < 0.75"),
        ({"fov": (280, 100)}, "fields of view counted 0.36 < 0.75"),
        ({"density": 0.04}, "binding density 0.04 < 0.05"),
        ({"density": 2.26}, "binding density 2.26 > 2.25 (MAX/FLEX)"),
        ({"density": 1.81, "scanner": "1604P0123"}, "binding density 1.81 > 1.8 (SPRINT)"),
        ({"density": 1.9, "scanner": ""}, "binding density 1.9 > 1.8, the limit of a SPRINT (instrument unknown)"),
        ({"density": 2.4, "scanner": "abc"}, "binding density 2.4 > 2.25 (unknown)"),
    ],
)
def test_limits_of_the_scan(tmp_path, facts, said):
    assert flags(tmp_path, **facts)[0] == said


@pytest.mark.parametrize(
    "facts",
    [{"fov": (280, 210)}, {"density": 0.05}, {"density": 2.25}, {"density": 1.8, "scanner": "1604P0123"}, {"density": ""}],
)
def test_values_at_the_limit_pass(tmp_path, facts):
    assert flags(tmp_path, **facts)[0] == ""


def test_control_probes_that_are_wrong(tmp_path):
    bent = files.classes(positives={**files.POSITIVES, "POS_A(128)": 300, "POS_B(32)": 200})
    r2 = statistics.correlation([7, 5, 3, 1, -1], [math.log2(v) for v in (300, 200, 1250, 312, 78)]) ** 2
    assert flags(tmp_path, probes=bent)[0] == f"positive control R2 {r2:.3f} < 0.95"
    weak = files.classes(positives={**files.POSITIVES, "POS_E(0.5)": 9})
    assert flags(tmp_path, probes=weak)[0].endswith("POS_E 9 <= limit of detection 9.0")
    none = files.classes(positives={}, negatives={})
    assert flags(tmp_path, probes=none)[0] == "no positive controls; no negative controls"
    zero = files.classes(positives=dict.fromkeys(files.POSITIVES, 0))
    assert "positive control R2 0.000 < 0.95" in flags(tmp_path, probes=zero)[0]


def test_linearity_and_limit_against_r(witness_lanes):
    adata, r = witness_lanes
    assert adata.obs["qc_positive_r2"].to_numpy() == pytest.approx(r["r2"].to_numpy(), rel=1e-12)
    assert adata.obs["qc_detection_limit"].to_numpy() == pytest.approx(r["lod"].to_numpy(), rel=1e-12)


@pytest.fixture
def witness_lanes():
    folder = files.WITNESS
    return read(folder), pd.read_csv(folder / "lanes.csv", index_col=0)


def test_names_of_controls():
    assert math.isnan(_rcc_qc.concentration("POS_1"))
    assert math.isnan(_rcc_qc.concentration("NEG_A(0)"))
    assert math.isnan(_rcc_qc.concentration("POS_A(1.2.3)"))
