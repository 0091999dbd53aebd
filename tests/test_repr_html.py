"""What a notebook and a prompt show: well-formed, escaped, short, and without a colour of its own."""

from __future__ import annotations

import functools
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from tests import figures

import ifnscore as ifn
from ifnscore import _html
from ifnscore.result import Result

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
HOSTILE = "<img src=x onerror=alert(1)>&amp;\"'\u202e\x1b[31m{}"
ALLOWED = {"div", "p", "strong", "span", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
NAMES = ("signature", "own", "catalogue", "few", "reference", "strata", "cohort", "simple", "compare", "associate")


class Page(HTMLParser):
    """Reads a page and fails on a tag that is not closed, not allowed, or carries more than a style and a scope."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.styles: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED
        assert {k for k, _ in attrs} <= {"style", "scope"}
        self.styles += [v for k, v in attrs if k == "style"]
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@functools.cache
def shown(name: str):
    adata, cohort = figures.example()
    if name == "compare":
        return ifn.tl.compare(adata, cohort, rng=1)
    if name == "associate":
        return ifn.tl.associate(adata, cohort, outcome="cdasi_activity", rng=1)
    if name in {"cohort", "simple"}:
        return cohort if name == "cohort" else figures.simple(3)[1]
    if name == "reference":
        return ifn.tl.reference(ifn.datasets.hppt(), "treatment == 'untreated'")
    if name == "strata":
        return ifn.tl.reference(adata, "is_control", reference_by="tissue", donor="donor_id")
    return {
        "signature": ifn.signatures.get("kim2018_irg28_z"),
        "own": ifn.signatures.resolve({"mine": ["ISG15"]})[0],
        "catalogue": ifn.signatures.catalogue(),
        "few": ifn.signatures.select(ifn_type="III"),
    }[name]


@pytest.mark.parametrize("name", NAMES)
def test_page_is_well_formed_short_and_has_no_colour(name):
    html = shown(name)._repr_html_()
    page = Page(html)
    assert len(html) < 10_000
    assert page.text.strip()
    for style in page.styles:
        assert re.fullmatch(r"[a-z-]+:[^:;]+(;[a-z-]+:[^:;]+)*", style)
        for rule in style.split(";"):
            assert "color" not in rule or rule == "color:inherit"
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb|background", html)


@pytest.mark.parametrize("name", NAMES)
def test_plain_text_is_in_proportion(name):
    text = repr(shown(name))
    assert 10 < len(text) < 1200
    assert max(len(line) for line in text.splitlines()) < 250
    assert "None" not in text


def test_signature_says_what_it_is():
    s = shown("signature")
    assert repr(s) == (
        "<Signature kim2018_irg28_z: type I; 28 genes (CXCL10, DDX60, EPSTI1 and 25 more); zref_sum (reconstructed); Kim H 2018>"
    )
    text = Page(s._repr_html_()).text
    assert "doi 10.1089/jir.2017.0127" in text
    assert s.formula.text in text
    assert "unknown" not in Page(shown("own")._repr_html_()).text


def test_catalogue_shows_its_size_and_the_way_to_the_rest():
    n = len(ifn.signatures.ids())
    text = Page(shown("catalogue")._repr_html_()).text
    assert text.startswith(f"{n} signatures")
    assert f"and {n - 12} more" in text
    assert isinstance(ifn.signatures.select(ifn_type="II"), list)
    assert [s.id for s in ifn.signatures.catalogue("rice,kim2018_irg28_z")] == ["rice2013_ags6", "kim2018_irg28_z"]
    assert repr(shown("few")) == f"<{_html.plural(len(shown('few')), 'signature')}: {', '.join(s.id for s in shown('few'))}>"


def test_reference_counts_its_controls():
    ref = shown("strata")
    text = Page(ref._repr_html_()).text
    for stratum in ref.strata:
        assert stratum.label in text
        assert f"{stratum.label}: {stratum.n}" in repr(ref)
    assert ref.hash()[:8] in repr(ref)
    assert "array" not in repr(ref)


def test_cohort_says_who_without_naming_anybody():
    cohort = shown("cohort")
    page = Page(cohort._repr_html_()).text
    assert "SYNTHETIC" in page
    assert f"{len(cohort.patients)} patients" in page
    assert "kim2018_irg28_geomean, blood, cdasi_activity" in page
    assert not [i for i in (*cohort.codes, *cohort.sample_codes) if i in page]


@pytest.mark.parametrize("name", ["compare", "associate"])
def test_result_shows_the_primary_rows_first_and_names_its_tables(name):
    result = shown(name)
    page = Page(result._repr_html_())
    primary = result.table[result.table["role"] == "primary"].iloc[0]
    first = re.search(r"<tbody><tr>(.*?)</tr>", result._repr_html_())[1]
    assert _html.number(primary["estimate"]) in first
    assert f"{len(result.table)} rows in .table, 8 shown. .tables: {', '.join(result.tables)}" in page.text
    assert result.reading.partition(". ")[0] in page.text


def test_nothing_of_the_reading_is_lost():
    result = shown("compare")
    paragraphs = re.findall(r"<p style='max-width:50em'>(.*?)</p>", result._repr_html_())
    assert " ".join(Page(p).text for p in paragraphs) == result.reading


def test_hostile_names_are_inert():
    table = pd.DataFrame(
        {"signature": [HOSTILE], "tissue": [HOSTILE], "contrast": ["c"], "n_patients": [3], "estimate": [float("nan")]}
    )
    objects = [
        Result(HOSTILE, table, {HOSTILE: table}, HOSTILE, ""),
        ifn.signatures.Signature(
            id=HOSTILE,
            up=(HOSTILE,),
            title=HOSTILE,
            notes=HOSTILE,
            source=ifn.signatures.Source(first_author=HOSTILE, doi=HOSTILE),
        ),
        ifn.signatures.catalogue(ifn.signatures.Signature(id=HOSTILE, up=(HOSTILE,), title=HOSTILE)),
    ]
    for one in objects:
        html = one._repr_html_()
        assert "<img" not in html
        assert "\x1b" not in html + repr(one)
        assert "\u202e" not in html + repr(one)
        assert "<img src=x onerror=alert(1)>&amp;\"'" in Page(html).text


def test_an_empty_result_shows_its_words():
    empty = Result("compare", pd.DataFrame({"signature": []}), {}, "Nothing could be compared.", "")
    assert "Nothing could be compared." in Page(empty._repr_html_()).text
    assert "Nothing could be compared." in repr(empty)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(
            (1.23456, "1.23"),
            (-0.00123, "\N{MINUS SIGN}0.00123"),
            (-1629.4, "\N{MINUS SIGN}1629"),
            (2.5e9, "2.5e+09"),
            (1e-5, "1e-05"),
        ),
        *((12, "12"), (float("nan"), "NA"), (None, "NA"), (pd.NA, "NA"), (True, "True"), ("x", "x"), (float("-inf"), "NA")),
    ],
)
def test_numbers(value, text):
    assert _html.number(value) == text
