"""MuData: one modality of several, with the annotations of all cells.

The files are made with h5py and anndata in the layout of the format's specification (mudata, docs/io/spec.md), without mudata.
"""

from __future__ import annotations

import logging

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
import zarr
from anndata.io import write_elem

from ifnscore import loaders
from ifnscore.errors import DataError

CELLS = ["a", "b", "c"]
RNA = np.array([[1, 0, 3], [0, 5, 0], [2, 2, 2]], dtype=np.float32)


def modality(x, genes, cells, **obs):
    adata = ad.AnnData(X=np.asarray(x, dtype=np.float32), obs=pd.DataFrame(obs, index=cells), var=pd.DataFrame(index=genes))
    adata.layers["raw"] = adata.X * 2
    return adata


def fill(root, mods, obs=None, maps=None):
    write_elem(root, "obs", pd.DataFrame(index=CELLS) if obs is None else obs)
    write_elem(root, "var", pd.DataFrame(index=[g for m in mods.values() for g in m.var_names]))
    root.create_group("mod")
    for name, adata in mods.items():
        write_elem(root["mod"], name, adata)
    if maps is not None:
        write_elem(root, "obsmap", maps)
    root.attrs["encoding-type"] = "MuData"


def h5mu(path, mods, **more):
    with h5py.File(path, "w", userblock_size=512) as file:
        fill(file, mods, **more)
    with path.open("br+") as handle:
        handle.write(b"MuData (format-version=0.1.0;creator=muon;creator-version=0.2.0)")
    return path


def store(path, mods, **more):
    fill(zarr.open_group(str(path), mode="w", zarr_format=2), mods, **more)
    return path


WRITERS = [pytest.param(h5mu, "m.h5mu", id="h5mu"), pytest.param(store, "m.zarr", id="zarr")]
pytestmark = pytest.mark.filterwarnings(
    "ignore:Writing zarr v2", "ignore::zarr.errors.ZarrUserWarning", "ignore:.*zarr.*:FutureWarning"
)


def rna(cells=CELLS, **obs):
    return modality(RNA[: len(cells)], ["ISG15", "MX1", "IFI6"], cells, **obs)


def prot(cells=CELLS):
    return modality(np.ones((len(cells), 2)), ["CD3", "CD19"], cells)


def refused(path, **options):
    with pytest.raises(DataError) as caught:
        loaders.read(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_the_modality_called_rna(tmp_path, caplog, write, name):
    path = write(tmp_path / name, {"prot": prot(), "rna": rna(group=["x", "y", "x"])})
    with caplog.at_level(logging.INFO, "ifnscore"):
        adata = loaders.read(path)
    assert adata.X.tolist() == RNA.tolist()
    assert adata.obs["group"].tolist() == ["x", "y", "x"]
    assert adata.uns["ifnscore"]["input"]["format"] == "mudata"
    assert "modality 'rna' is read (there are also prot; choose with --modality NAME)" in caplog.text
    raw = loaders.read(path, layer="raw")
    assert raw.uns["ifnscore"]["input"]["layer"] == "raw"


@pytest.mark.parametrize("name", ["rna", "GEX", "expr", "Gene Expression"])
def test_the_only_one_or_by_name(tmp_path, name):
    assert loaders.read(h5mu(tmp_path / "m.h5mu", {name: rna()})).shape == (3, 3)
    path = h5mu(tmp_path / "m.h5mu", {"a": prot(), name: rna(), "b": prot()})
    assert loaders.read(path, modality=name).shape == (3, 3)
    if name == "expr":
        assert "several modalities (a, b, expr): choose the one to score with --modality NAME" in refused(path)
        assert "no modality 'exp'; there are a, b, expr. Did you mean: expr?" in refused(path, modality="exp")


def test_two_that_could_be(tmp_path):
    assert "several modalities" in refused(h5mu(tmp_path / "m.h5mu", {"rna": rna(), "gex": rna()}))


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_annotations_of_all_cells(tmp_path, write, name):
    obs = pd.DataFrame(
        {
            "donor": ["p1", "p2", "p3"],
            "group": ["u", "v", "w"],
            "rna:n_genes": [2, 1, 3],
            "prot:n": [1, 1, 1],
            "rna:group": ["x", "y", "z"],
        },
        index=CELLS,
    )
    adata = loaders.read(write(tmp_path / name, {"rna": rna(["c", "a"], group=["k", "l"]), "prot": prot()}, obs=obs))
    assert adata.obs["donor"].tolist() == ["p3", "p1"]
    assert adata.obs["n_genes"].tolist() == [3, 2]
    assert adata.obs["group"].tolist() == ["k", "l"]  # the modality's own stays
    assert set(adata.obs) == {"donor", "n_genes", "group"}


def test_cells_are_matched_by_the_map_of_the_file(tmp_path, caplog):
    obs = pd.DataFrame({"donor": ["p1", "p2", "p3"]}, index=["same", "same", "same"])
    maps = {"rna": np.array([2, 0, 1], dtype=np.uint32), "prot": np.array([1, 2, 3], dtype=np.uint32)}
    path = h5mu(tmp_path / "m.h5mu", {"rna": rna(["a", "b"]), "prot": prot()}, obs=obs, maps=maps)
    assert loaders.read(path).obs["donor"].tolist() == ["p3", "p1"]
    wrong = {"rna": np.array([2, 0, 7], dtype=np.uint32)}
    path = h5mu(tmp_path / "m.h5mu", {"rna": rna(["a", "b"]), "prot": prot()}, obs=obs, maps=wrong)
    with caplog.at_level(logging.INFO, "ifnscore"):
        assert not list(loaders.read(path).obs)
    assert "cannot be matched to modality 'rna' and are left out" in caplog.text


@pytest.mark.parametrize("n", [0, 600, 4000])
def test_truncated(tmp_path, n):
    path = h5mu(tmp_path / "m.h5mu", {"rna": rna()})
    path.write_bytes(path.read_bytes()[:n])
    refused(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.pop("mod"), "not MuData: /mod is missing (an AnnData file: give it the ending .h5ad)"),
        (lambda f: [f.pop(k) for k in list(f)], "not MuData: /mod is missing (it holds nothing)"),
        (lambda f: f["mod"].pop("rna"), "no modality ''; there are none"),
        (lambda f: (f["mod"].pop("rna"), f["mod"].create_dataset("rna", data=1)), "m.h5mu"),
        (lambda f: (f["mod/rna"].pop("X"), f["mod/rna"].pop("layers")), "X, the expression matrix, is missing"),
        (lambda f: f["mod/rna"].pop("var"), "m.h5mu"),
        (lambda f: f.__setitem__("mod/other", h5py.ExternalLink("/etc/passwd", "/")), "is a link to another file"),
    ],
)
def test_damaged(tmp_path, change, words):
    path = h5mu(tmp_path / "m.h5mu", {"rna": rna()})
    with h5py.File(path, "r+") as file:
        change(file)
    assert words in refused(path)


def test_modality_means_nothing_elsewhere(tmp_path):
    rna().write_h5ad(tmp_path / "m.h5ad")
    with pytest.raises(DataError, match="option modality has no meaning here"):
        loaders.read(tmp_path / "m.h5ad", modality="rna")


def test_modality_on_the_command_line(tmp_path, run):
    path = h5mu(tmp_path / "m.h5mu", {"a": prot(), "b": rna()})
    assert run("inspect", path)[0] == 1
    code, out, err = run("inspect", path, "--modality", "b")
    assert code == 0, err
    assert "mudata" in out
