"""salmon, kallisto and RSEM: genes directly, or transcripts through a tx2gene table and pytximport."""

from __future__ import annotations

import gzip
import importlib
import io
import logging
from contextlib import redirect_stderr

import h5py
import numpy as np
import pytest

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreWarning, UsageError

#: Transcript, gene, TPM and reads; genes are not in alphabetical order, and a gene's transcripts not side by side.
ROWS = [("t5", "MX1", 100.0, 10.0), ("t1", "ISG15", 20.0, 4.0), ("t3", "MX1", 3.0, 0.5), ("t4", "IFI6", 0.0, 0.0), ("t2", "ISG15", 5.0, 1.5)]
LENGTH = {"t5": 1000.0, "t1": 500.0, "t3": 2000.0, "t4": 800.0, "t2": 250.0}
TPM = {"MX1": 103.0, "ISG15": 25.0, "IFI6": 0.0}
READS = {"MX1": 10.5, "ISG15": 5.5, "IFI6": 0.0}


def salmon(rows=ROWS, times=1.0):
    lines = ["Name\tLength\tEffectiveLength\tTPM\tNumReads"]
    lines += [f"{t}\t{LENGTH.get(t, 1000) + 200}\t{LENGTH.get(t, 1000)}\t{tpm * times}\t{n * times}" for t, _, tpm, n in rows]
    return "\n".join(lines) + "\n"


def kallisto(rows=ROWS, times=1.0):
    lines = ["target_id\tlength\teff_length\test_counts\ttpm"]
    lines += [f"{t}\t{LENGTH.get(t, 1000) + 200}\t{LENGTH.get(t, 1000)}\t{n * times}\t{tpm * times}" for t, _, tpm, n in rows]
    return "\n".join(lines) + "\n"


def isoforms(rows=ROWS, times=1.0):
    lines = ["transcript_id\tgene_id\tlength\teffective_length\texpected_count\tTPM\tFPKM\tIsoPct"]
    lines += [f"{t}\t{g}\t1200\t{LENGTH[t]}\t{n * times}\t{tpm * times}\t{tpm * times / 2}\t50.00" for t, g, tpm, n in rows]
    return "\n".join(lines) + "\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def t2g(tmp_path):
    return write(tmp_path / "tables" / "tx2gene.csv", "TXNAME,GENEID\n" + "".join(f"{t},{g}\n" for t, g, _, _ in ROWS))


def values(adata, sample=0):
    return dict(zip(adata.var_names, np.asarray(adata.X)[sample].tolist(), strict=True))


@pytest.mark.parametrize(("name", "text"), [("quant.sf", salmon), ("abundance.tsv", kallisto)])
@pytest.mark.parametrize(("quantity", "wanted", "scale"), [("tpm", TPM, "linear"), ("counts", READS, "counts")])
def test_transcripts_are_summed_per_gene(tmp_path, t2g, name, text, quantity, wanted, scale):
    path = write(tmp_path / "P1" / name, text())
    adata = loaders.read(path, tx2gene=t2g, quantity=quantity)
    assert list(adata.obs_names) == ["P1"]
    assert values(adata) == pytest.approx(wanted)
    record = adata.uns["ifnscore"]["input"]
    assert (record["scale"], record["platform"]) == (scale, "RNA-seq")
    assert "5 of 5 transcripts are in tx2gene.csv" in record["scale_why"]
    assert str(tmp_path) not in str(adata.uns)


@pytest.mark.parametrize(("name", "text"), [("quant.sf", salmon), ("abundance.tsv", kallisto)])
def test_a_folder_of_sample_folders(tmp_path, t2g, name, text):
    write(tmp_path / "run" / "P2" / name, text(list(reversed(ROWS)), times=2))
    write(tmp_path / "run" / "P1" / name, text())
    write(tmp_path / "run" / "P1" / "cmd_info.json", "{}")
    write(tmp_path / "run" / "multiqc.txt", "x")
    adata = loaders.read(tmp_path / "run", tx2gene=t2g)
    assert list(adata.obs_names) == ["P1", "P2"]
    assert values(adata, 0) == pytest.approx(TPM)
    assert values(adata, 1) == pytest.approx({g: 2 * v for g, v in TPM.items()})


def test_a_flat_folder_names_samples_after_files(tmp_path, t2g):
    for name in ("P1.quant.sf", "P2_quant.sf", "P3.sf"):
        write(tmp_path / "run" / name, salmon())
    assert list(loaders.read(tmp_path / "run", tx2gene=t2g).obs_names) == ["P1", "P2", "P3"]


def test_counts_from_abundance_by_hand(tmp_path, t2g):
    """tximport's rules (Soneson 2015): TPM, or TPM times the mean length of the gene, scaled to the reads of the sample."""
    write(tmp_path / "run" / "P1" / "quant.sf", salmon())
    write(tmp_path / "run" / "P2" / "quant.sf", salmon([(t, g, 128 - tpm, n) for t, g, tpm, n in ROWS]))
    read = lambda how: loaders.read(tmp_path / "run", tx2gene=t2g, quantity="counts", counts_from_abundance=how)  # noqa: E731
    scaled = read("scaled_tpm")
    assert values(scaled) == pytest.approx({g: v / 128 * 16 for g, v in TPM.items()})
    both = {"P1": {t: tpm for t, _, tpm, _ in ROWS}, "P2": {t: 128 - tpm for t, _, tpm, _ in ROWS}}
    of = {"MX1": ("t5", "t3"), "ISG15": ("t1", "t2"), "IFI6": ("t4",)}
    tpm = {p: {g: sum(v[t] for t in ts) for g, ts in of.items()} for p, v in both.items()}
    length = {}
    for gene, ts in of.items():
        means = [sum(v[t] * LENGTH[t] for t in ts) / sum(v[t] for t in ts) for v in both.values() if sum(v[t] for t in ts)]
        length[gene] = sum(means) / len(means)  # a gene that one sample lacks takes the length of the other one
    product = {g: tpm["P1"][g] * length[g] for g in of}
    wanted = {g: v / sum(product.values()) * 16 for g, v in product.items()}
    made = read("length_scaled_tpm")
    assert values(made) == pytest.approx(wanted)
    assert "counts made from TPM (length_scaled_tpm)" in made.uns["ifnscore"]["input"]["notes"]


def test_counts_from_abundance_makes_counts(tmp_path, t2g):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    with pytest.raises(UsageError, match="counts_from_abundance=scaled_tpm makes counts: give quantity=counts"):
        loaders.read(path, tx2gene=t2g, counts_from_abundance="scaled_tpm")
    genes = write(tmp_path / "P2" / "quant.genes.sf", salmon([("MX1", "", 1, 1), ("ISG15", "", 2, 2)]))
    with pytest.raises(DataError, match=r"the rows are genes already"):
        loaders.read(genes, quantity="counts", counts_from_abundance="scaled_tpm")


def test_gene_level_needs_no_table(tmp_path):
    write(tmp_path / "P1" / "quant.genes.sf", salmon([("ENSG00000187608.10", "", 1, 4), ("ENSG00000157601.14", "", 2, 8)]))
    write(tmp_path / "P1" / "quant.sf", salmon())
    adata = loaders.read(tmp_path / "P1")
    assert list(adata.obs_names) == ["P1"]
    assert adata.X.tolist() == [[1, 2]]
    assert loaders.read(tmp_path / "P1", quantity="counts").X.tolist() == [[4, 8]]


def test_the_table_chooses_transcripts_where_both_lie(tmp_path, t2g):
    write(tmp_path / "P1" / "quant.genes.sf", salmon([("MX1", "", 1, 4), ("ISG15", "", 2, 8)]))
    write(tmp_path / "P1" / "quant.sf", salmon())
    assert values(loaders.read(tmp_path / "P1", tx2gene=t2g)) == pytest.approx(TPM)


def test_without_a_table(tmp_path):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    with pytest.raises(DataError, match=r"quant\.sf: the rows are transcripts \('t5', 't1' and 3 more\): give a table .*'ENST00000649529,ISG15', with --option tx2gene=FILE"):
        loaders.read(path)


def test_gencode_names_carry_their_gene(tmp_path):
    rows = [("ENST00000649529.1|ENSG00000187608.10|OTT|-|ISG15-203|ISG15|637|protein_coding|", "", 3, 1),
            ("ENST00000624697.4|ENSG00000187608.10|OTT|-|ISG15-202|ISG15|712|protein_coding|", "", 4, 1),
            ("ENST00000398598.8|ENSG00000157601.14|OTT|-|MX1-203|MX1|2786|protein_coding|", "", 5, 1)]  # fmt: skip
    adata = loaders.read(write(tmp_path / "P1" / "abundance.tsv", kallisto(rows)))
    assert values(adata) == pytest.approx({"ENSG00000187608.10": 7, "ENSG00000157601.14": 5})


@pytest.mark.parametrize(
    ("ids", "table", "note"),
    [
        (("a1.2", "a2.1", "b1.7"), "a1.1\tISG15\na2.1\tISG15\nb1.1\tMX1\n", "without their versions"),
        (("a1.2", "a2.1", "b1.7"), "a1,ISG15\na2,ISG15\nb1,MX1\n", "without their versions"),
        (("a1", "a2", "b1"), "tx;gene\na1.1;ISG15\na2.1;ISG15\nb1.1;MX1\n", "without their versions"),
        (("a1.1|x|y", "a2.1|x|y", "b1.1|z|y"), "a1.1\tISG15\na2.1\tISG15\nb1.1\tMX1\n", "before the bar"),
        (("a1", "a2", "b1"), "ISG15,a1\nISG15,a2\nMX1,b1\n", ""),
        (("a1", "a2", "b1"), "a1 ISG15\r\na2 ISG15\r\nb1 MX1\r\n", ""),
        (("a1", "a2", "b1"), "\ufeffa1,ISG15\na2,ISG15\nb1,MX1\n", ""),
    ],
)
def test_tables_of_all_kinds(tmp_path, ids, table, note):
    path = write(tmp_path / "P1" / "quant.sf", salmon([(i, "", v, v) for i, v in zip(ids, (1, 2, 4), strict=True)]))
    adata = loaders.read(path, tx2gene=write(tmp_path / "t.tsv", table))
    assert values(adata) == pytest.approx({"ISG15": 3, "MX1": 4})
    assert note in adata.uns["ifnscore"]["input"].get("notes", "")


def test_a_third_column_names_the_genes(tmp_path):
    path = write(tmp_path / "P1" / "quant.sf", salmon([("a1", "", 1, 1), ("a2", "", 2, 2), ("b1", "", 4, 4)]))
    table = write(tmp_path / "t.tsv", "transcript_id\tgene_id\tgene_name\na1\tx1\tISG15\na2\tx1\tISG15\nb1\tx2\tMX1\n")
    adata = loaders.read(path, tx2gene=table)
    assert adata.var["gene_name"].to_dict() == {"x1": "ISG15", "x2": "MX1"}
    assert adata.uns["ifnscore"]["input"]["identifiers_from"] == "gene_name"


def test_transcripts_without_a_gene(tmp_path, caplog):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    table = write(tmp_path / "t.csv", "".join(f"{t},{g}\n" for t, g, _, _ in ROWS if t not in ("t4", "t3")))
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(path, tx2gene=table)
    assert values(adata) == pytest.approx({"MX1": 100, "ISG15": 25})
    assert "t.csv: 2 of 5 transcripts have no gene in the tx2gene table: t3, t4" in caplog.text
    few = write(tmp_path / "few.csv", "t1,ISG15\nt2,ISG15\n")
    with pytest.warns(IfnscoreWarning, match=r"80% of the expression is of transcripts without a gene and left out: 2 of 5 transcripts are in few\.csv"):
        loaders.read(path, tx2gene=few)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("transcript,gene\nNM_1,ISG15\nNM_2,MX1\n", r"none of its 5 transcripts \('t5', 't1' and 3 more\) is in t\.csv \('NM_1', 'NM_2'\)"),
        ("t1\nt2\n", r"t\.csv: only one column"),
        ("", r"t\.csv: the file is empty"),
        ("t1,ISG15\nt2,ISG15,x\nt3,MX1\n", r"t\.csv, line 2: 3 fields where 2 are expected"),
    ],
)
def test_bad_tables(tmp_path, table, message):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    with pytest.raises(DataError, match=message):
        loaders.read(path, tx2gene=write(tmp_path / "t.csv", table))


def test_tables_that_are_none(tmp_path):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    with pytest.raises(DataError, match=r"absent\.csv: cannot be read"):
        loaders.read(path, tx2gene=tmp_path / "absent.csv")
    with pytest.raises(DataError, match=r"x\.gtf\.gz: an annotation, not a table"):
        loaders.read(path, tx2gene=write(tmp_path / "x.gtf.gz", "x"))
    with pytest.raises(DataError, match=r"P1: a folder; a table"):
        loaders.read(path, tx2gene=tmp_path / "P1")


def test_a_transcript_of_two_genes(tmp_path):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    table = write(tmp_path / "t.csv", "".join(f"{t},{g}\n" for t, g, _, _ in ROWS) + "t5,IFI27\n")
    with pytest.warns(IfnscoreWarning, match=r"1 transcripts have several genes, the first is taken: t5"):
        assert values(loaders.read(path, tx2gene=table)) == pytest.approx(TPM)


def test_samples_of_two_indexes(tmp_path, t2g):
    write(tmp_path / "run" / "P1" / "quant.sf", salmon())
    write(tmp_path / "run" / "P2" / "quant.sf", salmon(ROWS[:-1]))
    with pytest.raises(DataError, match=r"P2.quant\.sf: other transcripts \(4\) than .*P1.quant\.sf \(5\): quantify all"):
        loaders.read(tmp_path / "run", tx2gene=t2g)


def test_two_quantifiers_in_one_folder(tmp_path):
    write(tmp_path / "run" / "P1" / "quant.sf", salmon())
    write(tmp_path / "run" / "P2" / "abundance.tsv", kallisto())
    with pytest.raises(DataError, match=r"files of several formats \(kallisto: P2; salmon: P1\)"):
        loaders.read(tmp_path / "run")


def kallisto_h5(path, rows=ROWS, counts=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["aux/ids"] = np.array([r[0].encode() for r in rows])
        file["aux/lengths"] = np.array([int(LENGTH[r[0]]) + 200 for r in rows])
        file["aux/eff_lengths"] = np.array([LENGTH[r[0]] for r in rows])
        file["est_counts"] = np.array([r[3] for r in rows] if counts is None else counts)
    return path


def test_kallisto_h5(tmp_path, t2g):
    path = kallisto_h5(tmp_path / "P1" / "abundance.h5")
    rate = {t: n / LENGTH[t] for t, _, _, n in ROWS}
    wanted = {"MX1": (rate["t5"] + rate["t3"]), "ISG15": rate["t1"] + rate["t2"], "IFI6": 0.0}
    adata = loaders.read(path, tx2gene=t2g)
    assert values(adata) == pytest.approx({g: v / sum(rate.values()) * 1e6 for g, v in wanted.items()})
    assert adata.uns["ifnscore"]["input"]["format"] == "kallisto"
    write(tmp_path / "P1" / "abundance.tsv", kallisto())
    assert values(loaders.read(tmp_path / "P1", tx2gene=t2g)) == pytest.approx(TPM)


@pytest.mark.parametrize(
    ("counts", "message"),
    [([0.0] * 5, "no read was assigned"), ([1.0, -1, 0, 0, 0], "counts below 0"), ([1.0], "5 transcripts, 5 lengths and 1 counts")],
)
def test_bad_kallisto_h5(tmp_path, t2g, counts, message):
    path = kallisto_h5(tmp_path / "P1" / "abundance.h5", counts=counts)
    with pytest.raises(DataError, match=rf"abundance\.h5: .*{message}"):
        loaders.read(path, tx2gene=t2g)


def test_a_cut_h5_ends_in_one_line(tmp_path, t2g):
    path = kallisto_h5(tmp_path / "P1" / "abundance.h5")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(DataError, match=r"abundance\.h5: ") as caught:
        loaders.read(path)
    assert "\n" not in str(caught.value)


GENES = ("gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM\n"
         "ENSG00000187608.10_ISG15\tt1,t2\t600.0\t400.0\t12.5\t30.0\t15.0\nENSG00000157601.14_MX1\tt3\t2000\t1800\t7\t2.5\t1.25\n")  # fmt: skip


@pytest.mark.parametrize(
    ("quantity", "wanted", "scale"),
    [("tpm", [30, 2.5], "linear"), ("counts", [12.5, 7], "counts"), ("fpkm", [15, 1.25], "linear")],
)
def test_rsem_genes(tmp_path, quantity, wanted, scale):
    path = write(tmp_path / "P1.genes.results", GENES)
    adata = loaders.read(path, quantity=quantity)
    assert (list(adata.obs_names), adata.X.tolist()) == (["P1"], [wanted])
    record = adata.uns["ifnscore"]["input"]
    assert (record["scale"], record["n_recognised"], record["id_kind"]) == (scale, 2, "Ensembl")


def test_rsem_default_is_tpm_and_said(tmp_path, caplog):
    path = write(tmp_path / "P1.genes.results.gz", "")
    path.write_bytes(gzip.compress(GENES.encode()))
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(path)
    assert adata.X.tolist() == [[30, 2.5]]
    assert "scale linear (column TPM; option quantity=counts or fpkm takes another)" in caplog.text


@pytest.mark.parametrize(
    ("quantity", "wanted"), [("tpm", TPM), ("counts", READS), ("fpkm", {g: v / 2 for g, v in TPM.items()})]
)
def test_rsem_isoforms_name_their_genes(tmp_path, quantity, wanted):
    path = write(tmp_path / "P1.isoforms.results", isoforms())
    adata = loaders.read(path, quantity=quantity)
    assert list(adata.obs_names) == ["P1"]
    assert values(adata) == pytest.approx(wanted)


def test_a_folder_of_rsem_takes_genes(tmp_path):
    for name in ("P2", "P1"):
        write(tmp_path / f"{name}.isoforms.results", isoforms())
        write(tmp_path / f"{name}.genes.results", GENES)
        write(tmp_path / f"{name}.stat" / f"{name}.cnt", "1 2 3\n")
    adata = loaders.read(tmp_path)
    assert list(adata.obs_names) == ["P1", "P2"]
    assert adata.X.tolist() == [[30, 2.5]] * 2


def test_endings_of_geo_supplements(tmp_path):
    write(tmp_path / "GSM2_P2.genes.results.txt", GENES)
    write(tmp_path / "GSM1_P1.isoforms.results.txt", isoforms())
    (tmp_path / "GSM1_P1.genes.results.txt.gz").write_bytes(gzip.compress(GENES.encode()))
    assert list(loaders.read(tmp_path).obs_names) == ["GSM1_P1", "GSM2_P2"]


def test_fpkm_is_for_rsem_only(tmp_path):
    path = write(tmp_path / "P1" / "quant.genes.sf", salmon([("MX1", "", 1, 4)]))
    with pytest.raises(DataError, match=r"option quantity=fpkm is not for this format; choose among tpm, counts"):
        loaders.read(path, quantity="fpkm")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (salmon().replace("\t100.0\t", "\tx\t"), r"row 't5', column 'TPM' is 'x'; a number from 0 on"),
        (salmon().replace("\t100.0\t", "\t-1\t"), r"row 't5', column 'TPM' is '-1(.0)?'"),
        (salmon().replace("\t100.0\t", "\tnan\t"), r"row 't5', column 'TPM' is empty or NA"),
        (salmon().replace("\t100.0\t", "\t1e400\t"), r"row 't5', column 'TPM' is '(inf|1e400)'"),
        (salmon().replace("\t100.0\t", "\t9e9\t"), r"the TPM column adds up to 9e\+09, more than a million"),
        (salmon()[:-12], r"line 6: \d fields where 5 are expected"),
        (salmon([]), r"only a header line, no rows"),
        (salmon().replace("EffectiveLength", "EffLength"), r"no column 'EffectiveLength'; the columns are 'Name', 'Length'"),
    ],
    ids=["word", "negative", "NA", "infinite", "absurd", "cut", "no rows", "header"],
)
def test_bad_salmon(tmp_path, t2g, text, message):
    path = write(tmp_path / "P1" / "quant.sf", text)
    with pytest.raises(DataError, match=rf"quant\.sf.*{message}") as caught:
        loaders.read(path, tx2gene=t2g)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [lambda t: b"\xef\xbb\xbf" + t.encode(), lambda t: t.replace("\n", "\r\n").encode(),
                                    lambda t: t.replace("\n", "\r").encode(), lambda t: t.encode("utf-16")])  # fmt: skip
def test_other_encodings(tmp_path, t2g, change):
    path = write(tmp_path / "P1" / "quant.sf", "")
    path.write_bytes(change(salmon()))
    assert values(loaders.read(path, tx2gene=t2g)) == pytest.approx(TPM)


@pytest.mark.parametrize("name", ["quant.sf", "abundance.tsv", "abundance.h5", "P1.genes.results", "ReadsPerGene.out.tab"])
def test_an_empty_file_of_a_run_is_not_passed_over(tmp_path, name):
    write(tmp_path / "run" / "P1" / name, "")
    write(tmp_path / "run" / "P2" / name, "")
    for path in (tmp_path / "run" / "P1" / name, tmp_path / "run" / "P1", tmp_path / "run"):
        with pytest.raises(DataError, match=rf"P1.{name}: the file is empty"):
            loaders.read(path)


def test_more_samples_than_are_summed_at_once(tmp_path, t2g, monkeypatch):
    for i in range(5):
        write(tmp_path / "run" / f"P{i}" / "quant.sf", salmon(times=i + 1))
    monkeypatch.setattr("ifnscore.loaders._quant_transcripts._AT_ONCE", 2)
    adata = loaders.read(tmp_path / "run", tx2gene=t2g)
    assert list(adata.obs_names) == [f"P{i}" for i in range(5)]
    for i in range(5):
        assert values(adata, i) == pytest.approx({g: v * (i + 1) for g, v in TPM.items()})


def test_pytximport_is_kept_quiet(tmp_path, t2g):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    handlers, level = list(logging.getLogger().handlers), logging.root.manager.disable
    shown = io.StringIO()
    with redirect_stderr(shown):
        loaders.read(path, tx2gene=t2g)
    assert shown.getvalue() == ""
    assert (list(logging.getLogger().handlers), logging.root.manager.disable) == (handlers, level)


def test_pytximport_may_be_absent(tmp_path, t2g, monkeypatch):
    path = write(tmp_path / "P1" / "quant.sf", salmon())
    real = importlib.import_module

    def missing(name, *args):
        if name == "pytximport":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DataError, match=r"quant\.sf: reading transcript-level files needs the package pytximport: pip install"):
        loaders.read(path, tx2gene=t2g)
