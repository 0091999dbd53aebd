"""Cohort folders made from plain data frames, for tests that check numbers against other programs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

#: Everything after day 0 is on the drug, up to the stop; nothing is carry-over.
AT_ONCE = "[on_drug]\nmin_days_on = 0\ngrace_days = 0\nwashout_days = 0\n"
HEAD = '[cohort]\nindex_drug = "tofacitinib"\nsynthetic = true\n'
#: A measure on any scale, for numbers that no clinical measure could hold.
ANY_SCALE = (
    '[[instrument]]\nid = "anything"\ntitle = "Anything"\ndomain = "test"\nminimum = -1000\nmaximum = 1000\n'
    'direction = "higher_is_worse"\nsources = ["made for a test"]\n'
)


def ids(visits: pd.DataFrame) -> list[str]:
    """Return one name for each row: patient and running number."""
    return [f"{p}v{k}" for p, k in zip(visits["patient"], visits.groupby("patient").cumcount() + 1, strict=True)]


def write(
    folder: Path,
    visits: pd.DataFrame,
    exposure: pd.DataFrame | None = None,
    *,
    instrument: str = "cdasi_activity",
    settings: str = AT_ONCE,
    **patients: list[str],
) -> Path:
    """Write a cohort: columns ``patient, day`` and, where measured, ``outcome``; one sample and one visit a row.

    `exposure` has ``patient, start, stop``; by default everybody takes the drug from day 0 on. Further columns of patients are
    lists in the order of the sorted ids.
    """
    folder.mkdir(parents=True)
    who = sorted(set(visits["patient"]))
    exposure = pd.DataFrame({"patient": who, "start": 0, "stop": None}) if exposure is None else exposure
    name = ids(visits)
    tables = {
        "patients": pd.DataFrame({"patient_id": who, **patients}),
        "visits": pd.DataFrame({"patient_id": visits["patient"], "visit_id": name, "day": visits["day"]}),
        "samples": pd.DataFrame(
            {"sample_id": name, "patient_id": visits["patient"], "day": visits["day"], "tissue": "blood", "platform": "RNA-seq"}
        ),
        "exposures": pd.DataFrame(
            {
                "patient_id": exposure["patient"],
                "drug": "tofacitinib",
                "start_day": exposure["start"],
                "stop_day": exposure["stop"],
                "dose": 10,
                "unit": "mg/day",
            }
        ),
    }
    if "outcome" in visits:
        values = pd.DataFrame({"patient_id": visits["patient"], "visit_id": name, "instrument": instrument})
        tables["outcomes"] = values.assign(value=visits["outcome"])
    for table, frame in tables.items():
        frame.to_csv(folder / f"{table}.csv", index=False)
    (folder / "cohort.toml").write_text(HEAD + settings, encoding="utf-8")
    return folder


def scores(visits: pd.DataFrame, column: str = "score") -> pd.DataFrame:
    """Return the table of scores of these visits."""
    return pd.DataFrame({"sample": ids(visits), "ifn": visits[column].to_numpy()})


def paired(pre: list[float], post: list[float], patients: list[str] | None = None) -> pd.DataFrame:
    """Return a long table of scores before and after: ``sample, who, when, ifn``."""
    who = patients or [f"q{i:02d}" for i in range(len(pre))]
    return pd.DataFrame(
        {
            "sample": [f"{w}{t}" for t in "ab" for w in who],
            "who": [*who, *who],
            "when": ["before"] * len(who) + ["after"] * len(who),
            "ifn": [*pre, *post],
        }
    )
