"""The Total Improvement Score against shared/oracles/tis_cases.csv, and the sources and limits of the shipped instruments."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pandas as pd
import pytest

from ifnscore import instruments
from ifnscore.cli import _app
from ifnscore.cli.tis import tis as command
from ifnscore.instruments import tis

SHARED = Path(__file__).parents[2].parent / "shared"
if not (SHARED / "oracles" / "tis_cases.csv").is_file():
    pytest.skip("shared material is absent (../shared/oracles)", allow_module_level=True)

pytestmark = pytest.mark.shared
CASES = SHARED / "oracles" / "tis_cases.csv"
TABLE = pd.read_csv(CASES)


@pytest.mark.parametrize("case", TABLE.to_dict(orient="records"), ids=lambda c: c["case"])
def test_every_case(case):
    found = tis.score({p: case[p] for p in tis.PLACES})
    assert {f"p_{p}": x for p, x in found.points.items()} == {f"p_{p}": case[f"p_{p}"] for p in tis.PLACES}
    assert (found.total, found.juvenile, found.adult) == (case["TIS"], case["juvenile"], case["adult"])


def test_the_command_gives_the_same_table(capsys):
    assert _app.run(command, [str(CASES), "-q"]) == 0
    got = pd.read_csv(io.StringIO(capsys.readouterr().out), sep="\t", keep_default_na=False)
    columns = ["case", *(f"p_{p}" for p in tis.PLACES), "TIS", "juvenile", "adult"]
    pd.testing.assert_frame_equal(got[columns], TABLE[columns])


def test_every_source_was_read():
    text = "".join((SHARED / "clinical" / name).read_text(encoding="utf-8") for name in ("INSTRUMENTS.md", "instruments.tsv"))
    for name in instruments.ids():
        for source in instruments.get(name).sources:
            assert source.removeprefix("doi:") in text, (name, source)
    for name in instruments.responses.names():
        definition = instruments.responses.get(name)
        assert definition.source in text
        for doi in re.findall(r"doi:(\S+?)\. ", definition.notes):
            assert doi in text


ROWS = {
    "CDASI v2 activity": "cdasi_activity", "CDASI v2 damage": "cdasi_damage", "CAT activity (original)": "cat_activity",
    "CAT-BM / abbreviated CAT (binary)": "cat_bm_activity", "CAT-BM damage": "cat_bm_damage", "DAS total": "das_total",
    "DAS skin": "das_skin", "DAS muscle": "das_muscle", "modified DAS (mDAS)": "mdas_total", "Skin VAS (physician)": "skin_vas",
    "MDAAT cutaneous VAS": "mdaat_cutaneous", "MDAAT extramuscular (sum of VAS)": "mdaat_extramuscular",
    "Physician Global Activity (PhyGloVAS)": "physician_global", "Patient/Parent Global Activity": "patient_global", "CMAS": "cmas",
    "MMT8": "mmt8", "CHAQ": "chaq", "JDMAI1": "jdmai1", "JDMAI2": "jdmai2", "CDLQI": "cdlqi", "DLQI": "dlqi", "Skindex-29": "skindex29",
    "TIS (2016 ACR/EULAR)": "tis",
}  # fmt: skip


@pytest.mark.parametrize("row", list(ROWS))
def test_range_direction_and_status_of_the_shared_table(row):
    table = pd.read_csv(SHARED / "clinical" / "instruments.tsv", sep="\t").set_index("instrument")
    one, theirs = instruments.get(ROWS[row]), table.loc[row]
    assert (one.minimum, one.maximum) == (float(theirs["min"]), float(theirs["max"]))
    assert one.higher_is_worse is (theirs["higher_is_worse"] == "yes")
    doubtful = "range UNVERIFIED" in theirs["status"] or "range 0-100 UNVERIFIED" in theirs["status"]
    inferred = "range inferred" in theirs["status"]
    assert one.range_confidence == ("unverified" if doubtful else "inferred" if inferred else "verified")
