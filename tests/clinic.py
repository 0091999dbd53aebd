"""What the tests of compare and associate on the command line share."""

from __future__ import annotations

import io
import json

import pandas as pd

SIMPLE = ("--patient", "who", "--time", "when", "--baseline", "before", "--followup", "after")
FOREIGN = ("--scores", "ifn", "--score-type", "log")
#: Words of the input that may stand in no output.
PEOPLE = [f"Xavier{i}q" for i in range(7)]


def one_line(err):
    lines = [line for line in err.splitlines() if "error:" in line]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]


def strict(text):
    """Parse JSON as the standard has it: no NaN, no infinity."""

    def refuse(word):
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def read(out):
    return pd.read_csv(io.StringIO(out), sep="\t", keep_default_na=False, na_values=["NA"])
