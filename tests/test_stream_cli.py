"""``ifnscore score`` on files that are not read whole: the same output, bounded memory, nothing half-written."""

from __future__ import annotations

import io
import shutil

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from tests.test_stream import CONTROLS, SETS, cells

import ifnscore as ifn
from ifnscore import _formulas, loaders
from ifnscore.cli import _output
from ifnscore.loaders import _lazily, _on_demand

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")


@pytest.fixture
def files(tmp_path):
    """Cells in every layout, sets and annotations."""
    adata = cells()
    adata.obs["named"] = [f"n{i}" for i in range(adata.n_obs)]
    adata.layers["half"] = adata.X * 0.5
    adata.write_h5ad(tmp_path / "csr.h5ad", compression="gzip")
    adata.write_zarr(tmp_path / "csr.zarr")
    for form in ("csc", "dense"):
        other = adata.copy()
        other.X = other.X.toarray() if form == "dense" else other.X.tocsc()
        other.write_h5ad(tmp_path / f"{form}.h5ad")
    (tmp_path / "sets.gmt").write_text("".join(f"{k}\tna\t" + "\t".join(v) + "\n" for k, v in SETS.items()))
    (tmp_path / "more.csv").write_text("sample_id,arm\n" + "".join(f"c{i:03d},{'AB'[i % 2]}\n" for i in range(60)))
    return tmp_path


@pytest.fixture
def lazily(monkeypatch):
    """Let every file count as a large one."""
    for name in ("LARGE", "MANY", "SMALL"):
        monkeypatch.setattr(_lazily, name, 0)
    monkeypatch.setattr("ifnscore.tl.DETAIL_LIMIT", 0)
    monkeypatch.setattr("ifnscore.tl._score.DETAIL_LIMIT", 0)
    monkeypatch.setattr("ifnscore.cli._output.ROWS", 11)
    monkeypatch.setattr(_on_demand, "STEP", 13)


@pytest.fixture
def twice(run, files, monkeypatch):
    """Run a line in memory and lazily and return both: exit code, stdout, stderr and the output file."""

    def both(*line, output=None):
        found = []
        monkeypatch.setattr("ifnscore.tl._score.DETAIL_LIMIT", 0)
        for large in (1 << 60, 0):
            for name in ("LARGE", "MANY", "SMALL"):
                monkeypatch.setattr(_lazily, name, large)
            monkeypatch.setattr("ifnscore.tl.DETAIL_LIMIT", large)
            monkeypatch.setattr("ifnscore.cli._output.ROWS", 11)
            monkeypatch.setattr(_on_demand, "STEP", 13)
            target = files / f"out.{output}" if output else None
            code, out, err = run("score", *line, *(["-o", target, "--force"] if target else []))
            read = _content(target) if target and target.exists() else None
            if target and target.exists():
                shutil.rmtree(target) if target.is_dir() else target.unlink()
            said = sorted(err.splitlines())  # what is met on the way is said later than what was looked for before
            found.append((code, out, said, read))
        return found

    return both


def _content(path):
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix in {".h5ad", ".zarr"}:
        return ad.read_h5ad(path) if path.suffix == ".h5ad" else ad.read_zarr(path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["csr.h5ad", "csc.h5ad", "dense.h5ad", "csr.zarr"])
@pytest.mark.parametrize(
    "options",
    [
        ["-m", "ucell"],
        ["-m", "ucell", "--long"],
        ["-m", "mean_linear", "--chunk-size", "7"],
        ["--controls", CONTROLS, "--donor", "donor", "--reference-by", "tissue", "-m", "zref_mean", "--long"],
        ["--controls", CONTROLS, "-m", "singscore", "--long"],
    ],
    ids=["wide", "long", "column", "controls", "rank_controls"],
)
def test_a_table_is_the_same(twice, files, name, options):
    """Every byte and every message: values, names, signature-level columns, cut-offs, order of rows."""
    one, other = twice(files / name, "-s", files / "sets.gmt", "--min-coverage", "0.5", *options, output="tsv")
    assert one[0] == 0
    if "mean_linear" in options:  # sums may be rounded otherwise
        a, b = (pd.read_csv(io.BytesIO(r[3]), sep="\t") for r in (one, other))
        pd.testing.assert_frame_equal(a, b, rtol=1e-12)
    else:
        assert one[3] == other[3]
    assert one[2] == other[2]
    assert not [p for p in files.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("output", ["csv", "parquet", "h5ad", "zarr", None])
@pytest.mark.parametrize("long_", [False, True])
def test_every_output(twice, files, output, long_):
    options = ["--controls", CONTROLS, "-m", "ucell", *(["--long"] if long_ else [])]
    one, other = twice(files / "csr.h5ad", "-s", files / "sets.gmt", *options, output=output)
    assert one[:3] == other[:3]
    if output == "parquet":
        pd.testing.assert_frame_equal(one[3], other[3])
    elif output in {"h5ad", "zarr"}:
        assert_same_scored(one[3], other[3])
    else:
        assert one[3] == other[3]


def assert_same_scored(one, other):
    assert (one.X != other.X).nnz == 0
    pd.testing.assert_frame_equal(one.obs, other.obs, check_dtype=False, check_categorical=False)
    assert list(one.var_names) == list(other.var_names)
    assert list(one.obsm) == list(other.obsm)
    for key in one.obsm:
        pd.testing.assert_frame_equal(one.obsm[key], other.obsm[key])
    assert one.uns["ifnscore"]["ifn_ucell"]["provenance"] == other.uns["ifnscore"]["ifn_ucell"]["provenance"]
    assert one.uns["ifnscore"]["input"] == other.uns["ifnscore"]["input"]


@pytest.mark.parametrize(
    "options",
    [
        ["--samples", "more.csv", "--controls", "arm == 'A'", "-m", "zref_mean"],
        ["--layer", "half", "--scale", "linear", "-m", "ucell"],
        ["--pseudobulk", "donor,tissue", "-m", "ucell"],
        ["--pseudobulk", "donor", "--controls", CONTROLS],
        ["--controls", "nothing == 1"],
        ["--controls", "group == 'nobody'"],
        ["--reference-by", "nothing", "--controls", CONTROLS],
        ["--donor", "nothing", "--controls", CONTROLS],
        ["--layer", "nothing"],
        ["--symbol-column", "nothing"],
        ["--pseudobulk", "nothing"],
        ["--scale", "log1p", "-m", "ucell"],
        ["-m", "zref_mean"],
        ["--species", "mouse", "-m", "ucell"],
        ["-m", "ssgsea", "--param", "normalise=true", "--json"],
    ],
    ids=lambda o: "_".join(w.strip("-") for w in o[:2]) + str(len(o)),
)
def test_options_and_errors_are_the_same(twice, files, options, monkeypatch):
    monkeypatch.chdir(files)
    one, other = twice("csr.h5ad", "-s", "sets.gmt", "--min-coverage", "0.5", *options, output="tsv")
    assert one == other


def test_names_are_guarded_once(run, files, lazily):
    adata = ad.read_h5ad(files / "csr.h5ad")
    adata.obs_names = ["=cmd()", *adata.obs_names[1:-1], "@x"]
    adata.write_h5ad(files / "risky.h5ad")
    code, _, err = run("score", files / "risky.h5ad", "-m", "ucell", "-s", files / "sets.gmt", "-o", files / "o.csv")
    assert code == 0
    assert err.count("an apostrophe stands before 2 cell(s)") == 1
    rows = (files / "o.csv").read_text().splitlines()
    assert rows[1].startswith("'=cmd(),")
    assert rows[-1].startswith("'@x,")


def test_guarding_looks_at_every_kind_of_cell():
    """The quick look passes nothing that the slow one would change."""
    risky = ["=a", " +b", "'@c", "-d", "\tx", "＝e", "x\n=y"]
    for text in [*risky, "a=b", "-1.5", "", "x"]:
        table = pd.DataFrame({"a": ["k", text, None], "b": [1.0, 2.0, np.nan], "c": pd.Categorical(["x", text, "x"])})
        written = _formulas.guarded(table)
        expected = [_formulas.guard(c) for c in ["k", text]]
        assert list(written["a"])[:2] == expected
        assert list(written["c"]) == ["x", expected[1], "x"]
        pd.testing.assert_frame_equal(_formulas.unguarded(written), table, check_dtype=False, check_categorical=False)


def test_nothing_is_left_of_a_refused_file(run, files, lazily, monkeypatch):
    """A scale that turns out wrong late in the file: one line with sample and gene, no output, no rest."""
    adata = ad.read_h5ad(files / "csr.h5ad")
    x = adata.X.tolil()
    x[55, 4] = 0.5
    adata.X = x.tocsr()
    adata.write_h5ad(files / "late.h5ad")
    monkeypatch.setattr("ifnscore.sources.head", lambda source: source.rows(0, 10))
    before = sorted(files.iterdir())
    code, out, err = run("score", files / "late.h5ad", "-m", "ucell", "-s", files / "sets.gmt", "-o", files / "o.tsv", "--chunk-size", "9")
    assert (code, out) == (1, "")
    assert f"error: {files}/late.h5ad: 0.5 is no whole number" in err
    assert f"(sample c055, gene {adata.var_names[4]})" in err
    assert sorted(files.iterdir()) == before


@pytest.mark.parametrize("how", ["names", "columns", "shape", "values", "index"])
def test_damaged_files_end_in_one_line(run, files, lazily, how):
    with h5py.File(files / "csr.h5ad", "a") as file:
        if how == "names":
            names = file["obs/_index"][:]
            names[5] = names[4]
            file["obs/_index"][:] = names
        elif how == "columns":
            del file["X/indices"]
        elif how == "shape":
            file["X"].attrs["shape"] = np.array([59, file["X"].attrs["shape"][1]])
        elif how == "values":
            file["X/indices"][3] = 1 << 20
        else:
            del file["obs"].attrs["_index"]
    code, out, err = run("score", files / "csr.h5ad", "-m", "ucell", "-s", files / "sets.gmt", "-o", files / "o.tsv", "-q")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert f"{files}/csr.h5ad" in err
    assert err.count("csr.h5ad") == 1
    assert not (files / "o.tsv").exists()


def test_a_chunk_that_no_memory_holds_is_refused(run, files, lazily, monkeypatch):
    with h5py.File(files / "csr.h5ad", "a") as file:
        n = file["X/data"].shape[0]
        for name in ("data", "indices"):
            kind = file["X"][name].dtype
            del file["X"][name]
            file["X"].create_dataset(name, (n,), maxshape=(None,), chunks=(1 << 28,), dtype=kind, compression="gzip")
    monkeypatch.setenv("IFNSCORE_MAX_BYTES", "500M")
    code, _, err = run("score", files / "csr.h5ad", "-m", "ucell", "-s", files / "sets.gmt", "-q")
    assert code == 1
    assert "needs more than 500 MiB of memory" in err


def test_what_is_opened_lazily(files, monkeypatch):
    def opened(name, layer=None):
        return _lazily.read(files / name, scale=None, symbol_column=None, layer=layer, species="human")

    assert opened("csr.h5ad") is None
    monkeypatch.setattr(_lazily, "SMALL", 0)
    monkeypatch.setattr(_lazily, "MANY", 60)
    for name in ("csr.h5ad", "csr.zarr", "dense.h5ad"):
        found = opened(name)
        assert isinstance(found, loaders.Lazy)
        assert found.shape == (60, cells().n_vars)
        assert found.obs_names[3] == "c003"
        found.close()
    assert opened("sets.gmt") is None
    assert opened("nothing.h5ad") is None


def test_names_and_columns_on_demand(files, lazily):
    adata = ad.read_h5ad(files / "csr.h5ad")
    adata.obs["score"] = pd.array([1, None, *range(58)], dtype="Int64")
    adata.obs["word"] = pd.array(["a", None] * 30, dtype="string").astype(object)
    adata.obs["word"] = adata.obs["word"].astype("category")
    adata.obs["yes"] = [True, False] * 30
    adata.write_h5ad(files / "m.h5ad")
    found = _lazily.read(files / "m.h5ad", scale=None, symbol_column=None, layer=None, species="human")
    assert list(found.obs_names) == list(adata.obs_names)
    assert list(found.obs_names[7:31]) == list(adata.obs_names[7:31])
    assert found.obs_names[7:31][-1] == "c030"
    assert found.obs_names.is_unique
    for column in adata.obs:
        assert found.obs[column].astype(object).tolist()[2:] == adata.obs[column].astype(object).tolist()[2:]
        assert found.obs[column].isna().tolist() == adata.obs[column].isna().tolist()
        parts = [p for _, p in found.obs.slices(column)]
        assert pd.concat(parts).isna().tolist() == adata.obs[column].isna().tolist()
    pd.testing.assert_frame_equal(found.obs.to_memory(), adata.obs, check_dtype=False, check_categorical=False, check_names=False)
    part = found[3:9]
    assert list(part.obs_names) == list(adata.obs_names[3:9])
    assert part.obs["tissue"].tolist() == adata.obs["tissue"].tolist()[3:9]
    found.close()


def test_the_time_of_a_hash_is_no_proof(monkeypatch):
    """Names with the same hash are compared themselves."""
    monkeypatch.setattr(pd.util, "hash_array", lambda part: np.array([len(n) for n in part], dtype=np.uint64))
    words = type("W", (), {"read": lambda self, a, b: np.array(["a", "b", "cc", "a", "dd"][a:b], dtype=object), "__len__": lambda self: 5})()
    assert _on_demand.Names(words).repeated() == ["a"]
    assert _on_demand.Names(words, 0, 3).repeated() == []


def test_parquet_in_parts(tmp_path):
    """A column without a value in the first part is what it is in the others."""
    parts = [
        pd.DataFrame({"sample": ["a", "b"], "above": [None, None], "x": [1.0, 2.0]}),
        pd.DataFrame({"sample": ["c"], "above": pd.Series([True], dtype=object), "x": [np.nan]}),
    ]
    _output.write_parts(iter(parts), tmp_path / "o.parquet", force=False)
    found = pd.read_parquet(tmp_path / "o.parquet")
    assert found["above"].tolist() == [None, None, True]
    assert found["x"].tolist()[:2] == [1.0, 2.0]


def test_a_large_file_through_the_verbs(files, lazily):
    """What the command line reads lazily, the verbs take as well."""
    found = _lazily.read(files / "csr.h5ad", scale=None, symbol_column=None, layer=None, species="human")
    ifn.tl.score(found, SETS, method="ucell")
    adata = ad.read_h5ad(files / "csr.h5ad")
    ifn.tl.score(adata, SETS, method="ucell")
    pd.testing.assert_frame_equal(ifn.get.scores(found), ifn.get.scores(adata))
    found.close()
