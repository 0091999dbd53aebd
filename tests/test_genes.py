"""Identifiers of matrices: symbols old and new, Ensembl, Entrez, spreadsheet dates, other species."""

from __future__ import annotations

import pytest

from ifnscore import genes
from ifnscore.errors import DataError


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("ISG15", "ISG15"),
        ("isg15", "ISG15"),
        (" Isg15 ", "ISG15"),
        ("G1P2", "ISG15"),
        ("ENSG00000187608", "ISG15"),
        ("ENSG00000187608.10", "ISG15"),
        ("ensg00000187608", "ISG15"),
        ("ENSG00000187608.10|ISG15", "ISG15"),
        ("9636", "ISG15"),
        ("ISG15|9636", "ISG15"),
        ("DDX58", "RIGI"),
        ("WARS", "WARS1"),
        ("MxA", "MX1"),
        ("ENSG00000240065", "PSMB9"),
        ("ENSG00000239836", "PSMB9"),
    ],
)
def test_names_resolve(name, gene):
    assert genes.match([name]).columns == {gene: [0]}
    assert genes.table().resolve(name) == gene


def test_a_clone_name_resolves_in_a_list_but_never_in_a_matrix():
    assert genes.table().resolve("AC004551.1") == "OAS1"
    assert "OAS1" not in genes.match(["AC004551.1", "ISG15"]).columns


def test_an_older_name_gives_way_to_the_current_symbol():
    found = genes.match(["DDX58", "RIGI", "ISG15"])
    assert found.columns["RIGI"] == [1]
    assert found.columns["DDX58"] == [0]
    assert not found.older


def test_only_one_of_several_older_names_stands_for_the_gene():
    found = genes.match(["C17orf47", "SEPT4", "ISG15"])
    assert found.columns["SEPTIN4"] == [1]
    assert found.older == {"SEPTIN4": "SEPT4"}


def test_duplicates_are_found_anywhere_and_across_identifier_kinds():
    found = genes.match(["ISG15", "MX1", "FOO", "ENSG00000187608.3", "foo", "mx1"])
    assert found.duplicated == {"ISG15": [0, 3], "MX1": [1, 5], "FOO": [2, 4]}


def test_kind_and_count():
    found = genes.match(["ENSG00000187608", "ENSG00000157601", "ISG15", "nothing"])
    assert (found.kind, found.n_recognised) == ("Ensembl", 3)


@pytest.mark.parametrize(
    ("date", "gene"), [("4-Sep", "SEPTIN4"), ("3-Mar", "MARCHF3"), ("15-Sep", "SELENOF"), ("1-Mar", None), ("2-MAR", None)]
)
def test_spreadsheet_dates(date, gene):
    found = genes.match([date, "ISG15"])
    assert found.excel == (date,)
    assert found.restored == ({date: gene} if gene else {})
    if gene:
        assert found.columns[gene] == [0]


def test_other_species_and_probes_are_named():
    assert "mouse" in genes.unusable(["ENSMUSG00000035692.5", "ENSMUSG00000000386"])
    assert "'1007_s_at'" in genes.unusable(["1007_s_at", "1053_at"])


def test_mouse_symbols_are_refused_and_odd_spelling_is_told():
    with pytest.raises(DataError, match="mouse genes"):
        genes.check_species(["Isg15", "Mx1", "Ifit1", "Gm12345"])
    assert "taken for the human genes" in (genes.check_species(["Isg15", "Mx1", "Ifit1"]) or "")
    assert genes.check_species(["ISG15", "MX1"]) is None
    assert genes.check_species(["isg15", "mx1"]) is None
