"""Outputs are whole or absent, and an existing one is never lost."""

from __future__ import annotations

import pytest

from ifnscore import _files
from ifnscore.errors import DataError


def write_folder(text):
    def writer(path):
        path.mkdir()
        (path / "a").write_text(text)

    return writer


def ours(folder):
    return [p.name for p in folder.iterdir()] == ["a"]


def test_a_failing_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.tsv"
    path.write_text("old")

    def fails(target):
        target.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match="cannot write: No space left on device"):
        _files.write(path, fails, force=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_existing_outputs_need_force(tmp_path):
    path = tmp_path / "out"
    _files.write(path, write_folder("one"))
    with pytest.raises(DataError, match="exists"):
        _files.write(path, write_folder("two"), own=ours)
    with pytest.raises(DataError, match="a folder with other things in it"):
        _files.write(path, write_folder("two"), force=True)
    _files.write(path, write_folder("two"), force=True, own=ours)
    assert (path / "a").read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_swap_is_repaired_and_told(tmp_path, caplog):
    path = tmp_path / "out"
    _files.write(path, write_folder("one"))
    path.rename(tmp_path / ".out.ifnscore-old")  # killed between the two renames
    (tmp_path / ".out.ifnscore-new").mkdir()
    caplog.set_level("INFO", logger="ifnscore")
    with pytest.raises(DataError, match="exists"):
        _files.write(path, write_folder("two"), own=ours)
    assert (path / "a").read_text() == "one"
    assert "the previous version was put back" in caplog.text
    _files.write(path, write_folder("two"), force=True, own=ours)
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="the folder .* does not exist; create it first"):
        _files.write(tmp_path / "no" / "x", lambda p: None)
