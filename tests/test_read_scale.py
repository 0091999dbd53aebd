"""The scale is declared, or found where it is certain, or recorded as unknown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pytest

import ifnscore.loaders
from ifnscore import loaders
from ifnscore.errors import ScaleError


@pytest.fixture
def h5ad(tmp_path):
    def _h5ad(x, **uns):
        adata = ad.AnnData(X=np.asarray(x, dtype=np.float64))
        adata.obs_names, adata.var_names = [f"s{i}" for i in range(adata.n_obs)], ["ISG15", "MX1"]
        adata.uns.update(uns)
        adata.write_h5ad(tmp_path / "m.h5ad")
        return tmp_path / "m.h5ad"

    return _h5ad


def scale_of(adata):
    return adata.uns["ifnscore"]["input"]["scale"]


@pytest.mark.parametrize(
    ("x", "uns", "expected"),
    [
        ([[0, 5], [7, 2]], {}, "counts"),
        ([[0.5, 5], [7, 2]], {}, ""),
        ([[0.5, 5], [7, 2]], {"log1p": {}}, "log1p"),
        ([[0.5, 5], [7, 2]], {"log1p": {"base": 2.0}}, "log2p1"),
        ([[-0.5, 5], [7, 2]], {"log1p": {}}, ""),
        ([[-1, 5], [7, 2]], {}, ""),
        ([[0, 5], [7, 2]], {"log1p": {}}, "counts"),
    ],
)
def test_detection(h5ad, x, uns, expected):
    adata = loaders.read(h5ad(x, **uns))
    assert scale_of(adata) == expected
    assert adata.uns["ifnscore"]["input"]["scale_why"]


def test_declared_wins_and_is_checked(h5ad):
    assert scale_of(loaders.read(h5ad([[0, 5], [7, 2]]), scale="linear")) == "linear"
    with pytest.raises(ScaleError, match=r"m\.h5ad: the scale is counts, but the matrix holds negative values"):
        loaders.read(h5ad([[-1, 5], [7, 2]]), scale="counts")
    with pytest.raises(ScaleError, match="beyond any log scale"):
        loaders.read(h5ad([[1, 500], [7, 2]]), scale="log2")


def test_the_record_survives_writing_and_is_used_again(h5ad, tmp_path):
    adata = loaders.read(h5ad([[0.5, 5], [7, 2]]), scale="linear")
    adata.write_h5ad(tmp_path / "again.h5ad")
    again = loaders.read(tmp_path / "again.h5ad")
    assert scale_of(again) == "linear"
    assert again.uns["ifnscore"]["input"]["scale_why"] == "recorded in the file by ifnscore"
    adata.X[0, 0] = -3.0
    adata.write_h5ad(tmp_path / "again.h5ad")
    assert scale_of(loaders.read(tmp_path / "again.h5ad")) == ""


def test_the_record_is_flat_plain_and_without_paths(h5ad):
    record = loaders.read(h5ad([[0, 5], [7, 2]])).uns["ifnscore"]["input"]
    assert set(record) == {
        *("format", "scale", "scale_why", "orientation", "layer", "identifiers_from", "id_kind", "n_recognised")
    }
    assert json.loads(json.dumps(record)) == record
    assert "m.h5ad" not in json.dumps(record)


def test_formats_are_listed_without_heavy_imports():
    code = """if True:
        import sys
        from ifnscore import loaders
        names = {f[0] for f in loaders.formats()}
        assert names >= {"h5ad", "zarr", "text", "parquet", "10x_h5", "10x_folder", "htseq", "htseq_folder"}, names
        heavy = {"numpy", "pandas", "anndata", "scipy", "h5py", "scanpy", "zarr"} & set(sys.modules)
        assert not heavy, heavy
    """
    source = Path(ifnscore.loaders.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=source)


def test_every_loader_has_its_own_name_and_a_title():
    found = loaders.formats()
    assert len({f.name for f in found}) == len(found)
    assert all(f.title and all(s.startswith(".") for s in f.suffixes) for f in found)
