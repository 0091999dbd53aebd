"""What every method says of itself, tried: contributions, other samples and signatures, constant genes; its words and bounds."""

from __future__ import annotations

import importlib
import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import ifnscore as ifn
from ifnscore import methods
from ifnscore.cli import app
from ifnscore.errors import DataError, UsageError
from ifnscore.signatures import Signature

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")

METHODS = list(methods.records())
BOTH = Signature(id="both", up=("ISG15", "MX1", "IFI44L", "RSAD2"), down=("AAAS", "AAGAB"))
OTHER = Signature(id="other", up=("OAS1", "IFIT1"))


@pytest.fixture(scope="module")
def blood():
    """Two thousand genes of whole blood, controls and six stimulated samples."""
    adata = ifn.datasets.whole_blood()
    names = [*BOTH.genes, *OTHER.genes]
    names += [n for n in adata.var_names if n not in names][: 2000 - len(names)]
    return adata[:, names].copy()


def scored(adata, signatures, method):
    adata = adata.copy()
    controls = {"controls": "treatment == 'Buffer'", "donor": "donor"} if methods.get(method).reference == "required" else {}
    ifn.tl.score(adata, signatures, method=method, **controls)
    return adata, ifn.get.scores_wide(adata)["both"]


@pytest.mark.parametrize("method", METHODS)
def test_what_the_record_promises(blood, method):
    record = methods.get(method)
    adata, alone = scored(blood, [BOTH], method)
    assert alone.notna().all()
    assert alone.nunique() > 3
    parts = ifn.get.contributions(adata, "both")
    whole = np.log(alone) if method == "geomean" else alone
    np.testing.assert_allclose(parts.sum(axis=1), whole, rtol=1e-10, atol=1e-10)

    treated = np.flatnonzero(blood.obs["treatment"] != "Buffer")[::3]
    kept = np.sort([*treated, *np.flatnonzero(blood.obs["treatment"] == "Buffer")])
    _, fewer = scored(blood[kept].copy(), [BOTH], method)
    assert np.allclose(fewer, alone.iloc[kept], rtol=1e-12, atol=0) == record.sample_independent
    _, beside = scored(blood, [BOTH, OTHER], method)
    assert np.array_equal(beside, alone) == record.signature_independent


@pytest.mark.parametrize("method", METHODS)
def test_constant_genes_and_missing_values(blood, method):
    x = blood.to_df()
    x["MX1"] = 7.0
    flat = blood.copy()
    flat.X = x.to_numpy()
    adata, _ = scored(flat, [BOTH], method)
    used = ifn.get.genes(adata).set_index("gene")["used"]
    needs_spread = {"combined_z", "gsva", "plage", "zcohort_mean", "zref_mean", "zref_sum"}
    assert bool(used["MX1"]) == (method not in needs_spread)
    x.iloc[0, 1] = np.nan
    flat.X = x.to_numpy()
    with pytest.raises(DataError, match="missing"):
        scored(flat, [BOTH], method)


@pytest.mark.parametrize("method", METHODS)
def test_each_module_says_what_a_reader_must_know(method):
    words = " ".join(str(importlib.import_module(f"ifnscore.methods.{method}").__doc__).lower().split())
    for needed in (
        "scale|as ``ulm``",
        "depend|changes with",
        "ties|tied|as ``ulm``",
        "zero",
        "missing genes|left out",
        "constant",
    ):
        assert re.search(needed, words), f"{method} says nothing of {needed}"
    assert re.search("nan|missing values", words), method


def test_the_list_of_methods_says_what_each_reads():
    said = CliRunner().invoke(app, ["methods"]).stdout
    assert "reads all genes of all samples at once; at least 200 genes in the matrix; takes counts, linear" in said
    assert "depends on the other signatures" in said
    plain = CliRunner().invoke(app, ["methods", "--json"]).stdout
    assert "Infinity" not in plain
    found = pd.DataFrame(json.loads(plain)).set_index("id")
    top = next(p for p in found.loc["aucell", "parameters"] if p["name"] == "top")
    assert top["maximum"] == 1
    assert next(p for p in found.loc["ulm", "parameters"] + found.loc["ssgsea", "parameters"])["maximum"] is None


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("aucell", {"top": 0}, "top of aucell is 0.0; it takes a number of at least 1e-06 and at most 1"),
        ("aucell", {"top": 5}, "top of aucell is 5.0"),
        ("aucell", {"seed": 2**32}, "seed of aucell is 4294967296; it takes a number of at least 0 and at most 4294967295"),
        ("score_genes", {"seed": 2**32}, "seed of score_genes is 4294967296"),
        ("ucell", {"max_rank": "1.5"}, "max_rank of ucell is '1.5'; it takes a whole number of at least 1"),
        ("singscore", {"direction": "sideways"}, "direction of singscore is 'sideways'; it takes one of known, unknown"),
    ],
)
def test_values_out_of_bounds_are_refused(method, params, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        methods.get(method).resolve(params)


def test_no_stable_genes_are_ranks_among_all(blood):
    _, expected = scored(blood, [BOTH], "singscore")
    for none in ("none", "", ","):
        adata = blood.copy()
        ifn.tl.score(adata, [BOTH], method="singscore", params={"stable_genes": none})
        pd.testing.assert_series_equal(ifn.get.scores_wide(adata)["both"], expected)
    with pytest.raises(DataError, match="stable gene NOPE is not in the matrix: name others with --param stable_genes="):
        ifn.tl.score(blood.copy(), [BOTH], method="singscore", params={"stable_genes": "NOPE,AAAS"})
