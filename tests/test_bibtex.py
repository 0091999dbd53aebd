"""BibTeX of signatures, and the references of a report: read back by a parser of its own, checked against catalogue and code."""

from __future__ import annotations

import functools
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore.analysis import _methods_text
from ifnscore.report import _papers, _references
from ifnscore.result import Result
from ifnscore.signatures import Signature, Source

ROOT = Path(__file__).resolve().parents[1]
UNESCAPED = {r"\textbackslash{}": "\\", r"\textbraceleft{}": "{", r"\textbraceright{}": "}"}
UNESCAPED |= {r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", **{f"\\{c}": c for c in "&%$#_"}}


def parsed(text: str) -> dict[str, dict[str, str]]:
    """Read BibTeX by its own grammar: entries at @, fields name = {balanced}; whatever else stands inside an entry fails."""
    entries: dict[str, dict[str, str]] = {}
    position = text.find("@")
    while position >= 0:
        head = re.compile(r"@(\w+)\{([^\s,{}%#\\~\"']+),\s*").match(text, position)
        assert head, text[position : position + 80]
        kind, key = head.groups()
        assert key.lower() not in {k.lower() for k in entries}, f"key twice: {key}"
        entries[key] = {"ENTRYTYPE": kind}
        position = head.end()
        while text[position] != "}":
            field = re.compile(r"(\w+) = \{").match(text, position)
            assert field, text[position : position + 80]
            depth, end = 1, field.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            assert field[1] not in entries[key]
            entries[key][field[1]] = text[field.end() : end - 1]
            position = re.compile(r",?\s*").match(text, end).end()
        between = text[position + 1 :].partition("@")[0]
        assert all(line.startswith("%") or not line.strip() for line in between.splitlines())
        position = text.find("@", position)
    return entries


def plain(value: str) -> str:
    pattern = "|".join(re.escape(k) for k in sorted(UNESCAPED, key=len, reverse=True))
    inner = value[1:-1] if value.startswith("{") and value.endswith("}") else value
    return re.sub(pattern, lambda m: UNESCAPED[m[0]], inner)


def mine(id_="mine", **source) -> Signature:
    return Signature(id=id_, up=("ISG15", "MX1"), source=Source(**source))


@functools.cache
def everything() -> dict[str, dict[str, str]]:
    return parsed(ifn.signatures.to_bibtex("all"))


def test_every_signature_of_the_catalogue_is_in_one_entry_with_its_own_facts():
    entries = everything()
    for s in ifn.signatures.resolve("all"):
        holders = [k for k, e in entries.items() if re.search(rf"signatures? .*\b{re.escape(s.id)}(,|$)", plain(e["note"]))]
        assert len(holders) == 1, s.id
        entry = entries[holders[0]]
        assert entry.get("doi", "unknown") == s.source.doi
        assert entry.get("year", "None") == str(s.source.year)
        if s.source.pmid != "unknown":
            assert entry["pmid"] == s.source.pmid
    assert not any("unknown" in plain(v).split() for e in entries.values() for k, v in e.items() if k not in {"title", "note"})


def test_a_paper_of_three_signatures_stands_once_under_its_own_title():
    entry = everything()["kim2018development"]
    assert entry["author"] == "Kim, H and others"
    assert plain(entry["title"]) == "Development of a Validated Interferon Score Using NanoString Technology"
    assert (entry["ENTRYTYPE"], entry["year"], entry["doi"], entry["pmid"]) == (
        "article",
        "2018",
        "10.1089/jir.2017.0127",
        "29638206",
    )
    assert plain(entry["note"]).endswith("kim2018_irg25, kim2018_irg28_geomean, kim2018_irg28_z")


@pytest.mark.parametrize(
    ("signature", "author"),
    [
        ("rice2013_ags6", "Rice, G I and others"),
        ("dejesus2020_nfkb11_control", "de Jesus, A A and others"),
        ("baechler2007_dm3", "Baechler, E C and Bilgic, H and others"),
        ("brodin2024_ifng15", "{Brodin lab}"),
        ("olferiev_ngstools_ifn19", "Olferiev, M"),
        ("go_go0034340", "{GO Consortium}"),
        ("trouillet_assant6_median", "Trouillet-Assant, S and others"),
    ],
)
def test_authors_as_the_catalogue_names_them(signature, author):
    (entry,) = [e for e in parsed(ifn.signatures.to_bibtex(signature)).values() if "author" in e]
    assert entry["author"] == author


def test_keys_do_not_depend_on_what_is_asked_for():
    for s in ifn.signatures.resolve("all"):
        for key, entry in parsed(ifn.signatures.to_bibtex(s)).items():
            assert everything()[key].get("doi") == entry.get("doi")
            assert everything()[key].get("title", "").startswith("{") == entry.get("title", "").startswith("{")


def test_further_sources_named_by_doi_follow_with_what_the_catalogue_says_of_them():
    entries = parsed(ifn.signatures.to_bibtex("olferiev_ngstools_ifn21,tesser2025_synthetic6"))
    assert entries["doi-10.4061-2009-374312"]["doi"] == "10.4061/2009/374312"
    assert "body not seen" in plain(entries["doi-10.4061-2009-374312"]["note"])
    assert plain(entries["doi-10.1186-s12969-024-01044-5"]["note"]).endswith("tesser2025_synthetic6")
    assert "author" not in entries["doi-10.4061-2009-374312"]


def test_signature_knows_its_own():
    assert ifn.signatures.get("rice").bibtex == ifn.signatures.to_bibtex("rice")


def test_nothing_is_invented_for_a_signature_without_source():
    text = ifn.signatures.to_bibtex({"mine": ["ISG15", "MX1"]})
    assert parsed(text) == {}
    assert "No source is known of: mine" in text


HOSTILE = "50 % of {IFN} & $x_1$ #1 \\input{/etc/passwd} ~ ^2 }} @article{evil, \n title = {x}"


def test_hostile_text_is_escaped_and_comes_back():
    text = ifn.signatures.to_bibtex(
        mine("a}b{c,d%e@f", first_author="Eve} and {Bad", year=2020, title=HOSTILE, doi="10.1000/x}y", pmid="12x")
    )
    ((key, entry),) = parsed(text).items()
    assert plain(entry["title"]) == " ".join(HOSTILE.split())
    assert "doi" not in entry
    assert "pmid" not in entry
    assert re.fullmatch(r"[A-Za-z0-9_.:-]+", key)
    assert plain(entry["note"]).endswith("a}b{c,d%e@f")


def test_hostile_name_of_a_signature_without_source_opens_no_entry():
    assert parsed(ifn.signatures.to_bibtex(mine("@article{evil,\u2028x = {y}}"))) == {}


def test_own_signature_takes_no_key_of_the_catalogue():
    own = mine("mine", first_author="Kim H", year=2018, title="Development of something else", doi="10.1000/mine")
    entries = parsed(ifn.signatures.to_bibtex([own, "kim2018_irg28_z"]))
    assert entries["kim2018development"]["doi"] == "10.1089/jir.2017.0127"
    assert entries["mine"]["doi"] == "10.1000/mine"


def test_two_own_signatures_of_one_key_stay_apart():
    one = mine("one", first_author="Doe J", year=2020, title="Scores of x", doi="10.1000/1")
    two = mine("two", first_author="Doe J", year=2020, title="Scores of y", doi="10.1000/2")
    assert {e["doi"] for e in parsed(ifn.signatures.to_bibtex([one, two])).values()} == {"10.1000/1", "10.1000/2"}


# the references of a report


def result(methods: str, **settings) -> Result:
    return Result("compare", pd.DataFrame(), {}, "", methods, settings)


def keys(cited) -> list[str]:
    return [c.key for c in cited]


def test_our_own_entry_agrees_with_the_citation_file():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    own = _references.ourselves()
    assert f'title: "{own.title}"' in text
    assert f'name: "{own.authors[0]}"' in text
    assert f"version: {own.version}" in text
    assert own.version == version("ifnscore")


def test_every_word_that_calls_a_paper_can_stand_in_a_methods_paragraph():
    source = re.sub(r'"\s*\n\s*f?"', "", inspect.getsource(_methods_text))
    assert [word for word, _ in _papers.NAMED if word not in source] == []


def test_only_what_the_paragraph_names_is_cited():
    few = keys(_references.references(["rice2013_ags6"], results=[result("adjusted by Holm's method"), None]))
    assert few == ["ifnscore", "rodriguezcarrio2023eular", "rice2017assessment", "holm1979simple"]
    assert "bakdash2017repeated" not in few
    more = keys(_references.references(["rice2013_ags6"], results=[result("(Bakdash and Marusich 2017)")]))
    assert more[-1] == "bakdash2017repeated"


def test_methods_normalisation_and_instrument_are_cited():
    found = _references.references(
        ["mine"],
        methods_used=["singscore", "ucell", "zref_mean", "neg_ddct_sum", "score_zref", "nonsense"],
        normalised="nanostring (target=run)",
        results=[result("", outcome="cdasi_activity")],
        eular=False,
    )
    assert keys(found) == [
        "ifnscore",
        "foroutan2018single",
        "andreatta2021ucell",
        "rodriguezcarrio2018ifn",
        "vandesompele2002accurate",
        "doi-10.1111-bjd.13915",
        "doi-10.1111-bjd.18223",
    ]


def test_every_method_with_a_doi_finds_its_paper():
    for method in ifn.methods.records().values():
        if re.match(r"10\.\d", method.doi):
            (paper,) = _references.references([], methods_used=[method.id], eular=False)[1:2]
            assert paper.doi.lower() == method.doi.lower()
            assert paper.authors
            assert paper.title


def test_a_paper_of_a_signature_and_of_a_method_stands_once():
    found = keys(_references.references(["kim2018_irg28_z", "kim2018_irg28_geomean"], methods_used=["zref_sum", "geomean"]))
    assert found.count("kim2018development") == 1


def test_numbers_and_bibtex_tell_the_same():
    found = _references.references(
        ifn.signatures.PANEL, methods_used=ifn.methods.records(), results=[result(" ".join(w for w, _ in _papers.NAMED))]
    )
    lines, entries = _references.numbered(found), parsed(_references.bibtex(found))
    assert len(lines) == len(entries) == len(found)
    assert lines[3].startswith("4. Kim H et al. Development of a Validated Interferon Score")
    for line, (key, entry) in zip(lines, entries.items(), strict=True):
        assert entry.get("doi", "") in line, key
        assert plain(entry.get("title", "")) in line
        assert "\n" not in line


def test_adjustments_are_cited_one_by_one():
    named = {
        way: [paper.key for word, paper in _papers.NAMED if word in said and word != "sign-flip"]
        for way, said in _methods_text._ADJUSTED.items()
    }
    assert named == {
        "max_t": ["westfall1993resampling"],
        "holm": ["holm1979simple"],
        "bh": ["benjamini1995controlling"],
        "none": [],
    }
