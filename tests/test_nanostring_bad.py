"""RCC files that are wrong: one line that names the file and the place."""

from __future__ import annotations

import gzip

import pytest
from tests import nanostring_files as files

from ifnscore import loaders
from ifnscore.errors import DataError

GOOD = files.text()


def refused(tmp_path, data, name="bad.RCC"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(DataError) as error:
        loaders.read(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message


def with_count(count):
    return GOOD.replace("ISG15,EM_00001.1,400", f"ISG15,EM_00001.1,{count}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"   \r\n", "the file is empty"),
        (b"\x89HDF\r\n", "this is not text but an HDF5 file"),
        (GOOD.encode()[: GOOD.index("IFIT1")], "the section that begins in line 26 has no end: the file is cut off"),
        (gzip.compress(GOOD.encode())[:200], "the compressed file is truncated or damaged"),
        (GOOD.split("<Code_Summary>")[0], "no section <Code_Summary>"),
        ("just words\nmore\n", "no section <Code_Summary>"),
        (GOOD + GOOD, "line 51: a second section <Header>: two files in one"),
        (GOOD.replace("CodeClass,Name,Accession,Count\n", ""), "<Code_Summary> begins with 'CodeClass,Name,Accession,Count'"),
        (GOOD.replace("CodeClass,Name,", "Class;Name;"), "line 27: <Code_Summary> begins with"),
        (files.text([]), "<Code_Summary> lists no probes"),
        (with_count("1,234"), "line 28: 5 fields where CodeClass, Name, Accession and Count are expected"),
        (GOOD.replace("ISG15,EM_00001.1,400", "ISG15,EM_00001.1"), "line 28: 3 fields"),
        (with_count("-4"), "line 28, probe ISG15: '-4' is no count"),
        (with_count("4.5"), "'4.5' is no count"),
        (with_count(""), "'' is no count"),
        (with_count("NA"), "'NA' is no count"),
        (with_count("inf"), "'inf' is no count"),
        (with_count("1e3"), "'1e3' is no count"),
        (with_count("9" * 400), "is larger than any lane can hold"),
        (with_count("1000000001"), "is larger than any lane can hold"),
        (GOOD.replace("Endogenous,ISG15", "Endogenous,"), "line 28: a probe without a name"),
        (GOOD.replace("Endogenous,ISG15", ",ISG15"), "line 28: a probe without a code class"),
        (
            GOOD.replace("Endogenous,MX1,EM_00002.1,900", "Endogenous,ISG15,EM_00001.1,900"),
            "line 29: probe ISG15 (EM_00001.1) stands twice, first in line 28",
        ),
        (
            files.text([("Positive", "POS_A(128)", "x", 5)]),
            "no probes of class Endogenous or Housekeeping; the classes are Positive",
        ),
        (files.text([("Endogenous", "hsa-miR-0", "x", 5), ("Housekeeping", "U0", "y", 5)]), "hsa-miR-0"),
    ],
)
def test_bad_files(tmp_path, data, said):
    assert said in refused(tmp_path, data)


def test_two_probes_of_one_gene_are_no_fault(tmp_path):
    probes = [*files.classes(), ("Endogenous", "MX1", "NM_other", 11)]
    adata = loaders.read(files.write(tmp_path / "a.RCC", probes), normalise="none")
    assert [int(x) for n, x in zip(adata.var_names, adata.X[0], strict=True) if n == "MX1"] == [900, 11]


@pytest.mark.parametrize("count", ["400.0", "400.", "0400"])
def test_whole_numbers_however_written(tmp_path, count):
    path = tmp_path / "a.RCC"
    path.write_text(with_count(count))
    assert loaders.read(path, normalise="none").X[0, 0] == 400


def test_facts_of_the_lane_that_are_absent_are_not_judged(tmp_path):
    path = tmp_path / "a.RCC"
    path.write_text(files.text(fov=("", "x"), density="-1", scanner="") + "\n\n")
    facts = loaders.read(path, normalise="none").obs.iloc[0]
    assert facts.qc_flags == ""
    assert facts[["qc_fov_ratio", "qc_binding_density", "fov_count"]].isna().all()


def test_a_bad_file_in_a_folder_is_named(tmp_path):
    files.write(tmp_path / "1.RCC")
    (tmp_path / "2.RCC").write_bytes(b"")
    with pytest.raises(DataError, match=r"2\.RCC: the file is empty"):
        loaders.read(tmp_path)


def test_two_folders_with_the_same_names(tmp_path):
    for run in ("run1", "run2"):
        (tmp_path / run).mkdir()
        files.write(tmp_path / run / "1.RCC")
    with pytest.raises(DataError, match="sample names that .* has as well: 1"):
        loaders.read(tmp_path / "run1", tmp_path / "run2")
