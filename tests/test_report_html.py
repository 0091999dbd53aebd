"""The page as text: what may run in it, what it names, what it holds. How browsers show it: test_report_browser.py."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import re
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pandas as pd
import pytest
from tests import documents, figures

import ifnscore as ifn
from ifnscore.report import _compact, _draw, _html, _svg, _text
from ifnscore.report._model import Details, Document, Figure, Paragraph, Section, Table

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
#: Elements that never close.
VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}


class Page(HTMLParser):
    """What a page is made of: elements with their attributes, text by element, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def html():
    return _html.render(documents.everything())


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def bad():
    return Page(_html.render(documents.hostile()))


def policy(page: Page) -> dict[str, str]:
    found = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    return dict(part.strip().partition(" ")[::2] for part in found.split(";"))


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(page, html):
    rules = policy(page)
    assert set(rules) == {"default-src", "style-src", "script-src", "img-src", "base-uri", "form-action"}
    assert (rules["default-src"], rules["base-uri"], rules["form-action"], rules["img-src"]) == (
        "'none'",
        "'none'",
        "'none'",
        "data:",
    )
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_the_policy_stands_before_anything_that_it_must_stop(html):
    assert html.index("http-equiv") < html.index("<title>")


@pytest.mark.parametrize("which", ["page", "bad"])
def test_no_style_attribute_no_handler_no_address_outside(which, request):
    page = request.getfixturevalue(which)
    for tag, attrs in page.elements:
        assert "style" not in attrs, (tag, attrs)
        assert not [k for k in attrs if k.lower().startswith("on")], (tag, attrs)
        assert not set(attrs) & {"src", "srcset", "srcdoc", "action", "formaction", "background", "xlink:href", "poster", "ping"}
        address = attrs.get("href")
        if address is not None:
            allowed = {
                "a": r"#[\w-]+|data:[\w/-]+;charset=utf-8;base64,[\w+/=]*|https://doi\.org/10\.[^\"<>\s]+",
                "use": r"#[\w-]+",
            }
            allowed["image"] = r"data:image/png;base64,[\w+/=]+"
            assert re.fullmatch(allowed[tag], address), (tag, address[:80])
            if address.startswith("data:") and tag == "a":
                assert "download" in attrs
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"link", "img", "iframe", "object", "embed", "form", "base", "foreignobject", "animate", "set", "video"}
    assert len(page.all("script")) == len(page.all("style")) == 1


def test_hostile_names_are_text(bad):
    said = "".join(t for tag, texts in bad.texts.items() if tag not in {"script", "style"} for t in texts)
    for name in documents.HOSTILE[:-4]:
        assert said.count(_text.printable(name)) >= 8, name
    assert "49" not in "".join(bad.texts.get("h2", []) + bad.texts.get("h1", []))
    assert "\u202e" not in said
    assert "\x07" not in said
    assert "window.owned" not in "".join(bad.texts["script"])


def test_ids_are_unique_and_whatever_is_pointed_to_exists(page, bad):
    for one in (page, bad):
        ids = [attrs["id"] for _, attrs in one.elements if "id" in attrs]
        assert len(ids) == len(set(ids))
        wanted = [attrs["href"][1:] for _, attrs in one.elements if attrs.get("href", "").startswith("#")]
        wanted += [i for _, a in one.elements for key in ("aria-labelledby", "aria-describedby") for i in a.get(key, "").split()]
        wanted += [i for _, a in one.elements for v in a.values() for i in re.findall(r"url\(#(.+?)\)", v or "")]
        assert set(wanted) <= set(ids)


def test_one_first_heading_and_no_level_is_left_out(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    assert page.all("html") == [{"lang": "en"}]
    assert {tag for tag, _ in page.elements} >= {"header", "nav", "main", "footer", "aside"}


def test_every_figure_has_a_name_and_words_of_its_own(page):
    drawings = page.all("svg")
    assert [d["role"] for d in drawings] == ["img", "img"]
    assert [d["aria-labelledby"] for d in drawings] == ["f1-title f1-desc", "f2-title f2-desc"]
    assert page.texts["desc"] == ["Eight patients; most fell.", "Twelve cells from low to high."]


def test_tables_have_captions_and_headings_with_a_scope(page, html):
    assert len(page.all("table")) == len(page.all("caption")) == 5
    assert all(h.get("scope") in {"col", "row"} for h in page.all("th"))
    assert '<td class="num">−' in html or '<td class="num">' in html
    assert "5 of 200 rows are shown; all are in the file." in html
    assert "No rows." in html


def test_notes_say_their_kind_in_words(page):
    assert page.texts["strong"][:1] == ["Synthetic data."]
    for word in ("Caution.", "Missing.", "Synthetic data.", "Note."):
        assert word in page.texts["strong"]


def test_downloads_hold_the_whole_table_and_spreadsheets_run_nothing(page, bad):
    files = {a["download"]: unquote_to_bytes(a["href"].split(",", 1)[1]) for a in page.all("a") if "download" in a}
    read = pd.read_csv(io.BytesIO(base64.b64decode(files["cut.tsv"])), sep="\t")
    assert len(read) == 200
    assert base64.b64decode(files["references.bib"]).decode() == "@article{a,\n title = {Ünïcode}\n}\n"
    texts = [
        base64.b64decode(a["href"].split(",", 1)[1]).decode() for a in bad.all("a") if a.get("download", "").endswith(".tsv")
    ]
    (formula,) = [t for t in texts if "HYPERLINK" in t]
    assert "'=HYPERLINK(1)" in formula
    assert not re.search(r"(^|\t)=", formula, re.MULTILINE)


def test_the_same_document_gives_the_same_bytes(html):
    assert _html.render(documents.everything()) == html


def test_nothing_of_matplotlibs_metadata_and_no_date(html):
    assert "matplotlib" not in html.lower()
    assert not re.search(r"\b20\d\d-\d\d-\d\d", html)
    assert "<?xml" not in html


def test_a_table_that_already_stands_is_pointed_to():
    table = Table("same", "Twice.", documents.frame())
    made = _html.render(Document("t", "s", (Section("a", "A", (table, Details("more", (table,)))),)))
    assert made.count('download="same.tsv"') == 1
    assert 'href="#table-same"' in made


def test_dois_are_links_and_other_addresses_are_not():
    assert str(_text.linked("see doi:10.1038/s41592-019-0686-2.")) == (
        'see <a href="https://doi.org/10.1038/s41592-019-0686-2" rel="noreferrer">doi:10.1038/s41592-019-0686-2</a>.'
    )
    assert "<a" not in _text.linked("https://example.org/10.1038/x")
    assert "<a" not in _text.linked('https://doi.org/"onclick=')
    assert (
        str(_text.broken("a_very_long_identifier_of_a_score"))
        == "a_<wbr>very_<wbr>long_<wbr>identifier_<wbr>of_<wbr>a_<wbr>score"
    )
    assert str(_text.broken("a & b_c")) == "a &amp; b_c"


def drawn(draw, size=(4, 3)) -> str:
    return _svg.draw(Figure("x", "c", "alt", draw, size), 1)


def test_points_say_their_values():
    def draw(ax):
        ax.scatter([1.0, 2.5], [0.0, 1.0])
        ax.set_xlabel("dose")
        ax.set_yticks([0.0, 1.0], ["before", "after"])

    assert re.findall("<title>(.*?)</title>", drawn(draw)) == ["dose: 1; before", "dose: 2.5; after"]


def test_points_that_were_told_say_that_and_a_crowd_says_nothing():
    made = drawn(lambda ax: documents.scatter(ax, documents.frame(4)))
    assert re.findall("<title>(.*?)</title>", made) == ["P01", "P03", "P04"]  # P02 has no score
    assert "<title>" not in drawn(lambda ax: ax.scatter(range(700), range(700)))


def test_ink_is_that_of_the_page_and_pictures_keep_their_colours():
    def draw(ax):
        ax.text(0.5, 0.5, "on the page")
        ax.plot([0, 1], [0, 1], color="0.2")
        ax.plot([0, 1], [1, 0], color="#D55E00")

    made = drawn(draw)
    assert _draw.INK not in made
    assert 'stroke="currentColor"' in made
    assert 'stroke="#d55e00"' in made
    assert "#333333" not in made
    text = next(t for t in re.findall("<text[^>]*>[^<]*", made) if "on the page" in t)
    assert "fill" not in text  # inherited: the colour of the page's text
    picture = drawn(lambda ax: documents.heat(ax, documents.frame()))
    assert 'fill="#000000"' in picture
    assert 'fill="#ffffff"' in picture


def test_only_what_is_allowed_passes():
    def draw(ax):
        ax.text(0.5, 0.5, "x", url="javascript:alert(1)")
        ax.text(0.2, 0.2, "y", url="https://evil.example", gid="onload")

    made = drawn(draw)
    for left in ("javascript", "evil", "onload", "<a", "style=", "metadata", "<style", "font-family", "xlink"):
        assert left not in made


def test_what_neighbours_share_is_said_once_but_not_how_transparent_they_are():
    made = drawn(lambda ax: ax.scatter(range(20), range(20), color="#0072B2", alpha=0.5))
    assert made.count('fill="#0072b2"') == 1
    root = ET.fromstring('<svg><use href="#a" opacity="0.5" fill="#1" /><use href="#b" opacity="0.5" fill="#1" /></svg>')
    _compact.compact(root)
    assert [u.get("opacity") for u in root.iter("use")] == ["0.5", "0.5"]
    assert [u.get("fill") for u in root.iter("use")] == [None, None]


def test_the_users_settings_stay_and_change_nothing():
    plain = drawn(lambda ax: ax.plot([1, 2]))
    with mpl.rc_context({"lines.linewidth": 7, "font.size": 20, "svg.fonttype": "path", "axes.facecolor": "red"}):
        before = dict(mpl.rcParams)
        assert drawn(lambda ax: ax.plot([1, 2])) == plain
        assert dict(mpl.rcParams) == before


@pytest.mark.slow
def test_the_report_of_the_example_is_small():
    adata, cohort = figures.example()
    document = ifn.report.document(adata, cohort, rng=1)
    made = _html.render(document)
    assert len(made.encode()) < 1_500_000
    page = Page(made)
    assert len(page.all("svg")) >= 8
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert not [a for _, a in page.elements if "style" in a]


def test_paragraphs_keep_their_parts():
    made = _html.render(Document("t", "s", (Section("a", "A", (Paragraph("one\n\ntwo"),)),)))
    assert "<p>one</p>\n<p>two</p>" in made
    assert "synthetic" not in made.split("<body>")[1].split("<script>")[0].lower()
