"""Real RCC files: the panel's interferon-stimulated genes read and normalised by plain arithmetic; numbers of other readers."""

from __future__ import annotations

import csv
import math
import statistics
import warnings
from pathlib import Path

import numpy as np
import pytest

import ifnscore as ifn

SPECIMENS = Path(__file__).parents[2].parent / "shared" / "specimens"
if not SPECIMENS.is_dir():
    pytest.skip("shared material is absent (../shared/specimens)", allow_module_level=True)

pytestmark = pytest.mark.shared

PANEL = SPECIMENS / "rcc_ifn_panel"
ISGS = ["STAT1", "OAS1", "IFIT1", "IFIT2", "MX1", "ISG15", "IRF7", "IFI6", "CXCL10"]


def by_hand(path: Path) -> dict[str, dict[str, int]]:
    """Read an RCC file line by line: class -> name -> count."""
    found: dict[str, dict[str, int]] = {}
    lines = path.read_text(encoding="ascii").splitlines()
    for row in csv.reader(lines[lines.index("<Code_Summary>") + 2 : lines.index("</Code_Summary>")]):
        found.setdefault(row[0], {})[row[1]] = int(row[3])
    return found


def quietly(*paths, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ifn.read(*paths, **kwargs)


def lanes() -> list[dict[str, dict[str, int]]]:
    return [by_hand(p) for p in sorted(PANEL.glob("*.RCC"))]


def test_the_panel_is_read():
    adata = ifn.read(PANEL, normalise="none")
    assert adata.shape == (3, 780)
    assert "277_20191113_11132019 1 samples_11132019 12 samples_03" in adata.obs_names
    for i, lane in enumerate(lanes()):
        for name, count in (lane["Endogenous"] | lane["Housekeeping"]).items():
            assert adata[:, name].X[i, 0] == count
        assert adata.obsm["nanostring"].iloc[i].to_dict() == lane["Positive"] | lane["Negative"]
    assert set(adata.obs["rlf"]) == {"NS_Hs_CART_v1.0"}
    assert adata.obs["qc_fov_ratio"].tolist() == pytest.approx([1, 279 / 280, 1])
    assert "2019" not in adata.obs.to_csv(index=False)


def test_isgs_as_nsolver_normalises_them():
    """Positive control factor, then content factor from all ten housekeeping genes, each relative to the mean of the lanes."""
    raw = lanes()
    positive = [statistics.geometric_mean(lane["Positive"].values()) for lane in raw]
    factors = [statistics.mean(positive) / p for p in positive]
    content = [
        statistics.geometric_mean([c * f for c in lane["Housekeeping"].values()]) for lane, f in zip(raw, factors, strict=True)
    ]
    adata = ifn.read(PANEL, target="run", housekeeping="panel")
    for i, lane in enumerate(raw):
        expected = [lane["Endogenous"][g] * factors[i] * statistics.mean(content) / content[i] for g in ISGS]
        np.testing.assert_allclose(adata[i, ISGS].X[0], expected, rtol=1e-12)
    fixed = ifn.read(PANEL)
    for i, lane in enumerate(raw):
        level = statistics.geometric_mean(lane["Housekeeping"].values())
        np.testing.assert_allclose(fixed[i, ISGS].X[0], [lane["Endogenous"][g] / level * 1000 for g in ISGS], rtol=1e-12)


def test_isgs_with_the_background_taken_off():
    adata = ifn.read(PANEL, background="subtract", background_from="mean2sd")
    for i, lane in enumerate(lanes()):
        level = statistics.mean(lane["Negative"].values()) + 2 * statistics.stdev(lane["Negative"].values())
        housekeeping = statistics.geometric_mean([c - level for c in lane["Housekeeping"].values()])
        expected = [max(0, lane["Endogenous"][g] - level) / housekeeping * 1000 for g in ISGS]
        np.testing.assert_allclose(adata[i, ISGS].X[0], expected, rtol=1e-12)


def test_quality_of_the_lanes():
    adata = ifn.read(PANEL, normalise="none")
    for i, lane in enumerate(lanes()):
        negatives = list(lane["Negative"].values())
        assert adata.obs["qc_detection_limit"].iloc[i] == pytest.approx(
            statistics.mean(negatives) + 2 * statistics.stdev(negatives)
        )
        counts = [math.log2(lane["Positive"][n]) for n in ("POS_A(128)", "POS_B(32)", "POS_C(8)", "POS_D(2)", "POS_E(0.5)")]
        assert adata.obs["qc_positive_r2"].iloc[i] == pytest.approx(statistics.correlation([7, 5, 3, 1, -1], counts) ** 2)
    assert set(adata.obs["qc_flags"]) == {""}


def test_solid_tumour_panel_leaves_dna_and_protein_out():
    adata = quietly(SPECIMENS / "rcc_solid_tumor", normalise="none")
    assert adata.shape == (2, 192)
    assert "104 SNV_VAR" in adata.uns["ifnscore"]["input"]["notes"]
    assert adata[:, "IRF1"].X.ravel().tolist() == [100, 146]


def test_odd_accessions_and_controls_without_concentrations():
    adata = quietly(SPECIMENS / "rcc_tiny", normalise="none")
    assert adata.shape == (4, 18)
    assert adata.obsm["nanostring"].loc[adata.obs_names[0], "POS_E(0.5)"] == 60
    assert adata.var.loc["SERPINA6", "accession"] == "NP_001747"
    assert adata.obs["qc_flags"].tolist() == [""] * 4
    normalised = quietly(SPECIMENS / "rcc_tiny")
    assert "housekeeping geometric mean 26.5 < 32" in normalised.obs["qc_flags"].iloc[2]
