"""The shipped signature catalogue: every file parses, and its facts are the published ones."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import ifnscore as ifn
from ifnscore import methods
from ifnscore.signatures._model import CUTOFF_RULES, FORMULA_STATUS, Signature
from ifnscore.signatures._parse import from_dict

GENESETS = Path(__file__).resolve().parents[1] / "genesets"
FILES = sorted(GENESETS.glob("*.toml"))
LICENCES = {"facts", "CC BY 4.0", "CC0 1.0", "MIT", "Apache-2.0"}
TISSUES = {"blood", "PBMC", "monocytes", "skin", "muscle", "tumour", "T cells", "any"}
METHODS = {*methods.records(), "unknown"}  # fmt: skip
PANEL = [
    "rice2013_ags6", "kim2018_irg28_z", "kim2018_irg28_geomean", "higgs2011_anifrolumab4", "raupov2024_jdm5",
    "msigdb_hallmark_ifna", "aybey_ifn2_6", "dejesus2020_nfkb11_control",
]  # fmt: skip
#: An alias of two genes (GGTA1, GGTA2P): no row can be named honestly.
UNRESOLVABLE = {"GGTA1P"}

RICE = {"IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"}
KIM28 = set(
    ["CXCL10", "DDX60", "EPSTI1", "GBP1", "HERC5", "HERC6", "IFI27", "IFI44", "IFI44L", "IFI6", "IFIT1", "IFIT2", "IFIT3", "IFIT5", "ISG15", "LAMP3", "LY6E", "MX1", "OAS1", "OAS2", "OAS3", "OASL", "RSAD2", "RTP4", "SIGLEC1", "SOCS1", "SPATS2L", "USP18"]
)


def _read(path: Path) -> Signature:
    with path.open("rb") as handle:
        return from_dict(tomllib.load(handle), path.name)


SIGNATURES = {path.name.removesuffix(".toml"): _read(path) for path in FILES}


def _rows() -> list[dict[str, str]]:
    with (GENESETS / "genes.tsv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


ROWS = {r["symbol"]: r for r in _rows()}


def _split(value: str) -> list[str]:
    return [x for x in value.split("|") if x]


NAMES = {
    name.upper(): r["symbol"] for r in ROWS.values() for name in [r["symbol"], *_split(r["previous"]), *_split(r["list_only"])]
}


def _current(signature: str) -> set[str]:
    return {NAMES[g.upper()] for g in SIGNATURES[signature].genes if g not in UNRESOLVABLE}


# --- every file -----------------------------------------------------------------------------------------------------


def test_there_are_enough_signatures_and_the_panel_is_among_them() -> None:
    assert len(SIGNATURES) >= 45
    assert set(PANEL) <= set(SIGNATURES)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_file_is_complete(name: str) -> None:
    s = SIGNATURES[name]
    assert s.id == name
    assert s.title not in {"", "unknown"}
    assert set(s.tissue) <= TISSUES
    assert s.tissue
    assert s.licence in LICENCES
    assert s.licence_detail not in {"", "unknown"}
    assert s.source.list not in {"", "unknown"}
    assert s.source.first_author
    assert s.formula.method in METHODS
    assert s.formula.status in FORMULA_STATUS
    assert s.formula.text not in {"", "unknown"}
    assert s.cutoff.rule in CUTOFF_RULES
    assert s.source.doi == "unknown" or s.source.doi.startswith("10.")
    assert s.source.pmid == "unknown" or s.source.pmid.isdigit()


@pytest.mark.parametrize("name", SIGNATURES)
def test_coverage_rule(name: str) -> None:
    s = SIGNATURES[name]
    expected = 1.0 if s.n_genes <= 10 else 0.8 if s.n_genes <= 50 else 0.5
    assert s.min_coverage == expected


@pytest.mark.parametrize("name", SIGNATURES)
def test_attribution_where_the_licence_asks_for_it(name: str) -> None:
    s = SIGNATURES[name]
    if s.licence in {"CC BY 4.0", "MIT", "Apache-2.0"}:
        assert s.licence in s.attribution
    if name.startswith("msigdb_"):
        assert "MSigDB" in s.attribution
        assert "Broad Institute" in s.attribution
    if name.startswith("go_"):
        assert "2022-07-01" in s.attribution


def test_nothing_under_the_gpl_nor_protein_nor_methylation() -> None:
    assert not [s.id for s in SIGNATURES.values() if "GPL" in s.licence]
    for start in ("bloodgen3_", "iobr_", "cytosig", "context_", "rigolet", "baechler_chemokine"):
        assert not [i for i in SIGNATURES if i.startswith(start)]


@pytest.mark.parametrize("name", ["janssen2024_ifn1_10", "us9139878_sle3", "higgs2011_anifrolumab4", "ayers2017_gep18"])
def test_patent_notes(name: str) -> None:
    assert SIGNATURES[name].patent_note


def test_a_known_method_comes_with_a_known_status() -> None:
    for s in SIGNATURES.values():
        if s.formula.method == "unknown":
            assert s.formula.status in {"partial", "none", "unknown"}, s.id
        else:
            assert s.formula.status in {"published", "reconstructed", "partial"}, s.id
            assert s.formula.computable == (s.formula.status != "partial"), s.id


# --- facts of single signatures -------------------------------------------------------------------------------------


def test_rice() -> None:
    s = SIGNATURES["rice2013_ags6"]
    assert set(s.up) == RICE
    assert (s.formula.method, s.formula.status) == ("fold_change_median", "published")
    assert s.formula.housekeeping == ("HPRT1", "18S")
    assert s.formula.ddof == "unknown"
    assert (s.cutoff.rule, s.cutoff.value) == ("mean+2sd", 2.466)
    assert "29" in s.cutoff.calibrated_on
    for same_genes in ("tesser2025_synthetic6", "trouillet_assant6_median"):
        assert set(SIGNATURES[same_genes].up) == RICE


def test_the_28_genes_and_the_two_25_gene_lists() -> None:
    for name in ("kim2018_irg28_z", "kim2018_irg28_geomean", "eular2026_irg28_robustz"):
        assert SIGNATURES[name].n_genes == 28
        assert set(SIGNATURES[name].up) == KIM28
    assert "NT5C3A" not in KIM28
    assert set(SIGNATURES["kim2018_irg25"].up) == KIM28 - {"EPSTI1", "SIGLEC1", "SPATS2L"}
    assert set(SIGNATURES["dejesus2020_stat1only25"].up) == KIM28 - {"CXCL10", "GBP1", "SOCS1"}
    assert set(SIGNATURES["dejesus2020_stat1_nfkb3"].up) == {"CXCL10", "GBP1", "SOCS1"}
    for name in ("kim2018_irg25", "dejesus2020_stat1only25"):
        assert "Two different 25-gene lists" in SIGNATURES[name].notes


def test_formulas_of_the_28_genes() -> None:
    z, geo, robust = (SIGNATURES[i].formula for i in ("kim2018_irg28_z", "kim2018_irg28_geomean", "eular2026_irg28_robustz"))
    assert (z.method, z.status, z.ddof) == ("zref_sum", "reconstructed", 1)
    assert dict(z.params) == {"centre": "mean", "spread": "sd", "ddof": 1, "scale": "linear"}
    assert (geo.method, geo.status, geo.params["pseudocount"]) == ("geomean", "reconstructed", 1)
    assert (robust.method, robust.status) == ("zref_sum", "published")
    assert (robust.params["centre"], robust.params["spread"]) == ("median", "mad")


def test_gep_weights() -> None:
    s = SIGNATURES["ayers2017_gep18"]
    assert s.n_genes == 18
    assert sum(s.weights.values()) == pytest.approx(1.142788, abs=1e-9)
    assert s.weights["CD276"] == -0.0239
    assert "CD276" in s.up
    assert s.weights["STAT1"] == 0.250229
    assert [g for g, w in s.weights.items() if w < 0] == ["CD276"]
    assert len(s.formula.housekeeping) == 11
    assert set(s.up) != set(SIGNATURES["ayers2017_expanded18"].up)


def test_progeny() -> None:
    s = SIGNATURES["progeny_jakstat"]
    assert len(s.weights) == s.n_genes == 100
    assert s.weights["OAS1"] == 15.0287145880853
    assert (s.formula.method, s.formula.params["normalise"]) == ("weighted_mean", "none")


def test_hallmark_sets_share_73_genes() -> None:
    alpha, gamma = _current("msigdb_hallmark_ifna"), _current("msigdb_hallmark_ifng")
    assert (len(alpha), len(gamma), len(alpha & gamma)) == (97, 200, 73)
    assert "OAS1" in alpha
    assert "RNF213" in gamma
    assert "AC004551.1" in SIGNATURES["msigdb_hallmark_ifna"].up
    assert "DDX58" in SIGNATURES["msigdb_hallmark_ifng"].up
    assert SIGNATURES["msigdb_hallmark_ifng"].ifn_type == "I+II"
    assert SIGNATURES["msigdb_hallmark_ifna"].ifn_type == "I"


def test_comparators() -> None:
    found = {s.id for s in SIGNATURES.values() if s.ifn_type == "comparator"}
    assert found == {"dejesus2020_nfkb11_control", "olferiev_ngstools_glucocorticoid16", "btm_M158.0", "btm_M158.1"}
    assert "IFNG" in SIGNATURES["dejesus2020_nfkb11_control"].up
    assert "ligand" in SIGNATURES["btm_M158.0"].notes


def test_type_two_lists() -> None:
    assert set(SIGNATURES["aybey_ifn2_6"].up) == {"IDO1", "CXCL9", "GBP2", "IRF1", "CD74", "ICAM1"}
    assert "IL-1b" in SIGNATURES["aybey_ifn2_6"].notes
    assert set(SIGNATURES["rooney2015_type2_3"].up) == {"GPR146", "SELP", "AHR"}
    assert set(SIGNATURES["rooney2015_type2_3"].up) <= set(SIGNATURES["brodin2024_ifng15"].up)
    assert "does not rise under IFN-gamma" in SIGNATURES["rooney2015_type2_3"].notes


def test_same_genes_other_names() -> None:
    assert _current("raupov2024_jdm5") == set(SIGNATURES["brkic2012_pss5"].up)
    assert "MXA1" in SIGNATURES["raupov2024_jdm5"].up
    assert _current("baechler2007_dm3") == {"IFIT1", "ISG15", "IRF7"}
    assert _current("us9139878_sle3") == {"IFI44L", "RSAD2", "IFI44"}
    assert {"MX1", "MX2"} <= _current("raterman2012_ra8")


def test_slips_stay_as_printed() -> None:
    assert "DDX4" in SIGNATURES["rooney2015_type1_10"].up
    assert "CXCL1" in SIGNATURES["olferiev_ngstools_ifng10"].up
    assert "SAMD9L" in SIGNATURES["janssen2024_ifn1_10"].up


def test_cutoffs() -> None:
    known = {
        "rice2013_ags6": 2.466,
        "brkic2012_pss5": 10,
        "raupov2024_jdm5": 2,
        "tesser2025_synthetic6": 0.7,
        "ugolini2019_paps6": 3.9,
    }
    assert {name: SIGNATURES[name].cutoff.value for name in known} == known
    assert SIGNATURES["janssen2024_ifn1_10"].cutoff.rule == "unknown"
    assert SIGNATURES["kennedy2015_ism3"].cutoff.rule == "p95"
    for s in SIGNATURES.values():
        assert s.cutoff.value is None or s.cutoff.calibrated_on not in {"", "unknown", "none"}


def test_chaussabel_modules_are_the_cc0_copies() -> None:
    sizes = {m: SIGNATURES[f"chaussabel_{m}"].n_genes for m in ("M1.2", "M3.4", "M5.12")}
    assert sizes == {"M1.2": 24, "M3.4": 51, "M5.12": 56}
    assert not {"CMPK2", "DDX60", "SPATS2L"} & _current("chaussabel_M1.2")


# --- genes.tsv ------------------------------------------------------------------------------------------------------


def test_header_of_the_gene_table() -> None:
    first = (GENESETS / "genes.tsv").read_text(encoding="utf-8").splitlines()[0]
    assert first.split("\t") == ["symbol", "entrez", "ensembl", "previous", "list_only"]


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_gene_resolves(name: str) -> None:
    s = SIGNATURES[name]
    assert not {g for g in (*s.genes, *s.formula.housekeeping) if g.upper() not in NAMES} - UNRESOLVABLE
    found = [NAMES.get(g.upper(), g) for g in s.genes]
    assert len(set(found)) == len(found)


def test_the_unresolvable_names_are_still_unresolvable() -> None:
    assert not [g for g in UNRESOLVABLE if g in NAMES]


def test_no_identifier_stands_twice() -> None:
    ids = [
        x.upper()
        for r in _rows()
        for x in [r["symbol"], *_split(r["entrez"]), *_split(r["ensembl"]), *_split(r["previous"]), *_split(r["list_only"])]
    ]
    assert [x for x, n in Counter(ids).items() if n > 1] == []


def test_identifiers_are_well_formed() -> None:
    for r in ROWS.values():
        assert all(x.isdigit() for x in _split(r["entrez"]))
        assert all(len(x) == 15 and x.startswith("ENSG") for x in _split(r["ensembl"]))
        assert all(len(x) >= 3 and not x.isdigit() for x in _split(r["previous"]))
        assert r["entrez"] or r["symbol"] == "18S"


@pytest.mark.parametrize(
    ("symbol", "first"),
    [
        ("PSMB9", "ENSG00000240065"),
        ("TNF", "ENSG00000232810"),
        ("HLA-B", "ENSG00000234745"),
        ("TAPBP", "ENSG00000231925"),
        ("UBD", "ENSG00000213886"),
        ("CFB", "ENSG00000243649"),
        ("TUBB", "ENSG00000196230"),
        ("NRIR", "ENSG00000225964"),
        ("TMT1B", "ENSG00000170439"),
        ("CARD17P", "ENSG00000255221"),
        ("CCL3", "ENSG00000277632"),
        ("CCL3L3", "ENSG00000276085"),
        ("HLA-H", "ENSG00000310469"),
        ("OAS1", "ENSG00000089127"),
    ],
)
def test_first_ensembl_id(symbol: str, first: str) -> None:
    assert _split(ROWS[symbol]["ensembl"])[0] == first


@pytest.mark.parametrize("symbol", ["CCL3L1", "CCL4L1", "IRF1-AS1", "USP41"])
def test_genes_without_an_ensembl_id_of_their_own(symbol: str) -> None:
    assert ROWS[symbol]["ensembl"] == ""


def test_wrong_guesses_are_gone() -> None:
    everything = {x for r in ROWS.values() for x in _split(r["ensembl"])}
    assert "ENSG00000179818" not in everything  # PCBP1-AS1, once given to ASPRV1


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("WARS", "WARS1"),
        ("DDX58", "RIGI"),
        ("G1P2", "ISG15"),
        ("MXA", "MX1"),
        ("MXA1", "MX1"),
        ("MXB", "MX2"),
        ("CIG5", "RSAD2"),
        ("ECGF1", "TYMP"),
        ("FLJ20035", "DDX60"),
        ("C14orf102", "NRDE2"),
        ("C19orf66", "SHFL"),
        ("HRASLS2", "PLAAT2"),
        ("MARCH1", "MARCHF1"),
        ("SEPT4", "SEPTIN4"),
        ("METTL7B", "TMT1B"),
        ("FCGR1B", "FCGR1BP"),
    ],
)
def test_previous_symbols(name: str, symbol: str) -> None:
    assert name in _split(ROWS[symbol]["previous"])


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("AC004551.1", "OAS1"), ("AC124319.1", "RNF213"), ("IP-10", "CXCL10"), ("ITAC", "CXCL11"), ("MCP-1", "CCL2")],
)
def test_names_of_printed_lists_never_match_a_matrix(name: str, symbol: str) -> None:
    assert name in _split(ROWS[symbol]["list_only"])
    assert name not in {x for r in ROWS.values() for x in _split(r["previous"])}


def test_all_signatures_can_be_scored_in_one_call(hppt):
    with pytest.warns(ifn.IfnscoreWarning):
        ifn.tl.score(hppt, "all", controls="treatment == 'untreated'")
    assert list(ifn.get.scores_wide(hppt, key="ifn_published").columns) == list(ifn.signatures.ids())
