"""Outputs under kill -9, full disks, two writers at once, files that others hold open, and readers that stop early."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import anndata as ad
import pytest

import ifnscore as ifn
from ifnscore import _files, _lock, scored
from ifnscore.errors import DataError

HARNESS = Path(__file__).with_name("crash.py")


def shell(line, **kwargs):
    """Run a shell line in which `ifnscore` is this package; returns exit code, stdout, stderr."""
    line = line.replace("ifnscore ", f"{sys.executable} -m ifnscore ")
    ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=120, **kwargs)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "m.csv"
    genes = ["ISG15", "IFI27", "IFI44L", "IFIT1", "RSAD2", "SIGLEC1", *(f"GENE{i}" for i in range(94))]
    rows = [f"{g},{','.join(str((i * j) % 97 + 1) for j in range(1, 400))}" for i, g in enumerate(genes, 1)]
    path.write_text("gene," + ",".join(f"s{j}" for j in range(1, 400)) + "\n" + "\n".join(rows) + "\n")
    return path


def test_killed_writers_and_full_disks(tmp_path):
    """8 random kills of each kind in turn, a kill before every rename, a disk that is full half-way; 100 in `make reliability`."""
    words = [sys.executable, str(HARNESS), str(tmp_path / "crash"), "8", "0", "2", "quick"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
    assert ended.returncode == 0, ended.stderr
    facts = json.loads(ended.stdout)
    assert sum(facts["left"].values()) == 8
    assert facts["full_disks"] == 8
    assert facts["left_at_steps"]["change: old, set aside"] >= 1, "the moment between two renames was not met"


@pytest.mark.parametrize("ending", ["tsv", "h5ad"])
def test_a_full_disk_ends_in_one_line(tmp_path, table, ending):
    output = tmp_path / f"out.{ending}"
    output.write_text("old")
    code, out, err = shell(f"ulimit -f 4; ifnscore score {table} -m mean_log -q -o {output} --force")
    assert (code, out) == (1, "")
    assert err == f"ifnscore: error: {output}: cannot write: File too large; nothing was changed\n"
    assert output.read_text() == "old"
    assert list(tmp_path.iterdir()) == [output]


def test_stdout_on_a_full_disk(table):
    code, _, err = shell(f"ifnscore score {table} -m mean_log -q > /dev/full")
    assert code == 1
    assert err == "ifnscore: error: stdout: cannot write: No space left on device\n"


def test_a_reader_that_stops_early_is_no_error(table):
    code, out, err = shell(f"set -o pipefail; ifnscore score {table} -m mean_log -q --long | head -1")
    assert out.startswith("sample\tsignature")
    assert (code, err) == (0, "")


def test_a_folder_that_cannot_be_written(tmp_path, table):
    if os.geteuid() == 0:  # root may write anywhere: a name that is too long fails in the same place
        target = tmp_path / f"{'x' * 250}.tsv"
    else:
        tmp_path.chmod(0o500)
        target = tmp_path / "x.tsv"
    code, out, err = shell(f"ifnscore score {table} -m mean_log -q -o {target}")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "cannot write: " in err


def test_two_writers_at_once(tmp_path):
    """The second one is told, and the first one's output is whole."""
    path = tmp_path / "out.tsv"
    started, go_on = threading.Event(), threading.Event()

    def slow(target):
        target.write_text("first ")
        started.set()
        assert go_on.wait(30)
        target.write_text("first whole")

    first = threading.Thread(target=lambda: _files.write(path, slow))
    first.start()
    assert started.wait(30)
    with pytest.raises(DataError, match="another run of ifnscore is writing it now: wait for its end, or choose another name"):
        _files.write(path, lambda p: p.write_text("second"))
    go_on.set()
    first.join()
    assert path.read_text() == "first whole"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_swap_is_left_alone_while_its_writer_lives(tmp_path):
    path = tmp_path / "out"
    (tmp_path / ".out.ifnscore-old").mkdir()
    with _lock.held(path):
        _files.repair(path)
        assert not path.exists()
    _files.repair(path)
    assert path.is_dir()


def test_a_half_deleted_folder_is_never_put_back(tmp_path):
    """Killed while the previous version was being deleted; then the user deletes the new one: nothing comes back."""
    (tmp_path / ".out.ifnscore-rest").mkdir()
    _files.repair(tmp_path / "out")
    assert not (tmp_path / "out").exists()

    def folder(target):
        target.mkdir()
        (target / "a").write_text("x")

    _files.write(tmp_path / "out", folder)
    _files.write(tmp_path / "out", folder, force=True, own=lambda _: True)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_locks_that_a_killed_run_left_do_no_harm(tmp_path):
    (tmp_path / ".out.tsv.ifnscore-lock").touch()
    _files.write(tmp_path / "out.tsv", lambda p: p.write_text("x"))
    assert [p.name for p in tmp_path.iterdir()] == ["out.tsv"]


@pytest.fixture
def scored_file(tmp_path, hppt):
    ifn.tl.score(hppt)
    scored.write(hppt, tmp_path / "scored.h5ad")
    return tmp_path / "scored.h5ad"


def test_a_file_that_another_program_holds_for_writing(scored_file):
    code = "import anndata, sys; a = anndata.read_h5ad(sys.argv[1], backed='r+'); print('open', flush=True); sys.stdin.read()"
    words = [sys.executable, "-W", "ignore", "-c", code, str(scored_file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(DataError, match=r"another program has this file open for writing .* close it there first"):
            ifn.read(scored_file)
        other.communicate("")
    assert ifn.read(scored_file).n_obs


def test_a_file_that_is_read_in_backed_mode_is_replaced_under_it(scored_file, hppt):
    before = scored_file.read_bytes()
    backed = ad.read_h5ad(scored_file, backed="r")
    old = backed.X[:].copy()
    changed = hppt[:3].copy()
    changed.uns = hppt.uns
    scored.write(changed, scored_file, force=True)
    assert (abs(backed.X[:] - old)).max() == 0, "the open handle still sees the old version"
    assert backed.n_obs == len(old)
    backed.file.close()
    assert scored_file.read_bytes() != before
    assert ad.read_h5ad(scored_file).n_obs == 3
