"""R data files. The specimens and R's own answers about them are in tests/witness/r_data, made by make_r_data.R there."""

from __future__ import annotations

import contextlib
import gzip
import logging
import lzma
import random
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreError
from ifnscore.loaders import _r_parse

HERE = Path(__file__).parent / "witness" / "r_data"
EXPECTED = pd.read_csv(HERE / "expected.csv", index_col=0)
GENES, SAMPLES = list(EXPECTED.index), list(EXPECTED.columns)
DIMS = pd.read_csv(HERE / "dims.csv")


def values(adata):
    x = adata.X.toarray() if sp.issparse(adata.X) else adata.X
    return pd.DataFrame(x.T, adata.var_names, adata.obs_names)


def check(adata, plus=0.0):
    """All specimens hold the same numbers, as whole numbers or with a quarter added."""
    assert list(adata.obs_names) == SAMPLES
    found = values(adata)
    np.testing.assert_array_equal(found.to_numpy(), EXPECTED.to_numpy() + plus)


def refused(path, **options):
    with pytest.raises(IfnscoreError) as caught:
        loaders.read(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert isinstance(caught.value, DataError)
    return message


@pytest.mark.parametrize(
    ("file", "rows", "columns", "total", "third_of_second", "missing"), list(DIMS.itertuples(index=False, name=None))
)
def test_as_r_reads_it(file, rows, columns, total, third_of_second, missing):
    found = values(loaders.read(HERE / file))
    assert found.shape == (rows, columns)
    assert found.sum().sum() == pytest.approx(total, rel=1e-12)
    assert found.iloc[2, 1] == third_of_second
    assert int(found.isna().sum().sum()) == missing


@pytest.mark.parametrize("name", ["int_matrix", "ascii", "v2", "bzip2", "xz", "plain"])
def test_serialisations_of_a_matrix(name):
    adata = loaders.read(HERE / f"{name}.rds")
    check(adata)
    assert list(adata.var_names) == GENES
    record = adata.uns["ifnscore"]["input"]
    assert (record["format"], record["scale"], record["orientation"]) == ("r", "counts", "genes_in_rows")


def test_packed_twice(tmp_path):
    (tmp_path / "m.rds.gz").write_bytes(gzip.compress((HERE / "plain.rds").read_bytes()))
    check(loaders.read(tmp_path / "m.rds.gz"))


def test_samples_in_rows():
    adata = loaders.read(HERE / "transposed.rds")
    check(adata, 0.25)
    assert adata.uns["ifnscore"]["input"]["orientation"] == "samples_in_rows"
    check(loaders.read(HERE / "transposed.rds", orientation="samples_in_rows"), 0.25)


@pytest.mark.parametrize("name", ["na_int", "na_double"])
def test_missing_is_not_a_number(name):
    found = values(loaders.read(HERE / f"{name}.rds"))
    assert np.isnan(found.loc["MX1", "s3"])
    assert found.min().min() >= 0  # NA_integer_ is stored as -2147483648


@pytest.mark.parametrize("name", ["dgCMatrix", "dgRMatrix", "dgTMatrix", "sparse_transposed"])
def test_sparse_stays_sparse(name):
    adata = loaders.read(HERE / f"{name}.rds")
    assert adata.X.format == "csr"
    assert adata.X.nnz == int((EXPECTED > 0).sum().sum())
    expected = EXPECTED.to_numpy() + np.where(EXPECTED > 0, 0.25, 0)
    np.testing.assert_array_equal(values(adata).to_numpy(), expected)
    assert list(adata.var_names) == GENES


def test_data_frames():
    adata = loaders.read(HERE / "frame.rds")
    check(adata)
    assert adata.var["biotype"].astype(object).fillna("?").tolist() == ["a", "b", "a", "?", "b", "a"]
    probes = loaders.read(HERE / "frame_probes.rds")
    check(probes)
    assert list(probes.var_names) == GENES
    assert probes.var["id"].tolist()[0] == "probe_1"
    samples = loaders.read(HERE / "frame_samples.rds")
    check(samples)
    assert list(samples.obs) == ["group"]  # the column of days is left out
    assert "no row names and no column of words" in refused(HERE / "frame_numbers.rds")


def test_compact_sequences():
    assert loaders.read(HERE / "altrep.rds").X.tolist() == [[5, 6, 7], [1, 2, 3]]


def test_latin_1():
    assert loaders.read(HERE / "latin1.rds").obs_names[0] == "Zoë"


@pytest.mark.parametrize(
    ("name", "default"),
    [("list.rds", "counts"), ("tximport.rds", "counts"), ("one.rda", "counts"), ("workspace.RData", "counts")],
)
def test_the_object_with_genes(name, default, caplog):
    with caplog.at_level(logging.INFO, "ifnscore"):
        check(loaders.read(HERE / name))
    assert f"object {default!r} is read (there are also" in caplog.text


def test_choosing_an_object():
    check(loaders.read(HERE / "workspace.RData", object="tpm"), 0.25)
    check(loaders.read(HERE / "tximport.rds", object="abundance"), 0.25)
    check(loaders.read(HERE / "two.rds", object="b"))
    assert (
        "several objects could be meant: blood (matrix or array), skin (matrix or array); choose one with --option object=NAME"
        in (refused(HERE / "two.rda"))
    )
    message = refused(HERE / "workspace.RData", object="tmp")
    assert "no object 'tmp'; it holds counts (matrix or array), tpm (matrix or array), helper (function)" in message
    assert "Did you mean: tpm?" in message
    assert "object helper: it is of class function" in refused(HERE / "workspace.RData", object="helper")


@pytest.mark.parametrize(
    ("name", "platform", "assay"),
    [
        *(("se", "", "counts"), ("rse_list", "", "counts"), ("sce", "", "counts"), ("dds", "RNA-seq", "counts")),
        *(("dgelist", "RNA-seq", "counts"), ("seurat4", "", "RNA/counts"), ("seurat5", "", "RNA/counts")),
    ],
)
def test_containers_of_counts(name, platform, assay):
    adata = loaders.read(HERE / f"{name}.rds")
    check(adata)
    assert list(adata.var_names) == GENES
    record = adata.uns["ifnscore"]["input"]
    assert (record["scale"], record.get("platform", "")) == ("counts", platform)
    assert record["notes"].endswith(f"assay {assay}")


def test_annotations_of_samples(tmp_path):
    adata = loaders.read(HERE / "se.rds")
    assert list(adata.obs) == ["group", "age", "rin", "treated", "batch"]  # neither days nor people
    assert adata.obs["group"].astype(object).fillna("?").tolist() == ["healthy", "jdm", "healthy", "?"]
    assert adata.obs["age"].isna().tolist() == [False, True, False, False]
    assert adata.obs["treated"].tolist() == [True, False, True, False]
    assert adata.obs["batch"].tolist() == ["u", "u", "u", "v"]
    assert adata.var["entrez_id"].tolist() == [1, 2, 3, 4, 5, 6]
    adata.write_h5ad(tmp_path / "m.h5ad")
    check(loaders.read(tmp_path / "m.h5ad"))
    assert loaders.read(HERE / "dgelist.rds").obs["group"].tolist() == ["a", "b", "a", "b"]
    assert loaders.read(HERE / "seurat5.rds").obs["age"].isna().tolist() == [False, True, False, False]


def test_choosing_an_assay(caplog):
    adata = loaders.read(HERE / "se.rds", assay="logcounts")
    np.testing.assert_allclose(values(adata).to_numpy(), np.log2(EXPECTED.to_numpy() + 0.25))
    with caplog.at_level(logging.INFO, "ifnscore"):
        loaders.read(HERE / "se.rds")
    assert "assay 'counts' is taken (there are also logcounts; choose with --option assay=NAME)" in caplog.text
    assert "no assay 'log'; there are logcounts, counts. Did you mean: logcounts?" in refused(HERE / "se.rds", assay="log")
    assert "has no assays; leave the option assay out" in refused(HERE / "int_matrix.rds", assay="counts")


@pytest.mark.parametrize("name", ["seurat4", "seurat5"])
def test_assays_of_seurat(name):
    path = HERE / f"{name}.rds"
    small = loaders.read(path, assay="ADT")
    assert list(small.var_names) == GENES[:2]
    np.testing.assert_array_equal(values(small).to_numpy(), EXPECTED.to_numpy()[:2])
    check(loaders.read(path, assay="RNA/counts"))
    assert "no assay 'SCT'; there are RNA, ADT" in refused(path, assay="SCT")
    assert "no layer of assay 'RNA' 'scaled'; there are counts" in refused(path, assay="RNA/scaled")


def test_layers_that_seurat_split():
    assert "assay 'RNA' is split into counts.a, counts.b: in R, x <- JoinLayers(x)" in refused(HERE / "seurat5_split.rds")


def test_expression_set():
    adata = loaders.read(HERE / "eset.rds")
    check(adata, 0.25)
    assert list(adata.obs) == ["group", "age", "rin", "treated"]
    assert loaders.identifiers(adata) == ("Gene Symbol", GENES)
    assert "omebody" not in str(adata.uns) + str(adata.obs)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lm", "it is of class lm"),
        ("function", "it is of class function"),
        ("environment", "it is of class environment"),
        ("vector", "it is of class vector"),
        ("null", "it is of class NULL"),
        ("delayed", "it is of class DelayedMatrix"),
        ("dsCMatrix", "it is of class dsCMatrix"),
    ],
)
def test_other_objects_name_the_line_of_r(name, words):
    message = refused(HERE / f"{name}.rds")
    assert words in message
    assert message.endswith("in R, write.csv(as.matrix(x), 'counts.csv') writes a file that can be read")


def test_values_outside_of_the_file():
    message = refused(HERE / "se_delayed.rds")
    assert "assay 'counts' is of class DelayedMatrix, which is not kept in this file" in message
    assert "write.csv(as.matrix(SummarizedExperiment::assay(x)), 'counts.csv')" in message


def test_promises_are_not_computed():
    trace = Path("/tmp/ifnscore_was_here")
    assert "holds promises or packages, which are not read" in refused(HERE / "promise.rds")
    loaders.read(HERE / "workspace.RData")
    assert not trace.exists()


def test_matrix_without_names():
    assert "the matrix has no row names: in R, set rownames(x)" in refused(HERE / "unnamed.rds")


def test_empty_and_foreign_files(tmp_path):
    for content, words in (
        (b"", "the file is empty"),
        (gzip.compress(b""), "the file is empty"),
        (b"gene,s1\nISG15,1\n", "not an R data file (saveRDS or save): it begins with b'gene,s1"),
        (b"RDX1\nX\n", "not an R data file"),
        (b"RDX3\n", "not an R data file"),
        (b"X\n", "truncated or damaged"),
        (b"X\n" + struct.pack(">3i", 9, 1, 1), "save the matrix alone"),
    ):
        path = tmp_path / "m.rds"
        path.write_bytes(content)
        assert words in refused(path)


SPECIMENS = [
    "int_matrix.rds",
    "ascii.rds",
    "dgCMatrix.rds",
    "frame.rds",
    "se.rds",
    "eset.rds",
    "seurat5.rds",
    "workspace.RData",
    "xz.rds",
]


def unpacked(name):
    content = (HERE / name).read_bytes()
    return (
        lzma.decompress(content) if name.startswith("xz") else gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    )


@pytest.mark.parametrize("name", SPECIMENS)
def test_cut_off_anywhere(tmp_path, name):
    """Whatever is missing at the end, nothing is read as if it were whole, and the message is one line."""
    path = tmp_path / name
    for whole in ((HERE / name).read_bytes(), unpacked(name)):
        for end in range(1, len(whole), max(1, len(whole) // 40)):
            path.write_bytes(whole[:end])
            refused(path)


@pytest.mark.parametrize("name", SPECIMENS)
def test_changed_bytes(tmp_path, name):
    """A changed byte is refused in one line, or only changes a value or a name."""
    path = tmp_path / name
    whole = unpacked(name)
    chance = random.Random(4)
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 4))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        with contextlib.suppress(IfnscoreError):  # any other exception fails the test
            loaders.read(path)


def integer(n):
    return struct.pack(">i", n)


HEADER = b"X\n" + struct.pack(">3i", 2, 0x40202, 0x20300)


def memory_of(path, words):
    tracemalloc.start()
    try:
        assert words in refused(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [10, 13, 14, 15, 16, 19, 24, 9])
@pytest.mark.parametrize("length", [2**31 - 1, 200_000_000, -1, -2])
def test_forged_lengths_allocate_nothing(tmp_path, kind, length):
    """Vectors of every type that declare two thousand million elements, or fewer than none, in a file of 30 bytes."""
    path = tmp_path / "m.rds"
    path.write_bytes(HEADER + integer(kind) + integer(length) + bytes(8))
    assert memory_of(path, "m.rds") < 20e6
    text = "\n".join(["A", "2", "262658", "131840", str(kind), str(length), "0", "0", ""])
    path.write_text(text)
    assert memory_of(path, "m.rds") < 20e6


@pytest.mark.parametrize(
    ("kind", "numbers"), [(b"compact_intseq", 1e15), (b"compact_realseq", 5e8), (b"compact_realseq", float("nan"))]
)
def test_forged_sequences_allocate_nothing(tmp_path, kind, numbers):
    name = integer(1) + integer(0x40009) + integer(len(kind)) + kind
    base = integer(1) + integer(0x40009) + integer(4) + b"base"
    info = integer(2) + name + integer(2) + base + integer(2) + integer(13) + integer(1) + integer(13) + integer(254)
    state = integer(14) + integer(3) + struct.pack(">3d", numbers, 1, 1)
    path = tmp_path / "m.rds"
    path.write_bytes(HEADER + integer(238) + info + state + integer(254))
    words = (
        "truncated or damaged" if np.isnan(numbers) else f"sequences of more than {_r_parse.MAX_SEQUENCE} numbers are declared"
    )
    assert memory_of(path, words) < 50e6


def test_forged_byte_code_allocates_nothing(tmp_path):
    path = tmp_path / "m.rds"
    path.write_bytes(HEADER + integer(21) + integer(2**31 - 1) + integer(13) + integer(0) + integer(0))
    assert memory_of(path, "a length of 2147483647 is declared in") < 20e6


def test_deeply_nested_lists(tmp_path):
    path = tmp_path / "m.rds"
    path.write_bytes(HEADER + (integer(19) + integer(1)) * 100_000 + integer(254))
    assert "objects are nested too deep" in refused(path)


def test_dimensions_that_do_not_fit(tmp_path):
    content = bytearray(unpacked("int_matrix.rds"))
    dim = content.index(integer(13) + integer(2) + integer(6) + integer(4))
    content[dim + 8 : dim + 12] = integer(7)
    (tmp_path / "m.rds").write_bytes(content)
    assert "a matrix of 7 x 4 whose parts do not fit" in refused(tmp_path / "m.rds")
    content[dim + 8 : dim + 16] = integer(2**31 - 1) * 2
    (tmp_path / "m.rds").write_bytes(content)
    assert "whose parts do not fit" in refused(tmp_path / "m.rds")


def test_sparse_places_outside_of_the_matrix(tmp_path):
    content = unpacked("dgCMatrix.rds")
    p = np.cumsum([0, *(EXPECTED > 0).sum()])
    stored = b"".join(integer(int(n)) for n in p)
    assert content.count(stored) == 1
    for wrong in (p[::-1], p + 1, p * 1000, -p):
        (tmp_path / "m.rds").write_bytes(content.replace(stored, b"".join(integer(int(n)) for n in wrong)))
        assert "whose parts do not fit" in refused(tmp_path / "m.rds")
    first = integer(13) + integer(int(p[-1])) + integer(0)
    assert content.count(first) == 1
    (tmp_path / "m.rds").write_bytes(content.replace(first, first[:-4] + integer(2**30)))
    assert "whose parts do not fit" in refused(tmp_path / "m.rds")


def test_compressed_bomb(tmp_path):
    (tmp_path / "m.rds").write_bytes(gzip.compress(b"X\n" + bytes(300 << 20)))
    assert "expands to" in refused(tmp_path / "m.rds")


def test_rdata_not_installed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rdata", None)
    assert "reading R data files needs the package rdata: pip install rdata" in refused(HERE / "int_matrix.rds")


def test_score_on_the_command_line(run):
    code, out, err = run("inspect", HERE / "seurat5.rds")
    assert code == 0, err
    assert "Seurat of R, assay RNA/counts" in out
