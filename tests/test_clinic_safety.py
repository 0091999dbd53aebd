"""Nothing is lost and nobody is named: folders, keys, labels and messages of compare and associate."""

from __future__ import annotations

import numpy as np
import pytest
from tests.clinic import FOREIGN, PEOPLE, SIMPLE, one_line


@pytest.mark.parametrize("target", ["mine", "study"])
def test_a_folder_of_other_things_is_never_replaced(run, clinic, target):
    folder, _ = clinic
    (folder / target).mkdir()
    if target == "study":
        (folder / "cohort").rename(folder / target / "cohort")
    else:
        (folder / target / "precious.txt").write_text("x", encoding="utf-8")
    cohort = folder / target / "cohort" if target == "study" else folder / "cohort"
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    code, _, err = run("compare", folder / "scores.tsv", cohort, *FOREIGN, "-o", folder / target, "--force")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert code == 1
    one_line(err)


@pytest.mark.parametrize("key", ["cohort/patients.csv", "keydir"])
def test_the_key_replaces_no_input_and_no_folder(run, clinic, key):
    folder, _ = clinic
    (folder / "keydir").mkdir()
    (folder / "keydir" / "precious.txt").write_text("x", encoding="utf-8")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    code, _, err = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--key", folder / key, "--force")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert code == 1
    one_line(err)


def test_output_and_key_are_two_places(run, clinic):
    folder, _ = clinic
    before = sorted(folder.iterdir())
    for key in ("out", "out/key.csv"):
        code, out, err = run(
            "compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "-o", folder / "out", "--key", folder / key
        )
        assert (code, out) == (1, "")
        assert sorted(folder.iterdir()) == before
        one_line(err)


def test_patients_are_no_groups(run, pairs, clinic):
    folder, _ = clinic
    code, _, err = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--group", "patient_id")
    assert code in {1, 2}
    assert "fault of ifnscore" not in one_line(err)
    code, out, err = run("compare", folder / "wide.csv", *SIMPLE, *FOREIGN, "--group", "who", "--json")
    assert not [p for p in PEOPLE if p in out]


def test_a_group_label_holds_no_date_and_no_path(run, pairs):
    folder, table = pairs
    table.assign(arm=np.where(table["arm"] == "u", "seen 2021-03-05", "/home/dr/x")).to_csv(folder / "wide.csv", index=False)
    code, out, _ = run("compare", folder / "wide.csv", *SIMPLE, *FOREIGN, "--group", "arm", "--json")
    assert code == 1 or ("2021-03-05" not in out and "/home/dr" not in out)


def test_a_title_names_no_patient_and_no_path(run, clinic):
    folder, _ = clinic
    toml = folder / "cohort" / "cohort.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + f'title = "/home/dr/x, {PEOPLE[0]}"\n', encoding="utf-8")
    code, out, _ = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "--json")
    assert code == 1 or (PEOPLE[0] not in out and "/home/dr" not in out)


def test_an_existing_file_is_refused_before_work_starts(run, clinic):
    folder, _ = clinic
    (folder / "f.txt").write_text("x", encoding="utf-8")
    code, _, err = run("compare", folder / "scores.tsv", folder / "cohort", *FOREIGN, "-o", folder / "f.txt", "--force")
    assert code == 1
    assert "Not a directory" not in one_line(err)
    assert (folder / "f.txt").read_text(encoding="utf-8") == "x"


def test_the_expression_error_names_the_backticks(run, pairs):
    folder, table = pairs
    table.rename(columns={"when": "when.text"}).to_csv(folder / "dots.csv", index=False)
    (folder / "m.csv").write_text(
        "gene," + ",".join(table["sample"]) + "\nISG15," + ",".join(["1"] * 14) + "\n", encoding="utf-8"
    )
    words = ("score", folder / "m.csv", "--samples", folder / "dots.csv", "--scale", "linear", "--controls", "when.text == 'x'")
    assert "`when.text`" in one_line(run(*words)[2])
