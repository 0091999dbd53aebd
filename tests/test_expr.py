"""Control expressions select what they say, and never run anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ifnscore import expr
from ifnscore.errors import DataError, UsageError

TABLE = pd.DataFrame(
    {
        "group": pd.Categorical(["healthy", "jdm", "healthy", None, "jdm"]),
        "day": [0, 5, 10, 15, 20],
        "age": [7.5, np.nan, 12.0, 9.0, 3.0],
        "visit": ["1", "2", "3", "1", "2"],
        "is_control": [True, False, True, False, False],
        "flag": ["yes", "no", "True", "", "0"],
        "sample type": ["a", "b", "a", "b", "a"],
        "n": pd.array([1, None, 3, 4, 5], dtype="Int64"),
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("group == 'healthy'", [0, 2]),
        ("group != 'healthy'", [1, 4]),
        ("group in ['healthy']", [0, 2]),
        ("group not in ('healthy', 'x')", [1, 4]),
        ("day >= 5 and day < 20", [1, 2, 3]),
        ("5 <= day <= 15", [1, 2, 3]),
        ("not day > 0", [0]),
        ("age < 10", [0, 3, 4]),
        ("not (age < 10)", [1, 2]),
        ("visit == '1' or day == 20", [0, 3, 4]),
        ("visit == 1", []),
        ("is_control", [0, 2]),
        ("is_control == True", [0, 2]),
        ("flag", [0, 2]),
        ("`sample type` == 'a'", [0, 2, 4]),
        ("day in [0, 20]", [0, 4]),
        ("day in ['0', '20']", [0, 4]),
        ("day == '5'", [1]),
        ("age > -1", [0, 2, 3, 4]),
        ("n > 2", [2, 3, 4]),
        ("group == 'healthy' and (day == 0 or age == 12.0)", [0, 2]),
    ],
)
def test_selects(text, rows):
    assert np.flatnonzero(expr.Selection(text)(TABLE)).tolist() == rows


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "group.str.len() > 2",
        "@day > 3",
        "day + 1 == 2",
        "group == f'{day}'",
        "(lambda: 1)()",
        "[x for x in group]",
        "group if day else age",
        "group['healthy']",
        "day > (2).real",
        "day := 3",
        "day is None",
        "group in day",
        "3 > 2 > __builtins__.x",
        "",
        "group ==",
        "a; b",
        "'healthy'",
        "(" * 300 + "day" + ")" * 300,
        "day == 10 ** 10 ** 10",
    ],
)
def test_everything_else_is_refused_without_a_table(text):
    with pytest.raises(UsageError):
        expr.Selection(text)


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(DataError, match=r"no column 'grup'\. Did you mean: group\?"):
        expr.Selection("grup == 'healthy'")(TABLE)


def test_unquoted_text_gets_a_hint():
    with pytest.raises(DataError, match="Write text in quotes: 'healthy'"):
        expr.Selection("group == healthy")(TABLE)


def test_text_is_not_ordered_against_numbers():
    with pytest.raises(DataError, match="orders text against a number"):
        expr.Selection("group > 3")(TABLE)


def test_a_column_that_is_not_true_or_false_does_not_select():
    with pytest.raises(DataError, match="'day' is not true or false"):
        expr.Selection("day")(TABLE)


@pytest.mark.parametrize(("text", "message"), [("group == 'x'", "selects none of the 5.*healthy, jdm"), ("day >= 0", "selects all 5")])
def test_nobody_and_everybody_are_refused(text, message):
    with pytest.raises(DataError, match=message):
        expr.mask(TABLE, text)


def test_a_mask_must_fit():
    with pytest.raises(DataError, match="a mask needs 5 true/false values"):
        expr.mask(TABLE, np.array([True, False]))
    with pytest.raises(DataError, match="a mask needs 5"):
        expr.mask(TABLE, np.array([0, 1, 0, 0, 0]))
    assert expr.mask(TABLE, np.array([True, False, False, False, False])).sum() == 1
