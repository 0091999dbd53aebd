"""RCC files in a zip archive."""

from __future__ import annotations

import gzip
import zipfile

import numpy as np
import pytest
from tests import nanostring_files as files

import ifnscore as ifn
from ifnscore.errors import DataError


def archive(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            z.writestr(name, data)
    return path


def test_an_archive_is_the_folder_it_was_made_of(tmp_path):
    lanes = sorted(files.WITNESS.glob("*.RCC"))
    members = {f"run/{p.name}": p.read_bytes() for p in lanes[1:]}
    members |= {
        f"run/{lanes[0].name}.gz": gzip.compress(lanes[0].read_bytes()),
        "run/panel.rlf": "x",
        "__MACOSX/run/._lane_1.RCC": "x",
    }
    zipped, folder = ifn.read(archive(tmp_path / "run.zip", **members)), ifn.read(files.WITNESS)
    assert zipped.uns["ifnscore"]["input"]["format"] == "rcc_zip"
    assert sorted(zipped.obs_names) == sorted(folder.obs_names)
    np.testing.assert_array_equal(zipped[folder.obs_names].X, folder.X)
    assert not list(tmp_path.glob("*/"))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"a.RCC": ""}, "'a.RCC': the file is empty"),
        ({"a.RCC": files.text()[:700]}, "'a.RCC': the section that begins in line 26 has no end"),
        ({"x/a.RCC": files.text(), "y/a.RCC": files.text()}, "sample names that .* has as well: a"),
        ({"a\nb.RCC": "words"}, r"'a\\nb.RCC': no section <Code_Summary>"),
        ({"a.RCC.gz": gzip.compress(b"abc")[:-4]}, "truncated or damaged"),
    ],
)
def test_bad_members(tmp_path, members, said):
    with pytest.raises(DataError, match=said) as error:
        ifn.read(archive(tmp_path / "run.zip", **members))
    assert "\n" not in str(error.value)


def test_a_damaged_archive(tmp_path):
    path = archive(tmp_path / "run.zip", **{"a.RCC": files.text()})
    data = bytearray(path.read_bytes())
    data[60:90] = b"\0" * 30
    path.write_bytes(data)
    with pytest.raises(DataError, match="'a.RCC': cannot be read from the archive"):
        ifn.read(path)


def test_a_bomb(tmp_path):
    path = archive(tmp_path / "run.zip", **{"a.RCC": files.text(), "b.RCC": b" " * (300 << 20)})
    with pytest.raises(DataError, match="bomb"):
        ifn.read(path)


def test_an_archive_of_something_else(tmp_path):
    with pytest.raises(DataError, match=r"\.zip"):
        ifn.read(archive(tmp_path / "run.zip", **{"a.txt": "gene,a\nMX1,3\n"}))
