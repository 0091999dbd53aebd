"""The cohort: typed tables, the rules of the analysis, and codes in place of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifnscore import _html
from ifnscore import instruments as _instruments
from ifnscore._lazy import pd
from ifnscore.cohort import _cells, _check, _privacy, _table1, _template
from ifnscore.cohort._findings import frame as _findings_frame
from ifnscore.cohort._settings import Settings
from ifnscore.cohort._simple import COLUMNS, SimpleDesign, by_sample
from ifnscore.cohort._tables import PATIENTS, TABLES
from ifnscore.errors import DataError, UsageError, listing, nearest, say, warn

if TYPE_CHECKING:
    import os

    import pandas

    from ifnscore.instruments import Instrument


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Cohort:
    """Patients, visits, samples, drugs and measures of a study, checked.

    Days are floats, day 0 is the first dose of the index drug; ids are text; missing text is ``""``, missing numbers
    are NaN. Ages come with a band beside them (``age_at_start_band``).

    Attributes
    ----------
    patients, visits, samples, exposures, concomitant, outcomes, adverse_events
        Tables; one that was not given has its columns and no rows. Outcomes are in the instrument's own unit.
    settings
        Rules of the analysis, from ``cohort.toml``.
    instruments
        Id -> instrument, the user's own ones included.
    findings
        Warnings that remain: columns level, file, row, column, problem, fix.
    codes, sample_codes
        Id -> code (``P01``, ``S001``) in random order, drawn anew for each cohort from the operating system's entropy.
    simple
        The design of a cohort made by :meth:`from_samples`, else None.
    """

    patients: pandas.DataFrame
    visits: pandas.DataFrame
    samples: pandas.DataFrame
    exposures: pandas.DataFrame
    concomitant: pandas.DataFrame
    outcomes: pandas.DataFrame
    adverse_events: pandas.DataFrame
    settings: Settings
    instruments: Mapping[str, Instrument]
    findings: pandas.DataFrame
    codes: dict[str, str] = field(default_factory=dict)
    sample_codes: dict[str, str] = field(default_factory=dict)
    simple: SimpleDesign | None = None

    def __post_init__(self) -> None:
        if not self.codes:
            object.__setattr__(self, "codes", _privacy.codes(self.patients["patient_id"], "P", 2))
        if not self.sample_codes:
            object.__setattr__(self, "sample_codes", _privacy.codes(self.samples["sample_id"], "S", 3))

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Cohort:
        """Read a folder of CSV files with ``cohort.toml``, or an ``.xlsx`` workbook.

        Parameters
        ----------
        path
            Folder or workbook; :meth:`template` writes an empty one.

        Raises
        ------
        CohortError
            Something is wrong; the message has the first error, ``findings`` all of them.
        DataError
            There is nothing at `path`, or openpyxl is needed and absent.
        """
        checked = _check.check(Path(path))
        checked.findings.refuse(str(path))
        warnings = checked.findings.warnings
        if warnings:
            more = f" ... and {len(warnings) - 1} more: run ifnscore cohort check" if len(warnings) > 1 else ""
            warn(f"cohort {path}: {warnings[0]}{more}")
        frames: dict[str, Any] = {name: table.frame for name, table in checked.tables.items()}
        return Cohort(**frames, settings=checked.settings, instruments=checked.instruments, findings=_findings_frame(warnings))

    @staticmethod
    def check(path: str | os.PathLike[str]) -> pandas.DataFrame:
        """Return everything that is wrong with a folder or workbook, errors first; empty where nothing is.

        Returns
        -------
        DataFrame
            Columns level (error, warning), file, row (line in the file, missing for a whole file), column, problem, fix.

        Raises
        ------
        DataError
            There is nothing at `path`, or openpyxl is needed and absent.
        """
        return _check.check(Path(path)).findings.frame()

    @staticmethod
    def template(path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write an empty, commented cohort: a folder, or a workbook where `path` ends in ``.xlsx``.

        Parameters
        ----------
        path
            New or empty folder, or new workbook.
        force
            Replace an earlier template. A cohort with rows in it is never replaced.

        Raises
        ------
        DataError
            The path exists, or cannot be written.
        """
        return _template.write(Path(path), force=force)

    @staticmethod
    def from_samples(
        samples: pandas.DataFrame | None = None,
        *,
        patient: str,
        time: str,
        baseline: Any,
        followup: Any,
        group: str | None = None,
        tissue: str | None = None,
        platform: str | None = None,
        batch: str | None = None,
        **rules: Any,
    ) -> Cohort:
        """Make a cohort of a simple paired design, without a folder.

        Parameters
        ----------
        samples
            Annotations, one row a sample, indexed by sample id (or with a column ``sample`` or ``sample_id``); a table of
            scores will do, its rows are named as ``tl.compare`` names them. None: the columns are taken from the scored
            data, see :meth:`bind`.
        patient, time
            Columns with the patient and the time.
        baseline, followup
            The two values of `time` that are compared; as numbers where the column is numeric, so that ``"0"`` finds 0.0.
        group, tissue, platform, batch
            Further columns.
        **rules
            Rules of :class:`Settings` that differ from their defaults, such as ``allow_confounded_batch=True``.

        Raises
        ------
        DataError
            A column or time is absent, a patient has two groups or two samples of one time; column and sample are named.
        UsageError
            The two times are the same, or a rule is unknown.
        """
        names = {"group": group, "tissue": tissue, "platform": platform, "batch": batch}
        design = SimpleDesign(patient=patient, time=time, baseline=baseline, followup=followup, **names)
        settings = _settings(rules)
        frames: dict[str, Any] = {name: _cells.empty(spec).frame for name, spec in TABLES.items()}
        frames["samples"] = pd.DataFrame({c: pd.Series(dtype=float if c == "day" else object) for c in COLUMNS})
        frames["samples"]["is_control"] = frames["samples"]["is_control"].astype(bool)
        known = {i: _instruments.get(i) for i in _instruments.ids()}
        bare = Cohort(**frames, settings=settings, instruments=known, findings=_findings_frame([]), simple=design)
        return bare if samples is None else bare.bind(by_sample(samples))

    def bind(self, obs: pandas.DataFrame) -> Cohort:
        """Return the cohort with the samples that `obs` has; a cohort read from files is returned as it is.

        Parameters
        ----------
        obs
            Annotations of the scored data, one row a sample, indexed by sample id.

        Raises
        ------
        DataError
            See :meth:`from_samples`; or no sample of the design is among them.
        """
        if self.simple is None:
            return self
        if not len(self.samples):
            samples = self.simple.frame(obs)
            ids = list(dict.fromkeys(p for p in samples.loc[~samples["is_control"], "patient_id"] if p))
            return replace(self, samples=samples, patients=_cells.blank(PATIENTS, "patient_id", ids), codes={}, sample_codes={})
        here = self.samples[self.samples["sample_id"].isin(obs.index.astype(str))]
        if not len(here):
            names = listing(self.samples["sample_id"], 3)
            msg = f"no sample of the design ({names}) is in the scored data ({listing(obs.index, 3)}); the names must agree"
            raise DataError(msg)
        if len(here) < len(self.samples):
            say(f"{len(self.samples) - len(here)} of {len(self.samples)} samples of the design are not in the scored data")
        return replace(self, samples=here.reset_index(drop=True))

    def key(self) -> pandas.DataFrame:
        """Return which code is which patient: columns patient_id, code. Keep it apart from everything that is shared."""
        rows = sorted(self.codes.items(), key=lambda pair: pair[1])
        return pd.DataFrame(rows, columns=["patient_id", "code"], dtype=object)

    def recode(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """Return a table with codes in place of ids.

        Parameters
        ----------
        frame
            Table; columns (or an index) called ``patient_id``, ``sample_id`` or ``sample`` are replaced. Empty cells stay.

        Raises
        ------
        DataError
            An id does not belong to this cohort, so that it would get out as it is.
        """
        codes = {"patient_id": self.codes, "sample_id": self.sample_codes, "sample": self.sample_codes}
        return _privacy.recode(frame, codes)

    def table1(
        self,
        *,
        scores: pandas.Series[Any] | None = None,
        score_name: str = "",
        controls: pandas.Series[Any] | None = None,
        suppress: bool = False,
        group: str | None = None,
    ) -> pandas.DataFrame:
        """Describe the patients at baseline: Table 1 of a report, without ids, dates or p-values.

        Parameters
        ----------
        scores
            Scores on the scale of analysis, indexed by ``sample_id``; the baseline sample of each patient is chosen by the rules.
        score_name
            What the score is called; the primary signature where it is empty.
        controls
            Scores of healthy controls, indexed by ``sample_id``; repeats of one ``donor_id`` count once.
        suppress
            Hide small counts and what would give them away, and every range of single patients' values.
        group
            Column of the patients (ages: of bands) that the table is split by.

        Returns
        -------
        DataFrame
            Columns section, row, level, value (as printed), n, n_total, n_missing, note; ``group`` first where asked for. Medians
            come with the range below 10 values, with the interquartile range from 10 on.

        Raises
        ------
        DataError
            There are no patients yet, or scores and controls are not those of the cohort.
        UsageError
            There is no such group.
        """
        return _table1.table1(self, scores=scores, score_name=score_name, controls=controls, suppress=suppress, group=group)

    @property
    def bands_ages(self) -> bool:
        """Whether there are so few patients that ages are shown in bands only."""
        return len(self.patients) < self.settings.band_ages_below

    def _counts(self) -> dict[str, int]:
        return {name.replace("_", " "): len(getattr(self, name)) for name in TABLES if len(getattr(self, name))}

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in self._counts().items())
        drug = f" on {self.settings.index_drug}" if self.settings.index_drug else ""
        synthetic = "SYNTHETIC " if self.settings.synthetic else ""
        return f"{synthetic}Cohort{drug}: {counts or 'no samples yet'}; {len(self.findings)} warnings"

    def _repr_html_(self) -> str:
        settings, design = self.settings, self.simple
        primary = (settings.primary_signature, settings.primary_tissue, settings.primary_instrument)
        known = {
            "holds": ", ".join(f"{n} {name}" for name, n in self._counts().items()) or "no samples yet",
            "compares": f"{design.time} {design.baseline} and {design.followup} within {design.patient}" if design else "",
            "primary": ", ".join(p for p in primary if p),
            "warnings": f"{len(self.findings)}: see .findings" if len(self.findings) else "",
        }
        return _html.page(repr(self).partition(":")[0], _html.facts(known), quiet=settings.title)


def _settings(rules: Mapping[str, Any]) -> Settings:
    known = [f.name for f in fields(Settings)]
    for name in rules:
        if name not in known:
            msg = f"unknown rule {name!r}.{nearest(name, known)}"
            raise UsageError(msg)
    return Settings(**rules)
