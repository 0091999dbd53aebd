"""A small scored file written part by part is the one that is made in memory, and whole or absent."""

from __future__ import annotations

import logging
import os
import resource
import signal

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.test_stream import CONTROLS, SETS, cells

import ifnscore as ifn
from ifnscore import loaders, scored
from ifnscore.errors import DataError
from ifnscore.loaders import _lazily, _on_demand
from ifnscore.scored import _arrays, _column, _disk, _parts

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
LAYOUTS = ("csr.h5ad", "csc.h5ad", "dense.h5ad", "csr.zarr", "dense.zarr")


@pytest.fixture
def small_parts(monkeypatch):
    """Let every file count as large, and every part hold a few samples."""
    for name in ("LARGE", "MANY", "SMALL"):
        monkeypatch.setattr(_lazily, name, 0)
    monkeypatch.setattr(_on_demand, "STEP", 13)
    monkeypatch.setattr(_arrays, "ROWS", 31)
    monkeypatch.setattr(_arrays, "VALUES", 500)
    monkeypatch.setattr("ifnscore.sources._base.ROWS", 11)
    monkeypatch.setattr("ifnscore.tl._score.DETAIL_LIMIT", 0)


def annotated():
    """Return cells with every kind of annotation that a file can hold."""
    adata = cells()
    n = adata.n_obs
    adata.obs["named"] = [f"n{i}" for i in range(n)]
    adata.obs["cluster"] = [str(i % 12) for i in range(n)]
    adata.obs["cluster"] = adata.obs["cluster"].astype("category").cat.reorder_categories([str(i) for i in range(11, -1, -1)], ordered=True)
    adata.obs["plate"] = [f"P{i % 11}" for i in range(n)]
    adata.obs["count"] = pd.array([None if i == 40 else i for i in range(n)], dtype="Int64")
    adata.obs["doubtful"] = pd.array([None if i == 3 else i % 2 == 0 for i in range(n)], dtype="boolean")
    adata.obs["kept"] = np.arange(n) % 3 == 0
    adata.obs["share"] = np.where(np.arange(n) == 5, np.nan, np.arange(n) / 7).astype(np.float32)
    adata.obs["gap"] = pd.Categorical([None if i % 4 else "x" for i in range(n)])
    adata.obs["patient name"] = [f"Eva {i}" for i in range(n)]
    adata.obs["drawn"] = ["unknown"] * (n - 1) + ["born 4 March 2011"]
    adata.obs["day_number"] = [20210304.0] * n
    adata.obs["by"] = ["A.B."] * n
    adata.obs["route"] = ["A.B."] * (n - 1) + ["iv"]
    return adata


def on_disk(adata, layout, folder):
    form, ending = layout.split(".")
    made = adata.copy()
    made.X = made.X.toarray() if form == "dense" else made.X.asformat(form)
    path = folder / layout
    made.write_h5ad(path) if ending == "h5ad" else made.write_zarr(path)
    return path


def lazily(path):
    found = _lazily.read(path, scale=None, symbol_column=None, layer=None, species="human")
    assert isinstance(found, loaders.Lazy)
    return found


def read(path):
    return ad.read_h5ad(path) if path.suffix == ".h5ad" else ad.read_zarr(path)


def both(path, folder, output, *, spilled=False, **how):
    """Return the scored file made in memory and the one written part by part."""
    one, other = folder / f"one{output}", folder / f"other{output}"
    streamed = lazily(path)
    streamed.keep_scores()
    streamed.scratch = folder if spilled else None
    ifn.tl.score(streamed, SETS, **{"method": "ucell", **how})
    scored.write(streamed, other)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LARGE", "MANY", "SMALL"):
            patch.setattr(_lazily, name, 1 << 60)
        whole = ifn.read(path)
        ifn.tl.score(whole, SETS, **{"method": "ucell", **how})
        scored.write(whole, one)
    streamed.close()
    return read(one), read(other)


def _plain_text(obs):
    """Return annotations with text as objects: pandas 3 has a type for it, which anndata 0.13 writes as text that can be missing."""
    return obs.astype({c: object for c in obs if isinstance(obs[c].dtype, pd.StringDtype)})


def assert_same(one, other):
    """Values, types, order: nothing differs but the type of pointers."""
    assert type(one.X) is type(other.X)
    assert one.X.dtype == other.X.dtype
    if sparse.issparse(one.X):
        assert np.array_equal(one.X.indices, other.X.indices)
        assert np.array_equal(one.X.indptr, other.X.indptr)
        assert np.array_equal(one.X.data, other.X.data)
    else:
        assert np.array_equal(one.X, other.X)
    pd.testing.assert_frame_equal(_plain_text(one.obs), _plain_text(other.obs))
    pd.testing.assert_frame_equal(one.var, other.var)
    assert list(one.obsm) == list(other.obsm)
    for key in one.obsm:
        pd.testing.assert_frame_equal(one.obsm[key], other.obsm[key])
    assert list(one.uns["ifnscore"]) == list(other.uns["ifnscore"])
    for key, record in one.uns["ifnscore"].items():
        for name in record if isinstance(record, dict) else ():
            a, b = record[name], other.uns["ifnscore"][key][name]
            pd.testing.assert_frame_equal(a, b) if isinstance(a, pd.DataFrame) else None
            assert isinstance(a, pd.DataFrame) or a == b
    for part in ("layers", "varm", "obsp", "varp"):
        assert not [k for k in getattr(other, part) if k is not None]


@pytest.mark.parametrize(("layout", "output"), [*((k, ".h5ad") for k in LAYOUTS), ("csr.h5ad", ".zarr"), ("dense.zarr", ".zarr")])
def test_every_layout(tmp_path, small_parts, layout, output):
    path = on_disk(annotated(), layout, tmp_path)
    one, other = both(path, tmp_path, output, spilled=True, controls=CONTROLS)
    assert_same(one, other)
    assert not {"patient name", "drawn", "day_number", "by"} & set(other.obs)
    assert {"route", "named", "kept"} <= set(other.obs)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_tables_beside_the_scores(tmp_path, small_parts):
    """Details, p values of random sets and controls given as a mask are in memory and go over as well."""
    path = on_disk(cells(), "csr.h5ad", tmp_path)
    mask = cells().obs["group"].to_numpy() == "healthy"
    one, other = both(path, tmp_path, ".h5ad", method="zref_mean", controls=mask, detail=True, null=3, rng=1, min_coverage=0.1)
    assert_same(one, other)
    assert set(other.obsm) == {f"ifn_zref_mean{end}" for end in ("", "_detail", "_null", "_controls")}


def test_a_scored_file_is_scored_again(tmp_path, small_parts):
    """Earlier scores, and library sizes over all genes, are read from the file and kept."""
    adata = ifn.read(on_disk(cells(), "csr.h5ad", tmp_path))
    adata.obs.index.name = "barcode"
    ifn.tl.score(adata, SETS, method="ucell", detail=True)
    scored.write(adata, tmp_path / "s.h5ad")
    one, other = both(tmp_path / "s.h5ad", tmp_path, ".h5ad", spilled=True, method="mean_log", min_coverage=0.1)
    assert_same(one, other)
    assert set(other.obsm) == {"ifn_ucell", "ifn_ucell_detail", "ifn_mean_log"}
    assert other.obs.index.name == "barcode"
    assert not np.allclose(other.obs["ifn_library_size"], np.asarray(other.X.sum(axis=1)).ravel())


def test_joined_annotations(tmp_path, small_parts):
    """Columns that were joined are in memory: mixed ones become text, as in the file made in memory."""
    path = on_disk(cells(), "csr.h5ad", tmp_path)
    streamed, whole = lazily(path), ad.read_h5ad(path)
    mixed = pd.DataFrame({"mixed": [1, "a", None] * 20, "a/b": ["x", "y"] * 30, "group": [f"g{i}" for i in range(60)]})
    streamed.obs.add(mixed)
    for name in mixed:
        whole.obs = whole.obs.drop(columns=name, errors="ignore").assign(**{name: mixed[name].to_numpy()})
    whole.uns["ifnscore"] = {"input": dict(streamed.uns["ifnscore"]["input"])}
    for adata, name in ((streamed, "streamed.h5ad"), (whole, "whole.h5ad")):
        ifn.tl.score(adata, SETS, method="ucell")
        scored.write(adata, tmp_path / name)
    one, other = read(tmp_path / "whole.h5ad"), read(tmp_path / "streamed.h5ad")
    pd.testing.assert_frame_equal(one.obs, other.obs)
    assert other.obs["mixed"].tolist()[:3] == ["1", "a", ""]


@pytest.mark.parametrize("missing", [False, True])
def test_text_of_too_many_kinds_stays_text(tmp_path, small_parts, monkeypatch, missing):
    """What no memory would hold as categories is text; a missing cell is missing still."""
    monkeypatch.setattr(_column, "MANY", 20)
    adata = cells()
    words = [f"w{i // 2}" for i in range(adata.n_obs)]
    adata.obs["word"] = pd.array([None, *words[1:]] if missing else words, dtype="string")
    with ad.settings.override(allow_write_nullable_strings=True), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ad.AnnData, "strings_to_categoricals", lambda *_: None)
        adata.write_h5ad(tmp_path / "m.h5ad")
    streamed = lazily(tmp_path / "m.h5ad")
    ifn.tl.score(streamed, SETS, method="ucell")
    scored.write(streamed, tmp_path / "o.zarr")
    found = read(tmp_path / "o.zarr").obs["word"]
    assert not isinstance(found.dtype, pd.CategoricalDtype)
    assert found.isna().tolist() == [missing, *([False] * 59)]
    assert found.tolist()[1:] == words[1:]


def test_nothing_is_held_of_annotations(tmp_path, small_parts):
    path = on_disk(annotated(), "csr.h5ad", tmp_path)
    streamed = lazily(path)
    ifn.tl.score(streamed, SETS, method="ucell")
    scored.write(streamed, tmp_path / "o.h5ad")
    assert streamed.obs._held == {}


def test_what_is_said_is_the_same(tmp_path, small_parts, caplog):
    """The annotations that are left out, in the same words."""
    path = on_disk(annotated(), "csr.h5ad", tmp_path)
    whole = ad.read_h5ad(path)
    streamed = lazily(path)
    whole.uns["ifnscore"] = {"input": dict(streamed.uns["ifnscore"]["input"])}
    said = []
    for adata, name in ((streamed, "streamed.h5ad"), (whole, "whole.h5ad")):
        ifn.tl.score(adata, SETS, method="ucell")
        caplog.clear()
        with caplog.at_level(logging.INFO, "ifnscore"):
            scored.write(adata, tmp_path / name)
        said.append([r.getMessage() for r in caplog.records])
    assert said[0] == said[1]
    assert "patient name, drawn, day_number, by" in "".join(said[0])


def test_a_full_disk_ends_in_one_line(tmp_path, small_parts, monkeypatch):
    """Every write may be the first that fails: the library closes the file, and nothing is left."""
    adata = lazily(on_disk(cells(), "csr.h5ad", tmp_path))
    ifn.tl.score(adata, SETS, method="ucell")
    scored.write(adata, tmp_path / "o.h5ad")
    whole = (tmp_path / "o.h5ad").stat().st_size
    before = (tmp_path / "o.h5ad").read_bytes()
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for size in np.linspace(0, whole - 1, 25, dtype=int):
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), limits[1]))
            with pytest.raises(DataError, match=r"o\.h5ad: cannot write: File too large; nothing was changed$"):
                scored.write(adata, tmp_path / "o.h5ad", force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (tmp_path / "o.h5ad").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["csr.h5ad", "o.h5ad"]


def test_no_room_is_said_before(tmp_path, small_parts, monkeypatch):
    adata = lazily(on_disk(annotated(), "csr.h5ad", tmp_path))
    ifn.tl.score(adata, SETS, method="ucell")
    monkeypatch.setattr(_disk, "SPARE", 1 << 60)
    with pytest.raises(DataError, match=r"o\.h5ad: the scored file takes about 0 MB and .* free: write it elsewhere$"):
        scored.write(adata, tmp_path / "o.h5ad")
    assert [p.name for p in tmp_path.iterdir()] == ["csr.h5ad"]


@pytest.mark.parametrize("layout", ["csr.h5ad", "dense.h5ad"])
def test_the_size_is_about_right(tmp_path, small_parts, layout):
    adata = annotated()
    adata = ad.concat([adata] * 40, index_unique="-")
    streamed = lazily(on_disk(adata, layout, tmp_path))
    ifn.tl.score(streamed, SETS, method="ucell")
    scored.write(streamed, tmp_path / "o.h5ad")
    taken = (tmp_path / "o.h5ad").stat().st_size
    assert 0.5 * taken < _parts._File(streamed).size() < 1.5 * taken


@pytest.mark.parametrize(("output", "at"), [(".h5ad", "names"), (".h5ad", "values"), (".zarr", "values")])
def test_an_interrupted_file_is_not_there(tmp_path, small_parts, monkeypatch, output, at):
    """Ctrl-C while a part is written: the earlier file stays, nothing else does."""
    adata = lazily(on_disk(cells(), "csr.h5ad", tmp_path))
    ifn.tl.score(adata, SETS, method="ucell")
    target = tmp_path / f"o{output}"
    scored.write(adata, target)
    before = read(target)

    def interrupted(self, start, values):
        if start:
            raise KeyboardInterrupt
        real(self, start, values)

    kind = _arrays.Cells if at == "names" else _arrays.SparseRows
    real = kind.put
    monkeypatch.setattr(kind, "put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scored.write(adata, target, force=True)
    assert_same(before, read(target))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["csr.h5ad", target.name])


@pytest.mark.parametrize("calls", [0, 1, 5, 40])
def test_an_interrupt_below_the_library(tmp_path, small_parts, monkeypatch, calls):
    """It may reach Python while HDF5 writes, whose own error must not hide it."""
    adata = lazily(on_disk(cells(), "csr.h5ad", tmp_path))
    ifn.tl.score(adata, SETS, method="ucell")
    real, left = os.pwrite, [None] * calls

    def struck(*line):
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return real(*line)

    monkeypatch.setattr(os, "pwrite", struck)
    with pytest.raises(KeyboardInterrupt):
        scored.write(adata, tmp_path / "o.h5ad")
    assert [p.name for p in tmp_path.iterdir()] == ["csr.h5ad"]
