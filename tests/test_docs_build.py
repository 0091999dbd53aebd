"""The documentation: it builds without a warning, needs no network to be read, and leaves nothing public out.

Run by ``make docs`` (marker ``docs``; it needs the dependency group of that name) on what it has just built, which ``IFNSCORE_DOCS``
names; without it the pages are built here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from tests.docs_pages import ROOT

import ifnscore as ifn
from ifnscore.cli import app

pytestmark = pytest.mark.docs
MODULES = ("tl", "get", "pl", "report", "datasets", "signatures", "methods", "reference", "instruments", "pp")
#: Attributes by which a page loads something while it is read.
LOADING = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("object", "data"),
    ("embed", "src"),
}


class Page(HTMLParser):
    """Ids of a page, where it links to, and what it loads."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = {k: v or "" for k, v in attrs}
        self.tags.add(tag)
        self.ids |= {given[k] for k in ("id", "name") if k in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self.loads += [v for k, v in given.items() if (tag, k) in LOADING]
        if tag == "link" and given.get("rel") not in {"canonical", "author", "license"}:
            self.loads.append(given.get("href", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of pages, built anew with every warning an error."""
    if os.environ.get("IFNSCORE_DOCS"):
        return ROOT / os.environ["IFNSCORE_DOCS"]
    folder = tmp_path_factory.mktemp("docs")
    command = [
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-n",
        "-b",
        "html",
        "-d",
        folder / "tree",
        ROOT / "docs",
        folder / "html",
    ]
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "html"


@pytest.fixture(scope="module")
def read(site):
    return {p.relative_to(site).as_posix(): Page(p) for p in sorted(site.rglob("*.html"))}


def test_every_link_inside_leads_somewhere(site, read):
    broken = []
    for name, page in read.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            inside = target.resolve()
            if not inside.is_file():
                broken.append(f"{name}: {link}")
            elif parts.fragment and inside.suffix == ".html":
                there = read[inside.relative_to(site.resolve()).as_posix()]
                if unquote(parts.fragment) not in there.ids:
                    broken.append(f"{name}: {link}")
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site, read):
    foreign = [f"{name}: {link}" for name, page in read.items() for link in page.loads if urlsplit(link).netloc]
    assert foreign == []
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert re.search(r"(@import|url\()\s*['\"]?(https?:)?//", text) is None, path
    missing = [
        f"{name}: {link}"
        for name, page in read.items()
        for link in page.loads
        if not link.startswith("data:") and not ((site / name).parent / unquote(urlsplit(link).path)).resolve().exists()
    ]
    assert missing == []


def test_nothing_says_where_it_was_built(site):
    word = re.compile(rb"/(?:work|tmp|home|root|Users)/\w|pypi\.org|127\.0\.0\.1|localhost:")
    for path in site.rglob("*"):
        if path.suffix in {".html", ".js", ".css", ".txt", ".inv"} and "_static" not in path.parts:
            found = word.search(path.read_bytes())
            assert found is None, f"{path.relative_to(site)}: {found and found[0]}"
    for path in site.rglob("*.html"):
        assert str(ROOT).encode() not in path.read_bytes()


def test_formulas_are_mathml(read):
    assert "math" in read["formulas.html"].tags
    for method in ifn.methods.records():
        page = read[f"_generated/methods/{method}.html"]
        assert "math" in page.tags, f"docs/methods/{method}.md is missing, or has no formula"


def _named(page: Page, name: str) -> bool:
    return any(i == name or i.endswith(f".{name}") for i in page.ids)


def test_every_public_name_has_a_page(read):
    documented = {i for name, page in read.items() if name.startswith("_generated/api/") for i in page.ids}
    objects = {id(getattr(ifn, n)): f"ifnscore.{n}" for n in ifn.__all__}
    lacking = [n for n in ifn.__all__ if n != "__version__" and not hasattr(getattr(ifn, n), "__path__")]
    lacking = [n for n in lacking if f"ifnscore.{n}" not in documented and type(getattr(ifn, n)).__name__ != "module"]
    for name in MODULES:
        module = getattr(ifn, name)
        public = getattr(module, "__all__", None)
        public = public or [
            n for n, v in vars(module).items() if getattr(v, "__module__", None) == module.__name__ and n[0] != "_"
        ]
        for n in public:
            thing = getattr(module, n)
            known = {f"{module.__name__}.{n}", objects.get(id(thing), "")}
            if type(thing).__name__ != "module" and not known & documented:
                lacking.append(f"{name}.{n}")
    assert lacking == []


def test_every_signature_and_method_has_a_page(read):
    assert [i for i in ifn.signatures.ids() if f"_generated/catalogue/{i}.html" not in read] == []
    assert [i for i in ifn.methods.records() if f"_generated/methods/{i}.html" not in read] == []


def test_every_signature_page_says_what_the_file_says(site):
    for i in ifn.signatures.ids():
        text = re.sub(r"<[^>]+>", "", (site / "_generated" / "catalogue" / f"{i}.html").read_text(encoding="utf-8"))
        one = ifn.signatures.get(i)
        assert all(g in text for g in one.genes), i
        assert (one.source.doi if one.source.doi != "unknown" else "DOI") in text, i
        assert one.formula.status in text


def test_every_command_has_an_entry(site):
    def walk(command, path):
        yield path
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                yield from walk(inner, f"{path} {name}")

    page = Page(site / "_generated" / "commands.html")
    lacking = [path for path in walk(app, "ifnscore") if path.replace(" ", "-") not in page.ids]
    assert lacking == []


def test_every_figure_is_in_the_gallery(site):
    page = (site / "_generated" / "gallery.html").read_text(encoding="utf-8")
    assert [n for n in ifn.pl.__all__ if n != "style" and f"{n}.png" not in page] == []


def test_every_notebook_is_shown(read):
    assert [p.stem for p in (ROOT / "examples").glob("*.ipynb") if f"_generated/notebooks/{p.stem}.html" not in read] == []
