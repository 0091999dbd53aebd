"""What is wrong with a cohort: collected over the whole run, and reported at once."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Literal

from ifnscore._lazy import pd
from ifnscore.errors import DataError

if TYPE_CHECKING:
    import pandas

Level = Literal["error", "warning"]
COLUMNS = ("level", "file", "row", "column", "problem", "fix")


class CohortError(DataError):
    """A cohort that cannot be used; ``findings`` holds everything that was found, not only the first error."""

    def __init__(self, message: str, findings: pandas.DataFrame) -> None:
        super().__init__(message)
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or that a reader must know.

    Attributes
    ----------
    level
        ``error``: the cohort is refused. ``warning``: it is read, and the finding stays with it.
    file, row, column
        Where: file (or sheet), line in the file as a person counts (None: the whole file), column.
    problem, fix
        What is wrong, and what to do. They never repeat a cell that could identify a person.
    """

    level: Level
    file: str
    row: int | None
    column: str
    problem: str
    fix: str

    def __str__(self) -> str:
        line = f" line {self.row}" if self.row is not None else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{line}{column}: {self.problem}; {self.fix}"


@dataclass(slots=True)
class Findings:
    """All findings of a run, in the order of the checks."""

    found: list[Finding] = field(default_factory=list)

    def error(self, file: str, row: int | None, column: str, problem: str, fix: str) -> None:
        """Note something for which the cohort is refused."""
        self.found.append(Finding("error", file, row, column, problem, fix))

    def warning(self, file: str, row: int | None, column: str, problem: str, fix: str) -> None:
        """Note something that the reader of a result must know."""
        self.found.append(Finding("warning", file, row, column, problem, fix))

    @property
    def errors(self) -> list[Finding]:
        """The findings for which the cohort is refused."""
        return [f for f in self.found if f.level == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that stay with a cohort that was read."""
        return [f for f in self.found if f.level == "warning"]

    def frame(self) -> pandas.DataFrame:
        """Return one row a finding, errors first; `row` is missing where the finding is about a whole file."""
        return frame([*self.errors, *self.warnings])

    def refuse(self, where: str) -> None:
        """Raise one line that names the number of errors and the first of them.

        Raises
        ------
        CohortError
            There is at least one error.
        """
        errors = self.errors
        if not errors:
            return
        more = f" ... and {len(errors) - 1} more: run `ifnscore cohort check {where}`" if len(errors) > 1 else ""
        count = f"{len(errors)} errors, the first" if more else "1 error"
        msg = f"cohort {where}: {count}: {errors[0]}{more}"
        raise CohortError(msg, self.frame())


def frame(found: list[Finding]) -> pandas.DataFrame:
    """Return findings as a table with the columns of :data:`COLUMNS`."""
    table = pd.DataFrame([astuple(f) for f in found], columns=list(COLUMNS), dtype=object)
    table["row"] = pd.array([f.row for f in found], dtype="Int64")
    return table
