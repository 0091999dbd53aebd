"""The template explains every column and setting, is read back, and never replaces data."""

from __future__ import annotations

import re
import tomllib

import pandas as pd
import pytest
from tests.cohorts import TABLES

from ifnscore.cli import _app, app
from ifnscore.cohort import Cohort, Settings, _settings, _settings_read, _template
from ifnscore.cohort._tables import TABLES as SPECS

UNFILLED = [
    ("cohort.toml", "the index drug is not named"), ("patients.csv", "no rows"), ("samples.csv", "no rows"), ("exposures.csv", "no rows"),
]  # fmt: skip


def test_template_says_what_to_fill_in(tmp_path):
    folder = Cohort.template(tmp_path / "c")
    found = Cohort.check(folder)
    assert list(zip(found["file"], found["problem"], strict=True)) == UNFILLED
    assert sorted(p.name for p in folder.iterdir()) == sorted([*(f"{t}.csv" for t in SPECS), "cohort.toml", "README.txt"])


def test_every_column_is_explained(tmp_path):
    folder = Cohort.template(tmp_path / "c")
    for name, spec in SPECS.items():
        lines = (folder / f"{name}.csv").read_text().splitlines()
        assert lines[-1] == ",".join(spec.names)
        for column in spec.names:
            assert any(line.startswith(f"# {column} (") for line in lines), column


def test_settings_of_the_template_are_the_defaults(tmp_path):
    text = (Cohort.template(tmp_path / "c") / "cohort.toml").read_text()
    settings, wrong = _settings_read.from_tables(tomllib.loads(text))
    assert settings == Settings()
    assert [w.key for w in wrong] == ["cohort.index_drug"]


def test_every_setting_can_be_switched_on(tmp_path):
    """The examples behind # are valid: taken out of their comment, each is read."""
    text = (Cohort.template(tmp_path / "c") / "cohort.toml").read_text()
    active = re.sub(r"^# (\w+ = |\[\[)", r"\1", text, flags=re.MULTILINE).replace('index_drug = ""', 'index_drug = "tofacitinib"')
    data = tomllib.loads(active)
    settings, wrong = _settings_read.from_tables(data)
    assert wrong == []
    assert settings.icc == 0.6
    assert settings.primary_response == "cdasi_abs4"
    assert settings.score_rcv == {"name_of_signature": 0.35}
    assert {k.dotted for k in _settings.KEYS if k.name} == {
        f"{t}.{n}" for t, c in data.items() if t in _settings.TABLES and t != "score_rcv" for n in c
    }
    (tmp_path / "c" / "cohort.toml").write_text(active)
    assert set(Cohort.check(tmp_path / "c")["problem"]) == {"no rows"}


def test_every_field_of_the_settings_has_a_key():
    import dataclasses

    assert {k.field for k in _settings.KEYS} == {f.name for f in dataclasses.fields(Settings)}


def test_filled_template_is_read(tmp_path):
    folder = Cohort.template(tmp_path / "c")
    for name, text in TABLES.items():
        head = "\n".join(line for line in (folder / f"{name}.csv").read_text().splitlines() if line.startswith("#"))
        (folder / f"{name}.csv").write_text(f"{head}\n{text}")
    toml = (folder / "cohort.toml").read_text()
    (folder / "cohort.toml").write_text(toml.replace('index_drug = ""', 'index_drug = "tofacitinib"'))
    assert len(Cohort.read(folder).patients) == 4


def test_workbook_template(tmp_path):
    book = Cohort.template(tmp_path / "c.xlsx")
    found = Cohort.check(book)
    expected = [("sheet " + f.partition(".")[0], p) for f, p in UNFILLED]
    assert list(zip(found["file"], found["problem"], strict=True)) == expected
    sheets = pd.read_excel(book, sheet_name=None, header=None, dtype=str)
    assert list(sheets) == ["README", *SPECS, "cohort"]
    with pd.ExcelWriter(book, engine="openpyxl", mode="a") as writer:
        for name, text in TABLES.items():
            writer.book[name].delete_rows(len(sheets[name]))
            for line in text.splitlines():
                writer.book[name].append(line.split(","))
        row = sheets["cohort"].index[sheets["cohort"][0] == "cohort.index_drug"][0]
        writer.book["cohort"].cell(row + 1, 2).value = "tofacitinib"
    cohort = Cohort.read(book)
    assert cohort.settings == Settings(index_drug="tofacitinib")
    assert len(cohort.samples) == 14


@pytest.mark.parametrize("name", ["c", "c.xlsx"])
def test_existing_path_needs_force(tmp_path, name):
    path = Cohort.template(tmp_path / name)
    with pytest.raises(ValueError, match="exists; choose another name or add --force"):
        Cohort.template(path)
    Cohort.template(path, force=True)
    assert len(Cohort.check(path)) == 4
    assert [p.name for p in tmp_path.iterdir()] == [name], "nothing is left beside it"


def test_empty_folder_is_filled(tmp_path):
    (tmp_path / "c").mkdir()
    Cohort.template(tmp_path / "c")
    assert len(Cohort.check(tmp_path / "c")) == 4


def test_data_are_never_replaced(tmp_path):
    folder = Cohort.template(tmp_path / "c")
    (folder / "visits.csv").write_text(TABLES["visits"])
    with pytest.raises(ValueError, match="the table visits has rows, and data are never replaced"):
        Cohort.template(folder, force=True)
    (folder / "visits.csv").write_text("")
    (folder / "counts.tsv").write_text("gene\tB1\n")
    with pytest.raises(ValueError, match="other things in it, such as counts.tsv"):
        Cohort.template(folder, force=True)
    assert (folder / "counts.tsv").exists()


def test_filled_workbook_is_never_replaced(tmp_path):
    book = tmp_path / "c.xlsx"
    with pd.ExcelWriter(book, engine="openpyxl") as writer:
        rows = pd.DataFrame([line.split(",") for line in TABLES["visits"].splitlines()])
        rows.to_excel(writer, sheet_name="visits", header=False, index=False)
    with pytest.raises(ValueError, match="the table visits has rows"):
        Cohort.template(book, force=True)


def test_nothing_is_left_of_a_failed_template(tmp_path, monkeypatch):
    def broken() -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_template, "settings_text", broken)
    with pytest.raises(ValueError, match="No space left"):
        Cohort.template(tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_command(tmp_path, capsys):
    target = tmp_path / "c"
    assert _app.run(app, ["cohort", "template", str(target)]) == 0
    out = capsys.readouterr()
    assert out.out == ""
    assert f"wrote {target}: fill it in, then run ifnscore cohort check {target}" in out.err
    assert _app.run(app, ["cohort", "template", str(target)]) == 1
    assert _app.run(app, ["cohort", "template", str(target), "--force"]) == 0
