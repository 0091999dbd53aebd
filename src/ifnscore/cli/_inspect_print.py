"""The report of ``inspect`` as text for a terminal of 100 columns; only the command to run next may be longer."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ifnscore.errors import listing, visible

_WIDTH, _LABEL = 100, 16
#: Flagged samples, notes and columns that are shown; the rest is counted.
_SHOWN = 5
#: Sample names that show whether the columns were understood.
_FIRST = 3
#: Single cells are counted, not named.
_NAMED = 500


def text(found: Mapping[str, Any]) -> str:
    """Return the whole report."""
    lines = _rows(_what(found))
    lines += _section("samples", _rows(_samples(found)))
    lines += _section("notes", [line for note in found["notes"] for line in _wrapped(f"- {note}", 2, 4)])
    lines += _section("groups of samples (for --controls)", _controls(found["controls"]))
    lines += _section("coverage of the default panel", [line for c in found["coverage"] for line in _coverage(c)])
    lines += _section("to fill in first", [line for one in found["fill_in"] for line in _wrapped(f"- {one}", 2, 4)])
    lines += _section("hints", [line for one in found["hints"] for line in _wrapped(f"- {one}", 2, 4)])
    lines += _section("next", [f"  {found['next']}"] if found["next"] else [])
    return "\n".join(lines)


def _what(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    through = "through one-to-one orthologs" if found["species"] == "mouse" else f"from {found['identifiers_from']}"
    recognised = f"{found['n_recognised']} catalogue genes recognised"
    rows = [
        ("format", found["format"] + (f", {found['platform']}" if found["platform"] else "")),
        ("shape", f"{found['n_samples']} samples x {found['n_genes']} genes"),
        ("samples", _first_samples(found)),
        ("orientation", found["orientation"] or "as stored"),
        ("identifiers", f"{found['identifiers']} ({through}); {recognised}"),
        ("duplicates", f"{found['n_duplicated']} genes in more than one row" if found["n_duplicated"] else "none"),
        ("scale", f"{found['scale'] or 'not certain'}: {found['scale_why']}"),
        ("normalised", found["normalisation"]),
        ("values", _range(found["minimum"], found["maximum"])),
        ("layers", listing(found["layers"], 8) or "none"),
        ("annotations", listing([a for a in found["annotations"] if not a.startswith("qc_")], 12) or "none"),
    ]
    if found["older_names"]:
        older = [f"{old} ({new})" for new, old in found["older_names"].items()]
        rows.insert(5, ("older names", f"{len(older)} taken for current ones: {listing(older, _SHOWN)}"))
    if found["spreadsheet_dates"]:
        dates = listing(found["spreadsheet_dates"], _SHOWN)
        rows.append(("dates", f"gene names turned into dates by a spreadsheet: {dates}"))
    return rows


def _first_samples(found: Mapping[str, Any]) -> str:
    shown = [visible(name) for name in found["sample_names"][:_FIRST]]
    more = found["n_samples"] - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _range(low: float | None, high: float | None) -> str:
    return f"{_written(low)} to {_written(high)}" if low is not None and high is not None else "no finite value"


def _samples(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    genes = found["detected_genes"]
    share = f"{found['detected_median']:.0%} in the median sample"
    rows = [] if found["scale"] == "ct" else [("above zero", f"{_spread(genes)} genes a sample ({share})")]
    sizes = found["library_sizes"]
    if sizes:
        rows.append(("totals", f"{_spread(sizes)} counts a sample"))
        if sizes["far"]:
            far = "" if found["n_samples"] > _NAMED else f": {_listed_totals(sizes['far'])}"
            rule = "beyond 3 MAD of the log totals and a factor of 2, a rule of thumb"
            rows.append(("far off", f"{len(sizes['far'])} samples ({rule}){far}"))
    missing = found["missing"]
    if missing["values"]:
        rows.append(("missing", f"{missing['values']} values in {missing['genes']} genes and {missing['samples']} samples"))
    empty = found["empty_samples"]
    if empty:
        rows.append(("empty", f"{len(empty)} samples without any expression get no score: {listing(empty, _SHOWN)}"))
    rows += [(c["name"].removeprefix("qc_").replace("_", " "), _spread(c)) for c in found["qc"]["columns"]]
    return rows + _flagged(found)


def _listed_totals(far: Sequence[Mapping[str, Any]]) -> str:
    return listing([f"{f['sample']} ({_written(f['total'])})" for f in far], _SHOWN)


def _flagged(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    flagged = found["qc"]["flagged"]
    if not flagged:
        return [("flags", "no sample flagged")] if "qc_flags" in found["annotations"] else []
    rows = [("flags", f"{len(flagged)} of {found['n_samples']} samples flagged")]
    rows += [("", f"{f['sample']}: {f['why']}") for f in flagged[:_SHOWN]]
    return rows + ([("", f"and {len(flagged) - _SHOWN} more (--json has all)")] if len(flagged) > _SHOWN else [])


def _spread(of: Mapping[str, float]) -> str:
    if of["minimum"] == of["maximum"]:
        return _written(of["median"])
    return f"{_written(of['minimum'])} to {_written(of['maximum'])}, median {_written(of['median'])}"


def _written(value: float) -> str:
    """Return large numbers in full, so that a library size can be read at a glance."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"  # noqa: PLR2004  five digits and more


def _controls(candidates: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for c in candidates[:_SHOWN]:
        values = listing([f"{v} ({n})" for v, n in c["values"].items()], 6)
        lines += _wrapped(f"{c['column']}: {values}", 2, 4)
    return lines + ([f"  and {len(candidates) - _SHOWN} more columns"] if len(candidates) > _SHOWN else [])


def _coverage(c: Mapping[str, Any]) -> list[str]:
    said = []
    if c["coverage"] < c["min_coverage"]:
        said.append(f"needs {c['min_coverage']:.0%}")
    if c["missing"]:
        said.append(f"missing {listing(c['missing'].split(','), 4)}")
    if c["without_ortholog"]:
        said.append(f"{c['without_ortholog']} without one-to-one ortholog")
    line = f"{c['signature']:<28} {c['n_found']:>3}/{c['n_genes']:<3} {c['coverage']:>4.0%}  {'; '.join(said)}"
    return _wrapped(line.rstrip(), 2, 44)


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _rows(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [line for name, value in rows for line in _wrapped(f"{name:<{_LABEL}} {value}", 0, _LABEL + 1)]


def _wrapped(line: str, first: int, then: int) -> list[str]:
    """Return a line as lines of at most 100 columns; long words are not cut, so that names can be copied."""
    return textwrap.wrap(
        " " * first + line,
        _WIDTH,
        subsequent_indent=" " * then,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=True,
    )
