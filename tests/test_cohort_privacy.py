"""Nothing that identifies a child gets in, and what gets out has codes, bands and no small counts."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from tests import cohorts
from tests.cohorts import TABLES, change

from ifnscore.cohort import Cohort, _identifiers, _privacy

NAMES = """
name Name patient_name PatientName first_name firstName last_name surname forename full_name initials Patient.Initials
dob DOB date_of_birth BirthDate birth_year birthday mrn MRN nhs_number NHS-Number ssn e-mail Email email_address phone
phone_number cell_phone cellphone telephone mobile address home_address street postcode post_code zip zip_code hospital_number
national_id passport mother_name
Nachname Vorname Geburtsdatum Geb.-Datum Geburtsjahr Straße PLZ Postleitzahl Telefon Telefonnummer Anschrift Initialen
Versichertennummer Krankenhausnummer
nom prénom date_de_naissance né_le adresse courriel code_postal nom_de_famille
cognome nome data_di_nascita indirizzo codice_fiscale telefono CAP iniziali
nombre apellido apellidos fecha_de_nacimiento dirección correo código_postal DNI
név vezetéknév keresztnév születési_dátum szül.idő lakcím irányítószám TAJ TAJ-szám anyja_neve telefonszám
imię nazwisko data_urodzenia PESEL adres kod_pocztowy inicjały
visit_date date first_dose_date Datum fecha sample_datetime
""".split()  # noqa: SIM905
HARMLESS = """
age age_months weight_kg height drug_name gene_name site_name platform_name file_name visit_name phenotype arm ethnicity
study_id patient_code group emailed_form mobility telomere_length zipper ship_temperature diagnosis_group insurance_type
update_status mandate nominal_dose capillary record_status handedness adrenal domain dnipro medical_history
number_of_lesions geboost disease_duration birthing responder
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", NAMES)
def test_identifying_names(name):
    assert _identifiers.identifies(name), name


@pytest.mark.parametrize("name", [n for n in HARMLESS if n not in {"birthing"}])
def test_harmless_names(name):
    assert not _identifiers.identifies(name), name


def test_no_own_column_identifies():
    from ifnscore.cohort._tables import TABLES as SPECS

    assert not [c for t in SPECS.values() for c in t.names if _identifiers.identifies(c) and c != "run_date_block"]


DATES = """
2021-03-04 2021/3/4 2021.03.04 04.03.2021 4.3.2021 04-03-2021 3/4/21 03/24/2021 24/3/21 04.03.21 20210304 04032021 S_20210304
2021-03-04T10:00 04-Mar-21 4Mar2021 March_2021 mars_2021 12.Mai.2019 S1_04MAR2021 2021-03 03/2021 2021_03_04 17-01-13
""".split()  # noqa: SIM905
NO_DATES = """
NXP2 TIF1g 1.2.10 v2 0.5 10.1987 5/10 1/160 V12 NA 007 A-1 GSM757899 B12 1980 12345678 S001 0.20210304 4mg/kg decoy may marked
2021 100-200 1-2-3 10-20 3.14159 ENSG00000187608 RNA-seq 10/mm 99/99/99 2021-13-45
""".split()  # noqa: SIM905


@pytest.mark.parametrize("text", [*DATES, "4 March 2021", "March 4, 2021", "seen on 2021. 03. 04.", "am 4.3.2021 gesehen"])
def test_dates(text):
    assert _identifiers.holds_date(text)


@pytest.mark.parametrize("text", [*NO_DATES, "5 mg twice a day", "two of 12 sites, 30 mm", "dose 1/2 of 10 mg"])
def test_no_dates(text):
    assert not _identifiers.holds_date(text)


IDS = {
    "initials and year": (["JS_2010", "AB_2011", "MK2009"], {"JS_2010", "AB_2011", "MK2009"}),
    "one of them": (["P1", "JS-2010", "P2"], {"JS-2010"}),
    "year first": (["2010-JS", "P2", "P3"], {"2010-JS"}),
    "several samples of one": (["JS2010_a", "JS2010_b", "JS2010_c", "X1"], {"JS2010_a", "JS2010_b", "JS2010_c"}),
    "dotted initials": (["J.S.1", "P2"], {"J.S.1"}),
    "birth dates of six digits": (["JS120310", "AB010511", "MK311209"], {"JS120310", "AB010511", "MK311209"}),
    "a study's numbers": (["JDM2001", "JDM2002", "JDM2003", "JDM2004"], set()),
    "a study's year": (["JDM2019_1", "JDM2019_2", "JDM2019_3"], set()),
    "running numbers": ([f"{i:06d}" for i in range(757800, 757900)], set()),
    "plain": (["P01", "NA", "007", "A-1", "B12_skin", "SAMN1234"], set()),
}


@pytest.mark.parametrize("name", IDS)
def test_ids(name):
    ids, expected = IDS[name]
    assert _identifiers._suspicious_ids(ids) == expected


def renamed(old: str, new: str) -> dict[str, str]:
    return {name: text.replace(old, new) for name, text in TABLES.items()}


CELLS = {
    "e-mail": (change("adverse_events", "neutropenia", "ask jane@example.org"), "adverse_events.csv", 2, "term", "holds an e-mail address"),
    "date in a text": (change("adverse_events", "neutropenia", "rash since 3/4/21"), "adverse_events.csv", 2, "term", "holds a calendar date"),
    "date as batch": (change("samples", "skin,RNA-seq,A,7.0", "skin,RNA-seq,2021-03-04,7.0"), "samples.csv", 4, "batch", "holds a calendar date"),
    "date in a sample id": (change("samples", "\nK1,", "\nK1_20210304,"), "samples.csv", 4, "sample_id", "holds a calendar date"),
    "initials in a sample id": (change("samples", "\nK1,", "\nJS_2010,"), "samples.csv", 4, "sample_id", "looks like initials"),
    "date in a visit id": (change("visits", "NA,V1", "NA,2021-03"), "visits.csv", 9, "visit_id", "holds a calendar date"),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_identifying_cells_are_refused(tmp_path, name):
    changes, file, row, column, problem = CELLS[name]
    changes = {**changes, **({"outcomes": None} if file == "visits.csv" else {})}
    found = Cohort.check(cohorts.write(tmp_path / "c", **changes))
    assert found[["level", "file", "row", "column"]].to_numpy().tolist() == [["error", file, row, column]]
    assert found["problem"][0].startswith(problem)


def test_identifying_columns_are_refused_once(tmp_path):
    text = TABLES["patients"].replace("joint_ever\n", "joint_ever,Geburtsdatum,note\n")
    text = text.replace("yes\n", "yes,2011-03-04,x\n").replace("no\n", "no,2011-03-04,y\n")
    found = Cohort.check(cohorts.write(tmp_path / "c", patients=text))
    assert found[["level", "file", "column", "problem"]].to_numpy().tolist() == [
        ["error", "patients.csv", "Geburtsdatum", "the column may identify a person"],
        ["warning", "patients.csv", "note", "a column that ifnscore does not use"],
    ]


def test_patient_ids_with_initials_are_refused_everywhere(tmp_path):
    found = Cohort.check(cohorts.write(tmp_path / "c", **renamed("P-a", "JS_2010")))
    assert set(found["problem"]) == {"looks like initials or a birth date"}
    assert set(found["column"]) == {"patient_id"}
    assert set(found["file"]) == {f"{t}.csv" for t in TABLES if "P-a" in TABLES[t]}


def test_findings_never_repeat_what_identifies(tmp_path):
    secret = ("Doe", "2011-03-04", "JS_2010", "jane@example.org")
    folder = cohorts.write(
        tmp_path / "c",
        patients=TABLES["patients"].replace("P-b,M,3", "JS_2010,Doe,Doe"),
        visits=TABLES["visits"].replace("V1,185", "2011-03-04,2011-03-04"),
        samples=TABLES["samples"].replace("K1,P-a,-3,skin,RNA-seq", "2011-03-04,Doe,Doe,Doe,jane@example.org"),
        exposures=TABLES["exposures"].replace("P-b,T", "Doe,T").replace("0.3,AE", "Doe,Doe"),
    )
    found = Cohort.check(folder)
    assert len(found) > 10
    text = found.to_string(max_colwidth=None)
    assert not [s for s in secret if s in text]
    with pytest.raises(ValueError, match="errors, the first") as error:
        Cohort.read(folder)
    assert not [s for s in secret if s in str(error.value)]


# codes


def test_codes_are_random_and_of_each_cohort(tmp_path):
    folder = cohorts.write(tmp_path / "c")
    orders = {tuple(Cohort.read(folder).sample_codes) for _ in range(4)}
    assert len(orders) == 4, "14! orders: equal ones mean a seed"
    cohort = Cohort.read(folder)
    assert sorted(cohort.codes.values()) == ["P01", "P02", "P03", "P04"]
    assert sorted(cohort.sample_codes.values()) == [f"S{i:03d}" for i in range(1, 15)]


def test_codes_do_not_follow_a_seed(tmp_path):
    import random

    folder = cohorts.write(tmp_path / "c")
    orders = set()
    for _ in range(4):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        orders.add(tuple(Cohort.read(folder).sample_codes))
    assert len(orders) > 1


def test_codes_of_many():
    made = _privacy.codes([f"x{i}" for i in range(150)], "P", 2)
    assert {len(c) for c in made.values()} == {4}
    first = [_privacy.codes("abcd", "P", 2)["a"] for _ in range(200)]
    assert set(first) == {"P01", "P02", "P03", "P04"}


def test_key_and_recode(tmp_path):
    cohort = Cohort.read(cohorts.write(tmp_path / "c"))
    key = cohort.key()
    assert key.columns.tolist() == ["patient_id", "code"]
    assert key["code"].tolist() == ["P01", "P02", "P03", "P04"]
    assert dict(zip(key["patient_id"], key["code"], strict=True)) == cohort.codes
    made = cohort.recode(cohort.samples)
    assert made["sample_id"].str.fullmatch(r"S\d{3}").all()
    assert made["patient_id"].tolist() == [cohort.codes.get(p, "") for p in cohort.samples["patient_id"]]
    assert cohort.samples["sample_id"][0] == "B1", "the cohort itself is not changed"
    table = pd.DataFrame({"sample": ["B1", "K1"]}, index=pd.Index(["P-a", "007"], name="patient_id"))
    made = cohort.recode(table)
    assert made["sample"].tolist() == [cohort.sample_codes["B1"], cohort.sample_codes["K1"]]
    assert made.index.tolist() == [cohort.codes["P-a"], cohort.codes["007"]]


def test_unknown_ids_do_not_get_out(tmp_path):
    cohort = Cohort.read(cohorts.write(tmp_path / "c"))
    with pytest.raises(ValueError, match="patient_id: 1 of 2 ids are not of this cohort") as error:
        cohort.recode(pd.DataFrame({"patient_id": ["P-a", "Jane"]}))
    assert "Jane" not in str(error.value)


# bands and small counts


def test_bands():
    ages = {0: "0-5", 5.9: "0-5", 6: "6-11", 11.99: "6-11", 12: "12-17", 17.5: "12-17", 18: "18+", 70: "18+", float("nan"): ""}
    assert {a: _privacy.band(a) for a in ages} == ages


def test_ages_are_banded_below_a_number_of_patients(tmp_path):
    assert Cohort.read(cohorts.write(tmp_path / "c")).bands_ages
    settings = cohorts.SETTINGS + "[privacy]\nband_ages_below = 4\n"
    assert not Cohort.read(cohorts.write(tmp_path / "d", settings=settings)).bands_ages


COUNTS = pd.DataFrame({"yes": [1, 8, 0], "no": [9, 5, 6]}, index=["calcinosis", "joints", "ILD"])


def test_small_cells():
    assert _privacy.small_cells(COUNTS, ["yes", "no"]) == ["row 'calcinosis', column 'yes': 1 (from 1 to 4)"]
    assert len(_privacy.small_cells(COUNTS, ["yes", "no"], 5)) == 2
    assert _privacy.small_cells(COUNTS, ["yes", "no"], 0) == []


def test_suppressed_counts_cannot_be_worked_out():
    """1 is hidden; 9 by the total of its row, 8 by that of the column, and 5 as 8 and 9 would stand alone in theirs."""
    assert _privacy.suppress(COUNTS).to_numpy().tolist() == [["<5", "*"], ["*", "*"], [0, 6]]
    assert _privacy.suppress(COUNTS, totals="rows").to_numpy().tolist() == [["<5", "*"], [8, 5], [0, 6]]
    assert _privacy.suppress(COUNTS, totals="none").to_numpy().tolist() == [["<5", 9], [8, 5], [0, 6]]


LINES = {
    "two small ones": ([1, 2, 20], ["<5", "<5", 20]),
    "1 and 1 are known from 2": ([1, 1, 20, 9], ["<5", "<5", 20, "*"]),
    "4 and 4 are known from 8": ([4, 4, 20], ["<5", "<5", "*"]),
    "5 and 1 are known from 6, as 4 would be shown as small": ([1, 5, 20, 30], ["<5", "*", "*", 30]),
    "zeros last, and in vain": ([3, 0, 0], ["<5", "*", "*"]),
    "nothing small": ([0, 5, 7], [0, 5, 7]),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_with_a_known_total(name):
    counts, shown = LINES[name]
    assert _privacy.suppress(pd.DataFrame([counts]), totals="rows").to_numpy().tolist() == [shown]


@pytest.mark.parametrize("seed", range(20))
def test_suppression_by_brute_force(seed):
    """Who knows the row totals, and that * is no small count, still finds two numbers or more for each small one."""
    table = pd.DataFrame(np.random.default_rng(seed).poisson(5, (5, 4)))
    shown = _privacy.suppress(table, totals="rows")
    for values, row in zip(table.to_numpy(), shown.to_numpy(), strict=True):
        hidden = [j for j, v in enumerate(row) if isinstance(v, str)]
        total = values[hidden].sum()
        choices = [range(1, 5) if row[j] == "<5" else [0, *range(5, total + 1)] for j in hidden]
        fits = [c for c in itertools.product(*choices) if sum(c) == total]
        small = [k for k, j in enumerate(hidden) if row[j] == "<5"]
        assert len(hidden) == len(row) or all(len({c[k] for c in fits}) > 1 for k in small), (values, row)


def test_suppress_needs_a_known_word():
    with pytest.raises(ValueError, match="use rows, columns, both or none"):
        _privacy.suppress(COUNTS, totals="all")
