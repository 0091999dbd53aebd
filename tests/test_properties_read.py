"""What is written is read: any matrix, in any format, comes back equal; and damage ends in an `IfnscoreError` or is read."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import tempfile
import time
import warnings
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.strategies import CI, Drawn, damaged, matrices

from ifnscore import loaders
from ifnscore.errors import IfnscoreError

PACK = {"": lambda data: data, ".gz": gzip.compress, ".bz2": bz2.compress}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")


def same(drawn: Drawn, path: Path, **options: str) -> None:
    """Read a file, which must hold the matrix as it was drawn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata = loaders.read(path, **options)
    found = adata.X.toarray() if sp.issparse(adata.X) else np.asarray(adata.X)
    assert list(adata.obs_names) == drawn.samples
    assert list(adata.var_names) == drawn.genes
    np.testing.assert_array_equal(found, drawn.x)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("read")


def table(drawn: Drawn, separator: str, end: str, *, quote: int, genes_in_rows: bool) -> str:
    """Return the matrix as text; numbers with as many digits as it takes to read them back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quote)
    cells = [[repr(v) for v in row] for row in (drawn.x.T if genes_in_rows else drawn.x).tolist()]
    above, beside = (drawn.samples, drawn.genes) if genes_in_rows else (drawn.genes, drawn.samples)
    writer.writerow(["name", *above])
    writer.writerows([name, *row] for name, row in zip(beside, cells, strict=True))
    return out.getvalue()


@settings(CI, max_examples=80)
@given(
    matrices(), st.sampled_from("\t,; "), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(), st.sampled_from(list(PACK)), st.sampled_from(ENCODINGS),
)  # fmt: skip
def test_text(folder, drawn, separator, end, quote, genes_in_rows, packed, encoding):
    path = folder / f"m.txt{packed}"
    content = table(drawn, separator, end, quote=quote, genes_in_rows=genes_in_rows)
    path.write_bytes(PACK[packed](content.encode(encoding)))
    same(drawn, path, orientation="genes_in_rows" if genes_in_rows else "samples_in_rows")


@settings(CI)
@given(matrices(whole=True, max_samples=1), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_htseq(folder, drawn, end, footer):
    path = folder / f"{drawn.samples[0].rstrip('.')}.txt"
    lines = [f"{g}\t{v}" for g, v in zip(drawn.genes, drawn.x[0], strict=True)] + (["__no_feature\t7"] if footer else [])
    path.write_text(end.join([*lines, ""]), newline="")
    drawn = Drawn(drawn.x, [loaders._files.sample_name(path)], drawn.genes)
    same(drawn, path)
    path.unlink()


@settings(CI)
@given(matrices(), st.booleans(), st.booleans())
def test_parquet(folder, drawn, genes_in_rows, index):
    frame = pd.DataFrame(drawn.x, index=pd.Index(drawn.samples, name="name"), columns=drawn.genes)
    frame = frame.T.rename_axis("name") if genes_in_rows else frame
    (frame if index else frame.reset_index()).to_parquet(folder / "m.parquet")
    same(drawn, folder / "m.parquet", orientation="genes_in_rows" if genes_in_rows else "samples_in_rows")


@settings(CI, max_examples=16)
@given(matrices(), st.sampled_from([np.asarray, sp.csr_matrix, sp.csc_matrix]), st.sampled_from(["h5ad", "zarr"]))
def test_anndata(drawn, kind, ending):
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata = ad.AnnData(kind(drawn.x), obs=pd.DataFrame(index=drawn.samples), var=pd.DataFrame(index=drawn.genes))
        path = Path(place) / f"m.{ending}"
        (adata.write_h5ad if ending == "h5ad" else adata.write_zarr)(path)
        same(drawn, path)


@settings(CI, max_examples=8)
@given(matrices(whole=True), st.booleans())
def test_tenx_folder(drawn, packed):
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        x = np.minimum(drawn.x, 2**31 - 1)
        scipy.io.mmwrite(here / "matrix.mtx", sp.coo_matrix(x.T))
        names = {"barcodes.tsv": drawn.samples, "features.tsv": [f"ENSX{i}\t{g}\tGene Expression" for i, g in enumerate(drawn.genes)]}
        for name, lines in names.items():
            (here / name).write_text("".join(f"{line}\n" for line in lines))
        for file in list(here.iterdir()) if packed else []:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()
        same(Drawn(x, drawn.samples, drawn.genes), here)


@settings(CI)
@given(matrices(), st.sampled_from(["1.2", "1.3"]))
def test_gct(folder, drawn, version):
    n, m = drawn.x.shape
    sizes = f"{m}\t{n}" if version == "1.2" else f"{m}\t{n}\t1\t0"
    lines = [f"#{version}", sizes, "\t".join(["Name", "Description", *drawn.samples])]
    lines += ["\t".join([g, "na", *map(repr, drawn.x[:, j].tolist())]) for j, g in enumerate(drawn.genes)]
    (folder / "m.gct").write_text("\n".join([*lines, ""]))
    same(drawn, folder / "m.gct")


@settings(CI)
@given(matrices(whole=True))
def test_featurecounts(folder, drawn):
    lines = ["# Program:featureCounts v2.0.1", "\t".join(["Geneid", "Chr", "Start", "End", "Strand", "Length", *drawn.samples])]
    lines += ["\t".join([g, "1", "1", "9", "+", "9", *map(str, drawn.x[:, j])]) for j, g in enumerate(drawn.genes)]
    (folder / "counts.txt").write_text("\n".join([*lines, ""]))
    same(drawn, folder / "counts.txt")


@pytest.mark.parametrize("target", [t.name for t in targets.targets()])
def test_damage_is_refused_or_read(target):
    """No bytes that a user could hand over end in anything but an `IfnscoreError`, nor take long."""
    run = next(t.run for t in targets.targets() if t.name == target)
    contents = [p.read_bytes() for p in targets.seeds(target)]

    @settings(CI, max_examples=10 if target.startswith("cohort") else 25)
    @given(damaged(contents))
    def holds(data):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                run(data)
                said = ""
            except IfnscoreError as error:
                said = str(error)
        assert "\n" not in said
        assert time.perf_counter() - start < 10

    holds()


BINARY = {
    "m.h5ad": lambda path, adata: adata.write_h5ad(path),
    "m.parquet": lambda path, adata: adata.to_df().T.to_parquet(path),
    "m.csv.gz": lambda path, adata: path.write_bytes(gzip.compress(adata.to_df().T.to_csv().encode())),
}


@pytest.mark.parametrize("name", BINARY)
def test_damage_to_binary_files(name, folder):
    adata = ad.AnnData(np.ones((2, 3), dtype=np.float32), obs=pd.DataFrame(index=["a", "b"]), var=pd.DataFrame(index=["ISG15", "MX1", "IFI6"]))
    path = folder / name
    BINARY[name](path, adata)
    content = path.read_bytes()

    @settings(CI, max_examples=25)
    @given(damaged([content]))
    def holds(data):
        path.write_bytes(data)
        loaders._files._head.cache_clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                loaders.read(path)
                said = ""
            except IfnscoreError as error:
                said = str(error)
        assert "\n" not in said

    holds()
