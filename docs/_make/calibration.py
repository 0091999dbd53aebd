"""Error rates of the headline p values, in short, from ``benchmarks/calibration/results.tsv``."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from pathlib import Path

from _make import text
from _make.text import plain

CALIBRATION = Path(__file__).parents[2] / "benchmarks" / "calibration"
SIZES = ("5", "6", "8", "10", "20")


def _cell(rows: list[dict[str, str]]) -> str:
    if not rows:
        return ""
    if all(r["verdict"] == "cannot reject" for r in rows):
        return "cannot reject"
    rates = sorted(float(r["rate"]) for r in rows)
    return f"{rates[0]:.3f}" if len(rates) == 1 else f"{rates[0]:.3f} to {rates[-1]:.3f}"


def _table(rows: list[dict[str, str]]) -> str:
    grouped: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        grouped[row["quantity"]][row["n"]].append(row)
    lines = []
    for quantity, by_n in sorted(grouped.items()):
        scenarios = len({r["scenario"] for found in by_n.values() for r in found})
        lines.append((plain(quantity), str(scenarios), *(_cell(by_n[n]) for n in SIZES)))
    return text.table(("quantity", "scenarios", *(f"n = {n}" for n in SIZES)), lines)


def write(out: Path) -> None:
    """Write the short tables and copy the long ones."""
    with (CALIBRATION / "results.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    headline = [r for r in rows if r["headline"] == "yes" and r["kind"] == "error rate"]
    bad = sum(r["verdict"] == "anti-conservative" for r in headline)
    said = f"Of these {len(headline)} cells {bad or 'none'} is anti-conservative: a 95 % Clopper-Pearson interval above 0.05."
    text.write(out / "parts" / "calibration.md", _table(headline), said)
    shutil.copyfile(CALIBRATION / "RESULTS.md", out / "calibration_results.md")
    readme = (CALIBRATION / "README.md").read_text(encoding="utf-8")
    for name, target in (("RESULTS.md", "calibration_results.md"), ("results.tsv", "")):
        readme = readme.replace(f"[{name}]({name})", f"[{name}]({target})" if target else f"`{name}`")
    (out / "calibration.md").write_text(readme, encoding="utf-8")
