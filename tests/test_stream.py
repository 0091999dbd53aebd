"""Scores of matrices that stay in files are those of the same matrix in memory, whatever the layout and the size of chunks."""

from __future__ import annotations

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
import zarr
from scipy import sparse

import ifnscore as ifn
from ifnscore import engine, methods, sources
from ifnscore.errors import DataError, IfnscoreWarning, ScaleError, UsageError
from ifnscore.expression import facts
from ifnscore.matrix import Matrix
from ifnscore.sources import Source

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
SETS = {"a": ["IFI27", "IFI44L", "IFIT1", "ISG15"], "b": ["RSAD2", "SIGLEC1", "MX1", "OAS1", "CXCL10"], "c": ["STAT1", "ISG15"]}
KINDS = ("csr.h5ad", "csc.h5ad", "dense.h5ad", "csr.zarr", "dense.zarr")
COLUMN = ("mean_log", "geomean", "weighted_mean", "zcohort_mean", "mean_linear")
RANK = ("ucell", "singscore", "ssgsea", "aucell")
CONTROLS = "group == 'healthy'"


def cells(kind="counts", n=60, genes=320):
    """Return cells with known genes, one of them in two rows, an empty cell, groups and donors."""
    rng = np.random.default_rng(5)
    known = list(dict.fromkeys(g for s in SETS.values() for g in s))
    names = [*known, "ENSG00000187608", *(f"GENE{i}" for i in range(genes))]
    x = rng.poisson(0.4, (n, len(names))).astype(np.float32) * rng.integers(1, 4, (n, len(names)))
    x[:, : len(known)] += rng.poisson(1.5, (n, len(known)))
    x[17] = 0
    if kind == "log1p":
        x = np.log1p(x * np.float32(0.7))
    obs = pd.DataFrame(
        {
            "group": pd.Categorical(["healthy", "jdm", "jdm"] * (n // 3)),
            "tissue": ["blood", "skin"] * (n // 2),
            "donor": [f"p{i // 6}" for i in range(n)],
            "age": np.arange(n) % 7,
        },
        index=[f"c{i:03d}" for i in range(n)],
    )
    made = ad.AnnData(X=sparse.csr_matrix(x), obs=obs, var=pd.DataFrame(index=names))
    if kind == "log1p":
        made.uns["log1p"] = {}
    return made


def stored(adata, kind, folder):
    """Return the matrix on top of a file."""
    form, ending = kind.split(".")
    adata = adata.copy()
    adata.X = adata.X.toarray() if form == "dense" else adata.X.asformat(form)
    path = folder / kind
    if ending == "h5ad":
        adata.write_h5ad(path)
        return ad.read_h5ad(path, backed="r")
    adata.write_zarr(path)
    node = zarr.open_group(path, mode="r")["X"]
    made = ad.AnnData(X=node if form == "dense" else ad.io.sparse_dataset(node), obs=adata.obs, var=adata.var)
    made.uns.update(adata.uns)
    return made


def results(adata):
    """Return all that scoring wrote."""
    key = adata.uns["ifnscore"]["latest"]
    found = {"scores": ifn.get.scores_wide(adata, key=key)}
    found |= {"coverage": ifn.get.coverage(adata, key=key), "genes": ifn.get.genes(adata, key=key)}
    found |= {"cutoffs": ifn.get.cutoffs(adata, key=key), "long": ifn.get.scores(adata, key=key)}
    return found, ifn.get.provenance(adata, key=key)


@pytest.fixture
def short_head(monkeypatch):
    """Let the first ten rows tell the scale: in files of a few rows all would."""
    monkeypatch.setattr(sources, "head", lambda source: source.rows(0, 10))


def assert_same(one, other, *, exactly):
    (tables, facts_), (expected, known) = one, other
    assert facts_ == known
    for name, table in expected.items():
        pd.testing.assert_frame_equal(tables[name], table, check_exact=exactly, rtol=1e-12, atol=1e-14)


@pytest.fixture(scope="module")
def in_memory():
    """Return what each method writes for the cells in memory."""
    found = {}
    for method in (*COLUMN, *RANK):
        adata = cells()
        ifn.tl.score(adata, SETS, method=method)
        found[method] = results(adata)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk", [1, 7, None])
def test_the_same_numbers_as_in_memory(tmp_path, kind, chunk, in_memory):
    on_file = stored(cells(), kind, tmp_path)
    assert sources.of(on_file.X) is not None
    for method, expected in in_memory.items():
        ifn.tl.score(on_file, SETS, method=method, chunk_size=chunk)
        assert_same(results(on_file), expected, exactly=method in RANK)
        assert np.isnan(expected[0]["scores"].to_numpy()[17]).all()


def test_every_method_can_be_streamed(tmp_path):
    """Methods of the whole matrix too, which have to hold it; two methods that need more than a few genes or a reference have tests below."""
    whole = cells("log1p")
    on_file = stored(whole, "csr.h5ad", tmp_path)
    n = 0
    for record in methods.records().values():
        if record.reference == "required" or "log1p" not in record.scales:
            continue
        expected = whole.copy()
        try:
            ifn.tl.score(expected, SETS, method=record.id)
        except (DataError, UsageError) as error:
            with pytest.raises(type(error)):
                ifn.tl.score(on_file, SETS, method=record.id)
            continue
        ifn.tl.score(on_file, SETS, method=record.id, chunk_size=9)
        assert_same(results(on_file), results(expected), exactly=record.id in RANK)
        n += 1
    assert n >= 8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["zref_mean", "zref_sum", "fold_change_median", "ucell", "mean_log", None])
def test_controls_and_strata(tmp_path, kind, method):
    whole = cells()
    on_file = stored(whole, kind, tmp_path)
    options = {"method": method, "controls": CONTROLS, "donor": "donor", "reference_by": "tissue", "min_coverage": 0.5}
    signatures = SETS if method else "panel"
    ifn.tl.score(whole, signatures, **options)
    ifn.tl.score(on_file, signatures, **options, chunk_size=7)
    assert_same(results(on_file), results(whole), exactly=False)


def test_the_default_method_is_the_same(tmp_path):
    whole = cells("log1p", genes=2_100)
    on_file = stored(whole, "csr.h5ad", tmp_path)
    ifn.tl.score(whole)
    ifn.tl.score(on_file)
    assert_same(results(on_file), results(whole), exactly=True)


class InMemory(Source):
    """A matrix in memory as a source, which counts how often its rows are read."""

    def __init__(self, x, step=10):
        self.x, self.shape, self.dtype, self.step = x.tocsr(), x.shape, x.dtype, step
        self.layout = "csr"
        self.read = []

    def rows(self, start, stop):
        self.read += range(start, stop)
        return self.x[start:stop]

    def blocks(self, rows=None):
        yield from super().blocks(rows or self.step)


class Held:
    """An AnnData whose matrix is a source."""

    isbacked = False

    def __init__(self, adata, **options):
        self._adata, self.X = adata, InMemory(adata.X, **options)

    def __getattr__(self, name):
        return getattr(self._adata, name)


@pytest.mark.parametrize(
    ("method", "passes", "options"),
    [("ucell", 1, {}), ("mean_log", 1, {}), ("zcohort_mean", 2, {}), ("ucell", 2, {"allow_missing": True})],
)
def test_no_pass_more_than_needed(method, passes, options, short_head):
    """Beside the first rows, which tell the scale, every row is read once, or twice where the method needs it."""
    adata = cells("log1p")
    adata = adata[:, adata.var_names != "ENSG00000187608"].copy()
    held = Held(adata)
    ifn.tl.score(held, SETS, method=method, **options)
    counted = np.bincount(held.X.read)
    assert counted[20:].tolist() == [passes] * 40


def test_duplicates_are_settled_in_one_pass(short_head):
    """The row with the highest mean is found for all duplicated genes at once, and only where one is scored."""
    adata = cells("log1p")
    held = Held(adata)
    ifn.tl.score(held, SETS, method="mean_log")
    assert np.bincount(held.X.read)[20:].tolist() == [2] * 40
    held = Held(adata)
    ifn.tl.score(held, {"d": ["MX1", "OAS1"]}, method="mean_log")
    assert np.bincount(held.X.read)[20:].tolist() == [1] * 40


def test_controls_are_read_in_a_partial_pass(short_head):
    adata = cells()
    adata.obs["group"] = ["healthy"] * 10 + ["jdm"] * 50
    adata = adata[:, adata.var_names != "ENSG00000187608"].copy()
    held = Held(adata)
    ifn.tl.score(held, SETS, method="zref_mean", controls=CONTROLS, reference_by=[])
    assert np.bincount(held.X.read)[20:].tolist() == [1] * 40


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("log1p", -1.0, r"the scale is log1p, but the matrix holds negative values \(lowest -1\) \(sample c050, gene GENE7\)"),
        ("log1p", 99.0, r"the largest value is 99, beyond any log scale.*\(sample c050, gene GENE7\)"),
        ("log1p", np.nan, r"nan in gene GENE7, sample c050: fill or remove it, or let the gene be dropped.*--allow-missing"),
        ("log1p", np.inf, r"inf in gene GENE7, sample c050"),
        ("counts", 0.25, r"0.25 is no whole number, but those of the first samples are \(sample c050, gene GENE7\).*--scale"),
        ("counts", 1e17, r"the scale is counts, but the largest value is 1e\+17"),
    ],
)
@pytest.mark.parametrize("layout", ["csr.h5ad", "csc.h5ad", "dense.h5ad"])
def test_a_late_contradiction_is_refused(tmp_path, kind, value, message, layout, short_head):
    """A value late in the file that does not fit what the first samples said: sample and gene are named, nothing is written."""
    adata = cells(kind)
    x = adata.X.tolil()
    x[50, adata.var_names.get_loc("GENE7")] = value
    adata.X = x.tocsr()
    on_file = stored(adata, layout, tmp_path)
    with pytest.raises(DataError, match=message):
        ifn.tl.score(on_file, SETS, method="ucell", chunk_size=10)
    assert not [k for k in on_file.obsm if k.startswith("ifn_")]
    assert "ifnscore" not in on_file.uns


def test_a_contradiction_in_a_gene_that_is_not_needed(tmp_path):
    """As in memory: a missing value in another gene is no matter to a method of single genes on a scale without totals."""
    adata = cells("log1p")
    x = adata.X.tolil()
    x[50, adata.var_names.get_loc("GENE7")] = np.nan
    adata.X = x.tocsr()
    on_file = stored(adata, "csr.h5ad", tmp_path)
    ifn.tl.score(adata, SETS, method="mean_log")
    ifn.tl.score(on_file, SETS, method="mean_log")
    assert_same(results(on_file), results(adata), exactly=False)


@pytest.mark.parametrize("kind", ["counts", "log1p"])
@pytest.mark.parametrize("layout", KINDS)
def test_missing_values_that_are_allowed(tmp_path, kind, layout):
    adata = cells(kind)
    x = adata.X.tolil()
    for i, gene in ((3, "MX1"), (41, "OAS1"), (50, "GENE7")):
        x[i, adata.var_names.get_loc(gene)] = np.nan
    adata.X = x.tocsr()
    on_file = stored(adata, layout, tmp_path)
    for method in ("mean_log", "ucell"):
        expected = adata.copy()
        ifn.tl.score(expected, SETS, method=method, allow_missing=True, min_coverage=0.1, scale=kind)
        ifn.tl.score(on_file, SETS, method=method, allow_missing=True, min_coverage=0.1, scale=kind, chunk_size=8)
        assert_same(results(on_file), results(expected), exactly=method == "ucell")
        assert "OAS1" in results(on_file)[1]["dropped_genes"]


def test_counts_that_were_declared_may_be_fractional(tmp_path):
    """Estimated counts are declared; in memory they pass, and so they do here."""
    adata = cells()
    x = adata.X.tolil()
    x[50, 3] = 2.5
    adata.X = x.tocsr()
    on_file = stored(adata, "csr.h5ad", tmp_path)
    ifn.tl.score(adata, SETS, method="mean_log", scale="counts")
    ifn.tl.score(on_file, SETS, method="mean_log", scale="counts")
    assert_same(results(on_file), results(adata), exactly=False)


def test_all_empty_and_some_empty(tmp_path):
    adata = cells()
    adata.X = sparse.csr_matrix(adata.shape, dtype=np.float32)
    with pytest.raises(DataError, match="every sample is empty"):
        ifn.tl.score(stored(adata, "csr.h5ad", tmp_path), SETS, method="mean_log")
    with pytest.warns(IfnscoreWarning, match="no score for 1 samples without any expression: c017"):
        ifn.tl.score(stored(cells(), "csr.h5ad", tmp_path), SETS, method="mean_log")


def test_a_copy_of_a_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="copy=True would read the whole file into memory"):
        ifn.tl.score(stored(cells(), "csr.h5ad", tmp_path), SETS, copy=True)


def test_a_layer(tmp_path):
    adata = cells()
    adata.layers["counts"] = adata.X.copy()
    adata.X = adata.X * 0.5
    adata.write_h5ad(tmp_path / "m.h5ad")
    on_file = ad.read_h5ad(tmp_path / "m.h5ad", backed="r")
    ifn.tl.score(adata, SETS, method="ucell", layer="counts")
    ifn.tl.score(on_file, SETS, method="ucell", layer="counts")
    assert_same(results(on_file), results(adata), exactly=True)


def test_a_reference_from_a_file(tmp_path):
    whole = cells()
    on_file = stored(whole, "csr.h5ad", tmp_path)
    one, other = (ifn.tl.reference(a, CONTROLS, reference_by="tissue", donor="donor") for a in (whole, on_file))
    assert one.to_dict() == other.to_dict()
    ifn.tl.score(on_file, SETS, method="zref_mean", reference=one)
    ifn.tl.score(whole, SETS, method="zref_mean", reference=other)
    assert_same(results(on_file), results(whole), exactly=False)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", "?"])
@pytest.mark.parametrize("form", ["csr", "dense"])
def test_facts_against_a_literal_reading(dtype, form):
    """One pass of several threads over blocks says what numpy says of the whole."""
    rng = np.random.default_rng(1)
    for change in (None, "nan", "-inf", "half", "empty"):
        x = rng.integers(0, 2 if dtype == "?" else 9, (700, 900)).astype(dtype)
        if change in {"nan", "-inf", "half"}:
            if dtype[0] != "f":
                continue
            x[650, 3] = {"nan": np.nan, "-inf": -np.inf, "half": 0.5}[change]
        if change == "empty":
            x = np.zeros((0, 5), dtype=dtype)
        finite = x[np.isfinite(x)].astype(float)
        found = facts(sparse.csr_matrix(x) if form == "csr" and dtype != "?" else x)
        if not finite.size:
            assert (found.maximum, found.missing) == (0.0, False)
            continue
        assert (found.minimum, found.maximum) == (finite.min(), finite.max())
        assert found.integer == bool((finite % 1 == 0).all())
        assert found.missing == bool(not np.isfinite(x).all())


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
def test_empty_samples_against_their_sums(form):
    rng = np.random.default_rng(2)
    x = rng.poisson(0.02, (300, 90)).astype(float)
    x[5] = 0
    made = sparse.csr_matrix(x)
    made.data[:40] = 0.0  # stored zeros
    values = made.toarray()
    matrix = Matrix(values if form == "dense" else made.asformat(form), [f"G{i}" for i in range(90)], range(300), "counts")
    np.testing.assert_array_equal(matrix.empty(), values.sum(axis=1) == 0)
    matrix.leave_out(["G3", "G4", "G5"])
    np.testing.assert_array_equal(matrix.empty(), np.delete(values, [3, 4, 5], axis=1).sum(axis=1) == 0)


def test_scores_on_disk(tmp_path):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(50, 3))
    held = engine.Spilled((50, 3), tmp_path)
    for start in range(0, 50, 8):
        held[start : start + 8] = x[start : start + 8]
    assert not list(tmp_path.iterdir())
    held.multiply([1], 2.0)
    held.blank(np.arange(50) == 4)
    x[:, 1] *= 2
    x[4] = np.nan
    np.testing.assert_array_equal(held[10:33], x[10:33])
    np.testing.assert_array_equal(held[:], x)
    assert held[7, 1] == x[7, 1]
    held.close()


def test_normalised_scores_need_the_extremes_only(tmp_path):
    whole = cells("log1p")
    on_file = stored(whole, "csr.h5ad", tmp_path)
    for adata in (whole, on_file):
        ifn.tl.score(adata, SETS, method="ssgsea", params={"normalise": True}, chunk_size=7)
    assert_same(results(on_file), results(whole), exactly=True)
    plain = cells("log1p")
    ifn.tl.score(plain, SETS, method="ssgsea")
    values = plain.obsm["ifn_ssgsea"].to_numpy()
    expected = values / np.ptp(values[np.isfinite(values)])
    np.testing.assert_allclose(whole.obsm["ifn_ssgsea"].to_numpy(), expected, rtol=1e-12)


def test_damage_in_the_middle_of_a_file(tmp_path):
    """A chunk that cannot be decompressed is one line that names the file."""
    adata = cells()
    adata.write_h5ad(tmp_path / "m.h5ad", compression="gzip")
    with h5py.File(tmp_path / "m.h5ad") as file:
        where = file["X/data"].id.get_chunk_info(0)
    with (tmp_path / "m.h5ad").open("r+b") as file:
        file.seek(where.byte_offset + where.size // 2)
        file.write(b"\xff" * 64)
    with pytest.raises(DataError, match="m.h5ad.*damaged") as error:
        ifn.tl.score(ad.read_h5ad(tmp_path / "m.h5ad", backed="r"), SETS, method="ucell")
    assert "\n" not in str(error.value)


def test_scale_errors_are_scale_errors(tmp_path, short_head):
    adata = cells()
    x = adata.X.tolil()
    x[50, 3] = 0.5
    adata.X = x.tocsr()
    with pytest.raises(ScaleError):
        ifn.tl.score(stored(adata, "csr.h5ad", tmp_path), SETS, method="ucell", chunk_size=10)
