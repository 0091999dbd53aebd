"""The entry for the scverse ecosystem: by the rules of the list's schema, and in agreement with the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import ifnscore

ROOT = Path(__file__).resolve().parents[1]
FILL_IN = "FILL IN: "
#: Rules of scripts/src/ecosystem_scripts/schema.json in scverse/ecosystem-packages, commit 8eb17e6 (2026-08-18).
REQUIRED = {
    "name",
    "description",
    "project_home",
    "documentation_home",
    "license",
    "tags",
    "primary_category",
    "language",
    "category",
}
REQUIRED_OF_ECOSYSTEM = {"install"}
ALLOWED = REQUIRED | REQUIRED_OF_ECOSYSTEM | {"contact", "tutorials_home", "publications", "logo", "test_command"}
CATEGORIES = {
    "Data structures",
    "scRNA-seq",
    "bulk RNA-seq",
    "Spatial",
    "Epigenomics",
    "Proteomics",
    "Adaptive immune cell receptor",
}
CATEGORIES |= {"Multimodal", "Imaging", "Infrastructure"}
TAGS = {"scRNA-seq", "bulk RNA-seq", "spatial transcriptomics", "preprocessing", "quality control", "differential expression"}
TAGS |= {"functional analysis", "visualization", "benchmarking", "interoperability", "file formats"}
ADDRESSES = ("project_home", "documentation_home", "tutorials_home")


@pytest.fixture(scope="module")
def entry():
    return yaml.safe_load((ROOT / "docs" / "scverse" / "meta.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_fields_are_those_of_the_schema(entry):
    assert set(entry) >= REQUIRED | REQUIRED_OF_ECOSYSTEM
    assert set(entry) <= ALLOWED
    assert entry["primary_category"] in CATEGORIES
    assert set(entry["tags"]) <= TAGS
    assert len(set(entry["tags"])) == len(entry["tags"]) >= 1
    assert entry["primary_category"] in entry["tags"]
    assert entry["language"] == "Python"
    assert entry["category"] == "ecosystem"
    assert len(set(entry["contact"])) == len(entry["contact"]) >= 1
    texts = [v for k, v in entry.items() if k not in {"tags", "contact", "install"}]
    assert all(isinstance(t, str) and t.strip() for t in [*texts, *entry["tags"], *entry["contact"], *entry["install"].values()])
    assert 1 <= len(re.findall(r"[.!?](\s|$)", entry["description"])) <= 2


def test_entry_agrees_with_the_package(entry, project):
    assert entry["name"] == entry["install"]["pypi"] == project["name"] == ifnscore.__name__
    assert entry["license"] == project["license"]
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("BSD 3-Clause License")
    assert "version" not in entry


def test_what_is_not_known_is_marked_and_nothing_is_made_up(entry, project):
    for field in ADDRESSES:
        value = entry.get(field, FILL_IN)
        known = urlsplit(value).scheme == "https" and "." in urlsplit(value).netloc
        assert known or value.startswith(FILL_IN)
        if project.get("urls"):
            assert known, f"{field}: pyproject.toml has addresses, so fill it in"
    marked = [f for f in ADDRESSES if str(entry.get(f)).startswith(FILL_IN)]
    told = (ROOT / "docs" / "scverse" / "README.md").read_text(encoding="utf-8")
    assert all(f"`{field}`" in told for field in marked)
    for user in entry["contact"]:
        assert user.startswith(FILL_IN) or re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}", user)


def test_the_test_command_is_one_of_ours(entry):
    target = entry["test_command"].removeprefix("make ")
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)


def test_every_point_of_the_checklist_has_an_answer():
    text = (ROOT / "docs" / "scverse" / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| point", "|---"))]
    assert len(rows) == 9 + 4
    assert all(len(row.strip("|").split("|")) == 3 and all(c.strip() for c in row.strip("|").split("|")) for row in rows)
    for path in re.findall(r"`((?:src|tests|examples|genesets|docs)/[\w./]*|[A-Z_]{3,}(?:\.\w+)?|\.ci/run)`", text):
        assert (ROOT / path).exists(), path


def test_code_of_conduct_is_attributed_and_has_no_made_up_address():
    text = (ROOT / "CODE_OF_CONDUCT.md").read_text(encoding="utf-8")
    assert "https://www.contributor-covenant.org/version/2/1/code_of_conduct.html" in text
    assert "CC BY 4.0" in text
    assert not re.search(r"\S@\S", text)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "/CODE_OF_CONDUCT.md" in project


def test_citation_file_agrees_with_the_package(project):
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert set(cited) >= {"cff-version", "message", "title", "authors"}  # mandatory in the format 1.2.0
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert cited["version"] == ifnscore.__version__
    assert cited["license"] == project["license"]
    assert [a["name"] for a in cited["authors"]] == [a["name"] for a in project["authors"]]
    assert cited["title"].startswith(f"{project['name']}: ")
