"""compare, associate and the measures at a terminal: a short table that fits; a pipe gets what it always got."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from tests.clinic import FOREIGN, SIMPLE
from tests.test_cli_terminal import at_terminal

import ifnscore as ifn
from ifnscore.cli import _terminal_table


def main(n=30):
    return pd.DataFrame(
        {
            "signature": [f"s{i:02d}" for i in range(n)],
            "tissue": "blood",
            "contrast": "followup_minus_baseline",
            "estimand": "while_on_treatment",
            "n_patients": 5,
            "estimate": np.linspace(-1.4600708, 2, n),
            "ci_low": -2.9633449,
            "ci_high": [np.nan] + [0.0432033] * (n - 1),
            "p": 0.125,
            "p_adj": 0.1875,
            "min_attainable_p": 0.0625,
            "role": ["exploratory"] * (n - 1) + ["primary"],
            "unit": "log2",
            "group": "",
        }
    )


def test_primary_rows_first_in_words_and_rounded():
    lines = _terminal_table.render(main(), width=140).split("\n")
    assert lines[0].split("  ")[0] == "signature"
    for word in ("tissue", "contrast", "n", "estimate", "95 % interval", "unit", "p", "smallest p", "adjusted p"):
        assert word in lines[0]
    assert lines[1].split() == [
        *("s29", "blood", "follow-up", "minus", "baseline,", "while", "on", "treatment", "5", "2.00"),
        *("-2.96", "to", "0.0432", "log2", "0.125", "0.0625", "0.188"),
    ]
    assert lines[2].startswith("s00")
    assert " -  log2" in lines[2]
    assert lines[21] == ""
    assert "20 of 30 rows and 10 of 14 columns: -o DIR writes everything" in lines[22]


@pytest.mark.parametrize("width", [80, 100, 120, 150, 250])
def test_it_fits_the_terminal(width):
    table = main().assign(unit="points of the measure per unit of the score", group="arm")
    lines = _terminal_table.render(table, width=width).split("\n")
    assert max(map(len, lines)) <= width
    assert "20 of 30 rows" in "\n".join(lines)
    listed = _terminal_table.render_instruments(ifn.instruments.table(), width=width)
    assert max(map(len, listed.split("\n"))) <= max(width, 90)
    assert all(i in listed for i in ifn.instruments.ids())
    assert "0 to 100" in listed


def test_names_steer_no_terminal():
    table = main(2).assign(signature=["\x1b[31mred", "\u202eback"])
    text = _terminal_table.render(table, width=140)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "0 of 0 rows" in _terminal_table.render(main(3).iloc[:0], width=100)


def test_a_terminal_gets_the_short_table_and_a_pipe_the_tsv(run, pairs, clinic):
    folder, _ = pairs
    words = [str(w) for w in ("compare", folder / "wide.csv", *SIMPLE, *FOREIGN, "-q")]
    text, _ = at_terminal(words, 100)
    assert "\t" not in text
    assert "follow-up minus baseline" in text
    assert "adjusted p" in text
    code, out, _ = run(*words)
    assert code == 0
    assert out.startswith("signature\ttissue\tcontrast\testimand\tn_patients\testimate\t")
    folder, _ = clinic
    link = [
        str(w) for w in ("associate", folder / "scores.tsv", folder / "cohort", "--outcome", "cdasi_activity", *FOREIGN, "-q")
    ]
    assert "change with change" in at_terminal(link, 100)[0]
    assert "cdasi_activity" in at_terminal(["cohort", "instruments", "-q"], 100)[0]


def test_messages_are_broken_for_a_terminal_only(pairs):
    folder, _ = pairs
    program = [sys.executable, "-m", "ifnscore", "compare", str(folder / "wide.csv"), *SIMPLE, *FOREIGN]
    env = {**os.environ, "COLUMNS": "60"}
    piped = subprocess.run(program, capture_output=True, check=True, env=env).stderr.decode()
    assert max(map(len, piped.splitlines())) > 100
    assert all(line.startswith("ifnscore: ") for line in piped.splitlines())
    ours, theirs = pty.openpty()
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=theirs, env=env):
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side has closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    lines = b"".join(parts).decode().replace("\r\n", "\n").splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("ifnscore: ")
    assert any(line.startswith("  ") for line in lines)
