"""``ifnscore score`` at a terminal: aligned, rounded, with bars; a pipe and a file stay what they were."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import numpy as np
import pandas as pd
import pytest

import ifnscore as ifn
from ifnscore.cli import _terminal

BLOCKS = "▏▎▍▌▋▊▉█"
PANEL = ["rice2013_ags6", "kim2018_irg28_z", "kim2018_irg28_geomean", "higgs2011_anifrolumab4", "raupov2024_jdm5"]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """Write 14 controls and 40 patients; one of them has no expression at all, so no score."""
    rng = np.random.default_rng(3)
    genes = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if not g.startswith("AC00")))
    x = rng.lognormal(3, 0.4, (54, len(genes)))
    x[14:] *= rng.lognormal(1, 0.5, (40, 1))
    x[20] = 0
    folder = tmp_path_factory.mktemp("terminal")
    frame = pd.DataFrame(x.round(3), index=[f"s{i:02d}" for i in range(54)], columns=genes).T
    frame.to_csv(folder / "m.tsv", sep="\t", index_label="gene")
    group = ["healthy"] * 14 + ["jdm"] * 40
    pd.DataFrame({"sample_id": frame.columns, "group": group}).to_csv(folder / "samples.csv", index=False)
    return folder


def words(folder, *more):
    given = [
        "score",
        folder / "m.tsv",
        "--samples",
        folder / "samples.csv",
        "--controls",
        "group == 'healthy'",
        "--scale",
        "linear",
    ]
    return [str(w) for w in (*given, *more)]


def at_terminal(arguments, columns, **environment):
    """Run the program with a terminal of some width on stdout; return what the terminal got, and stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "NO_COLOR"}}
    env = {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
    program = [sys.executable, "-m", "ifnscore", *arguments]
    with subprocess.Popen(program, stdout=theirs, stderr=subprocess.PIPE, env=env) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so when the other side has closed
                break
            if not part:
                break
            parts.append(part)
        error = process.stderr.read().decode()
    os.close(ours)
    assert process.returncode == 0, error
    return b"".join(parts).decode("utf-8").replace("\r\n", "\n"), error


def table_of(text):
    """Return heading lines, rows and footer of what a terminal shows."""
    body, footer = text.rstrip("\n").split("\n\n")
    lines = body.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("sample"))
    return lines[: start + 1], lines[start + 1 :], footer.split("\n")


def test_a_terminal_gets_a_table_that_fits_and_a_pipe_the_tsv(matrix, tmp_path):
    text, error = at_terminal(words(matrix), 100)
    heading, rows, footer = table_of(text)
    assert max(map(len, text.split("\n"))) <= 100
    assert "\t" not in text
    assert "\x1b" not in text
    assert len(rows) == 40
    assert "kim2018_" in heading[0] + heading[1]
    assert any(c in text for c in BLOCKS)
    assert "14 more samples not shown: -o scores.tsv, or a pipe, has all 54" in footer
    piped = subprocess.run([sys.executable, "-m", "ifnscore", *words(matrix, "-q")], capture_output=True, check=True)
    out = tmp_path / "scores.tsv"
    subprocess.run([sys.executable, "-m", "ifnscore", *words(matrix, "-q", "-o", out)], check=True, capture_output=True)
    assert piped.stdout == out.read_bytes()
    full = pd.read_csv(out, sep="\t", index_col="sample")
    first = rows[0].split()
    assert first[0] == full.index[0]
    assert float(first[1].rstrip("*")) == pytest.approx(full.iloc[0, 0], rel=5e-3)
    assert "using the scores" not in error


def test_a_plain_terminal_gets_no_block_characters(matrix):
    for environment in ({"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}):
        text, _ = at_terminal(words(matrix, "-q", "-s", "rice"), 80, NO_COLOR="1", **environment)
        assert text.isascii()
        assert "####" in text


def test_long_and_json_stay_as_they_are_in_a_terminal(matrix, run):
    for flag in ("--long", "--json"):
        text, _ = at_terminal(words(matrix, "-q", "-s", "rice", flag), 80)
        assert text == run(*words(matrix, "-q", "-s", "rice", flag))[1]


def test_the_scored_file_is_announced_once(matrix, run, tmp_path):
    code, out, err = run(*words(matrix, "-o", tmp_path / "scored.h5ad"))
    assert (code, out) == (0, "")
    assert err.count("using the scores") <= 1


# the text itself


def scores(n=5, signatures=("rice2013_ags6",), seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, len(signatures))), index=[f"s{i}" for i in range(n)], columns=list(signatures))


def shown(wide, above=None, width=80, *, blocks=True):
    return _terminal.render(wide, above or {}, width=width, blocks=blocks)


def places(bar):
    return sum(BLOCKS.index(c) + 1 for c in bar)


def test_bars_are_proportional_within_a_signature():
    wide = pd.DataFrame({"a": [0.0, 1.0, 4.0], "b": [0.0, 1000.0, 4000.0]}, index=["x", "y", "z"])
    _, rows, footer = table_of(shown(wide))
    bars = [[w for w in row.split() if w[0] in BLOCKS] for row in rows]
    assert [places(b[0]) for b in bars] == [1, 16, 64]
    assert [b[0] for b in bars] == [b[1] for b in bars]
    assert footer[0] == "bars: lowest to highest score within a signature, not comparable between signatures"
    ascii_ = [row.split() for row in table_of(shown(wide, blocks=False))[1]]
    assert [w[2] for w in ascii_] == ["#", "##", "########"]


def test_columns_are_aligned():
    heading, rows, _ = table_of(shown(scores(12, PANEL[:3]), width=120))
    starts = [m.start() for m in re.finditer(r"\S+", heading[-1])]
    ends = {len(re.match(r"\S+\s+\S+", row)[0]) for row in rows}
    assert len(ends) == 1
    assert all(row[starts[1] - 1] == " " for row in rows)


def test_a_missing_score_is_a_word_and_a_constant_has_no_bar():
    wide = pd.DataFrame({"a": [1.0, np.nan, 2.0], "b": [3.0, 3.0, 3.0]}, index=["x", "y", "z"])
    _, rows, _ = table_of(shown(wide))
    assert rows[1].split() == ["y", "missing", "3.00"]
    assert rows[2].split() == ["z", "2.00", "████████", "3.00"]


def test_a_signature_without_any_score_makes_room_and_is_named_below():
    wide = pd.DataFrame({"c": [np.nan] * 3, "a": [1.0, np.nan, 2.0]}, index=["x", "y", "z"])
    reasons = {"c": "1/5 genes, needs 80%"}
    heading, rows, footer = table_of(_terminal.render(wide, {}, width=80, blocks=True, reasons=reasons))
    assert heading[0].split() == ["sample", "a"]
    assert rows[1].split() == ["y", "missing"]
    assert footer[-1] == "no sample has a score of c (1/5 genes, needs 80%)"
    nothing = shown(wide[["c"]])
    assert table_of(nothing)[1][0].split() == ["x", "missing"]
    assert "no sample has a score of c" in nothing


def test_the_reason_for_no_score_is_its_coverage(tmp_path):
    genes = ifn.signatures.get("rice2013_ags6").genes
    frame = pd.DataFrame(np.random.default_rng(1).lognormal(3, 1, (len(genes), 4)).round(3), index=genes, columns=list("wxyz"))
    frame.to_csv(tmp_path / "m.tsv", sep="\t", index_label="gene")
    words = ["score", str(tmp_path / "m.tsv"), "--scale", "linear", "-q", "-s", "dejesus2020_nfkb11_control,rice2013_ags6"]
    heading, _, footer = table_of(at_terminal(words, 100)[0])
    assert "dejesus" not in " ".join(heading)
    assert any(line.startswith("no sample has a score of dejesus2020_nfkb11_control (0/11 genes, needs") for line in footer)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.123456, "0.123"), (2.0, "2.00"), (23.014, "23.0"), (116.6, "117"), (2094.4, "2094"), (22004.9, "22005")),
        *((-0.00530, "-0.00530"), (0.0, "0.00"), (1.5e-7, "1.50e-07"), (2.5e9, "2.50e+09"), (float("nan"), "missing")),
    ],
)
def test_numbers_have_three_or_four_digits(value, text):
    assert _terminal._number(value) == text


def test_scores_above_the_cutoff_are_marked_and_the_mark_is_explained():
    wide = pd.DataFrame({"a": [1.0, 5.0, 6.0], "b": [1.0, 2.0, np.nan]}, index=["x", "y", "z"])
    above = {("x", "a"): False, ("y", "a"): True, ("z", "a"): True}
    _, rows, footer = table_of(shown(wide, above))
    assert [row.split()[1] for row in rows] == ["1.00", "5.00*", "6.00*"]
    assert footer[1] == "* above the cut-off made from the controls; 2 scores without a cut-off"
    below = table_of(shown(wide, dict.fromkeys(above, False)))
    assert "*" not in "".join(below[1])
    assert below[2][1].startswith("no score is above the cut-off from the controls")
    assert len(table_of(shown(wide))[2]) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200, 400])
def test_what_does_not_fit_is_counted(width):
    text = shown(scores(3, ifn.signatures.ids()), width=width)
    heading, rows, footer = table_of(text)
    assert max(len(line) for line in [*heading, *rows]) <= width
    n = len(rows[0].split()) // 2
    total = len(ifn.signatures.ids())
    assert n >= 1
    assert footer[-1] == f"{total - n} more signatures not shown: -o scores.tsv, a pipe, or a wider terminal has all {total}"


def test_narrower_bars_make_room():
    wide = scores(3, PANEL)
    wide_room, little = (table_of(shown(wide, width=w)) for w in (120, 80))
    assert len(wide_room[2]) == 1
    assert max(len(w) for row in wide_room[1] for w in row.split() if w[0] in BLOCKS) == 8
    assert max(len(w) for row in little[1] for w in row.split() if w[0] in BLOCKS) < 8


def test_forty_samples_are_shown_and_the_rest_counted():
    assert len(table_of(shown(scores(40)))[1]) == 40
    assert "not shown" not in shown(scores(40))
    text = shown(scores(41))
    assert len(table_of(text)[1]) == 40
    assert "1 more sample not shown: -o scores.tsv, or a pipe, has all 41" in text


def test_names_are_shortened_in_the_middle_and_steer_nothing():
    wide = scores(4)
    wide.index = ["A" * 30 + "_1", "日本語のサンプル", "\x1b[31mred\u202e", "plain"]
    text = shown(wide)
    assert "AAAAAAAAAAA…AAAAAAAAA_1" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    _, rows, _ = table_of(text)
    texts = [_terminal._number(v) for v in wide.iloc[:, 0]]
    ends = {_terminal._width(row[: row.rindex(t) + len(t)]) for row, t in zip(rows, texts, strict=True)}
    assert len(ends) == 1
    assert rows[1].startswith("日本語のサンプル")
    assert "AAAAAAAAAA...AAAAAAAA_1 " in shown(wide, blocks=False)


def test_long_signature_names_are_broken_after_an_underscore():
    heading, _, _ = table_of(shown(scores(3, ["kim2018_irg28_geomean", "x" * 50]), width=60))
    assert "irg28_" in " ".join(heading)
    assert max(map(len, heading)) <= 60
    assert "".join(heading).count("x") == 50
