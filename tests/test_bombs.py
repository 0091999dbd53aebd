"""What expands without end or declares absurd sizes is refused early, in one line, with bounded memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys

import h5py
import numpy as np
import pytest
import zstandard
from tests import bombs

import ifnscore as ifn
from ifnscore import signatures
from ifnscore.errors import DataError, UsageError
from ifnscore.loaders import _bounds, _files

#: Resident memory in MiB; Python with all libraries takes about 350, text up to the bound 256.
MOST = 1200


@pytest.fixture(params=bombs.ALL)
def bomb(request, tmp_path):
    name, make, words = bombs.ALL[request.param]
    make(tmp_path / name)
    return tmp_path / name, words


def refused(path, **options):
    with pytest.raises(DataError) as error:
        ifn.read(path, **options)
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text


def test_bombs_are_refused_with_the_place(bomb):
    path, words = bomb
    assert words in refused(path)


@pytest.mark.parametrize("name", ["gzip", "h5ad, dense, declared", "parquet, run lengths", "2 million columns"])
def test_memory_stays_bounded(tmp_path, name):
    """The whole command, measured by the system; all bombs are measured in `make reliability`."""
    ending, make, _ = bombs.ALL[name]
    make(tmp_path / ending)
    words = [sys.executable, "-c", bombs.MEASURED, "inspect", str(tmp_path / ending)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert int(ended.stdout.split("peak ")[1]) / 1024 < MOST


def test_a_pipe_without_end_is_refused_at_once():
    run = subprocess.run(
        f"{sys.executable} -m ifnscore score - < /dev/zero", shell=True, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 1
    assert run.stderr == (
        "ifnscore: error: stdin: this is not text but binary data: give the file the ending of its real format\n"
    )


def test_a_pipe_of_endless_text_stops_at_the_limit(monkeypatch):
    monkeypatch.setenv(_bounds.VARIABLE, "40M")
    run = subprocess.run(
        f"yes 'ISG15,1,2' | {sys.executable} -m ifnscore score -", shell=True, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 1
    assert run.stderr.startswith("ifnscore: error: stdin: needs more than 40 MiB of memory, the limit; if it is what you want")
    assert run.stderr.count("\n") == 1


def test_the_variable_replaces_both_rules(tmp_path, monkeypatch):
    """300 MB of a real, very repetitive table: refused by the ratio, read when the user says so."""
    path = tmp_path / "m.tsv.gz"
    header = b"gene\t" + b"\t".join(b"s%d" % i for i in range(20_000)) + b"\n"
    rows = b"".join(b"G%d" % i + b"\t0" * 20_000 + b"\n" for i in range(100))
    path.write_bytes(gzip.compress(header + b"ISG15" + b"\t1" * 20_000 + b"\n") + gzip.compress(rows) * 80)
    assert "over 500-fold" in refused(path)
    assert "set the environment variable IFNSCORE_MAX_BYTES (such as IFNSCORE_MAX_BYTES=40G)" in refused(path)
    monkeypatch.setenv(_bounds.VARIABLE, "1G")
    assert len(_files.read_text(path)) > 300e6
    monkeypatch.setenv(_bounds.VARIABLE, "100MB")
    assert "needs more than 100 MiB of memory, the limit" in refused(path)
    monkeypatch.setenv(_bounds.VARIABLE, "much")
    with pytest.raises(UsageError, match="IFNSCORE_MAX_BYTES='much' is no size; write a number of bytes, or such as 500M or 40G"):
        ifn.read(path)


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("2k", 2048), ("1.5 GiB", 3 << 29), ("7MB", 7 << 20), ("3t", 3 << 40)])
def test_sizes_in_words(monkeypatch, text, size):
    monkeypatch.setenv(_bounds.VARIABLE, text)
    assert _bounds.limit() == size


PACKERS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "zst": zstandard.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_what_is_honest_is_read_to_the_last_byte(tmp_path, ending):
    """Several members in one file, longer than a block, and nothing compressible."""
    pack = PACKERS[ending]
    content = np.random.default_rng(1).bytes(3_000_000)
    (tmp_path / "x").write_bytes(pack(content) + pack(b"") + pack(content[:1000]))
    assert _files.read_bytes(tmp_path / "x") == content + content[:1000]


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_cut_off_at_any_place(tmp_path, ending, share):
    packed = PACKERS[ending](np.random.default_rng(1).bytes(300_000))
    (tmp_path / "x").write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(DataError, match=r"truncated"):
        _files.read_bytes(tmp_path / "x")


def spoiled(key, values):
    def change(file):
        del file[f"X/{key}"]
        file[f"X/{key}"] = np.asarray(values)

    return change


N = bombs.tiny().X.nnz
POINTERS = bombs.tiny().X.indptr


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("indices", np.full(N, 20), "indices run from 20 to 20, outside of 0 to 19"),
        ("indices", np.full(N, -1), "outside of 0 to 19"),
        ("indices", np.zeros(N - 1, int), f"{N} values, but {N - 1} indices"),
        ("indptr", POINTERS[:-1], "indptr has 6 entries where 7 belong"),
        ("indptr", POINTERS[[0, 2, 1, 3, 4, 5, 6]], "indptr decreases"),
        ("indptr", [*POINTERS[:-1], N + 5], f"indptr runs from 0 to {N + 5}, not from 0 to the {N} values"),
        ("indptr", [-1, *POINTERS[1:]], "indptr runs from -1"),
        ("indptr", [POINTERS], "must be one-dimensional"),
    ],
)
def test_sparse_matrices_that_do_not_fit(tmp_path, key, values, words):
    path = tmp_path / "m.h5ad"
    bombs.h5ad(spoiled(key, values))(path)
    text = refused(path)
    assert words in text
    assert "the sparse matrix" in text


@pytest.mark.parametrize("where", ["layers/a", "obsp/a", "varm/a", "raw/X"])
def test_sparse_matrices_elsewhere(tmp_path, where):
    path = tmp_path / "m.h5ad"
    made = bombs.tiny()
    made.raw = made
    made.layers["a"] = made.X.copy()
    made.obsp["a"] = made.X[:, :6].tocsr()
    made.varm["a"] = made.X.T.tocsr()
    made.write_h5ad(path)
    with h5py.File(path, "r+") as file:
        file[f"{where}/indices"][0] = 10_000
    assert "outside of 0 to" in refused(path)


def test_sparse_10x_that_does_not_fit(tmp_path):
    path = tmp_path / "m.h5"
    bombs.tenx_h5(path, lambda parts: parts.update(indices=parts["indices"] + 1000))
    assert "the sparse matrix X is damaged: indices run from 1" in refused(path)


def test_every_name_the_same_long_string(tmp_path, monkeypatch):
    """The declared size of texts says nothing: HDF5 stores where they lie. They are counted while they are read."""
    path = tmp_path / "m.h5ad"

    made = bombs.tiny()
    made.uns["long"] = np.array(["x" * 10_000] * 3000, dtype=object)
    made.write_h5ad(path)
    assert ifn.read(path).n_obs == 6
    monkeypatch.setenv(_bounds.VARIABLE, "20M")
    assert "the dataset 'uns/long' (3000) needs more than 20 MiB of memory" in refused(path)


def test_gmt_with_a_million_genes_in_a_line(tmp_path):
    path = tmp_path / "m.gmt"
    path.write_text("a\tb\tISG15\n" + "a\tb" + "\tG" * 1_000_000 + "\n")
    with pytest.raises(DataError, match="line 2: 1000002 fields; a signature has at most 100000 genes"):
        signatures.resolve(str(path))


def test_the_longest_gene_list_is_read_in_time(tmp_path):
    path = tmp_path / "m.gmt"
    path.write_text("a\tb\t" + "\t".join(f"G{i}" for i in range(99_000)) + "\n")
    assert len(signatures.resolve(str(path))[0].up) == 99_000


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m.gmt", "a\tb\tISG15\n" * 100_001, "line 100001: over 100000 signatures in one file"),
        ("m.toml", "x = " + "1" * 5000, "not valid TOML"),
        ("m.toml", "x = " + "[" * 100_000, "not valid TOML: lists or tables too deep inside one another"),
        ("m.toml", "#" * (5 << 20), "over 4 MiB, and no file of signatures is so long"),
        ("m.toml", "[" + "a." * 2000 + "b]\n", "a signature needs a"),
        ("m.gmt", "a" * (130 << 20), "over 128 MiB"),
    ],
)
def test_signature_files_without_measure(tmp_path, name, content, words):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as error:
        signatures.resolve(str(tmp_path / name))
    assert words in str(error.value)


def test_an_endless_signature_file(tmp_path):
    (tmp_path / "m.gmt").symlink_to("/dev/zero")
    with pytest.raises(DataError, match="over 128 MiB"):
        signatures.resolve(str(tmp_path / "m.gmt"))


def test_zip_archives(tmp_path):
    import zipfile

    path = tmp_path / "a.zip"
    for change, words in (
        (lambda a: [a.writestr(str(i), b"") for i in range(10_001)], "10001 files in one archive; 10000 are read at most"),
        (lambda a: a.writestr("x", b"content"), None),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            change(archive)
        if words is None:
            _bounds.check_zip(path, "a.zip")
            continue
        with pytest.raises(DataError, match=words):
            _bounds.check_zip(path, "a.zip")
    data = bytearray(path.read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="encrypted; save it without a password"):
        _bounds.check_zip(path, "a.zip")
    for junk in (b"", b"PK\x03\x04", path.read_bytes()[:-5]):
        path.write_bytes(junk)
        with pytest.raises(DataError, match="not a readable zip archive"):
            _bounds.check_zip(path, "a.zip")


def test_stdin_that_expands(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(bombs.BLOCK) * 64)))
    with pytest.raises(DataError, match="stdin: expands to .* or more from .*, over 500-fold: a decompression bomb"):
        ifn.read("-")
