"""How far a long run is: said after two seconds, with rate and time left, and never after the end."""

from __future__ import annotations

import io
import logging
import sys

import pytest
from tests.test_stream import SETS, cells

from ifnscore.cli import _app
from ifnscore.engine import _progress
from ifnscore.loaders import _lazily


class Clock:
    """Seconds that pass when they are told to."""

    now = 100.0

    def __call__(self):
        return self.now


def lines_of(caplog):
    return [r.getMessage() for r in caplog.records]


def test_the_line_says_rate_and_time_left():
    """By hand: 4 s for 10,000 of 50,000 are 2,500 a second, and 40,000 more take 16 s."""
    clock = Clock()
    made = _progress.Progress("scoring", 50_000, clock)
    made.done = 10_000
    assert made.line(104.0) == "scoring: 10,000 of 50,000 cells (20%), 2,500 cells/s, 16 s left"
    made = _progress.Progress("scoring", 200, clock)
    made.done = 1
    assert made.line(110.0) == "scoring: 1 of 200 samples (0%), 0 samples/s, 33 min left"
    assert _progress.in_words(3 * 3600 + 5 * 60) == "3 h 05 min"


def test_nothing_below_two_seconds_then_one_line_a_minute(caplog):
    caplog.set_level(logging.INFO, "ifnscore")
    clock = Clock()
    made = _progress.Progress("scoring", 1_000_000, clock)
    said = []
    for second in range(1, 131):
        clock.now = 100.0 + second
        made.add(1_000)
        said.append(len(lines_of(caplog)))
    assert said[0] == 0
    assert said[1:61] == [1] * 60
    assert said[61:121] == [2] * 60
    assert said[121] == 3
    made.done = 999_000
    clock.now += 100
    made.add(1_000)
    assert len(lines_of(caplog)) == 3, "nothing is left to wait for"


def test_short_work_is_silent(caplog):
    caplog.set_level(logging.INFO, "ifnscore")
    assert list(_progress.track(range(5), "scoring", 5, lambda _: 1)) == list(range(5))
    assert lines_of(caplog) == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_one_line_that_goes_away(monkeypatch):
    """Each line takes the one before away, and so does the end, even where work ends in an error."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(_progress, "PATIENCE", 0.0)
    monkeypatch.setattr(_progress, "EVERY", 0.0)
    handlers = logging.getLogger("ifnscore").handlers
    _app.messages(quiet=False, debug=True)

    def work():
        for part in _progress.track([3, 2, 0], "scoring", 9, lambda n: n):
            1 // part

    try:
        with pytest.raises(ZeroDivisionError):
            work()
    finally:
        logging.getLogger("ifnscore").handlers = handlers
    text = shown.getvalue()
    assert text.count("scoring: ") == 2
    assert "scoring: 3 of 9 samples (33%)" in text
    assert "\r\x1b[Kifnscore: scoring: 5 of 9 samples (56%)" in text
    assert text.endswith("\r\x1b[K")
    assert "\n" not in text


def test_the_command_line_says_it_on_stderr(run, tmp_path, monkeypatch):
    """Scoring and writing, where every file counts as large and every moment as long."""
    for name in ("LARGE", "MANY", "SMALL"):
        monkeypatch.setattr(_lazily, name, 0)
    monkeypatch.setattr("ifnscore.tl.DETAIL_LIMIT", 0)
    monkeypatch.setattr("ifnscore.tl._score.DETAIL_LIMIT", 0)
    monkeypatch.setattr("ifnscore.cli._output.ROWS", 11)
    for name in ("PATIENCE", "EVERY", "SELDOM"):
        monkeypatch.setattr(_progress, name, 0.0)
    cells().write_h5ad(tmp_path / "m.h5ad")
    (tmp_path / "s.gmt").write_text("".join(f"{k}\tna\t" + "\t".join(v) + "\n" for k, v in SETS.items()))
    line = ["score", tmp_path / "m.h5ad", "-s", tmp_path / "s.gmt", "-m", "ucell", "--chunk-size", "20", "-o", tmp_path / "o.tsv"]
    code, out, err = run(*line)
    assert (code, out) == (0, "")
    said = [text for text in err.splitlines() if " left" in text]
    assert [text.split(" samples")[0] for text in said if "scoring" in text] == [
        "ifnscore: scoring: 20 of 60",
        "ifnscore: scoring: 40 of 60",
    ]
    assert sum("writing: " in text for text in said) == 5
    assert all("samples/s, " in text for text in said)
    (tmp_path / "o.tsv").unlink()
    assert " left" not in run(*line, "-q")[2]
