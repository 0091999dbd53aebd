"""Real GEO and GCT files: sums as base R reads them (witness/geo/make_R.R), and what a user is told."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import ifnscore as ifn
from ifnscore.errors import DataError
from ifnscore.genes import table

SPECIMENS = Path(__file__).parents[3] / "shared" / "specimens"
if not SPECIMENS.is_dir():
    pytest.skip("material outside the project is absent: ../shared/specimens", allow_module_level=True)

pytestmark = pytest.mark.shared
SERIES = SPECIMENS / "geo_series_matrix" / "GSE42872_series_matrix.txt.gz"
LEUKEMIA = SPECIMENS / "gct" / "Leukemia_hgu95av2.trim.gct.gz"
MALFORMED = SPECIMENS / "gct" / "genepattern_no_desc.MALFORMED.gct"


def all_probes(folder, path):
    """Annotate every probe with a gene of its own, the first ones with those of the catalogue."""
    ids = [line.split("\t")[0] for line in gzip.decompress(path.read_bytes()).decode().splitlines() if line[:1].isdigit()]
    genes = [*table().genes, *(f"GENE{i}" for i in range(len(ids)))][: len(ids)]
    rows = [f"{p}\tNM_1 // {g} // a title // 1p36 // {i}" for i, (p, g) in enumerate(zip(ids, genes, strict=True), 1)]
    path = folder / "GPL6244.txt"
    path.write_text("\n".join(["#ID = x", "ID\tgene_assignment", *rows, ""]))
    return path


def test_series_matrix_of_gse42872(tmp_path):
    adata = ifn.read(SERIES, platform=all_probes(tmp_path, SERIES))
    assert adata.shape == (6, 33297)
    sums = [261131.95687, 261145.21107, 261632.45396, 260891.13921, 261219.62073, 260832.65492]
    np.testing.assert_allclose(adata.X.sum(axis=1), sums, rtol=1e-11)
    assert adata.obs_names[0] == "GSM1052615"
    assert adata.obs["title"].iloc[5] == "A375 cells 24h Vemurafenib rep3"
    assert adata.obs["cell line"].unique().tolist() == ["A375"]
    assert adata.obs["platform_id"].unique().tolist() == ["GPL6244"]
    record = adata.uns["ifnscore"]["input"]
    assert record["platform"] == "microarray"
    assert "says RMA: probably --scale log2" in record["notes"]
    text = adata.obs.to_csv() + str(adata.uns)
    assert not [w for w in ("Parmenter", "McArthur", "gmail", "ftp:", "2012", "2014") if w in text]


def test_series_matrix_without_annotation_says_what_to_get():
    with pytest.raises(DataError, match=r"platform GPL6244 .*'7892501'.*acc=GPL6244.*--option platform=GPL6244.annot.gz"):
        ifn.read(SERIES)


def test_leukemia_gct():
    adata = ifn.read(LEUKEMIA)
    assert adata.shape == (48, 9020)
    assert adata.X.sum() == pytest.approx(634593602.4, rel=1e-11)
    assert (adata.X.min(), adata.X.max()) == (-10848, 49984)
    assert adata[adata.obs_names == "AML_24"].X.sum() == pytest.approx(10646207.5, rel=1e-11)
    assert "fit no scale" in adata.uns["ifnscore"]["input"]["notes"]


def test_malformed_gct_is_read_by_its_numbers(tmp_path):
    with pytest.raises(DataError, match="rows are probes .*'AFFX-TrpnX-3_at'"):
        ifn.read(MALFORMED)
    chip = tmp_path / "x.chip"
    chip.write_text("Probe Set ID\tGene Symbol\nA28102_at\tISG15\nAFFX-HUMGAPDH/M33197_5_at\tGAPDH\nAFFX-TrpnX-3_at\tMX1\n")
    with pytest.warns(ifn.IfnscoreWarning, match="only 3 of 7 probes are in the annotation table"):
        adata = ifn.read(MALFORMED, platform=chip, probes="mean")
    values = {g: adata[:, g].X.ravel().tolist() for g in adata.var_names}
    assert values == {"ISG15": [155, 117, 111, -9], "GAPDH": [273, 288, 192, 989], "MX1": [-118, -2576, -415, -154]}
    assert adata.obs_names.tolist()[2:] == ["Prostate_Adeno_95_I_256", "Prostate_Adeno_95_P_0062"]
