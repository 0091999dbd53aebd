"""Documents for the tests of the page: one with every kind of block, and one whose names come from somebody hostile."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ifnscore.pl import _style
from ifnscore.report._model import (
    Bullets,
    Details,
    Document,
    Download,
    Figure,
    Note,
    Paragraph,
    Quote,
    Section,
    Table,
)

#: What a name must never do: run, load, close what surrounds it, or steer the line that it stands in.
HOSTILE = (
    "<script>window.owned=1</script>",
    '"><img src=x onerror="window.owned=1">',
    "javascript:window.owned=1",
    "</style><script>window.owned=1</script>",
    "</title></svg><script>window.owned=1</script>",
    "]]><script>window.owned=1</script>",
    "{{7*7}}{% for a in b %}",
    "' onmouseover='window.owned=1",
    "<svg onload=window.owned=1>",
    "<!--",
    "&lt;b&gt;",
    "$\\alpha$ \x07 \u202eright to left",
    "=HYPERLINK(1)",
    "https://evil.example/x https://doi.org/10.1/<b>",
    "x" * 300,
)


def frame(rows: int = 8) -> pd.DataFrame:
    """Return patients with scores: numbers, words, a truth, missing values."""
    rng = np.random.default_rng(2)
    made = pd.DataFrame(
        {
            "patient_id": [f"P{i:02d}" for i in range(1, rows + 1)],
            "score": rng.normal(5, 2, rows).round(3),
            "change": rng.normal(-1, 1, rows),
            "responder": rng.random(rows) < 0.5,
            "note": ["on the drug for the whole window, without an interruption" if i % 2 else "" for i in range(rows)],
        }
    )
    made.loc[1, "score"] = np.nan
    return made


def scatter(ax, table: pd.DataFrame, label: str = "score") -> None:
    drawn = ax.scatter(table["score"], table["change"], color=_style.BLUE)
    _style.tell(drawn, table["patient_id"])
    ax.set_xlabel(_style.plain(label))
    ax.set_ylabel("change (log2)")


def heat(ax, table: pd.DataFrame) -> None:
    ax.imshow(np.arange(12.0).reshape(3, 4), aspect="auto")
    ax.text(0, 0, "low", color="white", ha="center")
    ax.text(3, 2, "high", color="black", ha="center")
    ax.set_xticks(range(4), [_style.plain(p) for p in table["patient_id"][:4]], rotation=90)


def everything(rows: int = 8) -> Document:
    """Return a document with every kind of block."""
    table = frame(rows)
    columns = {"patient_id": "patient", "score": "score", "change": "change", "responder": "responder", "note": "note"}
    scores = Table("scores", "Scores of every patient.", table, columns, 60)
    points = Figure(
        "points", "Score against change.", "Eight patients; most fell.", lambda ax: scatter(ax, table), (5, 3.4), scores
    )
    map_ = Figure("map", "A map.", "Twelve cells from low to high.", lambda ax: heat(ax, table), (5, 3))
    wide = pd.DataFrame({f"a rather long heading {i}": [1.5 * i, 2.0] for i in range(24)}, index=[3, 4])
    first = Section(
        "summary",
        "At a glance",
        (
            Note("Everything here is invented.", "synthetic"),
            Paragraph(
                "The score fell in 6 of 8. See https://doi.org/10.1186/s13075-018-1628-8, and doi:10.1038/s41592-019-0686-2.",
                "The main change",
            ),
            points,
            Bullets(("There is no untreated arm.", "Eight patients are few."), "What cannot be concluded"),
            Note("Fewer than 10 patients.", "warning"),
            Note("Nothing was measured in skin.", "missing"),
            Note("Days count from the first dose."),
        ),
    )
    second = Section(
        "numbers",
        "The numbers",
        (
            map_,
            Table("wide", "A wide table.", wide),
            Details("Folded away", (Paragraph("Hidden until asked for."), Table("inner", "An inner table.", table.head(3)))),
            Table("nothing", "An empty table.", table.head(0), columns),
            Table("cut", "A long table.", pd.DataFrame({"row": range(200), "name": [f"n{i}" for i in range(200)]}), None, 5),
            Quote("Scores were computed.\nThey were compared.", "Methods, ready to paste"),
            Download("references.bib", "References as BibTeX", "@article{a,\n title = {Ünïcode}\n}\n", "application/x-bibtex"),
        ),
    )
    facts = (("Patients", "8"), ("Drug", "tofacitinib"))
    return Document("Interferon scores", "Eight children, twice each", (first, second), synthetic=True, facts=facts)


def hostile() -> Document:
    """Return a document in which every text that can come from data is hostile."""
    blocks: list = []
    for i, bad in enumerate(HOSTILE):
        table = frame(4).assign(patient_id=[bad] * 4, note=bad)
        kept = Table(f"t{i}", bad, table, {"patient_id": bad, "score": "score", "change": "change", "note": "note"})
        blocks += [
            Paragraph(bad, bad),
            Bullets((bad,), bad),
            Note(bad, "warning"),
            Quote(bad, bad),
            kept,
            Figure(
                f"f{i}{bad}",
                bad,
                bad,
                lambda ax, t=table, b=bad: (scatter(ax, t, b), ax.set_title(_style.plain(b), parse_math=False)),
                (4, 3),
            ),
            Details(bad, (Paragraph(bad),)),
            Download(f"{bad}.txt", bad, bad),
        ]
    return Document(HOSTILE[0], HOSTILE[1], (Section(HOSTILE[1], HOSTILE[3], tuple(blocks)),), facts=((HOSTILE[0], HOSTILE[1]),))
