"""Per-sample count files and folders of them."""

from __future__ import annotations

import gzip
import logging

import pytest

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning

FOOTER = "__no_feature\t100\n__ambiguous\t7\n__too_low_aQual\t0\n__not_aligned\t5\n__alignment_not_unique\t9\n"


def counts(*values, genes=("IFI44L", "ISG15", "MX1")):
    return "".join(f"{g}\t{v}\n" for g, v in zip(genes, values, strict=True))


@pytest.mark.parametrize("name", ["GSM1_ctrl.txt", "GSM1_ctrl.tsv", "GSM1_ctrl.counts", "GSM1_ctrl.txt.gz"])
def test_one_sample(tmp_path, name, caplog):
    content = (counts(1, 2, 3) + FOOTER).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(tmp_path / name)
    assert list(adata.obs_names) == ["GSM1_ctrl"]
    assert list(adata.var_names) == ["IFI44L", "ISG15", "MX1"]
    assert adata.X.tolist() == [[1, 2, 3]]
    assert "5 footer rows of htseq-count left out" in caplog.text
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"]) == ("htseq", "counts")


def test_old_footers_without_underscores(tmp_path):
    (tmp_path / "a.txt").write_text(counts(1, 2, 3) + FOOTER.replace("__", ""))
    assert loaders.read(tmp_path / "a.txt").X.tolist() == [[1, 2, 3]]


def test_only_the_ending_is_taken_off_the_name(tmp_path):
    (tmp_path / "P1.v2.counts.gz").write_bytes(gzip.compress(counts(1, 2, 3).encode()))
    assert list(loaders.read(tmp_path / "P1.v2.counts.gz").obs_names) == ["P1.v2"]


def test_more_identifier_columns(tmp_path):
    rows = "ENSG1\tIFI44L\tchr1\t1\nENSG2\tISG15\tchr1\t2\nENSG3\tMX1\tchr21\t3\n"
    (tmp_path / "a.tsv").write_text(rows + FOOTER.replace("\t", "\t\t\t"))
    adata = loaders.read(tmp_path / "a.tsv")
    assert list(adata.var_names) == ["IFI44L", "ISG15", "MX1"]
    assert list(adata.var) == ["id", "id_3"]
    assert adata.X.tolist() == [[1, 2, 3]]


def test_a_table_with_a_header_is_no_count_file(tmp_path):
    (tmp_path / "a.tsv").write_text("gene\ts1\n" + counts(1, 2, 3))
    adata = loaders.read(tmp_path / "a.tsv")
    assert list(adata.obs_names) == ["s1"]
    assert adata.uns["ifnscore"]["input"]["format"] == "text"


def test_short_line(tmp_path):
    (tmp_path / "a.counts").write_text(counts(1, 2, 3) * 30 + "RSAD2\n" + counts(4, 5, 6))
    with pytest.raises(DataError, match=r"a\.counts, line 91: 1 fields where 2 are expected"):
        loaders.read(tmp_path / "a.counts")


def test_a_word_for_a_count(tmp_path):
    (tmp_path / "a.counts").write_text(counts(1, 2, 3) * 30 + "RSAD2\tmany\n")
    with pytest.raises(DataError, match=r"row 'RSAD2', column 'a': 'many' is not a number"):
        loaders.read(tmp_path / "a.counts")


def test_folder(tmp_path, caplog):
    for name, shift in (("b.txt", 10), ("a.txt", 0), ("c.txt", 20)):
        (tmp_path / name).write_text(counts(1 + shift, 2 + shift, 3 + shift) + FOOTER)
    (tmp_path / ".DS_Store").write_bytes(b"\0\0")
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(tmp_path)
    assert list(adata.obs_names) == ["a", "b", "c"]
    assert adata.X.tolist() == [[1, 2, 3], [11, 12, 13], [21, 22, 23]]
    assert "3 samples from 3 files; 15 footer rows of htseq-count left out" in caplog.text
    assert adata.uns["ifnscore"]["input"]["format"] == "htseq_folder"


def test_folder_with_other_genes(tmp_path):
    (tmp_path / "a.txt").write_text(counts(1, 2, 3))
    (tmp_path / "b.txt").write_text(counts(4, 5, 6, genes=("MX1", "RSAD2", "ISG15")))
    with pytest.warns(IfnscoreWarning, match=r"only the 2 genes .*a\.txt loses 1 of 3, .*b\.txt loses 1 of 3"):
        adata = loaders.read(tmp_path)
    assert list(adata.var_names) == ["ISG15", "MX1"]
    assert adata.X.tolist() == [[2, 3], [6, 4]]


def test_same_sample_twice_in_a_folder(tmp_path):
    (tmp_path / "a.txt").write_text(counts(1, 2, 3))
    (tmp_path / "a.tsv").write_text(counts(1, 2, 3))
    with pytest.raises(DataError, match=r"a\.txt: sample names that .*a\.tsv has as well: a"):
        loaders.read(tmp_path)


def test_nothing_but_footers(tmp_path):
    (tmp_path / "a.txt").write_text(FOOTER)
    with pytest.raises(DataError, match=r"a\.txt: 0 genes"):
        loaders.read(tmp_path / "a.txt")
