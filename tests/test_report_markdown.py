"""The report as Markdown: nothing that comes from data is obeyed, tables are tables, and no number is lost."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from tests import figures

import ifnscore as ifn
from ifnscore.report import _cells, _markdown
from ifnscore.report._model import Bullets, Details, Document, Download, Figure, Note, Paragraph, Quote, Section, Table

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
HOSTILE = [
    "a|b",
    "`code`",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "http://evil.example",
    "www.evil.example",
    "nobody@evil.example",
    "$x^2$",
    "# heading",
    "- item",
    "1. item",
    "---",
    "===",
    "> quote",
    "two\nlines\r\nand\u2028three",
    "\u202etext turned\u2066",
    "\x1b[31mred",
    "*bold* __bold__ ~~gone~~",
    "&lt;b&gt;",
    "```",
    "\\|",
]


def no_figure(_):
    raise AssertionError("Markdown draws nothing")


def document(*blocks, **more):
    return Document("Title", "Subtitle", (Section("one", "Section", blocks),), **more)


def rendered(*blocks, **more):
    return _markdown.render(document(*blocks, **more))


def visible_text(line):
    """Return a line of Markdown as it is read: escapes and entities taken away."""
    return re.sub(r"\\([\\`*_{}\[\]<>#|~$.)+=-])", r"\1", line).replace("&amp;", "&").replace("\N{WORD JOINER}", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_inert_everywhere(name):
    table = Table("t", name, pd.DataFrame({name: [name], "b": [1]}))
    figure = Figure("f", name, name, no_figure, table=table)
    inner = (Paragraph(name, name), Bullets((name,), name), Note(name, "missing"), Quote(name, name), figure)
    text = rendered(*inner, Details(name, (Paragraph(name),)))
    # nothing but our own details and summary is HTML
    bare = re.sub(r"</?details>|<summary>.*?</summary>", "", text)
    assert not re.search(r"(?<!\\)<", bare)
    # no code, image, link, mathematics or strikethrough that is not escaped
    assert not re.search(r"(?<!\\)[`$~\[](?!!)", bare.replace("> [!NOTE]", ""))
    assert not re.search(r"https?://|www\.\w|\w@\w", text)
    assert "\u202e" not in text
    assert "\x1b" not in text
    for line in text.splitlines():
        assert not re.match(r"\s*(#{4,}|={2,}\s*$|-{3,}\s*$|\d+\.\s)", line), line
    # the rows of a table have as many cells as its head
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", r.replace("\\\\", ""))) for r in rows} == {3}


@pytest.mark.parametrize(
    "name", ["a|b", "`code`", "# heading", "- item", "1. item", "a_b_c", "_a_", "50 %", "x-y", "0.125", "−1.46"]
)
def test_escapes_take_nothing_away(name):
    assert visible_text(_markdown.text(name)) == name


def test_numbers_and_ids_stay_readable():
    assert _markdown.text("0.125") == "0.125"
    assert _markdown.text("kim2018_irg28_geomean") == "kim2018_irg28_geomean"
    assert _markdown.text("−1.46") == "−1.46"


def test_tables_show_what_they_should_and_say_what_is_left_out():
    frame = pd.DataFrame({"a": range(5), "b": [0.5] * 5, "data": ["SYNTHETIC"] * 5})
    text = rendered(Table("t", "Caption.", frame, {"b": "second"}, most=2))
    assert "| second |\n| --- |\n| 0.5 |\n| 0.5 |" in text
    assert "3 further rows are left out here" in text
    assert "SYNTHETIC" not in text
    assert "*No rows.*" in rendered(Table("t", "Caption.", frame.iloc[:0]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NA, ""),
        (np.float64(-1.4600708), "−1.46"),
        (0.0, "0"),
        (-0.0, "0"),
        (12345.6, "12,346"),
        (1234567.8, "1.23e+06"),
        (0.00027, "0.00027"),
        (3.0, "3"),
        (np.int64(-30), "−30"),
        (True, "yes"),
        (np.False_, "no"),
        ("a-b", "a-b"),
        (float("inf"), "inf"),
    ],
)
def test_cells(value, text):
    assert _cells.shown(value) == text


def test_downloads_are_fenced_whatever_they_hold():
    text = rendered(Download("x.bib", "References", "```\n@article{a}\n````\n", "text/plain"))
    fence = "`" * 5
    assert f"{fence}\n```\n@article{{a}}\n````\n{fence}" in text


def test_kinds_of_notes_and_the_synthetic_mark():
    text = rendered(Note("w", "warning"), Note("m", "missing"), Note("s", "synthetic"), synthetic=True)
    assert "> [!WARNING]\n> w" in text
    assert "> [!NOTE]\n> **Missing.** m" in text
    assert "> [!CAUTION]\n> **SYNTHETIC DATA.** s" in text
    assert "## Section (SYNTHETIC DATA)" in text


def test_figures_are_words_and_their_table():
    table = Table("t", "Behind.", pd.DataFrame({"a": [1]}))
    text = rendered(Figure("f", "What is shown.", "In words with 3 numbers.", no_figure, table=table))
    assert "**Figure.** What is shown." in text
    assert "*In words:* In words with 3 numbers." in text
    assert "| a |\n| --- |\n| 1 |" in text


def test_a_whole_report_has_its_sections_and_no_html_of_data():
    text = ifn.report.markdown(figures.simple(4)[0])
    assert text.startswith("# Interferon scores\n")
    for heading in ("At a glance", "The scores and their genes", "Methods and references", "Where the numbers come from"):
        assert f"## {heading}\n" in text
    own = re.sub(r"</?details>|<summary>.*?</summary>|```.*?```", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", own)
