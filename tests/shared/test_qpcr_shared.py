"""Real qPCR files of ../shared/specimens/qpcr: read right, or refused with what to do."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import ifnscore as ifn
from ifnscore import options
from ifnscore.errors import DataError
from ifnscore.loaders import _registry

QPCR = Path(__file__).parents[2].parent / "shared" / "specimens" / "qpcr"
if not QPCR.is_dir():
    pytest.skip("shared material is absent (../shared/specimens/qpcr)", allow_module_level=True)

pytestmark = pytest.mark.shared


def load(name):
    """Read a file without asking whether its genes are known."""
    loader = _registry.find(QPCR / name)
    return loader.name, loader.load(QPCR / name, options.resolve({}, loader.options, name))


def test_bio_rad_means_are_those_that_its_software_printed():
    name, known = load("HTqPCR_CFX_sample.txt")
    assert name == "qpcr"
    table = known.adata.to_df()
    assert table.shape == (47, 3)
    rows = [r for r in csv.DictReader(io.StringIO((QPCR / "HTqPCR_CFX_sample.txt").read_text())) if r["Sample"]]
    assert len(rows) == 282
    for row in rows:
        if row["Cq"] != "N/A":
            assert table.loc[row["Sample"], row["Target"]] == pytest.approx(float(row["Cq Mean"]), abs=0.0051)
            sd = float(row["Cq Std. Dev"])
            assert sd <= known.adata.obs.loc[row["Sample"], "qc_max_sd"] + 0.01 or sd == 0
    assert known.notes[1] == "left out: 6 no-template controls, 42 standards"


def test_an_sds_card_with_old_line_endings():
    name, known = load("HTqPCR_sample1.txt")
    assert name == "qpcr"
    text = (QPCR / "HTqPCR_sample1.txt").read_bytes().decode().replace("\r", "\n")
    wells = [line.split("\t") for line in text.splitlines()]
    assert len(wells) == 384
    assert list(known.adata.obs_names) == ["Sample01"]
    for gene in ("Gene2", "Gene190"):
        values = [float(w[7]) for w in wells if w[5] == gene]
        assert known.adata["Sample01", gene].X.item() == pytest.approx(sum(values) / len(values))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "HTqPCR_CFX_sample.txt",
            r"no catalogue gene among the 3 identifiers \('GLP1', 'PYY', 'TFF1'\); needed are human gene symb",
        ),
        ("HTqPCR_sample1.txt", r"no catalogue gene among the 191 identifiers .*; needed are human gene symbols"),
        (
            "pcr_ct1.csv",
            r"no column of sample names: the first column, 'c_myc', already holds values; put the sample names before",
        ),
        (
            "pcr_ct2.csv",
            r"no column of sample names: the first column, 'c_myc', already holds values; put the sample names before",
        ),
    ],
)
def test_none_of_them_holds_interferon_genes_of_named_samples(name, words):
    with pytest.raises(DataError, match=words):
        ifn.read(QPCR / name)
