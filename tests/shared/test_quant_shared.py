"""Real quantifications against base R and tximport (quant/make_shared_R.R, R 4.2.2, tximport 1.26.1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning

SPECIMENS = Path(__file__).parents[2].parent / "shared" / "specimens"
if not (SPECIMENS / "salmon").is_dir():
    pytest.skip("shared material is absent (../shared/specimens)", allow_module_level=True)

pytestmark = pytest.mark.shared
WITNESS = pd.read_csv(Path(__file__).parent / "quant" / "quant_shared.csv")


def check(adata, what):
    """Compare single genes and sums with the answers of R; return how many."""
    wanted = WITNESS[WITNESS["what"] == what]
    for row in wanted.itertuples():
        x = np.asarray(adata.X)[list(adata.obs_names).index(row.sample)]
        got = x.sum() if row.gene == "all" else x[list(adata.var_names).index(row.gene)]
        assert got == pytest.approx(row.value, rel=1e-9), (what, row.gene, row.sample)
    return len(wanted)


@pytest.mark.parametrize("strand", ["unstranded", "forward", "reverse", "auto"])
@pytest.mark.filterwarnings("ignore:.*strand=reverse does not fit")
def test_star(strand):
    adata = loaders.read(SPECIMENS / "star", strand=strand)
    assert check(adata, f"star_{'forward' if strand == 'auto' else strand}")
    assert adata.obs["qc_unmapped"].tolist() == [5304]


@pytest.mark.parametrize(("quantity", "column"), [("tpm", "TPM"), ("counts", "expected_count"), ("fpkm", "FPKM")])
def test_rsem(quantity, column):
    assert check(loaders.read(SPECIMENS / "rsem" / "ERR188021.genes.results", quantity=quantity), f"rsem_{column}") == 6


def test_salmon_tpm():
    adata = loaders.read(SPECIMENS / "salmon", tx2gene=SPECIMENS / "tximport_meta" / "tx2gene.csv")
    assert adata.shape == (2, 25343)
    assert check(adata, "salmon_tpm") == 12


@pytest.mark.parametrize(("how", "r"), [("no", "no"), ("scaled_tpm", "scaledTPM"), ("length_scaled_tpm", "lengthScaledTPM")])
def test_salmon_counts(how, r):
    table = SPECIMENS / "tximport_meta" / "tx2gene.csv"
    adata = loaders.read(SPECIMENS / "salmon", tx2gene=table, quantity="counts", counts_from_abundance=how)
    assert check(adata, f"salmon_counts_{r}") == 12


def test_salmon_without_a_table_says_what_is_needed():
    with pytest.raises(DataError, match=r"the rows are transcripts \('NR_001526'.*--option tx2gene=FILE"):
        loaders.read(SPECIMENS / "salmon" / "ERR188021")


def test_featurecounts(tmp_path):
    """Twenty genes of one region: refused; with one name that a signature knows, the sums are R's."""
    file = SPECIMENS / "featurecounts" / "counts.txt"
    with pytest.raises(DataError, match=r"only 20 genes .* none of which a signature needs: count against the whole human annotation"):
        loaders.read(file)
    (tmp_path / "counts.txt").write_text(file.read_text().replace("\nC1orf127\t", "\nISG15\t"))
    adata = loaders.read(tmp_path / "counts.txt")
    assert check(adata, "featurecounts") == 8
    assert adata.obs_names[0] == "UNT_SRR1039508_subset"
    with pytest.raises(DataError, match=r"Rsubread_counts\.txt\.summary: a summary of featureCounts"):
        loaders.read(SPECIMENS / "featurecounts" / "Rsubread_counts.txt.summary")


def test_htseq_of_bacteria_is_doubted():
    with pytest.warns(IfnscoreWarning, match=r"only 6 of 3551 identifiers are known human genes"):
        adata = loaders.read(next((SPECIMENS / "htseq").iterdir()))
    assert check(adata, "htseq") == 1
