"""Every file that cannot be used ends in one line that says what, where and what to do."""

from __future__ import annotations

import bz2
import gzip

import anndata as ad
import h5py
import numpy as np
import pytest
import zarr

from ifnscore import loaders
from ifnscore.errors import DataError, IfnscoreError, UsageError

CSV = "gene,s1,s2\nIFI44L,1,20\nISG15,2,30\nMX1,3,40\nRSAD2,4,50\n"


def refused(path, *more, kind=DataError, **options):
    """Return the message, which is one line and names the file."""
    with pytest.raises(IfnscoreError) as caught:
        loaders.read(path, *more, **options)
    assert isinstance(caught.value, kind)
    message = str(caught.value)
    assert "\n" not in message
    assert path == "-" or kind is UsageError or str(path) in message
    return message


@pytest.fixture
def text(tmp_path):
    def _text(content, name="m.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return refused(path)

    return _text


def test_no_such_file(tmp_path):
    assert "no such file or folder" in refused(tmp_path / "absent.csv")


TEXT_NAMES, BINARY_NAMES = ["m.csv", "m.tsv.gz", "m.txt", "m.counts"], ["m.h5ad", "m.parquet", "m.h5"]


@pytest.mark.parametrize(
    ("name", "content"), [*((n, b"") for n in TEXT_NAMES + BINARY_NAMES), *((n, b"\n \n") for n in TEXT_NAMES)]
)
def test_empty_file(text, name, content):
    assert "the file is empty" in text(content, name)


def test_empty_inside_gzip(text):
    assert "the file is empty" in text(gzip.compress(b""), "m.csv.gz")


@pytest.mark.parametrize("content", ["gene,s1,s2\n", "gene,s1,s2", "# c\ngene,s1,s2\n\n\n", "gene,s1,s2\n,,\n"])
def test_only_a_header(text, content):
    assert "only a header line, no rows" in text(content)


def test_only_comments(text):
    assert "nothing but comment lines" in text("# a\n# b\n")


def test_one_column(text):
    assert "only one column" in text("gene\nISG15\nMX1\n")


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("abc", "every value must be a number, or NA"),
        ("1.2.3", "every value must be a number, or NA"),
        ('"3,14"', "decimal comma"),
        ('"1,234,567"', "thousands separators"),
        ('"12,345.5"', "thousands separators"),
        ("-", "every value must be a number, or NA"),
        ("True", "every value must be a number, or NA"),
        ("#VALUE!", "every value must be a number, or NA"),
    ],
)
def test_non_numeric_cell_is_located(text, cell, hint):
    message = text(CSV.replace("MX1,3,40", f"MX1,3,{cell}"))
    assert "row 'MX1', column 's2'" in message
    assert repr(cell.strip('"')) in message
    assert hint in message


def test_non_numeric_cell_in_a_gene_column(text):
    message = text("sample,group,ISG15,MX1\na,x,1,2\nb,y,3,n.d.\n")
    assert "row 'b', column 'MX1': 'n.d.' is not a number" in message


def test_a_wholly_textual_gene_column_is_no_annotation(text):
    assert "row 'a', column 'MX1': 'low'" in text("sample,ISG15,MX1,IFI6\na,1,low,2\nb,3,high,4\n")


def test_decimal_commas_everywhere(text):
    message = text("gene;s1;s2\nISG15;1,5;2,5\nMX1;3,5;4,5\n")
    assert "row 'ISG15', column 's1': '1,5'" in message
    assert "decimal comma" in message


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(("row", "n", "word"), [("MX1,3,40,9", 4, "many"), ("MX1,3", 2, "few")])
def test_ragged_rows(text, row, n, word, quote):
    row = row.replace("MX1", f"{quote}MX1{quote}")
    message = text("# comment\n" + CSV.replace("MX1,3,40", row))
    assert f"line 5: {n} fields where 3 are expected (too {word})" in message


def test_short_row_among_missing_values(text):
    message = text("gene,s1,s2\nIFI44L,1,NA\nISG15,2,\nMX1,3\nRSAD2,4,50\n")
    assert "line 4: 2 fields where 3 are expected" in message


def test_short_last_row_of_a_cut_file(text):
    content = CSV.replace(",", "\t").removesuffix("\t50\n")
    assert "line 5: 2 fields where 3 are expected" in text(content, "m.tsv")


def test_ragged_whitespace(text):
    assert "line 3: 2 fields where 3" in text("gene  s1 s2\nIFI44L 1 2\nISG15 1\nMX1 1 2\n", "m.txt")


def test_header_that_does_not_fit(text):
    assert "the header has 5 fields, but the rows have 3" in text("gene,a,b,c,d\nISG15,1,2\nMX1,1,2\n")


def test_open_quote(text):
    assert "quote" in text('gene,s1,s2\nISG15,1,2\n"MX1,3,4\nIFI6,5,6\n')


def test_no_header(text):
    message = text("IFI44L,1,20\nISG15,2,30\nMX1,3,40\n")
    assert "no header line (the first line, 'IFI44L', is already data)" in message


def test_no_sample_names(text):
    assert "no column of sample names: the first column, 'ISG15'" in text("ISG15,MX1,IFI6\n1.5,2,3\n4.5,5,6\n")


def test_nameless_sample(text):
    assert "column 3 has no sample name" in text("gene,s1,,s3\nISG15,1,2,3\nMX1,1,2,3\n")


def test_duplicate_samples_are_named(text):
    assert "duplicate sample names: s1; " in text(CSV.replace("s2", "s1"))
    assert "duplicate sample names: a; " in text("sample,ISG15,MX1\na,1,2\na,3,4\nb,5,6\n")


def test_words_only(text):
    assert "no column of numbers" in text("gene,a\nISG15,x\nMX1,y\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "spreadsheet or zip archive: give a workbook the ending .xlsx"),
        (b"\x89HDF\r\n\x1a\n rest", "an HDF5 file: give it the ending .h5ad"),
        (b"PAR1rest", "give it the ending .parquet"),
        (gzip.compress(b"RDX3\nX\n", mtime=0), "R data file"),
        (b"gene,s1\n\0\0\0", "this is not text but binary data"),
    ],
)
def test_binary_under_a_text_ending(text, content, words):
    assert words in text(content)


def test_truncated_or_damaged_compression(text):
    import zstandard
    content = CSV.encode() * 50
    for ending, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("zst", zstandard.ZstdCompressor().compress)):
        packed = pack(content)
        assert "truncated" in text(packed[: len(packed) // 2], f"m.csv.{ending}")
        damaged = packed[:20] + bytes(b ^ 0xFF for b in packed[20:30]) + packed[30:]
        assert "damaged" in text(damaged, f"m.csv.{ending}")


def test_unknown_ending(text):
    message = text("x", "m.docx")
    assert "'.docx' is no known format; known are" in message
    assert ".h5ad" in message


def test_no_known_identifiers(text):
    message = text("id,a,b\n1007_s_at,1,2\n1053_at,3,4\n117_at,5,6\n")
    assert "no catalogue gene among the 3 identifiers ('1007_s_at'" in message
    assert "another species (mouse" in text("id,a\nENSMUSG00000051951,1\nENSMUSG00000102851,2\n")


def test_mouse_symbols(text):
    assert "mouse genes" in text("gene,a,b\nIsg15,1,2\nMx1,1,2\nGm1992,2,3\nOas1a,3,4\nStat1,1,2\n")


def test_folder_of_no_known_layout(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    message = refused(folder)
    assert "it is empty. Known layouts: " in message
    for known in ("10x_folder", "zarr", "files of htseq"):
        assert known in message
    (folder / "a.csv").write_text(CSV)
    (folder / "b.pdf").write_text("x")
    assert "it holds a.csv, b.pdf; give the matrix itself, one of its files (a.csv)" in refused(folder)


@pytest.fixture
def h5ad(tmp_path):
    def _h5ad(name="m.h5ad", **parts):
        path = tmp_path / name
        adata = ad.AnnData(X=np.ones((2, 2), dtype=np.float32))
        adata.var_names, adata.obs_names = ["ISG15", "MX1"], ["a", "b"]
        adata.write_h5ad(path)
        return path

    return _h5ad


def test_truncated_h5ad(h5ad):
    path = h5ad()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "cut off (truncated): copy or download it again" in refused(path)


def test_corrupt_h5ad(h5ad):
    path = h5ad()
    with h5py.File(path, "r+") as file:
        del file["obs"].attrs["_index"]
    assert "damaged" in refused(path)
    path.write_bytes(b"not hdf5 at all")
    assert "not a readable HDF5 file" in refused(path)


def test_hdf5_that_is_not_anndata(tmp_path):
    for name in ("m.h5ad", "m.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            file["foo"] = np.ones(3)
        assert "AnnData" in refused(tmp_path / name)
        assert "it holds foo" in refused(tmp_path / name)


def test_endings_of_hdf5_swapped(h5ad, tmp_path):
    assert "give it the ending .h5ad" in refused(h5ad("m.h5"))
    with h5py.File(tmp_path / "x.h5ad", "w") as file:
        file.create_group("matrix")
    assert "10x; give it the ending .h5" in refused(tmp_path / "x.h5ad")


def test_object_x(h5ad):
    path = h5ad()
    with h5py.File(path, "r+") as file:
        del file["X"]
        file["X"] = np.array([["a", "b"], ["c", "d"]], dtype=h5py.string_dtype())
        file["X"].attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})
    assert "not numbers: store it as float or integer" in refused(path)


def test_missing_x_names_the_layers(tmp_path):
    adata = ad.AnnData(shape=(2, 2), layers={"counts": np.ones((2, 2))})
    adata.var_names, adata.obs_names = ["ISG15", "MX1"], ["a", "b"]
    adata.write_h5ad(tmp_path / "m.h5ad")
    assert "X, the expression matrix, is missing; choose a layer: 'counts'" in refused(tmp_path / "m.h5ad")
    assert "no layer 'raw'; the layers are 'counts'" in refused(tmp_path / "m.h5ad", layer="raw")
    adata = loaders.read(tmp_path / "m.h5ad", layer="counts")
    assert adata.uns["ifnscore"]["input"]["scale"] == "counts"


@pytest.mark.parametrize(("shape", "words"), [((0, 2), "0 samples"), ((2, 0), "0 genes")])
def test_nothing_in_it(tmp_path, shape, words):
    ad.AnnData(X=np.ones(shape, dtype=np.float32)).write_h5ad(tmp_path / "m.h5ad")
    assert words in refused(tmp_path / "m.h5ad")


def test_duplicate_samples_in_h5ad(tmp_path):
    adata = ad.AnnData(X=np.ones((3, 1), dtype=np.float32))
    adata.var_names, adata.obs_names = ["ISG15"], ["a", "b", "a"]
    adata.write_h5ad(tmp_path / "m.h5ad")
    assert "duplicate sample names: a;" in refused(tmp_path / "m.h5ad")


def test_zarr_that_is_not_anndata(tmp_path):
    zarr.open_group(str(tmp_path / "m.zarr"), mode="w").create_group("other")
    assert "not an AnnData zarr: obs and var missing (it holds" in refused(tmp_path / "m.zarr")
    (tmp_path / "e.zarr").mkdir()
    assert "not an AnnData zarr" in refused(tmp_path / "e.zarr")


def test_corrupt_parquet(tmp_path):
    path = tmp_path / "m.parquet"
    path.write_bytes(b"PAR1 nonsense")
    assert "truncated or damaged" in refused(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"scale": "log"}, "unknown scale 'log'"), ({"orientation": "rows"}, "unknown orientation 'rows'")],
)
def test_wrong_arguments(tmp_path, options, words):
    (tmp_path / "m.csv").write_text(CSV)
    message = refused(tmp_path / "m.csv", kind=UsageError, **options)
    assert words in message


def test_stdin_twice():
    assert "only once" in refused("-", "-", kind=UsageError)
