"""What a user may choose when Ct values are read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ifnscore.errors import UsageError
from ifnscore.loaders._model import Options
from ifnscore.options import Option

#: No run has more cycles than this.
MAX_CYCLES = 60.0

UNDETERMINED = Option(
    "undetermined",
    "Ct that stands for no amplification, such as 40 (the number of cycles), or 'missing'",
    default="missing",
)
REPLICATES = Option("replicates", "what replicate wells become", choices=("mean", "median"), default="mean")
MAX_SD = Option("max_sd", "standard deviation of replicates, in cycles, above which a sample is flagged", default="0.5")
CALIBRATOR = Option("calibrator", "name of the calibrator sample: marked in the column is_calibrator")
SAMPLE_NAMES = Option(
    "sample_names",
    "replicates are samples of the same name, or also those with another number at the end (S1_1, S1_2)",
    choices=("same", "numbered"),
    default="same",
)
PLATES = Option(
    "plates",
    "a sample on several plates: one a plate, one altogether, or as its genes suggest",
    choices=("auto", "separate", "together"),
    default="auto",
)
OPTIONS = (UNDETERMINED, REPLICATES, MAX_SD, CALIBRATOR, SAMPLE_NAMES, PLATES)
#: A number at the end of a sample name, with what separates it.
_NUMBERED = re.compile(r"[\s_.\-]+(r|rep|replicate)?[\s_.\-]*\d{1,2}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of one call, checked.

    Attributes
    ----------
    undetermined
        Ct that stands for no amplification, NaN for missing.
    median
        Whether replicates are summarised by their median.
    max_sd
        Standard deviation above which replicates are flagged.
    calibrator
        Name of the calibrator, or empty.
    numbered
        Whether a number at the end of a sample name counts replicates.
    plates
        ``auto``, ``separate`` or ``together``.
    """

    undetermined: float
    median: bool
    max_sd: float
    calibrator: str
    numbered: bool
    plates: str

    def sample(self, name: str) -> str:
        """Return the name that replicates of a sample share."""
        return (_NUMBERED.sub("", name) or name) if self.numbered else name


def choices(options: Options) -> Choices:
    """Check the options of a call.

    Raises
    ------
    UsageError
        A value is not a number, or an impossible one.
    """
    word = options["undetermined"].strip().lower()
    return Choices(
        undetermined=math.nan if word in ("missing", "") else _number("undetermined", word, "a Ct such as 40, or 'missing'"),
        median=options["replicates"] == "median",
        max_sd=_number("max_sd", options["max_sd"], "a number of cycles such as 0.5"),
        calibrator=options["calibrator"].strip(),
        numbered=options["sample_names"] == "numbered",
        plates=options["plates"],
    )


def _number(name: str, text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= MAX_CYCLES:
        msg = f"option {name}={text}: it takes {what}"
        raise UsageError(msg)
    return value
