"""The report in a real browser: what it asks for, what runs in it, how it reads, sorts, prints. Run by ``make browser``.

Set IFNSCORE_SCREENS to a folder to keep the screenshots and look at them.
"""

from __future__ import annotations

import base64
import importlib.resources
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests import documents, figures

import ifnscore as ifn
from ifnscore.report import _html

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
#: Counts what the policy stopped, from before the first line of the page is read.
WATCH = "window.stopped = []; addEventListener('securitypolicyviolation', e => stopped.push(e.violatedDirective + ' ' + e.blockedURI));"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "these tests need Chromium; on Debian or Ubuntu: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS, headless=True)
        yield started
        started.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    adata, cohort = figures.example()
    pages = {
        "everything": _html.render(documents.everything()),
        "hostile": _html.render(documents.hostile()),
        "example": _html.render(ifn.report.document(adata, cohort, rng=1)),
        "alone": _html.render(ifn.report.document(figures.simple(20)[0], rng=1)),
    }
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


class Visit:
    """A page that was opened, and everything that happened meanwhile."""

    def __init__(self, browser, path: Path, **options) -> None:
        self.context = browser.new_context(**{"viewport": DESKTOP, "accept_downloads": True} | options)
        self.page = self.context.new_page()
        self.requests, self.said = [], []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.said.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.said.append(f"error: {e}"))
        self.page.on("dialog", lambda d: (self.said.append(f"dialog: {d.message}"), d.dismiss()))
        if options.get("java_script_enabled", True):
            self.context.add_init_script(WATCH)
        self.address = path.as_uri()
        self.page.goto(self.address)

    def outside(self) -> list[str]:
        """Return what was asked for beside the file itself; pictures inside the file are no requests."""
        return [u for u in self.requests if u != self.address and not u.startswith("data:image/png;base64,")]


@pytest.fixture
def visit(browser, files):
    made = []

    def go(name, **options):
        made.append(Visit(browser, files / f"{name}.html", **options))
        return made[-1]

    yield go
    for one in made:
        one.context.close()


NAMES = pytest.mark.parametrize("name", ["everything", "hostile", "example", "alone"])


@NAMES
def test_nothing_is_asked_for_nothing_is_stopped_and_nothing_complains(visit, name):
    one = visit(name)
    one.page.mouse.wheel(0, 100_000)
    for button in one.page.locator("thead button:visible").all()[:3]:
        button.click()
    one.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    one.page.wait_for_timeout(200)
    assert one.outside() == []
    assert one.said == []
    assert one.page.evaluate("stopped") == []


def test_the_policy_would_stop_what_got_into_the_page(browser, files, tmp_path):
    text = (files / "everything.html").read_text(encoding="utf-8")
    bad = '<script>window.owned=1</script><p style="color:red" onclick="window.owned=1" id=p>x</p><img src="https://example.org/a.png">'
    (tmp_path / "bad.html").write_text(text.replace("</main>", bad + "</main>"), encoding="utf-8")
    one = Visit(browser, tmp_path / "bad.html")
    one.page.click("#p")
    one.page.wait_for_timeout(200)
    assert one.page.evaluate("window.owned") is None
    stopped = {s.split(" ")[0] for s in one.page.evaluate("stopped")}
    assert stopped >= {"script-src-elem", "script-src-attr", "style-src-attr", "img-src"}
    one.context.close()


def test_hostile_names_do_nothing(visit):
    one = visit("hostile")
    one.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    for link in one.page.locator("main a:not([download])").all()[:5]:
        assert link.get_attribute("href").startswith(("#", "https://doi.org/10."))
    one.page.locator("h2").first.hover()
    assert one.page.evaluate("window.owned") is None
    assert one.page.evaluate("document.scripts.length") == 1
    assert one.page.evaluate("document.images.length") == 0
    assert one.page.evaluate("document.querySelectorAll('[onerror],[onload],[onmouseover],[style]').length") == 0
    assert documents.HOSTILE[6] in one.page.locator("main").text_content()


def axe(page) -> list[str]:
    """Return what axe-core finds: rule, and the first element that breaks it."""
    page.evaluate(importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]} {v['nodes'][0]['failureSummary'][:200]}" for v in found]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["everything", "example"])
def test_axe_finds_nothing(visit, name, scheme, size):
    one = visit(name, color_scheme=scheme, viewport=size)
    one.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert axe(one.page) == []


def test_axe_would_find_something(visit):
    page = visit("everything").page
    page.evaluate(
        "document.documentElement.removeAttribute('lang'); document.querySelector('svg').removeAttribute('aria-labelledby')"
    )
    page.evaluate("document.querySelector('svg > title').remove()")
    assert {found.split(":")[0] for found in axe(page)} >= {"html-has-lang", "svg-img-alt"}


def test_axe_finds_nothing_among_hostile_names(visit):
    assert axe(visit("hostile", viewport=PHONE).page) == []


@NAMES
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_phone_scrolls_downward_only(visit, name, scripts):
    one = visit(name, viewport=PHONE, java_script_enabled=scripts)
    box = one.page.locator("html").bounding_box()
    assert box["width"] == PHONE["width"]
    if scripts:
        one.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        assert one.page.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]


def cells(table, column: int) -> list[str]:
    return [row.locator("th, td").nth(column).inner_text() for row in table.locator("tbody tr").all()]


def test_tables_sort_and_say_so(visit):
    page = visit("everything").page
    page.locator("details:has(#table-scores)").evaluate("d => { d.open = true; }")
    table = page.locator("#table-scores table")
    head = table.locator("thead th").nth(1)
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    want = documents.frame()["score"].dropna().sort_values()
    numbers = [float(c.replace("\N{MINUS SIGN}", "-")) for c in cells(table, 1)[:-1]]
    assert numbers == pytest.approx(list(want), abs=0.01)
    assert cells(table, 1)[-1] == ""  # what is missing stays at the end
    assert "Sorted by score, ascending" in page.locator("#said").inner_text()
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(c.replace("\N{MINUS SIGN}", "-")) for c in cells(table, 1)[:-1]] == numbers[::-1]
    assert cells(table, 1)[-1] == ""
    table.locator("thead th").nth(0).locator("button").click()
    assert head.get_attribute("aria-sort") == "none"
    assert cells(table, 0) == [f"P{i:02d}" for i in range(1, 9)]


def test_everything_is_readable_without_scripts(visit):
    page = visit("everything", java_script_enabled=False).page
    assert page.locator("thead button").count() == 0
    assert page.get_by_text("The score fell in 6 of 8.").is_visible()
    assert page.locator("svg").first.is_visible()
    inner = page.get_by_text("Hidden until asked for.")
    assert not inner.is_visible()
    page.get_by_text("Folded away").click()
    assert inner.is_visible()
    with page.expect_download() as wait:
        page.get_by_role("link", name="references.bib").click()
    assert Path(wait.value.path()).read_text(encoding="utf-8").startswith("@article{a,")


def test_downloads_hold_what_they_say(visit):
    one = visit("everything")
    link = one.page.locator('a[download="cut.tsv"]')
    with one.page.expect_download() as wait:
        link.click()
    assert wait.value.suggested_filename == "cut.tsv"
    got = Path(wait.value.path()).read_bytes()
    assert got == base64.b64decode(link.get_attribute("href").split(",", 1)[1])
    assert got.decode().splitlines()[-1] == "199\tn199"


def test_the_keyboard_reaches_what_scrolls_and_the_first_stop_skips(visit):
    page = visit("everything").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # it shows when it has the focus
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-labelledby') || document.activeElement.tagName"))
    assert "table-wide-caption" in reached
    box = page.locator("#table-wide .scroll")
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert box.evaluate("b => b.scrollLeft") > 0
    assert page.locator("#table-cut .scroll").get_attribute("tabindex") is None  # nothing to scroll, no stop
    outline = box.evaluate("b => { b.blur(); b.focus({focusVisible: true}); return getComputedStyle(b).outlineWidth; }")
    assert outline == "3px"


def test_contents_are_open_beside_the_text_and_folded_on_a_phone(visit):
    wide, narrow = visit("everything").page, visit("everything", viewport=PHONE).page
    assert wide.locator("nav a").first.is_visible()
    assert not wide.locator("nav summary").is_visible()
    assert not narrow.locator("nav a").first.is_visible()
    narrow.locator("nav summary").click()
    narrow.locator("nav a").nth(1).click()
    narrow.wait_for_timeout(1000)
    assert 0 <= narrow.locator("#numbers h2").bounding_box()["y"] < PHONE["height"]


def test_colours_follow_the_scheme_and_synthetic_data_are_named_on_every_screen(visit):
    seen = {}
    for scheme in ("light", "dark"):
        page = visit("everything", color_scheme=scheme).page
        seen[scheme] = page.evaluate(
            "[document.body, document.querySelector('svg')].map(e => getComputedStyle(e)).map(s => s.backgroundColor + s.color)"
        )
        page.mouse.wheel(0, 100_000)
        page.wait_for_timeout(200)
        assert page.locator(".banner").bounding_box()["y"] == 0
    assert seen["light"][0] != seen["dark"][0]
    assert seen["light"][1] != seen["dark"][1]


def test_who_asks_for_less_motion_gets_none(visit):
    page = visit("everything", reduced_motion="reduce").page
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_the_methods_can_be_copied(visit):
    one = visit("everything", permissions=["clipboard-read", "clipboard-write"])
    one.page.locator(".quote button").click()
    one.page.wait_for_function("document.getElementById('said').textContent !== ''")
    assert one.page.locator("#said").inner_text() in {"Copied", "Selected: copy it with the keyboard"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["everything", "example"])
def test_it_prints_all_of_it_on_white(visit, name, scheme, tmp_path):
    page = visit(name, color_scheme=scheme).page
    page.pdf(path=tmp_path / "a.pdf", prefer_css_page_size=True, print_background=True)
    info = subprocess.run(["pdfinfo", tmp_path / "a.pdf"], capture_output=True, text=True, check=True).stdout
    assert "A4" in info
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True).stdout
    words = " ".join(text.split())
    for heading in page.locator("main h2").all_inner_texts():
        assert heading in words
    for summary in page.locator("main summary").all_inner_texts()[:6]:
        assert summary[:20] in words
    if name == "everything":
        assert "Hidden until asked for." in words
        assert "Skip to the report" not in words
    ink = page.evaluate("getComputedStyle(document.body).color")
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 33, 38)"
    assert (ink == "rgb(28, 33, 38)") is (scheme == "light")


@NAMES
def test_nothing_is_wider_than_the_paper(visit, name):
    page = visit(name, viewport={"width": 680, "height": 900}).page  # 180 mm, A4 without its margins
    page.emulate_media(media="print")
    wide = "[...document.querySelectorAll('table, svg, p, li, h2')].filter(e => e.getBoundingClientRect().right > 681).map(e => e.outerHTML)"
    assert [html[:300] for html in page.evaluate(wide)] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_of_its_figure(visit, scheme, size, tmp_path):
    page = visit("example", color_scheme=scheme, viewport=size).page
    kept = Path(os.environ.get("IFNSCORE_SCREENS", tmp_path))
    page.screenshot(path=kept / f"example_{size['width']}_{scheme}.png", full_page=True)
    out = page.evaluate(
        """() => [...document.querySelectorAll('svg')].flatMap(svg => {
          const r = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter(t => {
            const b = t.getBoundingClientRect();
            return b.width && (b.left < r.left - 2 || b.right > r.right + 2 || b.top < r.top - 2 || b.bottom > r.bottom + 2);
          }).map(t => svg.querySelector('title').textContent + ': ' + t.textContent);
        })"""
    )
    assert out == []
