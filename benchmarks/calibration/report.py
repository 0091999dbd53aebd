"""results.tsv and RESULTS.md."""

from __future__ import annotations

import csv
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tally import COLUMNS, COVERAGE, ERROR, LIMIT, POWER

MARKS = {"anti-conservative": " **anti**", "conservative": " cons.", "cannot reject": " cannot reject"}
HEAD = """# Calibration: error rates and coverage

Made by `simulate.py` from `results.tsv`; what was simulated is described in README.md. Each cell: rate [95 % Clopper-Pearson
interval of the simulation], data sets. **anti**: the interval lies above 0.05 (or a coverage below 0.95); cons.: it lies on the
safe side of it; cannot reject: no data of this size can give p <= 0.05, which is no calibration.

"""

LIMITS = """## Limits: what breaks the assumptions

Skewed changes, errors that go together from visit to visit, falls that no logarithm follows. What is a headline elsewhere is in this
table too (`limit` in results.tsv), and does not always hold its level.

"""


def lines(rows: Iterable[dict[str, Any]]) -> str:
    """Return the rows as tab-separated text with a header."""
    return "\n".join(["\t".join(COLUMNS), *("\t".join(str(r[c]) for c in COLUMNS) for r in rows)])


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of results.tsv."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def write(rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write both files."""
    (folder / "results.tsv").write_text(lines(rows) + "\n", encoding="utf-8")
    limit = [r for r in rows if r["scenario"].startswith(LIMIT)]
    inside = [r for r in rows if not r["scenario"].startswith(LIMIT)]
    headline = [r for r in inside if r["headline"] == "yes" and r["kind"] == ERROR]
    wrong = sum(r["verdict"] == "anti-conservative" for r in headline)
    count = f"{len(headline)} cells; anti-conservative: {wrong}.\n\n"
    others = [r for r in inside if r["headline"] == "no" and r["kind"] == ERROR]
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "statsmodels"))
    parts = [
        HEAD,
        "## Headline p values, error rate at 0.05\n\n" + count + _tables(headline),
        "## Other p values, error rate at 0.05\n\nShown beside the headline, or never as a result of their own.\n\n"
        + _tables(others),
        "## Coverage of 95 % intervals\n\n" + _tables([r for r in inside if r["kind"] == COVERAGE]),
        "## Power for a real link within patients\n\n" + _tables([r for r in rows if r["kind"] == POWER]),
        LIMITS + _tables(limit),
        f"Python {platform.python_version()}, {versions}.\n",
    ]
    (folder / "RESULTS.md").write_text("\n".join(parts), encoding="utf-8")


def _tables(rows: Sequence[dict[str, Any]]) -> str:
    """Return one Markdown table: a line for each quantity and scenario, a column for each n."""
    sizes = sorted({int(r["n"]) for r in rows})
    text = ["| quantity | scenario | " + " | ".join(f"n = {n}" for n in sizes) + " |", "|---|---|" + "---|" * len(sizes)]
    found: dict[tuple[str, str], dict[int, str]] = {}
    for r in rows:
        found.setdefault((r["quantity"], r["scenario"]), {})[int(r["n"])] = _cell(r)
    for (quantity, scenario), cells in sorted(found.items(), key=lambda item: item[0][0]):
        text.append(f"| {quantity} | {scenario} | " + " | ".join(cells.get(n, "") for n in sizes) + " |")
    return "\n".join(text) + "\n"


def _cell(r: dict[str, Any]) -> str:
    rate, low, high = (f"{float(r[c]):.3f}" for c in ("rate", "mc_low", "mc_high"))
    return f"{rate} [{low}, {high}] {int(r['n_datasets']):,}{MARKS.get(r['verdict'], '')}"
