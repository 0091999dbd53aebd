"""Specimens: what ``inspect`` says of them, and the line that it prints, run as it stands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"
if not SHARED.is_dir():
    pytest.skip("material outside the project is absent: ../shared", allow_module_level=True)

pytestmark = pytest.mark.shared
SPECIMENS, DATA = SHARED / "specimens", SHARED / "data"
#: Input, what has to be given, and how many samples and genes there are (counted with awk or from the sources' own notes).
CASES = [
    (SPECIMENS / "rcc_ifn_panel", (), 3, 780),
    (SPECIMENS / "star" / "ERR458837_subsamp_1ReadsPerGene.out.tab", (), None, None),
    (SPECIMENS / "htseq" / "multiqc_issue2114_WTCHG_536273_229157.tsv", (), None, None),
    (SPECIMENS / "rsem" / "ERR188021.genes.results", (), None, None),
    (SPECIMENS / "featurecounts" / "counts.txt", (), None, None),
    (SPECIMENS / "tenx" / "v3_tiny", (), None, None),
    (SPECIMENS / "tenx" / "filtered_feature_bc_matrix.h5", (), None, None),
    (SPECIMENS / "gct" / "Leukemia_hgu95av2.trim.gct.gz", (), None, None),
    (SPECIMENS / "qpcr" / "pcr_ct1.csv", (), None, None),
    (DATA / "kang_pbmc_ifnb" / "kang_ctrl_stim_2000cells.h5ad", (), 2000, 9015),
    (DATA / "kang_two_donors" / "kang_muscat_4donorlib.h5ad", (), None, None),
    (DATA / "ifn_stimulated_bulk" / "other" / "GSE74863_GeneLevel_Raw_data.csv.gz", (), None, None),
    (DATA / "ifn_stimulated_bulk" / "GSE145647_whole_blood_normcounts.csv.gz", (), None, None),
    (DATA / "ifn_stimulated_bulk" / "Jankowski", (), 15, None),
    (
        DATA / "flu_challenge_h3n2" / "expr_log2.csv.gz",
        ("--samples", str(DATA / "flu_challenge_h3n2" / "samples.csv")),
        None,
        None,
    ),
]


@pytest.mark.parametrize(("path", "words", "samples", "genes"), CASES, ids=lambda v: v.name if isinstance(v, Path) else None)
def test_the_printed_line_runs(run, path, words, samples, genes):
    code, text, err = run("inspect", path, *words, "--json")
    if code:
        assert code == 1
        assert err.count("\n") == 1
        return
    found = json.loads(text)
    assert samples in (None, found["n_samples"])
    assert genes in (None, found["n_genes"])
    if not found["next"]:  # no scale fits the values, and why stands in what is to be done first
        assert found["minimum"] < -1000
        assert any("no scale fits" in f for f in found["fill_in"])
        return
    _, shown, _ = run("inspect", path, *words)
    assert all(len(line) <= 100 for line in shown.splitlines()[:-1])
    assert shown.splitlines()[-1].strip() == found["next"]
    code, table, err = run(*shlex.split(found["next"])[1:])
    refused = [f for f in found["fill_in"] if "is refused" in f or "name yours" in f]
    assert code == (1 if refused else 0), err
    assert refused or table.count("\n") == found["n_samples"] + 1
