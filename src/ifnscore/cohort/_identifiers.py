"""What could tell who a patient is: names of columns, e-mail addresses, dates, initials with a year of birth.

Findings say where, never what. There is no way round them: a rare disease and a date are enough to find a child.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from ifnscore.cohort._findings import Findings

#: Words that identify wherever they stand in a column name, after accents and case are taken away; English, German, French,
#: Italian, Spanish, Hungarian, Polish.
_WORDS = frozenset(
    """
    surname forename lastname firstname middlename fullname givenname familyname maidenname nickname initials initial monogram
    dob yob birthday birthdate birth born mrn nhs ssn chi passport email mail phone telephone tel mobile fax address street
    postcode postal zip zipcode
    vorname nachname familienname geburtsname rufname initialen geburtsdatum geburtstag geburtsjahr geburtsort geburt geb geboren
    gebdatum anschrift adresse strasse wohnort plz postleitzahl telefon handy telefonnummer handynummer versichertennummer kvnr
    prenom naissance initiales telephoneportable courriel codepostal insee
    cognome nascita iniziali indirizzo codicefiscale codfiscale telefono
    apellido apellidos nacimiento iniciales direccion correo codigopostal dni
    vezeteknev keresztnev csaladnev utonev anyjaneve szuletes szuletesi szuletett szulido lakcim iranyitoszam taj tajszam irsz
    imie nazwisko imiona urodzenia urodzony inicjaly adres ulica pocztowy pesel
    """.split()  # noqa: SIM905
)
#: Column names that identify only as a whole: parts of other words are common.
_WHOLE = frozenset(
    """
    name names namen nom noms nome nomi nombre nombres nev nevek nazwa cap cim cp nele neele medicalrecord
    patient_name patientname patname ptname childname pname nompatient patientenname nomedelpaziente betegneve nombrepaciente
    nomdefamille nomfamille nomdenaissance datedenaissance datanascita fechanacimiento dataurodzenia kodpocztowy codicepostale
    krankenkasse kodeks patientaddress homeaddress
    """.split()  # noqa: SIM905
)
_PARTS = re.compile(
    r"birth|geburt|naissance|nascita|nacimiento|szulet|urodz|firstname|lastname|surname|vorname|nachname|nazwisko|postcode|zipcode"
    r"|postleitzahl|e?mailadd|phonen|telefon|phone$|socialsec|(hospital|medical|chart|insurance|health|social|national|krankenhaus)"
    r"(record|card|security|care)?(number|nummer|no|nr|num|id)$"
)
_NAME = frozenset({"name", "nom", "nome", "nombre", "nev", "neve", "naam", "namen"})
_PERSON = frozenset(
    """patient patients pat pt child kid person mother father parent guardian family given full first last middle maiden birth
    doctor physician rater nurse contact proband subject donor paziente paciente beteg anyja gyermek pacjent famille enfant
    kind mutter vater""".split()  # noqa: SIM905
)
_DATES = frozenset({"date", "dates", "datum", "fecha", "datetime", "timestamp"})

_DAY, _MONTH, _YEAR = r"(0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])", r"(19|20)\d\d"
_DD, _MM = r"(0[1-9]|[12]\d|3[01])", r"(0[1-9]|1[0-2])"
_MONTH_NAMES = (  # noqa: SIM905
    "january february march april may june july august september october november december sept "
    "januar jänner februar märz mai juni juli oktober dezember okt dez mrz "
    "janvier février fevrier mars avril juin juillet août aout septembre octobre novembre décembre decembre janv févr avr juil "
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre dicembre gen mag giu lug ago set ott dic "
    "enero febrero abril mayo junio julio septiembre setiembre octubre noviembre diciembre ene abr "
    "január február március április május június július augusztus szeptember október márc ápr máj jún júl szept "
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia "
    "jan feb mar apr jun jul aug sep oct nov dec"
).split()
_WORD_MONTH = rf"({'|'.join(_MONTH_NAMES)})\.?(?![^\W\d_])"
_DATE = re.compile(
    "|".join(
        [
            rf"(?<!\d){_YEAR}[-./_ ]{{1,2}}{_MONTH}[-./_ ]{{1,2}}{_DAY}(?!\d)",  # 2021-03-04, 2021. 03. 04
            rf"(?<!\d){_DAY}[-./_ ]{{1,2}}{_MONTH}[-./_ ]{{1,2}}{_YEAR}(?!\d)",  # 04.03.2021
            rf"(?<!\d){_MONTH}[-./_ ]{{1,2}}{_DAY}[-./_ ]{{1,2}}{_YEAR}(?!\d)",  # 03/24/2021
            rf"(?<![\d/]){_DAY}/{_MONTH}/\d\d(?![\d/])|(?<![\d/]){_MONTH}/{_DAY}/\d\d(?![\d/])",  # 3/4/21
            rf"(?<![\d.\w]){_DD}\.{_MM}\.\d\d(?![\d.])|(?<![\d\w-]){_DD}-{_MM}-\d\d(?![\d-])",  # 04.03.21
            rf"(?<!\d){_YEAR}[-/]{_MM}(?!\d)|(?<!\d){_MM}/{_YEAR}(?!\d)",  # 2021-03, 03/2021
            rf"(?<![\d.]){_YEAR}{_MM}{_DD}(?!\d)|(?<![\d.]){_DD}{_MM}{_YEAR}(?!\d)",  # 20210304, 04032021
            rf"(?<!\d){_DAY}[-. /_]{{0,2}}{_WORD_MONTH}[-. /_,']{{0,2}}((19|20)\d\d|\d\d)(?!\d)",  # 4 March 2021, 04-Mar-21
            rf"(?<![^\W_]){_WORD_MONTH}[-. /_,']{{1,2}}({_DAY},? )?{_YEAR}(?!\d)",  # March 2021, March 4, 2021
        ]
    ),
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w{2,}")
_SIX = re.compile(r"(?<![^\W_])[A-Za-z]{0,3}(\d\d)(\d\d)(\d\d)(?!\d)")
_INITIALS_YEAR = re.compile(
    rf"(?P<letters>[^\W\d_]{{2,3}})[-_. ]?{_YEAR}(?!\d)|{_YEAR}[-_. ]?(?P<after>[^\W\d_]{{2,3}})(?![^\W_])"
)
_DOTTED = re.compile(r"[^\W\d_]\.[ -]?[^\W\d_]\.")
_MOSTLY = 0.8
_STUDY_IDS = 3
_MONTHS, _DAYS = 12, 31


def plain(name: str) -> list[str]:
    """Return the words of a column name in small letters without accents; ``BirthDate`` and ``birth_date`` are the same."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    folded = unicodedata.normalize("NFKD", spaced.replace("ł", "l").replace("Ł", "L").casefold())
    return re.findall(r"[a-z0-9]+", "".join(c for c in folded if not unicodedata.combining(c)))


def identifies(name: str) -> str:
    """Return why a column of this name is refused, or an empty string."""
    words = plain(name)
    joined = "".join(words)
    if _WORDS & {*words, joined} or joined in _WHOLE or _PARTS.search(joined):
        return "the column may identify a person"
    if _NAME & set(words) and _PERSON & set(words):
        return "the column may identify a person"
    return "a column of calendar dates" if _DATES & set(words) else ""


def check_header(file: str, names: Iterable[str], findings: Findings) -> set[str]:
    """Refuse columns by name; returns the refused ones, whose cells are not looked at again."""
    refused = set()
    for name in names:
        problem = identifies(name)
        if problem:
            refused.add(name)
            dates = "dates" in problem
            fix = "replace it by days since the first dose" if dates else "remove the column; pseudonyms are enough"
            findings.error(file, None, name, problem, fix)
    return refused


def holds_date(text: str) -> bool:
    """Whether a text holds a calendar date, in any of the usual spellings."""
    return any(c.isdigit() for c in text) and _DATE.search(text) is not None


def problem_of(text: str) -> str:
    """Return what in a free text may identify a person, or an empty string; the text itself is never repeated."""
    if "@" in text and _EMAIL.search(text):
        return "holds an e-mail address"
    return "holds a calendar date" if holds_date(text) else ""


def check_cells(file: str, column: str, cells: Sequence[str], lines: Sequence[int], findings: Findings, *, ids: bool) -> None:
    """Refuse cells that hold e-mail addresses or dates and, among ids, initials with a year and dates of six digits."""
    suspicious = _suspicious_ids(cells) if ids else set()
    for cell, line in zip(cells, lines, strict=True):
        problem = problem_of(cell) or ("looks like initials or a birth date" if cell in suspicious else "")
        if problem:
            fix = (
                "use a code without meaning, such as P01 or S001" if ids else "remove it; days count from the first dose (day 0)"
            )
            findings.error(file, line, column, problem, fix)


def _suspicious_ids(cells: Sequence[str]) -> set[str]:
    distinct = sorted(set(cells))
    return {c for c in distinct if _DOTTED.match(c)} | _with_year(distinct) | _six_digits(distinct)


def _with_year(ids: Sequence[str]) -> set[str]:
    """Return ids such as JS_2010; not JDM2001, JDM2002, JDM2003, or JDM2019-1, JDM2019-2: numbers and names of a study."""
    found = {i: ((m["letters"] or m["after"]).lower(), re.sub(r"\D", "", m[0])) for i in ids if (m := _INITIALS_YEAR.match(i))}
    if len(found) == len(ids) >= _STUDY_IDS and len(set(found.values())) == 1:
        return set()
    years = Counter(letters for letters, _ in set(found.values()))
    return {i for i, (letters, _) in found.items() if years[letters] < _STUDY_IDS}


def _six_digits(ids: Sequence[str]) -> set[str]:
    """Return ids with six digits that are dates, where nearly all of them could be: a running number is only now and then."""
    groups = {i: tuple(map(int, m.groups())) for i in ids if (m := _SIX.search(i))}
    if not groups:
        return set()
    found: set[str] = set()
    for order in ("ymd", "dmy", "mdy"):
        month, day = order.index("m"), order.index("d")
        hits = {i for i, g in groups.items() if 1 <= g[month] <= _MONTHS and 1 <= g[day] <= _DAYS}
        if len(hits) >= _MOSTLY * len(groups):
            found |= hits
    return found
